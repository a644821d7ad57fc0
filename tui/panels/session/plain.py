"""The text of a block as it is copied and searched, and a guess at how many rows it takes."""

from __future__ import annotations

from collections.abc import Sequence

from ....agent.headless import Span
from ....agent.messages import Origin
from ...state.blocks import Answer, Block, Card, News, Note, Proof, Said
from ...state.texts import Excerpt, Tail

OF_PEOPLE: tuple[Origin, ...] = ("task", "person")
"""What the model was told by people, whoever passed it on."""


def text_of(block: Block) -> str:
    """What a person who copies the block means: hostile text."""
    match block:
        case Said(text=text):
            return text.text
        case Answer(text=text, reasoning=reasoning):
            thought = reasoning.text if reasoning else ""
            return text.text or thought
        case Card(title=title, tool=tool, detail=detail):
            return _joined(title or tool, detail.text if detail else "")
        case Proof(command=command):
            return command
        case Note(text=text):
            return text
        case News(lines=lines, detail=detail):
            return _joined(told(lines), detail.text if detail else "")


def told(lines: Sequence[Sequence[Span]]) -> str:
    """News in words alone."""
    return "\n".join("".join(_words(span) for span in line) for line in lines)


def searched(block: Block) -> str:
    """All of the block's text that can be found by searching."""
    match block:
        case Answer(text=text, reasoning=Excerpt(text=thought)):
            return _joined(thought, text.text)
        case _:
            return text_of(block)


def guess(block: Block, opened: bool, width: int) -> int:
    """About how many rows the block takes, without looking closely."""
    match block:
        case Said(text=text, origin="task" | "person"):
            return rows_of(text.text, width)
        case Said(text=text):
            return 1 + (rows_of(text.text, width) if opened else 0)
        case Answer(text=text, reasoning=reasoning):
            thought = 0
            if reasoning is not None and reasoning.chars:
                thought = 1 + (rows_of(reasoning.text, width) if opened else 0)
            return thought + (rows_of(text.text, width) if text.chars else 0)
        case Card(detail=Excerpt(text=text)) | News(detail=Excerpt(text=text)) if opened:
            return 1 + rows_of(text, width)
        case News(lines=lines):
            return len(lines)
        case Note(text=text):
            return 1 + len(text) // max(1, width)
        case _:
            return 1


def rows_of(text: str, width: int) -> int:
    return 1 + text.count("\n") + len(text) // max(1, width + width // 4)


def last_rows(tail: Tail, most: int) -> int:
    """How many of the `most` last lines there are."""
    return min(most, 1 + tail.text.rstrip().count("\n")) if tail.text.strip() else 0


def _joined(first: str, rest: str) -> str:
    return f"{first}\n{rest}" if first and rest else first or rest


def _words(span: Span) -> str:
    return span if isinstance(span, str) else span[1]
