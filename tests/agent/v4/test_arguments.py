from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from leadline.agent.v4.arguments import BadArgumentsError, replays_as_written, sound_arguments
from leadline.agent.v4.coerce import coerce

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=5), JSON, max_size=4)
ALMOST = st.text(st.sampled_from('{}[]",:\\ \n0123eE.-+ TrueFalsNotn\ud83d\ude00abu'), max_size=40)


def refuse(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len({key for key, _ in pairs}) == len(pairs)
    return dict(pairs)


def constant(name: str) -> Any:
    raise AssertionError(name)


def is_valid(text: str) -> bool:
    value = json.loads(text, object_pairs_hook=refuse, parse_constant=constant)
    text.encode()
    json.dumps(value, ensure_ascii=False).encode()
    return isinstance(value, dict)


@settings(deadline=None)
@given(ALMOST | ALMOST.map(lambda text: "{" + text + "}"))
@example('{"a": 1e999,}')
@example('{"a": "\\ud83d"}')
@example('{"a": NaN}')
def test_what_is_accepted_is_always_valid_json(raw: str):
    try:
        sound = sound_arguments(raw)
    except BadArgumentsError:
        return
    assert is_valid(sound.json)


@settings(deadline=None)
@given(OBJECTS)
def test_valid_arguments_stay_as_they_are(value: dict[str, Any]):
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        assert sound_arguments(text).json == text
        assert sound_arguments(text).repair == ""


@settings(deadline=None)
@given(OBJECTS, st.data())
def test_cut_arguments_are_never_completed(value: dict[str, Any], data: st.DataObject):
    text = json.dumps({"path": "x", **value})
    end = data.draw(st.integers(1, len(text) - 1))
    with pytest.raises(BadArgumentsError):
        sound_arguments(text[:end])


MENDED: list[tuple[str, dict[str, Any]]] = [
    ('{"a": True, "b": False, "c": None}', {"a": True, "b": False, "c": None}),
    ('{"a": 10,}', {"a": 10}),
    ('{"a": 10,, "b": 1}', {"a": 10, "b": 1}),
    ('{"a": [1, 2, ], }', {"a": [1, 2]}),
    ('{"a": 1, "a": 1}', {"a": 1}),
    ('{"a": "x\ny"}', {"a": "x\ny"}),
    ('{"text": "True, None,}", "b": True}', {"text": "True, None,}", "b": True}),
    ('{"a": "\\ud83d!"}', {"a": "\ufffd!"}),
    ("", {}),
    (" \n", {}),
]


@pytest.mark.parametrize(("raw", "value"), MENDED)
def test_one_meaning_is_mended(raw: str, value: dict[str, Any]):
    sound = sound_arguments(raw)
    assert json.loads(sound.json) == value
    assert sound.repair


@pytest.mark.parametrize(
    "raw",
    [
        '{"path": "a.py", "content": "abc',
        '{"path": "a.py"',
        '{"path": }',
        '{"a": 1, "a": 2}',
        '{"a": 1, "a": true}',
        "[1]",
        '"text"',
        "null",
        '{"a": NaN}',
        '{"a": hello}',
        "{" * 200_000,
        '{"a": ' + "9" * 5_000 + ",}",
    ],
)
def test_more_than_one_meaning_is_not(raw: str):
    with pytest.raises(BadArgumentsError):
        sound_arguments(raw)


@pytest.mark.parametrize(
    ("arguments", "same"),
    [
        ('{"path": "a.py", "limit": 10}', True),
        ('{"edits": [{"old": "a", "new": "b"}]}', True),
        ('{"path":"a.py"}', False),
        ('{"edits": [{"old":"a","new":"b"}]}', False),
        ('{"x": 1.50}', False),
        ("nonsense", False),
    ],
)
def test_what_the_server_prints_back_as_it_was(arguments: str, same: bool):
    assert replays_as_written(arguments) is same


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "limit": {"type": "integer"},
        "ratio": {"type": "number"},
        "whole": {"type": "boolean"},
        "maybe": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        "paths": {"type": "array", "items": {"type": "string"}},
        "rows": {"type": "array", "items": {"type": "integer"}},
        "edits": {"type": "array", "items": {"$ref": "#/$defs/Edit"}},
        "one": {"$ref": "#/$defs/Edit"},
        "loop": {"$ref": "#/$defs/Loop"},
        "nowhere": {"$ref": "#/$defs/Nothing"},
        "mode": {"enum": ["1", "2"]},
    },
    "$defs": {
        "Edit": {
            "type": "object",
            "properties": {"old": {"type": "string"}, "count": {"type": "integer"}},
        },
        "Loop": {"$ref": "#/$defs/Loop"},
    },
}

COERCED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"limit": "10"}, {"limit": 10}),
    ({"limit": " -3 "}, {"limit": -3}),
    ({"limit": 10.0}, {"limit": 10}),
    ({"limit": "10.5"}, {"limit": "10.5"}),
    ({"limit": "ten"}, {"limit": "ten"}),
    ({"limit": "9" * 5_000}, {"limit": "9" * 5_000}),
    ({"ratio": "0.5"}, {"ratio": 0.5}),
    ({"ratio": "2"}, {"ratio": 2}),
    ({"ratio": "NaN"}, {"ratio": "NaN"}),
    ({"whole": "true"}, {"whole": True}),
    ({"whole": "False"}, {"whole": False}),
    ({"whole": "yes"}, {"whole": "yes"}),
    ({"maybe": "null"}, {"maybe": None}),
    ({"maybe": "7"}, {"maybe": 7}),
    ({"either": "7"}, {"either": "7"}),
    ({"text": "10"}, {"text": "10"}),
    ({"text": "[1]"}, {"text": "[1]"}),
    ({"mode": "1"}, {"mode": "1"}),
    ({"paths": '["a", "b"]'}, {"paths": ["a", "b"]}),
    ({"paths": "a.py"}, {"paths": "a.py"}),
    ({"paths": '{"a": 1}'}, {"paths": '{"a": 1}'}),
    ({"rows": ["1", 2]}, {"rows": [1, 2]}),
    ({"rows": '["1"]'}, {"rows": [1]}),
    ({"edits": '[{"old": "1", "count": "2"}]'}, {"edits": [{"old": "1", "count": 2}]}),
    ({"one": '{"old": "x"}'}, {"one": {"old": "x"}}),
    ({"one": "{" * 100_000}, {"one": "{" * 100_000}),
    ({"loop": "1", "nowhere": "1", "unknown": "1"}, {"loop": "1", "nowhere": "1", "unknown": "1"}),
    ({"text": "a\ud83db"}, {"text": "a\ufffdb"}),
]


@pytest.mark.parametrize(("given_", "wanted"), COERCED)
def test_wrong_types_with_one_meaning_are_coerced(given_: dict[str, Any], wanted: dict[str, Any]):
    assert coerce(given_, SCHEMA) == wanted
    assert [type(value) for value in coerce(given_, SCHEMA).values()] == [
        type(value) for value in wanted.values()
    ]


TEXTS = st.sampled_from(
    ["1", "1.0", "true", "null", "[1]", '["[1]"]', '{"count": "1"}', '"1"', "[[", ""]
)
VALUES = st.recursive(
    TEXTS | JSON,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["old", "count"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(list(SCHEMA["properties"])), VALUES, max_size=6))
def test_coercing_twice_changes_nothing_more(arguments: dict[str, Any]):
    once = coerce(arguments, SCHEMA)
    assert coerce(once, SCHEMA) == once
    assert json.dumps(coerce(once, SCHEMA)) == json.dumps(once)
