"""Where a text that the model remembers is in a file: exact, else tolerant of whitespace and look-alikes. Pure.

All texts here have LF line ends. A tolerant match is a run of whole lines, or the same characters but for look-alikes.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

How = Literal["exact", "look-alikes", "whitespace", "indentation"]
"""exact: every character. look-alikes: but for typographic quotes, dashes and spaces. whitespace: but for whitespace at
line ends, and a line end missing at the file's end. indentation: and all lines shifted by the same whitespace."""

_LOOK_ALIKES = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\u3000", " "),
    }
)
_MAX_ALIGNED = 4_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """`new` is to stand for text[start:end]; it is already fitted to the text around it."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class Found:
    places: tuple[Place, ...]
    how: How


@dataclass(frozen=True, slots=True)
class Several:
    """`old` is there more than once; `lines` are the 1-based lines where it begins."""

    lines: tuple[int, ...]
    how: How


@dataclass(frozen=True, slots=True)
class Missing:
    pass


def fold(text: str) -> str:
    """`text` with typographic quotes, dashes and spaces as their ASCII look-alikes; as long as before."""
    return text.translate(_LOOK_ALIKES)


def find(text: str, old: str, new: str, everywhere: bool) -> Found | Several | Missing:
    """Find the one place of `old` in `text`, or with `everywhere` all of its exact places.

    The strictest way that finds anything decides; a laxer one is never asked to choose between several places.
    """
    if not old:
        raise ValueError("an empty text is everywhere")
    exact = tuple(_occurrences(text, old, overlapping=not everywhere))
    if exact and (everywhere or len(exact) == 1):
        shifted = _find_lines(text, old, new) if _within_indentation(text, exact[0], new) else None
        if isinstance(shifted, Found) and not everywhere:
            return shifted
        return Found(tuple(Place(at, at + len(old), new) for at in exact), "exact")
    if exact:
        return Several(_line_numbers(text, exact), "exact")
    if everywhere:
        return Missing()
    alike = tuple(_occurrences(fold(text), fold(old), overlapping=True))
    if len(alike) == 1:
        start, end = alike[0], alike[0] + len(old)
        return Found((Place(start, end, _keep(text[start:end], old, new)),), "look-alikes")
    if alike:
        return Several(_line_numbers(text, alike), "look-alikes")
    return _find_lines(text, old, new)


def _within_indentation(text: str, at: int, new: str) -> bool:
    """Whether a place begins in the middle of a line's indentation, so that all but the first new line would be off."""
    before = text[text.rfind("\n", 0, at) + 1 : at]
    return "\n" in new and text[at] in " \t" and before.isspace()


def line_number(text: str, offset: int) -> int:
    """The 1-based line that the character at `offset` is on."""
    return text.count("\n", 0, offset) + 1


def _line_numbers(text: str, offsets: Sequence[int]) -> tuple[int, ...]:
    return tuple(line_number(text, offset) for offset in offsets)


def _occurrences(text: str, old: str, overlapping: bool) -> Iterator[int]:
    step = 1 if overlapping else len(old)
    at = text.find(old)
    while at >= 0:
        yield at
        at = text.find(old, at + step)


def _keep(there: str, old: str, new: str) -> str:
    """`new`, but with the file's own spelling of the lines that `old` and `new` have in common."""
    return "\n".join(_kept(there.split("\n"), old.split("\n"), new.split("\n"), str))


def _kept(
    there: Sequence[str], old: Sequence[str], new: Sequence[str], fit: Callable[[str], str]
) -> list[str]:
    """`new` fitted line by line; lines that it shares with `old` are taken from `there`, which matches `old`."""
    if len(old) * len(new) > _MAX_ALIGNED:
        return [fit(line) for line in new]
    result: list[str] = []
    done = 0
    for block in difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        result.extend(fit(line) for line in new[done : block.b])
        result.extend(there[block.a : block.a + block.size])
        done = block.b + block.size
    return result


