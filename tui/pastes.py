"""What a terminal sends, cut into what is typed and what is pasted.

Textual's parser takes escapes within a pasted text for keys, so that a log with colours in it could press Enter. Here
all between the two marks is the text.
"""

from __future__ import annotations

from collections.abc import Iterator

from textual.events import Paste

START, END = "\x1b[200~", "\x1b[201~"


class Pastes:
    def __init__(self) -> None:
        self._held = ""
        """The beginning of a mark, perhaps; within a paste, the end of what has come."""
        self._pasted: list[str] | None = None
        """What has come of a paste that is under way."""

    def feed(self, text: str) -> Iterator[str | Paste]:
        text, self._held = self._held + text, ""
        while text:
            mark = START if self._pasted is None else END
            before, found, text = text.partition(mark)
            if not found:
                held = _beginning(before, mark)
                self._held = before[len(before) - held :]
                before = before[: len(before) - held]
            if self._pasted is not None:
                self._pasted.append(before)
            elif before:
                yield before
            if found:
                yield from self._turn()

    def rest(self) -> str:
        """What was held back, as nothing more has come: it is typed."""
        if self._pasted is not None:
            return ""
        held, self._held = self._held, ""
        return held

    def _turn(self) -> Iterator[Paste]:
        if self._pasted is None:
            self._pasted = []
        else:
            text, self._pasted = "".join(self._pasted), None
            yield Paste(text.replace("\x00", ""))


def _beginning(text: str, mark: str) -> int:
    """How many characters at the end of `text` begin the mark. A lone escape does not count where it may be the key."""
    least = 2 if mark == START else 1
    return next(
        (count for count in range(len(mark) - 1, least - 1, -1) if text.endswith(mark[:count])), 0
    )
