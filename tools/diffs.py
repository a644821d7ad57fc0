"""Unified diffs for people, in bounded time."""

from __future__ import annotations

import difflib

from .text import common_ends

MAX_COMPARED_LINES = 4_000
MAX_DIFF_CHARS = 200_000


def unified_diff(path: str, before: str | None, after: str) -> str:
    """What changed from `before` (None: there was no file) to `after`; empty if nothing did. A very long one is cut."""
    text = whole_diff(path, before, after)
    if len(text) > MAX_DIFF_CHARS:
        text = f"{text[:MAX_DIFF_CHARS]}\n... {len(text) - MAX_DIFF_CHARS} more characters"
    return text


def whole_diff(path: str, before: str | None, after: str) -> str:
    """The same, however long.

    Texts whose differing part is longer than 4,000 lines are shown as one replaced block, since difflib's time grows
    with the square of it.
    """
    old = [] if before is None else before.split("\n")
    new = after.split("\n")
    if old and old[-1] == "":
        old.pop()
    if new[-1] == "":
        new.pop()
    head = [f"--- {'/dev/null' if before is None else f'a/{path}'}", f"+++ b/{path}"]
    body = list(_hunks(old, new))
    if before is not None and before.endswith("\n") != after.endswith("\n") and (old or new):
        body.append(
            f"\\ {'A' if after.endswith(chr(10)) else 'No'} newline at the end of the new file"
        )
    if not body:
        return "" if before is not None else "\n".join(head)
    return "\n".join((*head, *body))


def _hunks(old: list[str], new: list[str]) -> list[str]:
    same_head, same_tail = common_ends(old, new)
    if max(len(old), len(new)) - same_head - same_tail <= MAX_COMPARED_LINES:
        lead = max(0, same_head - 3)
        tail = max(0, same_tail - 3)
        lines = difflib.unified_diff(
            old[lead : len(old) - tail], new[lead : len(new) - tail], lineterm="", n=3
        )
        return [_moved(line, lead) for line in list(lines)[2:]]
    removed = old[same_head : len(old) - same_tail]
    added = new[same_head : len(new) - same_tail]
    at = same_head + 1
    header = f"@@ -{at},{len(removed)} +{at},{len(added)} @@"
    return [header, *(f"-{line}" for line in removed), *(f"+{line}" for line in added)]


def _moved(line: str, by: int) -> str:
    """A hunk header whose line numbers are counted from the start of the file."""
    if not line.startswith("@@ ") or by == 0:
        return line
    parts = line.split(" ")
    for index in (1, 2):
        start, *count = parts[index][1:].split(",")
        parts[index] = ",".join((f"{parts[index][0]}{int(start) + by}", *count))
    return " ".join(parts)
