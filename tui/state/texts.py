"""Texts that are shown, bounded: what is finished by its beginning, what still grows by its end. Never looked into."""

from __future__ import annotations

from dataclasses import dataclass

MOST_TEXT = 24_576
"""Characters of a finished text that the state holds; the journal has all of it."""
MOST_LIVE = 16_384
"""Characters of a text that still grows; half of them are kept when there would be more."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The beginning of a text of `chars` characters, which the event `seq` of the journal has whole."""

    text: str
    chars: int
    seq: int

    @property
    def whole(self) -> bool:
        return self.chars == len(self.text)


def excerpt(text: str, seq: int) -> Excerpt:
    """A text that is short enough is not copied: the state shares it with the event."""
    return Excerpt(text if len(text) <= MOST_TEXT else text[:MOST_TEXT], len(text), seq)


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a text that grows. `chars` and `breaks` count all of it so far: characters, and ends of lines."""

    text: str = ""
    chars: int = 0
    breaks: int = 0

    def more(self, text: str) -> Tail:
        joined = self.text + text
        if len(joined) > MOST_LIVE:
            joined = joined[-(MOST_LIVE // 2) :]
        return Tail(joined, self.chars + len(text), self.breaks + text.count("\n"))

    def since(self, chars: int) -> str | None:
        """What came after the first `chars` characters; None where a part of that is not kept."""
        new = self.chars - chars
        if not 0 <= new <= len(self.text):
            return None
        return self.text[len(self.text) - new :]

    @property
    def last_line(self) -> str:
        """The last line with ink, "" without one."""
        return last_line(self.text)


def last_line(text: str) -> str:
    """The last line with ink, "" without one."""
    return text.rstrip().rpartition("\n")[2].strip()


NOTHING = Tail()
