from __future__ import annotations

import json
from pathlib import Path

import pytest
from leadline.agent.context.transcript import Lane, Transcript
from leadline.agent.messages import AssistantMessage, ToolCall, ToolMessage, Usage
from leadline.agent.rehearsal import render
from leadline.agent.v4.body import max_tokens_for, request_body
from leadline.agent.v4.catalog import load_catalog
from leadline.agent.v4.profiles import endpoint, load_profiles
from leadline.tests.agent.v4.bench import new_transcript
from leadline.tools.errors import Exit, PersonError

PROFILES = load_profiles()
CATALOG = load_catalog()
LANES = [Lane("deepseek-flash", "high"), Lane("deepseek-v4-pro", "max")]


def spoken(lane: Lane) -> Transcript:
    transcript = new_transcript(lane=lane)
    call = ToolCall("call_1", "read", '{"path": "a.py", "limit": 1.50}')
    reasoning = "thought" if lane.thinking else None
    transcript.append(
        AssistantMessage("", reasoning, (call,), "tool_calls", Usage(0, 1, 1), lane.model)
    )
    transcript.append(ToolMessage("call_1", "x = 1", ok=True))
    return transcript


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("lane", [*LANES, Lane("deepseek-flash", "high", thinking=False)])
def test_every_body_keeps_the_rules(name: str, lane: Lane):
    request = spoken(lane).request()
    model = CATALOG.resolve(lane.model)
    body = request_body(request, PROFILES[name], model, 1000)
    assert json.dumps(body) == json.dumps(request_body(request, PROFILES[name], model, 1000))
    assert body["tools"] == json.loads(request.tools.json)
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert body["max_tokens"] == 1000
    assert not {"tool_choice", "temperature", "user"} & body.keys()
    assert {message["role"] for message in body["messages"]} <= {
        "system",
        "user",
        "assistant",
        "tool",
    }
    assert all(isinstance(message["content"], str) for message in body["messages"])
    answer = body["messages"][2]
    assert answer["tool_calls"][0]["function"]["arguments"] == '{"path": "a.py", "limit": 1.50}'
    assert answer.get(PROFILES[name].reasoning_to) == ("thought" if lane.thinking else None)


