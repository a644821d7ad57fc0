"""Says what a change broke, apart from us: `python -I -m leadline.tools.code.check`.

One JSON request comes in. Out go the syntax faults that the change added, as a line of JSON.
"""

from __future__ import annotations

import json
import sys
from typing import TypedDict

from ..limits import limit_self
from .syntax import new_faults

MODULES = (".py", ".pyw")
"""Whose names are looked at. Other files of Python get names from what runs them, and stubs may name what comes later.
"""


class Request(TypedDict):
    """`before` is None where there was no text."""

    path: str
    language: str
    before: str | None
    after: str


def say_faults() -> tuple[Request, bool]:
    """Read the request and answer it; the request, and whether there was a fault."""
    limit_self()
    request: Request = json.load(sys.stdin.buffer)
    before = request["before"]
    old = None if before is None else before.encode("utf-8", "replace")
    faults = new_faults(request["language"], old, request["after"].encode("utf-8", "replace"))
    say([[fault.line, fault.column, fault.text] for fault in faults])
    return request, bool(faults)


def say(answer: list[list[int | str]]) -> None:
    """One line of the answer, out at once: what ends this process later doesn't take it along."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    say_faults()
