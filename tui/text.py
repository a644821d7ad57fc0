"""Text for a terminal: what comes from models, files and commands is stripped of everything that a terminal obeys."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# Operating system commands and their kin carry a string (titles, clipboard contents, links) up to a terminator.
_STRING = re.compile(
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
)
_CONTROL_SEQUENCE = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?")
_ESCAPE = re.compile(r"\x1b[ -/]*[0-~]?")
_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# C0 but tab and line feed, DEL, C1; marks that reorder text or hide in it: what is shown must be what is there.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
    r"\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# What nobody sees though it is there, and what looks like a plain space and is none: controls but tab and line feed,
# marks, fillers, private and unpaired characters; and combining marks where they pile up.
_COMBINING = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u034f\u061c\u070f\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f"
    r"\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U00013430-\U0001345f\U00016fe4\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a"
    rf"\U000e0000-\U000e0fff\U000f0000-\U0010ffff]|(?<={_COMBINING * 3}){_COMBINING}"
)
_ODD_SPACE = re.compile(r"^ | $|(?<= ) ")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def clean(text: str) -> str:
    """`text` without escape sequences, control characters and marks that reorder or hide text; line ends are LF.

    Idempotent: what is left holds nothing that a second pass would take out.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _STRING.sub("", text)
    text = _CONTROL_SEQUENCE.sub("", text)
    text = _ESCAPE.sub("", text)
    text = _LINE_END.sub("\n", text)
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", _UNSEEN.sub("", text))


def visible(text: str) -> str:
    """`text` with an escape such as `\\x1b` in the place of each character that nobody would see.

    For what a person has to judge, such as a command that is to run: where `clean` takes away what can do harm on a
    screen, this shows that it is there. What can't be told from such an escape by its look is told by `hidden`.
    """
    return "".join(piece for piece, _ in pieces(text))


def spelled(name: str) -> str:
    """The name of a file on one line, so that no two names look alike for what nobody sees in them: `visible`, and so
    are tabs, line ends, spaces at an end or beside each other, and the sign that begins an escape."""
    if name.isascii() and name.isprintable() and not _ODD_SPACE.search(name) and "\\" not in name:
        return name
    escaped = name.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    return visible(_ODD_SPACE.sub(r"\\x20", escaped))


def hidden(text: str) -> int:
    """How many characters of `text` are shown as escapes."""
    if text.isascii() and text.isprintable():
        return 0
    return sum(1 for _ in _HIDDEN.finditer(text))


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """`text` as `visible` has it, in pieces; each says whether it is an escape."""
    at = 0
    for found in _HIDDEN.finditer(text):
        if found.start() > at:
            yield text[at : found.start()], False
        yield found[0].encode("unicode_escape").decode("ascii"), True
        at = found.end()
    if at < len(text):
        yield text[at:], False


def one_line(text: str) -> str:
    """`text` cleaned, all white space runs single spaces."""
    return " ".join(clean(text).split())


def first_line(text: str) -> str:
    """The first line of `text` that has anything on it, cleaned."""
    return next((line.strip() for line in clean(text).split("\n") if line.strip()), "")


def display_width(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def fit(text: str, columns: int) -> str:
    """`text` cut to `columns`, with an ellipsis when something was cut."""
    if display_width(text) <= columns:
        return text
    used, kept = 1, ""
    for character in text:
        used += _columns(character)
        if used > columns:
            break
        kept += character
    return f"{kept.rstrip()}\N{HORIZONTAL ELLIPSIS}"


def pad(text: str, columns: int) -> str:
    return text + " " * (columns - display_width(text))


def wrap(line: str, columns: int) -> Iterator[str]:
    """One line as several of at most `columns`, broken at spaces where there are some, indented like the first."""
    at = _after_spaces(line, 0)
    indent = min(at, columns // 2)
    room = columns - indent
    while (cut := _cut(line, at, room)) < len(line):
        space = line.rfind(" ", at + 1, cut + 1)
        end = space if space > 0 else cut
        yield " " * indent + line[at:end].rstrip()
        at = _after_spaces(line, end)
    yield " " * indent + line[at:]


def _after_spaces(text: str, at: int) -> int:
    while text.startswith(" ", at):
        at += 1
    return at


def _cut(text: str, start: int, columns: int) -> int:
    """Where what fits of `text` from `start` on ends; at least one character does."""
    if text[start : start + columns + 1].isascii():
        return min(len(text), start + max(1, columns))
    used = 0
    for index in range(start, len(text)):
        used += _columns(text[index])
        if used > columns:
            return max(start + 1, index)
    return len(text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
