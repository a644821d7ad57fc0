"""A diff as it is read: one below the other, or side by side, with the colours of its language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from textual.content import Content, Span

from ..safe import TAB, line, named
from ..signs import sign
from ..text import clean, spelled
from .code import code_lines, cut_line, language_of
from .inline import FAINT
from .part import Part
from .patch import FilePatch, Hunk, Line, LineKind, parse_patch, patch_text
from .words import changed_words, paired

__all__ = [
    "FilePatch",
    "Hunk",
    "Line",
    "heading",
    "parse_patch",
    "patch_text",
    "side_by_side",
    "side_by_side_hunk",
    "unified",
    "unified_hunk",
]

MOST_LINES = 2_000
"""Lines of one hunk, and of one file, that are painted; how many more there are is said."""
MOST_PAIRS = 300
"""Changed lines of a hunk whose words are compared."""
MOST_COLOURED = 800
"""Lines of one side of a hunk that are coloured."""
_TOGETHER = 200
"""Lines that are coloured at once."""
_FILLS: dict[LineKind, str] = {
    "context": "",
    "added": "on $success-muted",
    "removed": "on $error-muted",
}
_WORDS: dict[LineKind, str] = {
    "context": "",
    "added": "bold on $success 20%",
    "removed": "bold on $error 20%",
}
_SIGNS: dict[LineKind, tuple[str, str]] = {
    "context": (" ", FAINT),
    "added": ("+", "$text-success"),
    "removed": ("-", "$text-error"),
}


# --- one below the other ---


def unified(file: FilePatch, most: int = MOST_LINES) -> tuple[Part, ...]:
    """All hunks of a file, without a heading; at most so many lines."""
    return _all(file, most, lambda hunk, left: unified_hunk(file, hunk, left))


def unified_hunk(file: FilePatch, hunk: Hunk, most: int = MOST_LINES) -> tuple[Part, ...]:
    """The "@@" line as words, then each line with its number and sign."""
    texts = _painted(file, hunk, most)
    digits = _digits(hunk)
    parts = [_place(hunk)]
    for each, text in zip(hunk.lines, texts, strict=False):
        number = each.old if each.kind == "removed" else each.new
        first = _gutter(number, each.kind, digits)
        rest = Content(" " * first.cell_length)
        parts.append(Part(text, first, rest, False, _FILLS[each.kind]))
        if each.mark:
            parts.append(Part(line(each.mark, FAINT), rest, rest))
    return (*parts, *_more(len(hunk.lines) - most))


# --- side by side ---


def side_by_side(file: FilePatch, width: int, most: int = MOST_LINES) -> tuple[Part, ...]:
    """All hunks of a file, without a heading: as it was at the left, as it is at the right."""
    return _all(file, most, lambda hunk, left: side_by_side_hunk(file, hunk, width, left))


def side_by_side_hunk(
    file: FilePatch, hunk: Hunk, width: int, most: int = MOST_LINES
) -> tuple[Part, ...]:
    """One part for each pair of lines; a long line goes on in further rows of it."""
    shown = hunk.lines[:most]
    texts = dict(zip(map(id, shown), _painted(file, hunk, most), strict=True))
    digits = _digits(hunk)
    half = max(digits + 4, (width - 1) // 2)
    parts = [_place(hunk)]
    bar = Content.styled(sign("bar"), FAINT)
    for old, new in paired(shown):
        left = _half(old, texts, old.old if old else 0, digits, half)
        right = _half(new, texts, new.new if new else 0, digits, half)
        rows = max(len(left), len(right))
        blank = Content(" " * half)
        pairs = zip(
            left + [_blank_like(old, blank)] * (rows - len(left)),
            right + [_blank_like(new, blank)] * (rows - len(right)),
            strict=True,
        )
        both = [Content.assemble(one, bar, other) for one, other in pairs]
        parts.append(Part(Content("\n").join(both), wrap=False))
        mark = (new and new.mark) or (old and old.mark)
        if mark:
            parts.append(Part(line(mark, FAINT)))
    return (*parts, *_more(len(hunk.lines) - most))


def _half(
    shown: Line | None, texts: dict[int, Content], number: int, digits: int, width: int
) -> list[Content]:
    """The rows of a line in its half of the screen, each as wide as that."""
    if shown is None:
        return []
    first = _gutter(number, shown.kind, digits)
    room = max(2, width - first.cell_length)
    rows: list[Content] = []
    for row in texts[id(shown)].fold(room):
        before = first if not rows else Content(" " * first.cell_length)
        whole = before + row
        whole = whole.pad_right(max(0, width - whole.cell_length))
        rows.append(whole.stylize_before(_FILLS[shown.kind]))
    return rows


def _blank_like(shown: Line | None, blank: Content) -> Content:
    return blank.stylize(_FILLS[shown.kind]) if shown else blank


# --- what both have ---


def heading(file: FilePatch) -> Part:
    """A file's path, what happens to it in words, and how many lines come and go."""
    pieces: list[Content | tuple[str, str]] = [named(file.path, "bold")]
    if words := _happens(file):
        pieces.append((f" ({words})", FAINT))
    if file.added or file.removed:
        pieces += [(f" +{file.added}", "$text-success"), (f" -{file.removed}", "$text-error")]
    return Part(Content.assemble(*pieces))


