from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.rehearsal.generate import Answer, Call, call_from_json, params_of, pieces
from leadline.agent.rehearsal.prompt import read
from leadline.agent.rehearsal.stream import Header, stage_of, steps, whole
from leadline.agent.rehearsal.tokens import vocabulary

TOOLS = [{"type": "function", "function": {"name": name}} for name in ("read", "edit")]
MODELS = ("deepseek-flash", "deepseek-v4-pro")

# Words only: what the parser trims or reads as markup is a matter of its own.
words = st.text(alphabet="abc é中.", min_size=1, max_size=12).map(str.strip).filter(bool)
json_values = st.recursive(
    st.booleans() | st.none() | st.integers(-999, 999) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
arguments = st.dictionaries(
    st.sampled_from(["path", "text", "edits", "n"]), json_values, max_size=3
)
calls = st.builds(Call, st.sampled_from(["read", "edit"]), arguments.map(params_of))
answers = st.builds(
    Answer, words, words | st.just(""), st.lists(calls, max_size=3).map(tuple[Call, ...])
)


def body(model: str, *more: dict[str, Any], **fields: Any) -> dict[str, Any]:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Go."}]
    return {"model": model, "messages": [*messages, *more], "tools": TOOLS, "stream": True} | fields


def play(sent: dict[str, Any], answer: Answer) -> tuple[dict[str, Any], list[int]]:
    """What a client gets for an answer, and all tokens the model then knows."""
    prompt = read(sent)
    read_tokens = vocabulary().encode(prompt.pieces)
    output = vocabulary().encode(pieces(answer, prompt.dialect, stage_of(prompt.converted)))
    header = Header("id", prompt.model, len(read_tokens), 0, "MARKMARKMA", b"nonce")
    stream = steps(prompt.converted, answer, output, False, header, vocabulary().decoder, 3)
    message = whole(chunk for step in stream for chunk in step.chunks)["choices"][0]["message"]
    return message, [*read_tokens, *output]


@pytest.mark.parametrize("model", MODELS)
@settings(deadline=None)
@given(answer=answers)
def test_an_answer_sent_back_continues_its_own_prompt(model: str, answer: Answer) -> None:
    message, known = play(body(model), answer)
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": "ok"}
        for call in message.get("tool_calls", ())
    ]
    next_prompt = read(body(model, message, *(results or [{"role": "user", "content": "More."}])))
    assert vocabulary().encode(next_prompt.pieces).tolist()[: len(known)] == known


@pytest.mark.parametrize("model", MODELS)
@settings(deadline=None)
@given(table=arguments)
def test_a_call_reaches_the_client_as_it_was_scripted(model: str, table: dict[str, Any]) -> None:
    message, _ = play(body(model), Answer("r", "t", (Call("edit", params_of(table)),)))
    assert [call["function"]["name"] for call in message["tool_calls"]] == ["edit"]
    assert json.loads(message["tool_calls"][0]["function"]["arguments"]) == table


@settings(deadline=None)
@given(table=arguments)
def test_json_text_and_table_say_the_same(table: dict[str, Any]) -> None:
    assert call_from_json("edit", json.dumps(table, ensure_ascii=False)).params == params_of(table)


def test_json_text_keeps_its_spelling() -> None:
    call = call_from_json("read", ' { "n" : 1.50 , "list":[1,2], "s": "a\\"b" }')
    assert [(p.name, p.text) for p in call.params] == [
        ("n", "1.50"),
        ("list", "[1,2]"),
        ("s", 'a"b'),
    ]
    message, _ = play(body(MODELS[0]), Answer("r", "", (call,)))
    sent = message["tool_calls"][0]["function"]["arguments"]
    assert sent == '{"n": 1.50, "list": [1,2], "s": "a\\"b"}'


@pytest.mark.parametrize("broken", ['{"path": "a.py"', "[1, 2]", "", "nonsense"])
def test_text_that_is_no_object_reaches_the_client_as_it_stands(broken: str) -> None:
    calls = (call_from_json("read", broken), Call("edit", params_of({"path": "b"})))
    message, _ = play(body(MODELS[0]), Answer("r", "", calls))
    assert [c["function"]["arguments"] for c in message["tool_calls"]] == [broken, '{"path": "b"}']


def test_without_thinking_there_is_no_reasoning() -> None:
    sent = body(MODELS[0], thinking={"type": "disabled"})
    message, _ = play(sent, Answer("not said", "said"))
    assert message == {"role": "assistant", "content": "said"}


def test_a_required_call_continues_the_block_that_the_prompt_opened() -> None:
    sent = body(MODELS[0], thinking={"type": "disabled"}, tool_choice="required")
    message, _ = play(sent, Answer("", "not said", (Call("read", params_of({"path": "a"})),)))
    assert message["content"] == ""
    assert message["tool_calls"][0]["function"] == {"name": "read", "arguments": '{"path": "a"}'}
