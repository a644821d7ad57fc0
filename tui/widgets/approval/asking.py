"""What is asked, in words: who wants what, what there is to know of it, and which answers there are. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ....agent.asking.consult import CARRY_OUT
from ....agent.host.wishes import Answer
from ....tools.files import plural
from ...state.blocks import Approval
from ...state.names import known_as

Kind = Literal["permission", "question", "plan"]
"""Whether a call may run, what a model wants to know, and whether a plan is to be carried out."""

Way = Literal["once", "session", "always", "deny", "answer", "leave", "open", "approve", "refuse"]
"""What a person can do about a question."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`key` is the letter that takes it at once, "" where letters are typed; `short` is the label on narrow screens."""

    key: str
    way: Way
    label: str
    short: str


CHOICES: Mapping[Kind, Sequence[Choice]] = {
    "permission": (
        Choice("y", "once", "allow once", "once"),
        Choice("s", "session", "for this session", "session"),
        Choice("a", "always", "always in this repository", "always"),
        Choice("n", "deny", "deny", "deny"),
    ),
    "question": (
        Choice("", "answer", "answer", "answer"),
        Choice("l", "leave", "leave it to the model", "leave it"),
    ),
    "plan": (
        Choice("p", "open", "look at it", "look"),
        Choice("y", "approve", "carry it out", "yes"),
        Choice("n", "refuse", "refuse", "no"),
    ),
}


def kind_of(approval: Approval) -> Kind:
    if approval.question == CARRY_OUT:
        return "plan"
    return "permission" if approval.asked is not None and approval.asked.rule else "question"


def head(approval: Approval) -> str:
    """Who wants what, in one line."""
    match kind_of(approval):
        case "plan":
            return "The plan waits for your word."
        case "question":
            return f"{known_as(approval.agent)} has a question"
        case "permission":
            shows = approval.asked.shows if approval.asked else ""
            what = "run this" if shows == "command" else "make this change"
            # The title of a command is the command again, and shortened.
            title = f": {approval.title}" if approval.title and shows != "command" else ""
            return f"{known_as(approval.agent)} asks to {what}{title}"


def detail(approval: Approval) -> str:
    """What is to be judged, whole: a command, a diff, or the question."""
    if kind_of(approval) == "plan":
        return ""
    asked = approval.asked
    return asked.detail if asked is not None and asked.shows else approval.question


def warnings(approval: Approval, count: int) -> list[str]:
    """What of the detail is not to be seen as it is; `count` of its characters are hidden ones."""
    found: list[str] = []
    if count:
        found.append(
            f"{plural(count, 'hidden character')} in it, shown as escapes such as \\x1b or \\u202e"
        )
    asked = approval.asked
    if asked is not None and asked.left_out:
        found.append(f"{plural(asked.left_out, 'more line')} of the diff can't be shown here")
    return found


def facts(approval: Approval) -> list[str]:
    """The rule that a longer yes becomes, where and how it would run, and what confines it."""
    asked = approval.asked
    if asked is None or kind_of(approval) != "permission":
        return []
    confined = ", confined as here" if asked.confinement else ""
    sandbox = [f"sandbox: {asked.confinement}"] if asked.confinement else []
    return [f"s and a allow {asked.rule}{confined}", "; ".join((*asked.terms, *sandbox))]


WHY: Mapping[Way, str] = {
    "deny": "Why not? The model reads it. Enter sends, Escape goes back.",
    "refuse": "Why not, for another plan? Say nothing, and there is none. Enter sends, Escape goes back.",
    "answer": "Enter sends your answer, Tab leaves it to the model.",
}
"""What a person reads before typing, for the ways that take words."""

_OPTIONS = re.compile(r"^1\. .", re.MULTILINE)


def how_to_answer(approval: Approval | None) -> str:
    if approval is not None and _OPTIONS.search(approval.question):
        return "A number or your own words; Enter sends, Tab leaves it to the model."
    return WHY["answer"]


def answer_of(approval: Approval, way: Way, text: str = "") -> Answer:
    """What the session is told."""
    agent, call_id = approval.agent, approval.call_id
    if way in ("deny", "refuse", "leave"):
        return Answer(agent, call_id, allowed=False, text=text)
    if way in ("session", "always"):
        return Answer(agent, call_id, scope=way)
    return Answer(agent, call_id, text=text)