def _happens(file: FilePatch) -> str:
    words: list[str] = []
    if file.old is None:
        words.append("new")
    elif file.new is None:
        words.append("deleted")
    elif file.old != file.new:
        words.append(f"{'copied' if file.copied else 'renamed'} from {spelled(file.old)}")
    if file.old_mode and file.new_mode and file.old_mode != file.new_mode:
        words.append(f"mode {line(file.old_mode).plain}, now {line(file.new_mode).plain}")
    if file.binary:
        words.append("binary")
    return ", ".join(words)


def _all(
    file: FilePatch, most: int, painted: Callable[[Hunk, int], tuple[Part, ...]]
) -> tuple[Part, ...]:
    parts: list[Part] = []
    left = most
    for number, hunk in enumerate(file.hunks):
        if left <= 0:
            rest = file.hunks[number:]
            parts.extend(_more(sum(len(each.lines) for each in rest)))
            break
        parts.extend(painted(hunk, left))
        left -= len(hunk.lines)
    parts.extend(Part(line(each, FAINT)) for each in file.rest[:3])
    return tuple(parts)


def _place(hunk: Hunk) -> Part:
    where = f"line {hunk.lines[0].new:,}" if hunk.lines else "no lines"
    said = line(hunk.heading)
    return Part(Content.styled(f"{where}: {said.plain}" if said else where, FAINT))


def _more(count: int) -> Iterator[Part]:
    if count > 0:
        yield Part(Content.styled(f"{sign('more')} {count:,} more lines of the diff", FAINT))


def _digits(hunk: Hunk) -> int:
    return len(str(max((max(each.old, each.new) for each in hunk.lines[-2:]), default=0)))


def _gutter(number: int, kind: LineKind, digits: int) -> Content:
    mark, style = _SIGNS[kind]
    return Content.assemble((f"{number:>{digits}} ", FAINT), (f"{mark} ", style))


def _painted(file: FilePatch, hunk: Hunk, most: int) -> list[Content]:
    """The first lines of a hunk with the colours of the language, and what changed within a line."""
    lines = hunk.lines[:most]
    language = language_of(file.path)
    old = [each for each in lines if each.kind == "removed"]
    new = [each for each in lines if each.kind != "removed"]
    # Line ends are of interest where they differ.
    with_ends = len({each.text.endswith("\r") for each in lines}) > 1
    texts = {
        id(each): text
        for side in (old, new)
        for each, text in zip(side, _coloured(side, language, with_ends), strict=True)
    }
    changed = 0
    for before, after in paired(lines):
        if before is None or after is None or before is after:
            continue
        changed += 1
        if changed > MOST_PAIRS:
            break
        marked = changed_words(texts[id(before)].plain, texts[id(after)].plain)
        for each, ranges in zip((before, after), marked, strict=True):
            style = _WORDS[each.kind]
            spans = [Span(begin, end, style) for begin, end in ranges]
            texts[id(each)] = texts[id(each)].add_spans(spans)
    return [texts[id(each)] for each in lines]


def _coloured(lines: Sequence[Line], language: str, with_ends: bool) -> Iterator[Content]:
    """Coloured together, so that what begins in one line and ends in another is seen as one, within bounds."""
    for begin in range(0, len(lines), _TOGETHER):
        texts = [_one(each.text, with_ends) for each in lines[begin : begin + _TOGETHER]]
        yield from code_lines("\n".join(texts), language if begin < MOST_COLOURED else "")


def _one(text: str, with_ends: bool) -> str:
    """A line as one row. A carriage return at its end, which is half a line end, is shown in words or not at all."""
    ended = text.removesuffix("\r")
    shown = clean(ended).replace("\n", " ").expandtabs(TAB)
    return cut_line(f"{shown}\\r" if with_ends and ended != text else shown)
