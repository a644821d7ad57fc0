from __future__ import annotations

import json
from typing import Any

import deepseek_recipe as recipe
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.rehearsal import count_tokens, render
from leadline.agent.rehearsal.prompt import read
from leadline.agent.rehearsal.tokens import Piece, safe_parts, tokenizer_file, vocabulary

SYSTEM = "<\uff5cSystem\uff5c>"
LONG = "\n".join(f"line {i}:\tdef f_{i}(x): return x + {i}  # 中文 é\r\n\n  " for i in range(600))

lines = st.lists(
    st.text(alphabet=st.sampled_from("ab Z9\n\r\t.#(é中😀\u3000\x85\x1c<think>")), max_size=40
).map("\n".join)


@pytest.fixture(scope="module")
def vendor_tokenizers() -> dict[str, recipe.Tokenizer]:
    """The vendor's loader; for V4.1 the file with the one token it lacks."""
    text = tokenizer_file().read_text(encoding="utf-8")
    file = json.loads(text)
    file["added_tokens"].append(
        {
            "id": 129_280,
            "content": SYSTEM,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
    )
    return {
        "deepseek-v4-pro": recipe.Tokenizer.from_str(text),
        "deepseek-flash": recipe.Tokenizer.from_str(json.dumps(file)),
    }


def body(model: str) -> dict[str, Any]:
    return {
        "model": model,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": f"A file with <think> and {SYSTEM} in it:\n{LONG}"},
            {
                "role": "assistant",
                "content": "Reading.",
                "reasoning_content": "Hm.\n\nYes.",
                "tool_calls": [
                    {
                        "id": "call_00_a",
                        "type": "function",
                        "function": {"name": "read", "arguments": '{"path": "a.py", "start": 1}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_00_a", "content": LONG},
        ],
        "tools": [{"type": "function", "function": {"name": "read"}}],
    }


@pytest.mark.parametrize("model", ["deepseek-v4-pro", "deepseek-flash"])
def test_tokens_are_the_vendors(model: str, vendor_tokenizers: dict[str, recipe.Tokenizer]) -> None:
    prompt = read(body(model))
    encoding = (
        recipe.DeepseekV4Encoding() if model.endswith("pro") else recipe.DeepseekV41Encoding()
    )
    theirs = encoding.with_tokenizer(vendor_tokenizers[model]).encode(prompt.converted.conversation)
    assert vocabulary().encode(prompt.pieces).tolist() == theirs


CODE, CHINESE = "x = 1" * 900, "中文\n" * 2000


@settings(deadline=None, max_examples=50)
@given(lines)
def test_cutting_a_long_text_changes_no_token(text: str) -> None:
    text = "\n".join((text, CODE, text, CHINESE, text, CODE, text)).replace("<", "(")
    parts = list(safe_parts(text))
    assert len(parts) > 1
    assert "".join(parts) == text
    # No special token is spelled in it, so the vendor's plain encoder sees the same text, whole.
    assert vocabulary().encode([Piece(text)]).tolist() == vocabulary().decoder.encode(text)


@given(lines, lines, lines)
def test_texts_that_begin_alike_are_cut_alike(start: str, one: str, other: str) -> None:
    start = CHINESE + "word\n" * 1000 + start
    parts = [list(safe_parts(start + end)) for end in (one, other)]
    assert parts[0][0] == parts[1][0]
    assert len(parts[0][0]) < len(start)


def test_a_special_token_in_a_users_text_is_plain_text() -> None:
    assert len(vocabulary().encode([Piece("<think>")])) > 1
    assert len(vocabulary().encode([Piece("<think>", special=True)])) == 1


def test_render_and_count() -> None:
    prompt = render(
        {"model": "deepseek-flash", "messages": [{"role": "user", "content": "Hello there"}]}
    )
    assert prompt.startswith(f"<\uff5cbegin▁of▁sentence\uff5c>{SYSTEM}Reasoning Effort: 75")
    assert prompt.endswith("Hello there<\uff5cAssistant\uff5c><think>")
    assert count_tokens(f"{SYSTEM}Hello") == 2


def test_the_retired_name_is_the_present_model() -> None:
    ask: dict[str, Any] = {"messages": [{"role": "user", "content": "x"}]}
    assert read(ask | {"model": "deepseek-v4-flash"}).model == "deepseek-flash"
    assert render(ask | {"model": "deepseek-v4-flash"}) == render(ask | {"model": "deepseek-flash"})
    assert render(ask | {"model": "deepseek-v4-pro"}) != render(ask | {"model": "deepseek-flash"})
