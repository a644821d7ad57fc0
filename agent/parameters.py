"""Arguments of a call against its tool's parameters: taken as they were meant, explained when they do not fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from .v4.coerce import coerce
from .v4.values import is_list, is_tree

_NOTHING = object()
_PATHS = frozenset(("path", "paths"))


def as_meant(
    arguments: dict[str, Any], params: type[BaseModel], schema: dict[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The arguments with names and types mended where only one thing can be meant, and the places that were.

    Places are such as `files.0.start`. What is stored and replayed stays as the model wrote it.
    """
    mended = coerce(_named_as_meant(arguments, params), schema)
    return mended, tuple(_changed(arguments, mended))


def at_root(value: Any, known_as: Path | None) -> Any:
    """Arguments whose absolute paths below `known_as`, where commands see the root, are relative to it instead.

    Paths are what tools call `path` and `paths`; texts of other names stay as they are.
    """
    if known_as is None:
        return value
    if is_tree(value):
        return {
            key: _below(item, known_as) if key in _PATHS else at_root(item, known_as)
            for key, item in value.items()
        }
    return [at_root(item, known_as) for item in value] if is_list(value) else value


def _below(value: Any, known_as: Path) -> Any:
    if isinstance(value, str):
        return "." if value.rstrip("/") == str(known_as) else value.removeprefix(f"{known_as}/")
    return [_below(item, known_as) for item in value] if is_list(value) else value


def _named_as_meant(arguments: dict[str, Any], params: type[BaseModel]) -> dict[str, Any]:
    """The arguments with each unknown name replaced by the one parameter it begins or is begun by: `timeout` can
    only be `timeout_seconds`."""
    known = params.model_fields.keys()
    renamed: dict[str, Any] = {}
    for name, value in arguments.items():
        near = [k for k in known - arguments.keys() if k.startswith(name) or name.startswith(k)]
        meant = name not in known and len(name) > 2 and len(near) == 1
        renamed[near[0] if meant else name] = value
    return renamed


def _changed(before: object, after: object, at: str = "") -> Iterator[str]:
    """The places, such as `files.0.start`, where two argument values differ."""
    if is_tree(before) and is_tree(after):
        for name in after:
            inner = f"{at}.{name}" if at else name
            yield from _changed(before.get(name, _NOTHING), after[name], inner)
    elif is_list(before) and is_list(after):
        for index, (one, other) in enumerate(zip(before, after, strict=False)):
            yield from _changed(one, other, f"{at}.{index}")
    elif before != after:
        yield at


def explain(error: ValidationError, params: type[BaseModel]) -> str:
    """A validation error in words that help the model to send a right call."""
    faults: list[str] = []
    for detail in error.errors(include_url=False, include_input=False)[:5]:
        place = ".".join(str(part) for part in detail["loc"]) or "arguments"
        if detail["type"] == "extra_forbidden":
            faults.append(f"{place}: no such parameter")
        elif detail["type"] == "missing":
            faults.append(f"{place}: missing")
        else:
            faults.append(f"{place}: {detail['msg']}")
    names = ", ".join(params.model_fields)
    return f"The call does not fit: {'; '.join(faults)}. Parameters: {names}."
