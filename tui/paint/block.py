"""A block of a transcript, whatever its kind, as parts."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from ..safe import line
from ..state.blocks import Answer, Block, Card, News, Note, Proof, Said
from ..state.texts import Tail
from ..text import first_line
from .card import opens_card, paint_card, paint_proof, paint_running
from .inline import FAINT
from .lines import fold, has_ink, headed, left_out, plain_text
from .live import paint_text
from .notes import opens_news, opens_note, opens_said, paint_news, paint_note, paint_said
from .part import BLANK, Part

BEGIN = 400
"""Characters of folded reasoning whose first line is shown."""


def paint(block: Block, opened: bool, width: int) -> tuple[Part, ...]:
    """A block as it looks folded or `opened`; `width` is what the parts may take. Never raises, whatever the text.

    No part stands for the space between blocks: that is the screen's. An answer that only calls has none at all.
    """
    width = max(1, width)
    match block:
        case Said():
            return tuple(paint_said(block, opened, width))
        case Answer():
            return tuple(_answer(block, opened, width))
        case Card():
            return tuple(paint_card(block, opened, width))
        case Proof():
            return tuple(paint_proof(block, opened, width))
        case Note():
            return tuple(paint_note(block, opened, width))
        case News():
            return tuple(paint_news(block, opened, width))


def opens(block: Block) -> bool:
    """Whether there is something to unfold."""
    match block:
        case Said():
            return opens_said(block)
        case Answer():
            return block.reasoning is not None and has_ink(block.reasoning)
        case Card():
            return opens_card(block)
        case Proof():
            return block.evidence is not None
        case Note():
            return opens_note(block)
        case News():
            return opens_news(block)


def paint_output(block: Card | Proof, tail: Tail, rows: int) -> tuple[Part, ...]:
    """What a running command or check has printed, by its last `rows` lines; nothing of one that has ended."""
    running = block.running if isinstance(block, Proof) else block.state == "running"
    return tuple(paint_running(tail, rows)) if running else ()


def paint_thought(answer: Answer, opened: bool, width: int) -> Iterator[Part]:
    """What stands above the text of an answer: its reasoning, in a line or `opened`."""
    if answer.reasoning is None or not has_ink(answer.reasoning):
        return
    words = len(answer.reasoning.text.split())
    more = "" if answer.reasoning.whole else "more than "
    noun = "word" if words == 1 else "words"
    begins = "" if opened else f": {first_line(answer.reasoning.text[:BEGIN].strip())}"
    thought = f"thought for {more}{words:,} {noun}{begins}"
    yield headed(fold(opened) + line(thought, FAINT), width)
    if opened:
        yield from plain_text(answer.reasoning.text.strip(), FAINT, Content("  "))
        yield from left_out(answer.reasoning)
        if has_ink(answer.text):
            yield BLANK


def _answer(answer: Answer, opened: bool, width: int) -> Iterator[Part]:
    yield from paint_thought(answer, opened, width)
    if has_ink(answer.text):
        yield from paint_text(answer.text.text, width)
        yield from left_out(answer.text)
