"""What stands between the lines of a conversation: an event as a note."""

from __future__ import annotations

from collections.abc import Iterable

from ...agent.events import (
    ApprovalAnswered,
    ApprovalAsked,
    BudgetReached,
    Durable,
    Event,
    Packed,
    Rebased,
    RepackWeighed,
    Repaired,
    Reported,
    RequestFailed,
    Restored,
    Routed,
    SessionEnded,
    SessionResumed,
    SnapshotTaken,
    UsageReported,
    Warned,
)
from ...agent.headless import packed_line, weighed_line
from ...agent.v4.cost import UNEXPECTED
from ..amounts import moment, span, usd
from .blocks import Note, NoteKind
from .header import Header
from .money import Money

_SAME = 200
"""Characters of two texts that are alike: the rest may be cut in one of them."""


def noted(event: Event) -> Note | None:
    """The note that an event is shown as, if it is shown as one."""
    found = _of_request(event.body)
    return None if found is None else Note(event.seq, event.at, found[0], found[1])


def _of_request(body: Durable) -> tuple[NoteKind, str] | None:
    match body:
        case Routed():
            return "lane", f"{body.model}, effort {body.effort}: {body.reason}"
        case RequestFailed():
            return "retried" if body.retry else "failed", body.reason
        case UsageReported(cause=cause, detail=detail) if cause in UNEXPECTED:
            return "miss", detail
        case Repaired(fault, action):
            return "repaired", f"{fault}: {action}"
        case Rebased(reason):
            return "rebased", reason
        case Packed():
            return "pack", packed_line(body)
        case RepackWeighed(repack=True):  # that all stays as it is is no news
            return "pack", weighed_line(body)
        case Reported(summary=summary):
            return "claim", summary
        case _:
            return _of_session(body)


def _of_session(body: Durable) -> tuple[NoteKind, str] | None:
    match body:
        case Warned(text):
            return "warning", text
        case BudgetReached(text=text):
            return "limit", text
        case ApprovalAsked(question=question):
            return "asked", question
        case ApprovalAnswered(answer=answer):
            return "answered", answer
        case SnapshotTaken(step=step, label=label, by="person"):
            return "restored", f"{label}, step {step}"
        case SnapshotTaken(left_out=left_out) if left_out:
            return "left_out", ", ".join(left_out)
        case Restored(step=step):
            where = f"as after step {step}" if step else "as it was before the first change"
            return "restored", f"the tree is {where}"
        case SessionResumed():
            return "resumed", "; ".join(body.interrupted_calls)
        case _:
            return None


def ended(event: Event, header: Header, money: Money, said: Iterable[str]) -> Note | None:
    """The last note of a run: how it ended, after how long and at what cost, and why, where nothing of what was `said`
    above, such as the model's own report, begins with it already."""
    if not isinstance(event.body, SessionEnded):
        return None
    words = [event.body.status.replace("_", " "), usd(money.total.cost)]
    began, now = moment(header.run_began), moment(event.at)
    if began is not None and now is not None:
        words.append(span((now - began).total_seconds()))
    summary = event.body.summary.strip()
    told = any(each.strip()[:_SAME] == summary[:_SAME] for each in said)
    lines = [", ".join(words), *([] if told else [summary])]
    return Note(event.seq, event.at, "ended", "\n".join(filter(None, lines)))
