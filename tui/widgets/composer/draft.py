"""What stands in the composer, as a value: text in which a long paste shows as one chip. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

LONG_LINES = 5
LONG_CHARACTERS = 800
"""A paste of more than this becomes a chip."""

_CHIP = re.compile(r"\[pasted \d{1,9} (?:lines|characters) #(\d{1,9})\]")


@dataclass(frozen=True, slots=True)
class Draft:
    """`chips` has, for each chip such as `[pasted 120 lines #1]` in `text`, what was pasted; it may know more chips
    than are there."""

    text: str = ""
    chips: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def expanded(self) -> str:
        """The text with what the chips stand for. What only looks like a chip, also inside of one, stays as it is."""
        return expand(self.text, self.chips)


EMPTY = Draft()


def expand(text: str, chips: Mapping[str, str]) -> str:
    return _CHIP.sub(lambda found: chips.get(found[0], found[0]), text) if chips else text


def is_long(text: str) -> bool:
    return len(text) > LONG_CHARACTERS or text.count("\n") >= LONG_LINES


def chip_for(text: str, chips: Mapping[str, str]) -> str:
    """A new chip that may stand for `text` beside `chips`."""
    number = 1 + max((int(found[1]) for found in map(_CHIP.fullmatch, chips) if found), default=0)
    lines = text.rstrip("\n").count("\n") + 1
    size = f"{lines} lines" if lines > 1 else f"{len(text)} characters"
    return f"[pasted {size} #{number}]"


def chip_spans(line: str, chips: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """Where in `line` chips stand."""
    if chips and "[pasted " in line:
        for found in _CHIP.finditer(line):
            if found[0] in chips:
                yield found.span()


def joined(front: Draft, back: Draft) -> Draft:
    """Both, one above the other. Chips that only share their number are told apart."""
    chips = dict(back.chips)
    renamed: dict[str, str] = {}
    for chip, content in front.chips.items():
        new = chip if chips.get(chip, content) == content else chip_for(content, chips)
        chips[new] = content
        renamed[chip] = new
    text = _CHIP.sub(lambda found: renamed.get(found[0], found[0]), front.text)
    return Draft(f"{text}\n{back.text}" if text and back.text else text or back.text, chips)


def folded(text: str, chips: Mapping[str, str]) -> Draft:
    """`text` with chips in it again where their contents stand unchanged, such as after a visit to an editor."""
    kept: dict[str, str] = {}
    for chip, content in chips.items():
        if content in text:
            text = text.replace(content, chip, 1)
            kept[chip] = content
    return Draft(text, kept)
