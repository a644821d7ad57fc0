"""Questions as text, and typed lines as their answers. What is not clearly an answer is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ...agent.headless_plan import forecast_line
from ...agent.host.wishes import Answer
from ...agent.planning.plan_text import show_plan
from ..state.blocks import Approval
from ..state.plan import PlanView
from ..text import hidden, one_line, visible
from ..widgets.approval.asking import Kind, Way, answer_of, detail, facts, head, kind_of, warnings
from .lines import Lines
from .patch import told

HOW: Mapping[Kind, str] = {
    "permission": "answer: y allows it once, s for this session, a always in this repository, n REASON denies it.",
    "question": "answer: type it on one line. /leave leaves it to the model.",
    "plan": "answer: y carries it out, n REASON asks for another plan, n alone for none.",
}

_WORDS: Mapping[Kind, Mapping[str, Way]] = {
    "permission": {
        "y": "once",
        "yes": "once",
        "s": "session",
        "session": "session",
        "a": "always",
        "always": "always",
        "n": "deny",
        "no": "deny",
    },
    "plan": {"y": "approve", "yes": "approve", "n": "refuse", "no": "refuse"},
    "question": {},
}
ANSWERS = frozenset(_WORDS["permission"])
"""Lines that are meant as an answer when they stand alone."""

_FIRST = re.compile(r"\s*(\w+)(?:[,.:;!]*|[,.:;!]*\s+(.*))", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Unclear:
    """What was typed is no answer, and why not."""

    why: str


def answer(approval: Approval, typed: str) -> Answer | Unclear:
    """A line as the answer to this question. A yes is a word that stands alone: with more it may be meant otherwise."""
    kind = kind_of(approval)
    if kind == "question":
        return answer_of(approval, "answer", typed.strip())
    found = _FIRST.fullmatch(typed)
    way = _WORDS[kind].get(found[1].casefold()) if found else None
    if found is None or way is None:
        return Unclear("a question waits, and this is no answer to it")
    more = (found[2] or "").strip()
    if way in ("deny", "refuse"):
        return answer_of(approval, way, more)
    if more:
        return Unclear(f"{found[1]} answers alone, and more stands behind it")
    return answer_of(approval, way)


def tell(approval: Approval, plan: PlanView, lines: Lines) -> None:
    """All that is to be judged, to the letter, then what can be answered."""
    kind = kind_of(approval)
    lines.line("question: ", visible(one_line(head(approval))))
    if kind == "plan":
        tell_plan(plan, lines)
    else:
        _tell_detail(approval, lines)
    for fact in facts(approval):
        lines.line("note: ", visible(one_line(fact)))
    lines.line(HOW[kind])


def tell_plan(plan: PlanView, lines: Lines) -> None:
    if plan.proposed is None:
        lines.line("plan: there is none.")
        return
    lines.paragraph(f"plan: {show_plan(plan.proposed.checked)}")
    if plan.forecast is not None:
        lines.paragraph(forecast_line(plan.forecast))


def _tell_detail(approval: Approval, lines: Lines) -> None:
    text = detail(approval)
    asked = approval.asked
    shows = asked.shows if asked else ""
    if shows == "diff":
        for word, line in told(text):
            lines.exact(f"{word} ", line)
    else:
        word = "command | " if shows == "command" else "asks    | "
        for line in text.split("\n"):
            lines.exact(word, line)
    for warning in warnings(approval, hidden(text)):
        lines.line("warning: ", warning)
