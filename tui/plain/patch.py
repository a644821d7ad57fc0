"""A diff in words: a sign alone at the beginning of a line is easily missed, or not spoken at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_SIGNS = {"+": "added   |", "-": "removed |", " ": "kept    |", "\\": "note    |"}


def told(patch: str) -> Iterator[tuple[str, str]]:
    """Each line as a word and what stands behind it, to the letter.

    The numbers in a hunk's head say how many lines are its own, so no content is taken for a head.
    """
    old = new = 0
    for line in patch.removesuffix("\n").split("\n"):
        sign = line[:1] or " "
        if (old > 0 or new > 0) and sign in "+- ":
            old -= sign != "+"
            new -= sign != "-"
            yield _SIGNS[sign], line[1:]
        elif found := _HUNK.match(line):
            old, new = int(found[1] or 1), int(found[3] or 1)
            yield "line    ", f"{found[2]} {line[found.end() :].strip()}".rstrip()
        elif line.startswith("\\"):
            yield _SIGNS["\\"], line[1:]
        else:
            yield "diff    ", line
