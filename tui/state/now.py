"""What an agent does at this moment, from passing bodies. Gone as soon as the journal has what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...agent.events import (
    Durable,
    MessageCommitted,
    Packed,
    RequestFailed,
    RequestSent,
    ToolFinished,
    TurnEnded,
    TurnStarted,
    Verified,
)
from ...agent.messages import AssistantMessage
from ...agent.passing import (
    CommandWaits,
    IndexProgress,
    Passing,
    ReasoningDelta,
    RetryScheduled,
    TextDelta,
    ToolOutput,
)
from .agents import AgentView
from .texts import NOTHING, Tail

CHECK = "check"
"""In the place of a call id: what a check prints."""


@dataclass(frozen=True, slots=True)
class Now:
    """`text` and `reasoning` are parts of the answer under way; `outputs` what running commands print, by call id.

    `waits` are commands that wait for others to end; `retry` is when a request is sent again; `index` how far the index
    of the repository is.
    """

    text: Tail = NOTHING
    reasoning: Tail = NOTHING
    outputs: Mapping[str, Tail] = field(default_factory=dict[str, Tail])
    waits: tuple[str, ...] = ()
    retry: RetryScheduled | None = None
    index: IndexProgress | None = None


IDLE = Now()


def now_with(now: Now, body: Passing, view: AgentView) -> Now:
    """With a passing body of the agent. Parts of what has not begun, or has ended, change nothing."""
    match body:
        case TextDelta(text):
            if view.request is None:
                return now
            more = now.text.more(text)
            return Now(more, now.reasoning, now.outputs, now.waits, now.retry, now.index)
        case ReasoningDelta(text):
            if view.request is None:
                return now
            more = now.reasoning.more(text)
            return Now(now.text, more, now.outputs, now.waits, now.retry, now.index)
        case ToolOutput(call_id, text):
            if not _prints(view, call_id):
                return now
            more = now.outputs.get(call_id, NOTHING).more(text)
            return replace(now, outputs={**now.outputs, call_id: more})
        case CommandWaits(command, None):
            return replace(now, waits=(*now.waits, command)) if _runs_any(view) else now
        case CommandWaits(command):
            return replace(now, waits=_without(now.waits, command))
        case RetryScheduled():
            return replace(now, retry=body) if view.in_turn else now
        case IndexProgress(done, total):
            return replace(now, index=body if done < total else None)


def now_after(now: Now, body: Durable) -> Now:
    """Without what a durable event of the agent ended."""
    match body:
        case MessageCommitted(message=AssistantMessage()) | RequestFailed():
            return replace(now, text=NOTHING, reasoning=NOTHING)
        case RequestSent():
            return Now(outputs=now.outputs, waits=now.waits)
        case TurnStarted() | TurnEnded():
            return IDLE
        case ToolFinished(call_id=call_id) if call_id in now.outputs:
            left = {name: tail for name, tail in now.outputs.items() if name != call_id}
            return replace(now, outputs=left)
        case Verified():
            left = {name: tail for name, tail in now.outputs.items() if name != CHECK}
            return replace(now, outputs=left, waits=())
        case Packed():
            return replace(now, index=None)
        case _:
            return now


def _prints(view: AgentView, call_id: str) -> bool:
    found = view.card(call_id)
    if found is not None and found[1].state == "running":
        return True
    return call_id == CHECK and view.check is not None


def _runs_any(view: AgentView) -> bool:
    return view.check is not None or bool(view.running)


def _without(waits: tuple[str, ...], command: str) -> tuple[str, ...]:
    """Without one of the same text, of which there may be several."""
    if command not in waits:
        return waits
    place = waits.index(command)
    return (*waits[:place], *waits[place + 1 :])
