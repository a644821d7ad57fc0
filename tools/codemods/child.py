"""Applies rules apart from us: `python -I -m leadline.tools.codemods.child`.

A parser can crash or hang on what a repository holds. One JSON request comes in. The first line out says what is wrong
with the rules, then comes one line for each file, in their order, as soon as it is known: who reads them can tell which
file was the last.
"""

from __future__ import annotations

import json
import sys
from typing import TypedDict

from pydantic import JsonValue

from ..code.syntax import new_faults
from ..limits import limit_self
from ..text import Text
from .model import Rule
from .rewrite import RuleError, TooLargeError, check_rule, rewritten


class SentRule(TypedDict):
    language: str
    rewrite: str
    pattern: str
    rule: dict[str, JsonValue] | None


class SentFile(TypedDict):
    """`raw` is its text with the line ends it has. With `after`, that is what became of it, and no rule is applied."""

    language: str
    raw: str
    after: str | None


class Request(TypedDict):
    rules: list[SentRule]
    files: list[SentFile]


def main() -> None:
    limit_self()
    request: Request = json.load(sys.stdin.buffer)
    rules = [Rule(**each) for each in request["rules"]]
    faults = [_fault(rule) for rule in rules]
    _say(faults)
    if any(faults):
        return
    for file in request["files"]:
        limit_self()
        _say(_answer(file, rules))


def _fault(rule: Rule) -> str:
    try:
        check_rule(rule)
    except RuleError as error:
        return str(error)
    return ""


def _answer(file: SentFile, rules: list[Rule]) -> dict[str, object]:
    text = Text(file["raw"], "utf-8", b"")
    language, after = file["language"], file["after"]
    matches: tuple[int, ...] = ()
    unparsed = False
    if after is None:
        try:
            new = rewritten(text, language, rules)
        except (TooLargeError, RecursionError) as error:
            return {"error": type(error).__name__}
        after, matches, unparsed = new.text.raw, new.matches, new.unparsed
    faults = new_faults(language, _bytes(text.raw), _bytes(after)) if after != text.raw else ()
    return {
        "after": None if after == text.raw else after,
        "matches": matches,
        "unparsed": unparsed,
        "faults": [[fault.line, fault.text] for fault in faults],
    }


def _bytes(text: str) -> bytes:
    return text.replace("\r\n", "\n").encode("utf-8", "replace")


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
