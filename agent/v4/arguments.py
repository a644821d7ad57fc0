"""Tool arguments: strict JSON, mended where only one meaning is possible, and coerced to what the schema wants. Pure.

V4's server rebuilds arguments from markup and passes values that are no JSON through, so `True`, `10,` and the same
key twice arrive (shown with DeepSeek's own stream parser). What could mean two things is not mended.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .values import Tree, is_tree, whole

_LITERALS = {"True": "true", "False": "false", "None": "null"}
_SCAN = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*")'
    r"|(?P<word>\b(?:True|False|None)\b)"
    r"|(?P<last>,[\s,]*(?=[}\]]))"
    r"|(?P<many>,\s*(?:,\s*)+)",
    re.DOTALL,
)
_CONTROL = re.compile(r"[\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class Sound:
    """Arguments that are a JSON object. `repair` says what was mended, "" if nothing was."""

    json: str
    repair: str = ""


class BadArgumentsError(Exception):
    """Arguments that are no JSON object and can't be made one without guessing."""


def sound_arguments(raw: str) -> Sound:
    """The arguments as they are when they are a strict JSON object, else mended. Raises BadArgumentsError."""
    try:
        value = _strict(raw)
        clean = whole(value)
        if clean == value:
            return Sound(raw)
        return Sound(_dumps(clean), "half a surrogate pair replaced")
    except ValueError as error:
        return _repaired(raw, error)


def replays_as_written(arguments_json: str) -> bool:
    """Whether the server renders these arguments as the model wrote them, so that the end of the answer stays cached.

    The server parses them and prints every value that is not text anew, with a space after each comma and colon.
    """
    try:
        return _dumps(_strict(arguments_json)) == arguments_json
    except ValueError:
        return False


def _repaired(raw: str, fault: ValueError) -> Sound:
    if not raw.strip():
        return Sound("{}", "empty arguments made an empty object")
    text = _SCAN.sub(_replacement, raw)
    try:
        try:
            return Sound(_dumps(whole(_strict(text))), "arguments made valid JSON")
        except _RepeatedError:
            value = whole(_load(text, _equal_repeats))
            return Sound(_dumps(value), "a key given twice with one value kept once")
    except ValueError:
        raise BadArgumentsError(str(fault)) from None


def _replacement(match: re.Match[str]) -> str:
    if (string := match["string"]) is not None:
        return _CONTROL.sub(lambda control: f"\\u{ord(control[0]):04x}", string)
    if (word := match["word"]) is not None:
        return _LITERALS[word]
    return "" if match["last"] is not None else ", "


class _RepeatedError(ValueError):
    """A key stands twice in one object."""


def _no_repeats(pairs: list[tuple[str, Any]]) -> Tree:
    tree = dict(pairs)
    if len(tree) != len(pairs):
        raise _RepeatedError("a key is given twice")
    return tree


def _equal_repeats(pairs: list[tuple[str, Any]]) -> Tree:
    tree: Tree = {}
    for key, value in pairs:
        if key in tree and (tree[key] != value or type(tree[key]) is not type(value)):
            raise BadArgumentsError(f"'{key}' is given twice, with two values")
        tree[key] = value
    return tree


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _load(text: str, pairs: Callable[[list[tuple[str, Any]]], Tree]) -> Tree:
    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("the arguments are nested too deeply") from None
    if not is_tree(value):
        raise ValueError("the arguments are not an object")
    return value


def _strict(text: str) -> Tree:
    return _load(text, _no_repeats)


def _dumps(value: Tree) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
