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
from .lines import cut_to, fold, has_ink, headed, last_lines, left_out, plain_text
from .part import Part

INLINE_LINES = 12
"""Changed lines of an edit that is shown without being opened."""
NO_OUTPUT = "(no output)"
"""What stands for the output of a command that printed nothing."""
OUTPUT_LINES = 200
"""Lines of a command's output that an open card has."""
LAST_LINES = {"ok": 1, "failed": 3}
"""Of what a command printed, the last lines that a folded card has."""
NOTABLE = 1.0
"""Seconds from which on it is said how long a call took."""
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
    opened = opened and opens_card(card)
    diff = _diff(card)
    yield _card_line(card, diff, opened, width)
    yield from _answered(card, opened)
    if diff and (opened or _is_small(diff)):
        for file in diff:
            yield from _without_place(unified(file))
    elif opened:
        yield from _detail(card)
    elif card.detail and not _is_answer(card):
        yield from _end_of(card, card.detail.text, width)
    if opened and card.detail:
        yield from left_out(card.detail)


def opens_card(card: Card) -> bool:
    if card.detail is None or not has_ink(card.detail):
        return False
    if card.tool == "report" or _is_denied(card):
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


def _card_line(card: Card, diff: tuple[FilePatch, ...], opened: bool, width: int) -> Part:
    """What came of it stands at the end, also where there is no room for all of the title."""
    title, verdict = card.title or card.tool or "a call", ""
    if card.tool == "shell" and card.seconds is not None:
        before, joint, after = title.rpartition(": ")
        title, verdict = (before, joint + after) if joint else (title, "")
    words = "" if verdict or _is_denied(card) else _LOOKS[card.state][2]
    begin = Content.assemble(
        _look(card.state) if not _waits(card) else (f"{sign('waiting')} ", "$text-warning"),
        fold(opened) if opens_card(card) else "",
        line(title, "bold" if card.mutates else ""),
    )
    end = Content.assemble(
        line(verdict),
        (f" ({words})" if words else "", _LOOKS[card.state][1]),
        *_counts(diff),
        (_took(card), FAINT),
        (f" {sign('ask')} waits for you" if _waits(card) else "", "$text-warning"),
    )
    aside = Content.styled(_allowed(card), FAINT)
    if begin.cell_length + end.cell_length + aside.cell_length <= width:
        end += aside
    if end.cell_length > width // 2:
        return headed(begin + end, width)
    return Part(cut_to(begin, width - end.cell_length) + end, wrap=False)


def _counts(diff: tuple[FilePatch, ...]) -> Iterator[tuple[str, str]]:
    if added := sum(each.added for each in diff):
        yield f" +{added:,}", "$text-success"
    if removed := sum(each.removed for each in diff):
        yield f" -{removed:,}", "$text-error"


def _took(card: Card) -> str:
    """How long it took, where that is of interest; the time in which a person was asked is not the call's."""
    if card.seconds is None or card.tool == "shell" or card.approval is not None:
        return ""
    return f" {card.seconds:.1f} s" if card.seconds >= NOTABLE else ""


def _look(state: CardState) -> tuple[str, str]:
    name, style, _ = _LOOKS[state]
    return f"{sign(name)} ", style


def _waits(card: Card) -> bool:
    return card.state == "running" and card.approval is not None and card.approval.answer is None


def _answer(card: Card) -> ApprovalAnswered | None:
    return None if card.approval is None else card.approval.answer


def _is_denied(card: Card) -> bool:
    answer = _answer(card)
    return answer is not None and not answer.allowed


def _is_answer(card: Card) -> bool:
    """Whether what it brought is what a person said, which stands there anyway."""
    return card.tool in ("ask", "report") or _is_denied(card)


def _allowed(card: Card) -> str:
    """That a person allowed it, where there is room. What a rule of theirs allows is told where the card is open."""
    answer = _answer(card)
    if answer is None or card.tool == "ask" or not answer.allowed or answer.by != "person":
        return ""
    return f" allowed {_BY['person']}{_SCOPES.get(answer.scope, '')}"


def _answered(card: Card, opened: bool) -> Iterator[Part]:
    """What became of a question, where the card's line doesn't say it."""
    answer = _answer(card)
    if answer is None:
        return
    by = _BY.get(answer.by, answer.by)
    if card.tool == "ask":
        # A number stands for an option: what it means is what the call brought.
        said = card.detail.text if card.state == "ok" and card.detail else answer.answer
        text = f"answered {by}: {said}" if answer.answer else f"not answered {by}"
    elif not answer.allowed:
        text = f"not allowed {by}{f': {answer.answer}' if answer.answer else ''}"
    elif opened and answer.by != "person":
        text = f"allowed {by}"
    else:
        return
    yield Part(line(text, FAINT), _INDENT, _INDENT)


def _diff(card: Card) -> tuple[FilePatch, ...]:
    if card.state != "ok" or card.tool not in _WRITES or card.detail is None:
        return ()
    return tuple(each for each in parse_patch(card.detail.text) if each.hunks)


def _is_small(diff: tuple[FilePatch, ...]) -> bool:
    return sum(each.added + each.removed for each in diff) <= INLINE_LINES


def _is_short(text: str) -> bool:
    """What went wrong is worth its lines where these are few; output of a command begins with what went well."""
    return 0 < len(text.strip()) < 500 and text.strip().count("\n") < 2


def _without_place(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Where the first hunk is, its numbers say."""
    return parts[1:]


def _end_of(card: Card, text: str, width: int) -> Iterator[Part]:
    """What a folded card has of what came of it: of a command the end, of a failure what went wrong."""
    if card.tool == "shell" and card.seconds is not None:
        lines = [each for each in text.rstrip().split("\n") if each.strip()]
        for each in lines[-LAST_LINES.get(card.state, 0) :] if lines != [NO_OUTPUT] else ():
            yield headed(_INDENT + line(each, FAINT), width)
    elif card.state == "failed" and _is_short(text):
        yield from plain_text(text.strip(), FAINT, _INDENT)


def _detail(card: Card) -> Iterator[Part]:
    if card.tool == "ask" and card.approval is not None:
        yield from plain_text(card.approval.question.strip(), "", _INDENT)
        return
    if card.detail is None or not card.detail.text.strip():
        return
    if card.tool == "shell":
        yield from last_lines(card.detail.text, OUTPUT_LINES, _INDENT)
    else:
        yield from plain_text(card.detail.text.rstrip(), "", _INDENT)
