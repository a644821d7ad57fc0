"""Untrusted values out of JSON or TOML, looked at safely."""

from __future__ import annotations

from typing import Any, TypeGuard

Tree = dict[str, Any]


def is_tree(value: object) -> TypeGuard[Tree]:
    return isinstance(value, dict)


def as_tree(value: object) -> Tree:
    """The value if it is an object, else an empty one."""
    return value if is_tree(value) else {}


def is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def as_list(value: object) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if is_list(value) else []


def whole(value: Any) -> Any:
    """The value with every half of a broken surrogate pair replaced, because UTF-8 can't carry one."""
    if isinstance(value, str):
        return mended(value)
    if is_tree(value):
        return {mended(key): whole(item) for key, item in value.items()}
    if is_list(value):
        return [whole(item) for item in value]
    return value


def mended(text: str) -> str:
    """The text with surrogate pairs joined and lone halves replaced by U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
