"""Makes the output of commands fit to read: control sequences out, the middle out, both ends kept.

Everything here is pure. `clean` turns what a terminal would be sent into what a person would have seen; `clip` and
`clip_ends` keep the head and the tail of a text and say in one line what is missing and where all of it can be read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_LEAST_LINES = 3
_LEAST_CHARACTERS = 400
_LEAST_LINE = 100

_HEAD_SHARE = 0.4
"""Part of the space that goes to the head; failures and summaries stand at the end."""

_SEQUENCES = re.compile(
    "(?:\x1b\\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\\\|\x9c)?"  # OSC: titles, links, clipboard
    "|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c\n]*(?:\x1b\\\\|\x9c)?"  # DCS, SOS, PM, APC
    "|(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colour, cursor, erase
    "|\x1b[ -/]*[0-~]"  # two-character escapes and character sets
)
_LINE_END = re.compile("\r+\n")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much text one result may have. Lines are what newlines separate; characters are code points.

    Below 3 lines, 400 characters and 100 characters a line there is no room for head, marker and tail: ValueError.
    """

    lines: int = 400
    characters: int = 20_000
    line_characters: int = 2_000

    def __post_init__(self) -> None:
        if (
            self.lines < _LEAST_LINES
            or self.characters < _LEAST_CHARACTERS
            or self.line_characters < _LEAST_LINE
        ):
            raise ValueError(
                f"a limit is at least {_LEAST_LINES} lines, {_LEAST_CHARACTERS} characters, "
                f"{_LEAST_LINE} characters a line"
            )

    @property
    def width(self) -> int:
        """Characters that one line may have; never so many that head and tail could not hold a line each."""
        return min(self.line_characters, self.characters // 4)


def clean(output: bytes | str) -> str:
    """The text that is left on a screen after `output`: plain, with newlines and tabs as its only controls.

    Invalid UTF-8 becomes U+FFFD. Escape sequences go. A line that a carriage return drew over keeps its last state,
    as a progress bar does; a backspace takes back the character before it. Cleaning twice changes nothing.
    """
    if isinstance(output, str):
        output = output.encode("utf-8", "replace")
    text = _SEQUENCES.sub("", output.decode("utf-8", "replace"))
    text = _LINE_END.sub("\n", text)
    if "\r" in text or "\b" in text:
        text = "\n".join(_last_state(line) for line in text.split("\n"))
    return _CONTROLS.sub("", text)


def _last_state(line: str) -> str:
    drawn = [part for part in line.split("\r") if part]
    last = drawn[-1] if drawn else ""
    if "\b" not in last:
        return last
    kept: list[str] = []
    for character in last:
        if character != "\b":
            kept.append(character)
        elif kept:
            kept.pop()
    return "".join(kept)


def clip(text: str, limits: Limits, source: str = "") -> str:
    """`text` within `limits`: unchanged if it fits, else its head, a marker line, its tail.

    The marker counts the lines and UTF-8 bytes that are left out, and names `source`, where the whole text can be read.
    Long lines lose their middle. The result is never over the limits, and clipping it again changes nothing.
    """
    lines = [_clip_line(line, limits.width) for line in text.split("\n")]
    if len(lines) <= limits.lines and _joined_length(lines) <= limits.characters:
        return "\n".join(lines)
    return clip_ends(text, text, len(lines), len(text.encode("utf-8", "replace")), limits, source)


def clip_ends(
    head: str, tail: str, total_lines: int, total_bytes: int, limits: Limits, source: str = ""
) -> str:
    """The first lines of `head`, a marker, the last lines of `tail`, within `limits`.

    For a text of which only the two ends are at hand; the totals are those of the whole text. `head` and `tail` may
    overlap only as far as the whole text is over the limits.
    """
    if len(_marker(total_lines, total_bytes, source)) > limits.width:
        source = ""
    room = limits.characters - len(_marker(total_lines, total_bytes, source)) - 2
    head_room = int(room * _HEAD_SHARE)
    rows = limits.lines - 1
    head_rows = max(1, int(rows * _HEAD_SHARE))
    first = _take(head.split("\n"), head_rows, head_room, limits.width)
    last = _take(tail.split("\n")[::-1], rows - head_rows, room - head_room, limits.width)[::-1]
    kept_bytes = len("\n".join([*first, *last]).encode("utf-8", "replace"))
    left_out = max(0, total_lines - len(first) - len(last))
    marker = _marker(left_out, max(0, total_bytes - kept_bytes), source)
    return "\n".join([*first, marker, *last])


def _take(lines: Sequence[str], rows: int, room: int, width: int) -> list[str]:
    taken: list[str] = []
    for line in lines[:rows]:
        short = _clip_line(line, width)
        room -= len(short) + 1
        if room < -1:  # the last line taken needs no newline of its own
            break
        taken.append(short)
    return taken


def _marker(lines: int, count: int, source: str) -> str:
    where = f"; all of it: {source}" if source else ""
    return f"[... {lines:,} lines, {count:,} bytes left out{where} ...]"


def _clip_line(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    room = width - len(f"[... {len(line):,} characters left out ...]")
    front = room // 2
    back = room - front
    return f"{line[:front]}[... {len(line) - room:,} characters left out ...]{line[len(line) - back :]}"


def _joined_length(lines: Sequence[str]) -> int:
    return sum(map(len, lines)) + len(lines) - 1
