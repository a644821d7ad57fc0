"""What an agent does at the moment, in a word and a few more, and the last line it wrote."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from .agents import AgentView
from .blocks import Answer, Approval, Card, Proof
from .now import CHECK, Now
from .texts import last_line

Doing = Literal[
    "idle",
    "asking",
    "queueing",
    "calling",
    "checking",
    "retrying",
    "writing",
    "thinking",
    "waiting",
    "indexing",
    "working",
]
"""Nothing; waits for a person, or for other commands to end; a call, or a check, runs; a request is sent again soon;
the model writes, thinks, or has not begun to; the repository is indexed; a turn goes on with none of these."""


@dataclass(frozen=True, slots=True)
class Activity:
    """`about` is hostile text: a title, a command, a reason. `since` is when it began, "" where that is not known."""

    doing: Doing
    about: str = ""
    since: str = ""


def activity(view: AgentView, now: Now, waiting: Collection[Approval] = ()) -> Activity:
    """What comes first of all that goes on. `waiting` are the questions of all agents that nobody has answered."""
    mine = next((each for each in waiting if each.agent == view.name), None)
    if mine is not None:
        return Activity("asking", mine.question, mine.at)
    if now.waits:
        return Activity("queueing", now.waits[-1])
    if running := view.running:
        newest = running[-1]
        return Activity("calling", newest.title or newest.tool, newest.at)
    if view.checking is not None:
        return Activity("checking", view.checking.command, view.checking.at)
    return _of_the_model(view, now)


def _of_the_model(view: AgentView, now: Now) -> Activity:
    if now.retry is not None:
        return Activity("retrying", now.retry.reason)
    if view.request is not None:
        if now.text.chars:
            return Activity("writing", since=view.sent_at)
        doing = "thinking" if now.reasoning.chars else "waiting"
        return Activity(doing, since=view.sent_at)
    if now.index is not None:
        return Activity("indexing", f"{now.index.done:,} of {now.index.total:,} files")
    return Activity("working") if view.in_turn else Activity("idle")


def last_words(view: AgentView, now: Now) -> str:
    """The newest line of what the agent's commands print, or it writes or thinks; else of what it did last."""
    running = [card.call_id for card in view.running]
    tails = [now.outputs[name] for name in (*reversed(running), CHECK) if name in now.outputs]
    for tail in (*tails, now.text, now.reasoning):
        if line := tail.last_line:
            return line
    for place in range(len(view.transcript) - 1, -1, -1):
        match view.transcript[place]:
            case Answer(text=text) if line := last_line(text.text):
                return line
            case Card(title=title, tool=tool):
                return title or tool
            case Proof(command=command):
                return command
            case _:
                pass
    return ""
