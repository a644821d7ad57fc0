"""JSON schemas of parameter models as the model reads them: short, and the same bytes always."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from .params import Params

JsonSchema = dict[str, object]

# As people write schemas. Any other keyword is an error here: it should be worth its tokens.
_ORDER = ("type", "description", "enum", "default", "items", "properties", "required")


def parameters_schema(params: type[Params]) -> JsonSchema:
    """The schema of `params`, without what costs tokens and tells the model nothing.

    Gone are titles, docstrings of models, `null` as a value of optional parameters, empty and null defaults, and
    `additionalProperties`: the models refuse unknown parameters themselves, in better words. References are put in
    place, because DeepSeek documents them for strict mode only.
    """
    schema = cast(JsonSchema, params.model_json_schema())
    definitions = _object(schema.pop("$defs", {}))
    return _compact(schema, definitions)


def _compact(schema: JsonSchema, definitions: JsonSchema) -> JsonSchema:
    """One schema, and by recursion all schemas in it. `schema` is what pydantic makes of a type, never a cycle."""
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix("#/$defs/")
        inlined = {k: v for k, v in _object(definitions[name]).items() if k != "description"}
        return _compact(inlined | {k: v for k, v in schema.items() if k != "$ref"}, definitions)
    if "anyOf" in schema:
        return _compact(_without_null(schema), definitions)
    result: JsonSchema = {}
    for key, value in schema.items():
        if key in ("title", "additionalProperties"):
            continue
        if key == "default" and value in (None, False, "", [], {}):
            continue
        if key == "properties":
            properties = _object(value).items()
            result[key] = {n: _compact(_object(v), definitions) for n, v in properties}
        elif key == "items":
            result[key] = _compact(_object(value), definitions)
        else:
            result[key] = value
    if "properties" in result:
        result.pop("description", None)  # the model's docstring, for people
    return {key: result[key] for key in sorted(result, key=_ORDER.index)}


def _without_null(schema: JsonSchema) -> JsonSchema:
    """An optional parameter's own schema. Other unions have no place in a parameter model: each needs explaining."""
    choices = [_object(choice) for choice in _list(schema["anyOf"])]
    real = [choice for choice in choices if choice.get("type") != "null"]
    if len(real) != 1:
        raise TypeError(f"a parameter has one type, or one and None: {schema}")
    return real[0] | {k: v for k, v in schema.items() if k != "anyOf"}


def _object(value: object) -> JsonSchema:
    if not isinstance(value, dict):
        raise TypeError(f"not an object in a schema: {value!r}")
    return cast(JsonSchema, value)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"not a list in a schema: {value!r}")
    return cast("list[object]", value)


def wire_tool(name: str, description: str, parameters: Mapping[str, object]) -> JsonSchema:
    """A tool as the chat completions API takes it."""
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}
