"""A call of a tool and a check: one line each, and what is behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from textual.content import Content

from ...agent.events import ApprovalAnswered
from ...agent.headless import evidence_line
from ..safe import line
from ..signs import Sign, sign
from ..state.blocks import Card, CardState, Proof
from ..state.texts import Tail
from ..text import clean
from .diff import FilePatch, parse_patch, unified
from .inline import FAINT
from .lines import fold, has_ink, headed, last_lines, left_out, plain_text
from .part import Part

INLINE_LINES = 12
"""Changed lines of an edit that is shown without being opened."""
OUTPUT_LINES = 200
"""Lines of a command's output that an open card has."""
_INDENT = Content("  ")
_WRITES = ("edit", "write")

_LOOKS: Mapping[CardState, tuple[Sign, str, str]] = {
    "running": ("running", "$text-primary", ""),
    "ok": ("ok", "$text-success", ""),
    "failed": ("failed", "$text-error", "failed"),
    "cut": ("cut", "$text-warning", "cut off"),
}
_BY = {"person": "by you", "rule": "by a rule", "nobody": "since nobody was there to ask"}
_SCOPES = {"session": ", for this session", "always": ", always"}


def paint_card(card: Card, opened: bool, width: int) -> Iterator[Part]:
    yield headed(_card_line(card, opened), width)
    yield from _approval(card)
    diff = _diff(card)
    if diff and (opened or _is_small(diff)):
        for file in diff:
            yield from unified(file)
    elif opened:
        yield from _detail(card)
    elif card.state == "failed" and card.detail and _is_short(card.detail.text):
        yield from plain_text(card.detail.text.strip(), FAINT, _INDENT)
    if opened and card.detail:
        yield from left_out(card.detail)


def opens_card(card: Card) -> bool:
    if card.detail is None or not has_ink(card.detail):
        return False
    diff = _diff(card)
    return not (diff and _is_small(diff) and card.detail.whole)


def paint_proof(proof: Proof, opened: bool, width: int) -> Iterator[Part]:
    evidence = proof.evidence
    if evidence is None:
        look = _look("cut" if proof.cut else "running")
        where = " on the tree as it was before" if proof.before else ""
        words = "check cut off" if proof.cut else "checking"
        yield headed(Content.assemble(look, f"{words}{where}: ", line(proof.command)), width)
        return
    name: Sign = "ok" if evidence.green else "failed"
    style = FAINT if proof.before else "$text-success" if evidence.green else "$text-error"
    word = "checked before the first change: " if proof.before else "check: "
    verdict = line(evidence_line(evidence))
    mark = Content.styled(f"{sign(name)} ", style)
    text = Content.assemble((word, style), verdict)
    yield Part(text, mark, _INDENT) if opened else headed(mark + text, width)
    if opened:
        yield Part(line(f"on tree {evidence.tree}", FAINT), _INDENT, _INDENT)
        if evidence.output_file:
            yield Part(line(f"output in {evidence.output_file}", FAINT), _INDENT, _INDENT)


def paint_running(tail: Tail, rows: int) -> Iterator[Part]:
    """What a running command has printed, by its last lines."""
    lines = clean(tail.text).rstrip().split("\n")
    if lines == [""] or rows <= 0:
        return
    shown = lines[-rows:]
    before = tail.breaks - tail.text.count("\n") + len(lines) - len(shown)
    if before > 0:
        yield Part(line(f"{before:,} lines before this", FAINT), _INDENT, _INDENT)
    yield from last_lines("\n".join(shown), rows, _INDENT, FAINT)


def _card_line(card: Card, opened: bool) -> Content:
    title = line(card.title or card.tool or "a call", "bold" if card.mutates else "")
    words = _LOOKS[card.state][2]
    seconds = "" if card.seconds is None else f" {card.seconds:.1f} s"
    return Content.assemble(
        _look(card.state) if not _waits(card) else (f"{sign('waiting')} ", "$text-warning"),
        fold(opened) if opens_card(card) else "",
        title,
        (f" ({words})" if words else "", _LOOKS[card.state][1]),
        (seconds, FAINT),
    )


def _look(state: CardState) -> tuple[str, str]:
    name, style, _ = _LOOKS[state]
    return f"{sign(name)} ", style


def _waits(card: Card) -> bool:
    return card.state == "running" and card.approval is not None and card.approval.answer is None


def _approval(card: Card) -> Iterator[Part]:
    """Whether somebody was asked, and what came of it."""
    if card.approval is None:
        return
    answer = card.approval.answer
    if answer is None:
        if _waits(card):
            text = f"{sign('ask')} waits for your answer: {card.approval.question}"
            yield Part(line(text, "$text-warning"), _INDENT, _INDENT)
        return
    yield Part(line(_answered(card, answer), FAINT), _INDENT, _INDENT)


def _answered(card: Card, answer: ApprovalAnswered) -> str:
    by = _BY.get(answer.by, answer.by)
    if card.tool == "ask":
        return f"answered {by}: {answer.answer}" if answer.answer else f"not answered {by}"
    if answer.allowed:
        return f"allowed {by}{_SCOPES.get(answer.scope, '')}"
    return f"not allowed {by}{f': {answer.answer}' if answer.answer else ''}"


def _diff(card: Card) -> tuple[FilePatch, ...]:
    if card.state != "ok" or card.tool not in _WRITES or card.detail is None:
        return ()
    return tuple(each for each in parse_patch(card.detail.text) if each.hunks)


def _is_small(diff: tuple[FilePatch, ...]) -> bool:
    return sum(each.added + each.removed for each in diff) <= INLINE_LINES


def _is_short(text: str) -> bool:
    """What went wrong is worth its lines where these are few; output of a command begins with what went well."""
    return 0 < len(text.strip()) < 500 and text.strip().count("\n") < 2


def _detail(card: Card) -> Iterator[Part]:
    if card.detail is None or not card.detail.text.strip():
        return
    if card.tool == "shell":
        yield from last_lines(card.detail.text, OUTPUT_LINES, _INDENT)
    else:
        yield from plain_text(card.detail.text.rstrip(), "", _INDENT)
