"""An answer's text, painted as it grows: what is finished is painted once, only the block at the end again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from textual.content import Content

from ..safe import TAB, line
from ..state.texts import Tail
from ..text import clean, wrap
from .groups import Group, bounds, groups
from .inline import FAINT
from .lines import plain_text
from .markdown import CHUNK, paint_group
from .part import BLANK, Part

MOST_BLOCK = 8_192
"""Characters of a block that are looked at together. A longer one goes on in a piece of its own."""
MOST_KEPT = 131_072
"""Characters that are kept while an answer grows; half of them when there would be more."""
QUICK = 2_048
"""Characters of an unfinished block up to which it is painted anew with all that comes. Of a longer one what came last
stays plain for a while."""
THINKING_ROWS = 3
_MARKS = re.compile(r"`+|\*\*")


@dataclass(frozen=True, slots=True)
class LiveText:
    """The text of one answer under way, `chars` long so far. A new answer needs a new one.

    `settled` are the parts of what is finished: the very tuple as before where nothing came to it, else one that begins
    with the same parts, as long as `began` is the same. `growing` are those of what is at the end. The looks depend on
    the text alone, not on the pieces that it came in.
    """

    width: int
    chars: int = 0
    began: int = 0
    settled: tuple[Part, ...] = ()
    growing: tuple[Part, ...] = ()
    text: str = ""
    rest: str = ""
    line: str = ""
    goes_on: bool = False
    whole: tuple[Part, ...] = ()
    seen: int = 0

    @property
    def parts(self) -> tuple[Part, ...]:
        return self.settled + self.growing

    @property
    def finished(self) -> tuple[Part, ...]:
        """All parts, where no more comes."""
        return self.settled + tuple(self._end(self.left))

    @property
    def left(self) -> str:
        """What is not settled, clean. Inside of code it begins with the line that opens that once more."""
        return self.rest + clean(self.line)

    def fed(self, delta: str) -> LiveText:
        """With more text, and what is at the end painted as it is by now."""
        return self.taken(delta)._grown() if delta else self

    def taken(self, delta: str) -> LiveText:
        """With more text, of which only what is finished is painted.

        `rest` are whole lines that are not settled, clean; `line` is the last, as it came. `whole` is how the first
        `seen` characters of them look.
        """
        if len(self.text) + len(delta) > MOST_KEPT:
            end = (self.text + delta)[-MOST_KEPT // 2 :]
            return _begun(self.width, end, self.chars + len(delta), self.began + 1)
        *lines, last = _short(self.line + delta)
        rest = self.rest + clean("".join(f"{each}\n" for each in lines)) if lines else self.rest
        fed = replace(
            self, chars=self.chars + len(delta), text=self.text + delta, rest=rest, line=last
        )
        return fed._settle() if lines else fed

    def followed(self, tail: Tail) -> LiveText:
        """With what `tail` has more than this. Begun anew, perhaps not at the beginning, where that goes too far."""
        new = tail.since(self.chars)
        if new is not None:
            return self.fed(new)
        return _begun(self.width, tail.text, tail.chars, self.began + 1)

    def at(self, width: int) -> LiveText:
        """The same text for another width."""
        if width == self.width:
            return self
        return _begun(width, self.text, self.chars, self.began + 1)

    def _settle(self) -> LiveText:
        parts, rest, goes_on = list(self.settled), self.rest, self.goes_on
        while cut := _cut(rest, goes_on):
            done = _marked(groups(cut.done), goes_on)
            parts.extend(_spaced(done, self.width, bool(parts)))
            rest, goes_on = cut.rest, cut.goes_on
        if rest == self.rest:
            return self
        return replace(self, settled=tuple(parts), rest=rest, goes_on=goes_on, whole=(), seen=0)

    def _grown(self) -> LiveText:
        """With the end painted, as far as that is worth it."""
        text = self.left
        new = text[self.seen :]
        if self.whole and len(text) > QUICK and len(new) < len(text) // 16:
            last = self.whole[-1]
            longer = replace(last, content=last.content + Content(new.expandtabs(TAB)))
            return replace(self, growing=(*self.whole[:-1], longer))
        painted = tuple(self._end(_mended(text)))
        return replace(self, growing=painted, whole=painted, seen=len(text.rstrip()))

    def _end(self, rest: str) -> Iterator[Part]:
        return _spaced(_marked(groups(rest), self.goes_on), self.width, bool(self.settled))


def paint_text(text: str, width: int) -> tuple[Part, ...]:
    """A whole text of Markdown."""
    return LiveText(width).taken(text[:MOST_KEPT]).finished


def paint_thinking(tail: Tail, opened: bool, width: int) -> tuple[Part, ...]:
    """Reasoning under way: its last rows, or all that is kept of it."""
    if not tail.text.strip():
        return ()
    if opened:
        return tuple(plain_text(tail.text.strip(), FAINT))
    lines = clean(tail.text[-THINKING_ROWS * max(1, width) * 4 :]).rstrip().split("\n")
    rows = [row for each in lines[-THINKING_ROWS:] for row in wrap(each, max(1, width))]
    return tuple(Part(line(row, FAINT)) for row in rows[-THINKING_ROWS:])


def _begun(width: int, text: str, chars: int, began: int) -> LiveText:
    """With the end of a text, which is `chars` long."""
    before = chars - len(text)
    note = (Part(line(f"{before:,} characters before this", FAINT)),) if before else ()
    return replace(LiveText(width, began=began, settled=note).fed(text), chars=chars)


def _short(text: str) -> list[str]:
    """Lines, the last without its end. One that is endless is broken, at places that depend on it alone."""
    lines: list[str] = []
    for each in text.split("\n"):
        place = 0
        while len(each) - place >= 2 * MOST_BLOCK:
            lines.append(each[place : place + MOST_BLOCK])
            place += MOST_BLOCK
        lines.append(each[place:])
    return lines


# --- pieces ---


@dataclass(frozen=True, slots=True)
class _Cut:
    """What is finished, and what is left. `goes_on` says that this begins inside of a block."""

    done: str
    rest: str
    goes_on: bool


def _cut(rest: str, goes_on: bool) -> _Cut | None:
    """What of the whole lines `rest` looks the same whatever may come.

    A block is finished when another has begun in a whole line, an item when the next has. The window ends with the line
    in which it becomes too long, so its end does not depend on how much of the text there is.
    """
    end = rest.find("\n", MOST_BLOCK) + 1
    window = rest[:end] if end else rest
    found = bounds(window)
    if len(found) > 1:
        place = _line_start(window, found[-1].line)
        return _Cut(rest[:place], rest[place:], found[-1].more)
    if found and (code := _Fence.of(found[0], window)) is not None:
        return code.cut(rest[len(window) :], bool(end))
    if not end:
        return None
    return _Cut(window, rest[len(window) :], bool(found) or goes_on)


@dataclass(frozen=True, slots=True)
class _Fence:
    """Code in a window: the line that opens it, those of the code, the one that closes it."""

    opening: str
    lines: list[str]
    closing: list[str]

    @classmethod
    def of(cls, group: Group, window: str) -> _Fence | None:
        token = group.tokens[0]
        if token.type != "fence" or token.map is None:
            return None
        count = token.content.count("\n")
        lines = window.split("\n")[:-1]
        begin = token.map[0] + 1
        return cls(lines[begin - 1], lines[begin : begin + count], lines[begin + count :])

    def cut(self, after: str, full: bool) -> _Cut | None:
        """After as many whole chunks as leave something; where the window is `full`, after all of it."""
        whole = (len(self.lines) - 1) // CHUNK * CHUNK
        if whole > 0:
            return self._cut_after(whole, after)
        if not full:
            return None
        if self.closing or not self.lines:
            return _Cut(self._text(self.lines, self.closing), after, False)
        return self._cut_after(len(self.lines), after)

    def _cut_after(self, count: int, after: str) -> _Cut:
        left = self._text(self.lines[count:], self.closing)
        return _Cut(self._text(self.lines[:count], []), left + after, True)

    def _text(self, lines: list[str], closing: list[str]) -> str:
        return "".join(f"{each}\n" for each in (self.opening, *lines, *closing))


def _marked(found: list[Group], goes_on: bool) -> list[Group]:
    if found and goes_on:
        found[0] = replace(found[0], more=True)
    return found


def _spaced(found: Iterable[Group], width: int, below: bool) -> Iterator[Part]:
    """With an empty row between blocks, and before the first where it is `below` something."""
    for group in found:
        if below and not group.more:
            yield BLANK
        below = True
        yield from paint_group(group, width)


def _line_start(text: str, number: int) -> int:
    place = 0
    for _ in range(number):
        place = text.index("\n", place) + 1
    return place


def _mended(text: str) -> str:
    """A text that still grows, with what its last paragraph has open closed for now."""
    begin = text.rfind("\n\n") + 1
    last = text[begin:]
    if last[-1:].isspace() or last[-1:] in ("*", "`", ""):
        return text
    opened = ""
    for mark in _MARKS.findall(last):
        if not opened:
            opened = mark
        elif mark == opened:
            opened = ""
    return text + opened if len(opened) <= 2 else text
