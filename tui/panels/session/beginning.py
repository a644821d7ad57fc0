"""What a transcript begins with before anybody says anything: in one line, until somebody wants to see it."""

from __future__ import annotations

from collections.abc import Iterator

from ...paint.inline import FAINT
from ...paint.lines import fold, headed
from ...paint.part import Part
from ...safe import line
from ...state.blocks import Block, Note, Said
from ...state.pages import Pages
from .plain import OF_PEOPLE


def beginning(blocks: Pages[Block]) -> int:
    """How many blocks at the start are shown together; none where that saves nothing."""
    count = 0
    while count < len(blocks) and _is_setting(blocks[count]):
        count += 1
    return count if count > 1 else 0


def paint_beginning(blocks: Pages[Block], count: int, opened: bool, width: int) -> Part:
    """The line that stands for all of them: the model and what was packed for it."""
    told = (blocks[place] for place in range(count))
    words = [word for block in told for word in _words(block)]
    return headed(fold(opened) + line("; ".join(words) or "how it begins", FAINT), width)


def _is_setting(block: Block) -> bool:
    match block:
        case Said(origin=origin):
            return origin not in (*OF_PEOPLE, "harness", "delta")
        case Note(kind=kind):
            return kind in ("lane", "pack")
        case _:
            return False


def _words(block: Block) -> Iterator[str]:
    match block:
        case Note(kind="lane", text=text):
            yield text.partition(": ")[0]  # why it was chosen is behind it
        case Note(kind="pack", text=text):
            yield f"{text[:1].lower()}{text[1:]}"
        case Said(origin="instructions"):
            yield "instructions of the repository"
        case _:
            pass
