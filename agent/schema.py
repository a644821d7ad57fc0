"""`--output-schema`: whether an answer fits the JSON schema a person gave."""

from __future__ import annotations

from collections.abc import Callable

from jsonschema import exceptions, validators
from pydantic import JsonValue

from ..tools.errors import PersonError


def fitting(schema: dict[str, JsonValue]) -> Callable[[JsonValue], str | None]:
    """A function that says what is wrong with a value, or None when the schema accepts it.

    Remote references are not fetched. Raises PersonError when the schema itself is not valid.
    """
    kind = validators.validator_for(schema, default=validators.Draft202012Validator)
    try:
        kind.check_schema(schema)
    except exceptions.SchemaError as error:
        raise PersonError(f"The output schema is no valid JSON schema: {error.message}.") from error
    validator = kind(schema)

    def fault(value: JsonValue) -> str | None:
        for error in sorted(validator.iter_errors(value), key=exceptions.relevance, reverse=True):
            return f"at {error.json_path}: {error.message}"
        return None

    return fault
