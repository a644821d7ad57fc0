"""Bytes of a file as text and back: encoding, byte order mark, line endings. Pure.

The model sees and writes LF only. What it doesn't change keeps its bytes; what it changes gets the line endings that
were there before.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Newline = Literal["LF", "CRLF", "mixed"]

_BOMS = (
    # UTF-32 LE begins with UTF-16 LE's mark, so it comes first.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# A coding line as in PEP 263, which Emacs and Vim read as well.
_COOKIE = re.compile(rb"^[ \t\f]*(?:#|//|;|<!--|/\*|--|%).*?coding[:=][ \t]*([-\w.]+)")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# Text encodings to Python, but nothing that a file is written in.
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})
_HAN_PAIR = re.compile(rb"[\xb0-\xf7][\xa1-\xfe]")


@dataclass(frozen=True, slots=True)
class Text:
    """A decoded file. `raw` keeps its line endings and has no byte order mark."""

    raw: str
    encoding: str
    bom: bytes

    @property
    def newline(self) -> Newline:
        crlf = self.raw.count("\r\n")
        if crlf == 0:
            return "LF"
        return "CRLF" if crlf == self.raw.count("\n") else "mixed"

    @property
    def lf(self) -> str:
        """The text as the model sees it."""
        return self.raw.replace("\r\n", "\n")

    def encode(self, raw: str) -> bytes:
        """The bytes of a file like this one with the content `raw`. Raises UnicodeEncodeError."""
        return self.bom + raw.encode(self.encoding)

    def replaced(self, changes: Sequence[tuple[int, int, str]]) -> Text:
        """This text with each (start, end, new) put in place of `lf[start:end]`, every other byte kept.

        The changes are in order and apart. New line ends are like the replaced ones; where there were none, or both
        kinds, like most of the file's.
        """
        ends = self._line_ends()
        pieces: list[str] = []
        kept = 0
        for start, end, new in changes:
            first, last, fitted = self._fitted(ends, start, end, new)
            pieces += (self.raw[kept:first], fitted)
            kept = last
        return Text("".join((*pieces, self.raw[kept:])), self.encoding, self.bom)

    def _fitted(self, ends: list[int], start: int, end: int, new: str) -> tuple[int, int, str]:
        """What to put where in `raw`."""
        if not ends:
            return start, end, new
        old = self.raw[start + bisect_left(ends, start) : end + bisect_left(ends, end)]
        crlf, lf = old.count("\r\n"), old.count("\n")
        if lf == 0 or 0 < crlf < lf:
            crlf, lf = len(ends), self.raw.count("\n")
        # Only what differs is replaced, so that lines which stay keep their own ends in a file with both kinds.
        head, tail = common_ends(old.replace("\r\n", "\n"), new)
        new = new[head : len(new) - tail]
        start, end = start + head, end - tail
        if crlf * 2 >= lf:
            new = new.replace("\n", "\r\n")
        return start + bisect_left(ends, start), end + bisect_left(ends, end), new

    def _line_ends(self) -> list[int]:
        """Where in `lf` those line ends are that are CRLF in `raw`; a raw offset is greater by how many come before."""
        found: list[int] = []
        at = self.raw.find("\r\n")
        while at >= 0:
            found.append(at - len(found))
            at = self.raw.find("\r\n", at + 2)
        return found


def is_well_formed(text: str) -> bool:
    """Whether `text` has no half of a surrogate pair, which JSON can spell but no file, path or program can take."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def clipped(text: str, most: int) -> str:
    """`text` on one line of at most `most` characters and dots."""
    flat = " ".join(text[: most * 4].split())
    return flat if len(flat) <= most else f"{flat[:most]}..."


def common_ends(old: Sequence[object], new: Sequence[object]) -> tuple[int, int]:
    """How many items both begin with, and how many of the rest both end with."""
    shorter = min(len(old), len(new))
    head = 0
    while head < shorter and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return head, tail


def decode(data: bytes) -> Text | None:
    """`data` as text, or None if it is no text.

    The byte order mark decides, else UTF-8, else a coding line in the first two lines, else GB 18030 where the bytes
    are pairs of common Chinese characters, else Windows-1252 and, for bytes that it lacks, Latin-1.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            text = _try(data[len(bom) :], encoding)
            if text is not None and "\0" not in text:
                return Text(text, encoding, bom)
    if b"\0" in data:
        return None
    text = _try(data, "utf-8")
    if text is not None:
        return Text(text, "utf-8", b"")
    if len(_CONTROL.findall(data, 0, 65_536)) * 50 > min(len(data), 65_536):
        return None
    for encoding in (_declared(data), _chinese(data), "cp1252"):
        text = _try(data, encoding) if encoding else None
        if text is not None and encoding:
            return Text(text, encoding, b"")
    return Text(data.decode("latin-1"), "latin-1", b"")


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (
        UnicodeError,
        LookupError,
    ):  # LookupError: a codec that is no text encoding, such as rot13
        return None


def _declared(data: bytes) -> str | None:
    for line in data.split(b"\n", 2)[:2]:
        found = _COOKIE.match(line)
        if found:
            name = found[1].decode("ascii").lower().replace("_", "-")
            return None if name in _NO_CHARSETS or name.startswith("utf") else name
    return None


def _chinese(data: bytes) -> str | None:
    if _try(data, "gb2312") is None:
        return None
    return "gb18030" if len(_HAN_PAIR.findall(data)) >= 2 else None
