"""Tool calls that the model wrote as plain text in its own markup (DSML) instead of making them. Pure.

Happens when the model writes the markup a little wrong, so that the server takes it for text. Kept in the history it
would teach the model to do it again, so it never is: it becomes real calls when nothing about them is in doubt.
V4 names the block `tool_calls`, V4.1 ` calls`, with a space, and both put the word DSML between fullwidth bars
(DeepSeek's published encoders); the wrong ones seen use ASCII bars. A tag in a code span or fence is text about the
markup, not a call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .arguments import BadArgumentsError, sound_arguments
from .coerce import coerce
from .values import Tree, as_list, as_tree

_BAR = "[\uff5c|]"
_MARK = re.compile(rf"</?\s*{_BAR}\s*DSML\s*{_BAR}|{_BAR}DSML{_BAR}")
_TAG = re.compile(
    rf"<(?P<end>/?)\s*{_BAR}\s*DSML\s*{_BAR}\s*"
    r"(?P<kind>tool_calls|function_calls|calls|invoke|parameter)\b(?P<rest>[^<>]*)>"
)
_ATTRIBUTE = re.compile(r'(\w+)\s*=\s*"([^"]*)"')
_CODE = re.compile(r"^(```+|~~~+)[^\n]*\n.*?^\1[ \t]*$|`[^`\n]+`", re.DOTALL | re.MULTILINE)
_GAP = re.compile(r"\s*")
_BLOCKS = ("tool_calls", "function_calls", "calls")


@dataclass(frozen=True, slots=True)
class WrittenCall:
    name: str
    arguments_json: str


@dataclass(frozen=True, slots=True)
class Markup:
    """Call markup found in a text. `before` is the text without it; `calls` is empty when they can't be trusted."""

    before: str
    calls: tuple[WrittenCall, ...]
    doubt: str = ""


class _DoubtError(Exception):
    pass


def find_markup(text: str, schemas: Mapping[str, Tree]) -> Markup | None:
    """The markup in `text`, None if there is none. `schemas` maps the names of the tools to their parameters.

    Calls are given only if the block is closed and ends the text, every tool exists, and no required argument lacks.
    """
    masked = _CODE.sub(lambda code: " " * len(code[0]), text)
    mark = _MARK.search(masked)
    if mark is None:
        return None
    before = text[: mark.start()].rstrip()
    try:
        return Markup(before, _Reader(text, mark.start(), schemas).block())
    except _DoubtError as doubt:
        return Markup(before, (), str(doubt))


class _Reader:
    def __init__(self, text: str, start: int, schemas: Mapping[str, Tree]) -> None:
        self._text = text
        self._at = start
        self._schemas = schemas

    def block(self) -> tuple[WrittenCall, ...]:
        opening = self._tag(*_BLOCKS)
        calls: list[WrittenCall] = []
        while True:
            tag = self._tag("invoke", opening["kind"])
            if tag["end"]:
                if tag["kind"] != opening["kind"]:
                    raise _DoubtError("its tags do not match")
                break
            calls.append(self._call(tag))
        if self._text[self._at :].strip():
            raise _DoubtError("text follows it")
        if not calls:
            raise _DoubtError("it holds no call")
        return tuple(calls)

    def _call(self, tag: re.Match[str]) -> WrittenCall:
        name = _attributes(tag).get("name", "")
        if tag["kind"] != "invoke" or name not in self._schemas:
            raise _DoubtError(f"there is no tool '{name[:60]}'")
        schema = self._schemas[name]
        arguments: Tree = {}
        while not (tag := self._tag("parameter", "invoke"))["end"]:
            key = _attributes(tag).get("name", "")
            if tag["kind"] != "parameter" or not key or key in arguments:
                raise _DoubtError("its parameters can't be told apart")
            arguments[key] = _value(self._raw_value(), _attributes(tag).get("string", ""))
        if tag["kind"] != "invoke":
            raise _DoubtError("its tags do not match")
        missing = [key for key in as_list(schema.get("required")) if key not in arguments]
        if missing:
            raise _DoubtError(f"'{name}' lacks '{missing[0]}'")
        arguments = coerce(arguments, schema)
        return WrittenCall(name, sound_arguments(json.dumps(arguments, ensure_ascii=False)).json)

    def _tag(self, *kinds: str) -> re.Match[str]:
        gap = _GAP.match(self._text, self._at)
        tag = _TAG.match(self._text, gap.end() if gap else self._at)
        if tag is None or tag["kind"] not in kinds:
            raise _DoubtError("it is cut off or malformed")
        self._at = tag.end()
        return tag

    def _raw_value(self) -> str:
        start = self._at
        for tag in _TAG.finditer(self._text, start):
            if tag["kind"] != "parameter" or not tag["end"]:
                break
            self._at = tag.end()
            return self._text[start : tag.start()]
        raise _DoubtError("it is cut off or malformed")


def _attributes(tag: re.Match[str]) -> dict[str, str]:
    return dict(_ATTRIBUTE.findall(tag["rest"]))


def _value(raw: str, string: str) -> Any:
    """A parameter's value: JSON where the markup says that it is no text. Unmarked text is left to the schema."""
    if string != "false":
        return raw
    try:
        tree = as_tree(json.loads(sound_arguments(f'{{"value": {raw}}}').json))
    except BadArgumentsError:
        raise _DoubtError("a value of it is no JSON") from None
    if list(tree) != ["value"]:
        raise _DoubtError("a value of it is no JSON")
    return tree["value"]
