"""A new text, with lines that end in LF, given the line ends of the one whose place it takes. Pure."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import accumulate

from ..text import Text, common_ends

MAX_COMPARED_LINES = 4_000
"""Of a part with both kinds of line ends: difflib's time grows with the square of it."""


def refitted(text: Text, new: str) -> Text:
    """`text` with the content `new`: lines that stay keep their own ends, others get those of what they replace."""
    if text.newline == "LF":
        return Text(new, text.encoding, text.bom)
    plain = new.replace("\r\n", "\n")
    if text.newline == "CRLF":
        return Text(plain.replace("\n", "\r\n"), text.encoding, text.bom)
    old_lines, new_lines = text.lf.splitlines(keepends=True), plain.splitlines(keepends=True)
    head, tail = common_ends(old_lines, new_lines)
    old_part = old_lines[head : len(old_lines) - tail]
    new_part = new_lines[head : len(new_lines) - tail]
    starts = list(accumulate(map(len, old_lines), initial=0))
    if max(len(old_part), len(new_part)) > MAX_COMPARED_LINES:
        return text.replaced([(starts[head], starts[head + len(old_part)], "".join(new_part))])
    matcher = SequenceMatcher(None, old_part, new_part, autojunk=False)
    changes = [
        (starts[head + a], starts[head + b], "".join(new_part[c:d]))
        for tag, a, b, c, d in matcher.get_opcodes()
        if tag != "equal"
    ]
    return text.replaced(changes)
