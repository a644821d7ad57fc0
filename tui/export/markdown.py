"""A session as Markdown. What came from models, tools and files stands in it as text, never as markup of ours.

What a model wrote is its own Markdown, in a block quote: whatever it leaves open ends with that, and nothing in it can
look like what stands outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...agent.board import Board
from ...agent.events import (
    Event,
    MessageCommitted,
    SessionEnded,
    SessionStarted,
    ToolFinished,
    ToolStarted,
    Verified,
)
from ...agent.headless import evidence_line
from ...agent.messages import AssistantMessage, UserMessage
from ...agent.modes import mode_of
from ...agent.v4.cost import cost_report
from ..text import clean, one_line

LONGEST = 20_000
"""Characters of one result; the journal has all of it."""
_FENCE = re.compile(r"^ {0,3}(`{3,})", re.MULTILINE)
_MARKS = re.compile(r"([\\`*_\[\]<>#|~&])")


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote, as it wrote it."""

    text: str


def as_markdown(events: Sequence[Event]) -> str:
    """The whole session, agent by agent, in the order in which they began."""
    parts = (quoted(part.text) if isinstance(part, Written) else part for part in document(events))
    return "\n\n".join(parts) + "\n"


def document(events: Sequence[Event]) -> Iterator[str | Written]:
    """The same in parts, which stand below each other: Markdown of ours, and what models wrote."""
    yield from _head(events)
    board = Board()
    agents: dict[str, list[Event]] = {}
    for event in events:
        board = board.after(event)
        agents.setdefault(event.agent, []).append(event)
    for agent, mine in agents.items():
        told = list(_agent(mine))
        if told:
            yield f"## {escaped(board.label(agent) or agent)}"
            yield from told


def quoted(text: str) -> str:
    """Markdown as a block quote, which it can't leave."""
    rows = clean(text).strip("\n").split("\n")
    return "\n".join(f"> {row}" if row.strip() else ">" for row in rows)


def escaped(text: str) -> str:
    """Text on one line in which nothing is markup."""
    return _MARKS.sub(r"\\\1", one_line(text))


def fenced(text: str, language: str = "") -> str:
    """Text as it is, in a fence that it can't close."""
    text = clean(text)
    left_out = len(text) - LONGEST
    if left_out > 0:
        text = f"{text[:LONGEST]}\n[{left_out:,} more characters are in the journal]"
    longest = max((len(found) for found in _FENCE.findall(text)), default=2)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _head(events: Sequence[Event]) -> Iterator[str]:
    started = next((e for e in events if isinstance(e.body, SessionStarted)), None)
    if started is not None and isinstance(started.body, SessionStarted):
        body = started.body
        yield f"# {escaped(body.task)[:120]}"
        rows = {
            "session": started.session,
            "began": started.at,
            "work tree": body.root,
            "mode": mode_of(events),
            "confinement": body.sandbox,
            "models": ", ".join(_models(events)),
        }
        total = cost_report(events).total
        prompt = total.hit + total.miss
        share = total.hit / prompt if prompt else 0.0
        rows["cost"] = (
            f"${total.cost:.4f} for {total.requests} requests, {share:.1%} of "
            f"{prompt:,} prompt tokens from the cache"
        )
        yield "\n".join(f"- {name}: {escaped(text)}" for name, text in rows.items())


def _models(events: Iterable[Event]) -> Iterator[str]:
    messages = (e.body.message for e in events if isinstance(e.body, MessageCommitted))
    yield from dict.fromkeys(m.model for m in messages if isinstance(m, AssistantMessage))


def _agent(events: Sequence[Event]) -> Iterator[str | Written]:
    titles: dict[str, str] = {}
    for event in events:
        match event.body:
            case MessageCommitted():
                yield from _message(event.body)
            case ToolStarted(call_id=call_id, title=title, tool=tool):
                titles[call_id] = title or tool
            case ToolFinished() as body:
                yield _call(body, titles.get(body.call_id, ""))
            case Verified(evidence=evidence, before=False):
                yield f"**check** {escaped(evidence_line(evidence))}"
            case SessionEnded(status=status, summary=summary):
                yield f"### Ended: {status}\n\n{fenced(summary)}"
            case _:
                pass


def _message(body: MessageCommitted) -> Iterator[str | Written]:
    match body.message:
        case UserMessage(text=text, origin="person" | "task"):
            yield f"### You\n\n{fenced(text)}"
        case UserMessage(text=text, origin="harness"):
            yield f"### Leadline\n\n{fenced(text)}"
        case AssistantMessage() as message:
            if message.reasoning:
                yield f"### Reasoning\n\n{fenced(message.reasoning)}"
            if message.text.strip():
                yield f"### {escaped(message.model)}"
                yield Written(message.text)
        case _:
            pass


def _call(body: ToolFinished, begun: str) -> str:
    word = "ok" if body.ok else "failed"
    line = f"- **{word}** {escaped(body.title or begun)} ({body.seconds:.1f} s)"
    text = body.detail or body.text
    if not text.strip():
        return line
    language = "diff" if text.startswith(("---", "diff ", "@@")) else ""
    return f"{line}\n\n{fenced(text, language)}"