@dataclass(frozen=True, slots=True)
class _Lines:
    """A text by lines: as they are, folded without whitespace at their ends, and where each begins."""

    whole: list[str]
    bare: list[str]
    starts: list[int]

    @staticmethod
    def of(text: str) -> _Lines:
        whole = text.split("\n")
        starts = [0]
        for line in whole:
            starts.append(starts[-1] + len(line) + 1)
        if whole[-1] == "":
            whole.pop()  # what ends with a line end has no line after it
        return _Lines(whole, [fold(line).rstrip() for line in whole], starts)

    def span(self, first: int, count: int, text: str) -> tuple[int, int, bool]:
        """Where `count` lines begin and end, the last line end included if there is one."""
        start, end = self.starts[first], self.starts[first + count]
        return start, min(end, len(text)), end <= len(text)


def _find_lines(text: str, old: str, new: str) -> Found | Several | Missing:
    there, wanted = _Lines.of(text), _Lines.of(old)
    if not any(wanted.bare):
        return Missing()
    same: list[int] = []
    shifted: list[int] = []
    for first in _candidates(there, wanted):
        window = there.bare[first : first + len(wanted.bare)]
        if window == wanted.bare:
            same.append(first)
        elif _shift(window, wanted.bare) is not None:
            shifted.append(first)
    firsts = same or shifted
    how: How = "whitespace" if same else "indentation"
    if not firsts:
        return Missing()
    if len(firsts) > 1:
        return Several(tuple(first + 1 for first in firsts), how)
    place = _fitted(text, there, firsts[0], old, new)
    return Found((place,), how) if place else Missing()


def _candidates(there: _Lines, wanted: _Lines) -> list[int]:
    """Where all lines could match: the places of the rarest line, counted back to the first."""
    places: dict[str, list[int]] = {}
    for index, line in enumerate(there.bare):
        places.setdefault(line.lstrip(), []).append(index)
    anchors = [
        (len(places.get(line.lstrip(), ())), index)
        for index, line in enumerate(wanted.bare)
        if line
    ]
    _, anchor = min(anchors)
    last = len(there.bare) - len(wanted.bare)
    found = (index - anchor for index in places.get(wanted.bare[anchor].lstrip(), ()))
    return [first for first in found if 0 <= first <= last]


def _shift(window: Sequence[str], wanted: Sequence[str]) -> tuple[str, str] | None:
    """What to take from and what to put before each line of `wanted` to get `window`; one of the two is empty."""
    shift: tuple[str, str] | None = None
    for line, want in zip(window, wanted, strict=True):
        if not line and not want:
            continue
        if line.lstrip() != want.lstrip() or not line:
            return None
        if shift is None:
            has, said = _indent(line), _indent(want)
            if has.endswith(said):
                shift = ("", has[: len(has) - len(said)])
            elif said.endswith(has):
                shift = (said[: len(said) - len(has)], "")
            else:
                return None
        take, put = shift
        if not want.startswith(take) or put + want.removeprefix(take) != line:
            return None
    return shift


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _fitted(text: str, there: _Lines, first: int, old: str, new: str) -> Place | None:
    """The place of the matched lines, with `new` indented as they are; None if `new` can't be shifted as `old` is."""
    old_lines = old.removesuffix("\n").split("\n")
    new_lines = new.removesuffix("\n").split("\n") if new else []
    count = len(old_lines)
    take, put = _shift(
        there.bare[first : first + count], [fold(line).rstrip() for line in old_lines]
    ) or ("", "")
    if any(line.strip() and not line.startswith(take) for line in new_lines):
        return None
    lines = _kept(
        there.whole[first : first + count],
        old_lines,
        new_lines,
        lambda line: put + line.removeprefix(take) if line.strip() else line,
    )
    start, end, has_line_end = there.span(first, count, text)
    fitted = "\n".join(lines)
    if not old.endswith("\n"):
        # The line end after the match is not part of what was asked to go.
        return Place(start, end - has_line_end, fitted + ("\n" if new.endswith("\n") else ""))
    return Place(start, end, fitted + "\n" if new.endswith("\n") and has_line_end else fitted)


def line_range(text: str, start: int, end: int) -> tuple[int, int]:
    """The 1-based lines that text[start:end] stands on; a line end as its last character belongs to its line."""
    first = line_number(text, start)
    if end <= start:
        return first, first
    return first, line_number(text, end - 1)
