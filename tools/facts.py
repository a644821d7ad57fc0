"""Parses one text apart from us: `python -I -m leadline.tools.facts`, one JSON request in, the `FileFacts` out.

A parser holds the interpreter's lock while it works, and a grammar that crashes takes its process along.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TypedDict

from .code.extract import extract
from .limits import limit_self


class Request(TypedDict):
    language: str
    text: str


def main() -> int:
    limit_self()
    request: Request = json.load(sys.stdin.buffer)
    facts = extract(request["language"], request["text"].encode("utf-8", "replace"))
    json.dump(asdict(facts), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
