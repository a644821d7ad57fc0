"""`--output-schema`: whether an answer fits the JSON schema a person gave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from jsonschema import exceptions, validators
from pydantic import JsonValue
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from ..tools.errors import PersonError


def fitting(schema: dict[str, JsonValue]) -> Callable[[JsonValue], str | None]:
    """A function that says what is wrong with a value, or None when the schema accepts it.

    Nothing is fetched: all that the schema refers to must be in it. Raises PersonError when it is not, and when the
    schema itself is not valid.
    """
    kind = validators.validator_for(schema, default=validators.Draft202012Validator)
    try:
        kind.check_schema(schema)
    except exceptions.SchemaError as error:
        raise PersonError(f"The output schema is no valid JSON schema: {error.message}.") from error
    missing = _unresolved(schema)
    if missing is not None:
        raise PersonError(
            f"The output schema refers to {missing}, which is not in it, and nothing is fetched. "
            "Put what it needs under $defs."
        )
    validator = kind(schema)

    def fault(value: JsonValue) -> str | None:
        for error in sorted(validator.iter_errors(value), key=exceptions.relevance, reverse=True):
            return f"at {error.json_path}: {error.message}"
        return None

    return fault


def _unresolved(schema: dict[str, JsonValue]) -> str | None:
    """The first reference that leads nowhere."""
    resource: Resource[Any] = Resource.from_contents(schema, default_specification=DRAFT202012)
    registry: Registry[Any] = Registry()
    resolver = registry.with_resource("", resource).resolver(resource.id() or "")
    for reference in _references(schema):
        try:
            resolver.lookup(reference)
        except Unresolvable:
            return reference
    return None


def _references(value: JsonValue) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in ("$ref", "$dynamicRef") and isinstance(item, str):
                yield item
            else:
                yield from _references(item)
