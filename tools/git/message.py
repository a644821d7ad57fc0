"""The message of a commit. Pure."""

from __future__ import annotations

import re

from ..errors import PersonError

_TRAILER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*: \S.*")


def commit_message(text: str, trailer: str | None) -> str:
    """The text with the attribution trailer in its last paragraph, once.

    `trailer` is one line `Key: value`. Raises `PersonError` for an empty text.
    """
    lines = [line.rstrip() for line in text.replace("\0", "").strip().splitlines()]
    body = "\n".join(lines)
    if not body:
        raise PersonError("The commit message is empty. Give one and try again.")
    if trailer is None or trailer in lines:
        return f"{body}\n"
    if not _TRAILER.fullmatch(trailer):
        raise ValueError(f"not a trailer: {trailer!r}")
    first, _, last = body.rpartition("\n\n")
    in_trailers = bool(first) and all(_TRAILER.fullmatch(line) for line in last.splitlines())
    return f"{body}\n{trailer}\n" if in_trailers else f"{body}\n\n{trailer}\n"
