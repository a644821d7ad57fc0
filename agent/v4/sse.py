"""Server-sent events as chat completions streams use them: bytes in, the data of each event out. Pure.

The `openai` package hides the end mark `[DONE]`, without which a stream was cut, and splits nothing here that we
could not: so the raw bytes are read and decoded in this place.
"""

from __future__ import annotations

from collections.abc import Iterator

DONE = "[DONE]"
_LONGEST_LINE = 32 * 1024 * 1024


class TooLongError(Exception):
    """A line no sane endpoint sends."""


class Events:
    """Feed it bytes as they come; it gives the data of every event that is complete. Comments are dropped."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[str] = []

    def feed(self, piece: bytes) -> Iterator[str]:
        """Data of the events that end in `piece`. Raises TooLongError."""
        searched = len(self._rest)
        self._rest += piece
        start = 0
        while (end := self._rest.find(b"\n", max(start, searched))) >= 0:
            line = bytes(self._rest[start:end]).removesuffix(b"\r")
            start = end + 1
            yield from self._line(line)
        del self._rest[:start]
        if len(self._rest) > _LONGEST_LINE:
            raise TooLongError(f"a line of more than {_LONGEST_LINE} bytes")

    def close(self) -> Iterator[str]:
        """Data that was complete but for the blank line after it when the stream ended."""
        line, self._rest = bytes(self._rest), bytearray()
        yield from self._line(line)
        yield from self._line(b"")

    def _line(self, line: bytes) -> Iterator[str]:
        if not line:
            if self._data:
                yield "\n".join(self._data)
                self._data.clear()
            return
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" ").decode("utf-8", "replace"))
