"""Arguments brought to the types their schema wants, where the model sent the right value in the wrong type. Pure.

Only what has one meaning is changed: a number, a boolean, a list or an object sent as text. Everything else stays,
and the tool's own check tells the model. What the transcript stores is not touched.
"""

from __future__ import annotations

import json
import re
from typing import Any

from .values import Tree, as_list, as_tree, is_list, is_tree, whole

_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,18})?(?:[eE][+-]?\d{1,2})?")
_DEEPEST = 24


def coerce(arguments: Tree, schema: Tree) -> Tree:
    """The arguments with every value of the wrong type mended by the JSON schema of the tool's parameters.

    Doing it twice changes nothing more. Halves of surrogate pairs, which no file can hold, become U+FFFD.
    """
    return _Coercion(schema).object(whole(arguments), schema, 0)


class _Coercion:
    def __init__(self, root: Tree) -> None:
        self._root = root

    def object(self, value: Tree, schema: Tree, depth: int) -> Tree:
        properties = schema.get("properties")
        if not is_tree(properties):
            return value
        return {
            key: self.value(item, properties[key], depth + 1) if key in properties else item
            for key, item in value.items()
        }

    def value(self, value: Any, raw_schema: Any, depth: int) -> Any:
        if depth > _DEEPEST:
            return value
        schema = self._resolved(raw_schema)
        choices = [self._resolved(choice) for choice in as_list(schema.get("anyOf"))] or [schema]
        types = {name for choice in choices for name in _types(choice)}
        if isinstance(value, str) and "string" not in types:
            value = _from_text(value, types)
        elif isinstance(value, float) and value.is_integer() and _wants_integer(types):
            value = int(value)
        if is_tree(value):
            inner = [choice for choice in choices if "object" in _types(choice)]
            return self.object(value, inner[0], depth) if len(inner) == 1 else value
        if is_list(value):
            inner = [choice for choice in choices if "array" in _types(choice)]
            if len(inner) == 1:
                items = inner[0].get("items", {})
                return [self.value(item, items, depth + 1) for item in value]
        return value

    def _resolved(self, schema: Any) -> Tree:
        for _ in range(_DEEPEST):
            if not is_tree(schema):
                return {}
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                return schema
            schema = self._target(reference)
        return {}

    def _target(self, reference: str) -> Any:
        target: object = self._root
        for name in reference.removeprefix("#/").split("/"):
            target = as_tree(target).get(name)
        return target


def _types(schema: Tree) -> set[str]:
    named = schema.get("type")
    if isinstance(named, str):
        return {named}
    if is_list(named):
        return {str(name) for name in named}
    values = as_list(schema.get("enum")) or ([schema["const"]] if "const" in schema else [])
    return {"string"} if not values or any(isinstance(value, str) for value in values) else set()


def _wants_integer(types: set[str]) -> bool:
    return "integer" in types and "number" not in types


def _from_text(text: str, types: set[str]) -> Any:
    """What the text says as one of these types, or the text itself."""
    trimmed = text.strip()
    if "integer" in types and _INTEGER.fullmatch(trimmed):
        return int(trimmed)
    if "number" in types and _NUMBER.fullmatch(trimmed):
        return float(trimmed) if not _INTEGER.fullmatch(trimmed) else int(trimmed)
    if "boolean" in types and trimmed.casefold() in ("true", "false"):
        return trimmed.casefold() == "true"
    if "null" in types and trimmed in ("null", "None"):
        return None
    if types & {"array", "object"} and trimmed[:1] in ("[", "{"):
        return _from_json(text, types)
    return text


def _from_json(text: str, types: set[str]) -> Any:
    try:
        value = whole(json.loads(text))
    except (ValueError, RecursionError):
        return text
    fits = ("array" in types and is_list(value)) or ("object" in types and is_tree(value))
    return value if fits else text