@pytest.mark.parametrize(
    ("name", "lane", "sent"),
    [
        ("deepseek", LANES[0], {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        (
            "deepseek",
            Lane("deepseek-flash", "low", thinking=False),
            {"thinking": {"type": "disabled"}},
        ),
        ("vllm", LANES[0], {"chat_template_kwargs": {"thinking": True, "reasoning_effort": 75}}),
        (
            "sglang",
            LANES[1],
            {"chat_template_kwargs": {"thinking": True, "reasoning_effort": "max"}},
        ),
        (
            "vllm-ascend",
            LANES[0],
            {"chat_template_kwargs": {"thinking": True, "reasoning_effort": 75}},
        ),
        (
            "vllm",
            Lane("deepseek-flash", "low", thinking=False),
            {"chat_template_kwargs": {"thinking": False}},
        ),
        ("openrouter", LANES[0], {"reasoning": {"enabled": True, "effort": "high"}}),
        (
            "openrouter",
            Lane("deepseek-flash", "low", thinking=False),
            {"reasoning": {"enabled": False}},
        ),
    ],
)
def test_how_thinking_and_effort_are_sent(name: str, lane: Lane, sent: dict[str, object]):
    request = new_transcript(lane=lane).request()
    body = request_body(request, PROFILES[name], CATALOG.resolve(lane.model), 1000)
    fields = {"thinking", "reasoning_effort", "chat_template_kwargs", "reasoning"}
    assert {key: value for key, value in body.items() if key in fields} == sent


@pytest.mark.parametrize("lane", LANES)
def test_the_vendors_converter_takes_the_body_and_renders_the_reasoning(lane: Lane):
    body = request_body(
        spoken(lane).request(), PROFILES["deepseek"], CATALOG.resolve(lane.model), 99
    )
    prompt = render(body)
    assert "<think>thought</think>" in prompt
    assert prompt.endswith("<think>")


def test_half_a_surrogate_pair_does_not_break_the_body():
    transcript = new_transcript("a \ud83d b")
    body = request_body(transcript.request(), PROFILES["deepseek"], CATALOG.resolve("x"), 9)
    assert json.dumps(body, ensure_ascii=False).encode()
    assert body["messages"][1]["content"] == "a \ufffd b"


@pytest.mark.parametrize(
    ("known", "new", "cap"),
    [
        (0, 3_000, 131_072),
        (900_000, 0, 131_072),
        (1_000_000, 30_000, 1_048_576 - 1_010_000 - 1_024),
        (1_048_576, 0, 1_024),
    ],
)
def test_the_answers_cap_leaves_room_for_the_prompt(known: int, new: int, cap: int):
    assert max_tokens_for(CATALOG.resolve("deepseek-flash"), known, new) == cap


def test_the_key_comes_from_the_environment_and_is_never_shown():
    place = endpoint(PROFILES, "deepseek", {"DEEPSEEK_API_KEY": " sk-secret\n"})
    assert place.api_key == "sk-secret"
    assert place.base_url == "https://api.deepseek.com"
    assert "sk-secret" not in repr(place) + str(place)


def test_an_endpoint_of_ones_own_needs_no_key():
    place = endpoint(PROFILES, "vllm", {}, "http://10.0.0.1:8000/v1/")
    assert (place.base_url, place.api_key) == ("http://10.0.0.1:8000/v1", "")


@pytest.mark.parametrize(
    "url",
    [
        "https://me:hush-hush@host/v1",
        "https://hush-hush@host/v1",
        "https://host/v1?key=hush-hush",
        "https://host/#hush-hush",
        "me:hush-hush@host",
        "http://me:hush-hush@[::1",
    ],
)
def test_an_address_that_holds_a_secret_is_refused_and_not_repeated(url: str):
    """Addresses are in messages and in journals."""
    with pytest.raises(PersonError) as caught:
        endpoint(PROFILES, "vllm", {}, url)
    assert "VLLM_API_KEY" in caught.value.message
    assert "hush" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "environ", "url", "told"),
    [
        ("deepseek", {}, None, "DEEPSEEK_API_KEY is not set"),
        ("deepseek", {"DEEPSEEK_API_KEY": "  "}, None, "DEEPSEEK_API_KEY is not set"),
        ("deepseek", {"DEEPSEEK_API_KEY": "a b"}, None, "does not hold a key"),
        ("deepseek", {"DEEPSEEK_API_KEY": "schl\u00fcssel"}, None, "does not hold a key"),
        ("depseek", {}, None, "did you mean 'deepseek'"),
        ("custom", {}, None, "LEADLINE_BASE_URL"),
        ("vllm", {}, "localhost:8000", "http://"),
        ("vllm", {}, "ftp://localhost", "http://"),
        ("vllm", {}, "http://[::1", "http://"),
    ],
)
def test_what_cannot_be_reached_is_said(
    name: str, environ: dict[str, str], url: str | None, told: str
):
    with pytest.raises(PersonError) as caught:
        endpoint(PROFILES, name, environ, url)
    assert told in caught.value.message
    assert caught.value.exit_code == Exit.USAGE


def test_profiles_of_ones_own(tmp_path: Path):
    path = tmp_path / "profiles.toml"
    path.write_text(
        """
[vllm]
base_url = "http://gpu:9000/v1"
[ours]
base_url = "https://llm.example.org/v1"
key_variable = "OUR_KEY"
key_needed = true
thinking = "template"
reasoning_from = ["reasoning"]
reasoning_to = "reasoning"
cached_tokens = ""
list_prices = false
models = { deepseek-flash = "flash" }
""",
        "utf-8",
    )
    profiles = load_profiles(path)
    assert profiles["vllm"].base_url == "http://gpu:9000/v1"
    assert profiles["vllm"].thinking == "template"
    assert (
        endpoint(profiles, "ours", {"OUR_KEY": "k"}).profile.served_name("deepseek-flash")
        == "flash"
    )
    path.write_text("[vllm]\nbase_ulr = 'x'", "utf-8")
    with pytest.raises(PersonError, match="did you mean 'base_url'"):
        load_profiles(path)
