"""Placeholders in a scenario: `<<name>>` is replaced by what a condition's pattern captured. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import cast

BUILT_IN = frozenset({"result", "user", "answers", "model"})
"""The newest result, the newest user message, the number of answers so far, and the model asked."""

_PLACEHOLDER = re.compile(r"<<\s*(\w+)\s*(?:\|\s*(int|json)\s*)?>>")


def names_in(value: object) -> Iterator[str]:
    """Names of the placeholders anywhere in a text, table or list."""
    if isinstance(value, str):
        yield from (match[1] for match in _PLACEHOLDER.finditer(value))
    elif isinstance(value, dict):
        for item in cast("dict[str, object]", value).values():
            yield from names_in(item)
    elif isinstance(value, list | tuple):
        for item in cast("list[object]", value):
            yield from names_in(item)


def fill(text: str, values: Mapping[str, str]) -> str:
    """`<<name>>` as it is, `<<name|json>>` as a JSON string with its quotes, `<<name|int>>` as digits."""
    return _PLACEHOLDER.sub(lambda match: _as_text(values[match[1]], match[2]), text)


def fill_value(value: object, values: Mapping[str, str]) -> object:
    """`fill` everywhere in a table or list; a string that is one `<<name|int>>` becomes a number."""
    if isinstance(value, str):
        whole = _PLACEHOLDER.fullmatch(value)
        if whole and whole[2] == "int":
            return int(values[whole[1]])
        return fill(value, values)
    if isinstance(value, dict):
        table = cast("dict[str, object]", value)
        return {key: fill_value(item, values) for key, item in table.items()}
    if isinstance(value, list):
        return [fill_value(item, values) for item in cast("list[object]", value)]
    return value


def _as_text(value: str, form: str | None) -> str:
    if form == "json":
        return json.dumps(value, ensure_ascii=False)
    return str(int(value)) if form == "int" else value
