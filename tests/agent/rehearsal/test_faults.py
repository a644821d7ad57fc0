"""Each fault as a client meets it, and which request meets it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import openai
import pytest
from leadline.agent.rehearsal import (
    CATALOGUE,
    Fault,
    Rate,
    RehearsalServer,
    Scenario,
    Settings,
    parse_scenario,
)
from leadline.agent.rehearsal.faults import FaultPlan

if TYPE_CHECKING:
    from .conftest import Answered, Client

ARGUMENTS = {"path": "calc.py", "start": 10, "all": True}
TURN = """
    step = "call"
    reasoning = "I need the file."
    text = "I will read it."
    [[turn.call]]
    tool = "read"
    arguments = { path = "calc.py", start = 10, all = true }
"""
ASKED: list[dict[str, Any]] = [{"role": "user", "content": "go"}]


def scenario(extra: str = "") -> Scenario:
    return parse_scenario(f'name = "faulty"\n[[turn]]\n{extra}\n{TURN}')


def arguments(got: Answered) -> str:
    (call,) = got.calls
    return call["function"]["arguments"]


def is_normal(got: Answered) -> bool:
    return (
        got.status == 200
        and got.done
        and got.finish == "tool_calls"
        and json.loads(arguments(got)) == ARGUMENTS
        and got.joined("content") == "I will read it."
    )


def is_invalid_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return True
    return False


SHOWN: dict[str, Callable[[Answered], bool]] = {
    "http-429": lambda got: got.status == 429 and "Retry-After" not in got.headers,
    "http-429-retry-after": lambda got: got.status == 429 and got.headers["Retry-After"] == "1",
    "http-500": lambda got: got.status == 500 and bool(got.error["message"]),
    "http-503": lambda got: got.status == 503 and bool(got.error["message"]),
    "truncated-arguments": lambda got: (
        got.finish == "tool_calls"
        and arguments(got).startswith('{"path": "calc.py"')
        and is_invalid_json(arguments(got))
    ),
    "invalid-json-arguments": lambda got: (
        arguments(got) == '{"path": "calc.py", "start": 10,, "all": true}'
    ),
    "string-numbers": lambda got: json.loads(arguments(got)) == ARGUMENTS | {"start": "10"},
    "unknown-tool": lambda got: got.calls[0]["function"]["name"] == "read_everything",
    "empty-arguments": lambda got: arguments(got) == "{}",
    "dsml-in-content": lambda got: (
        got.finish == "stop"
        and not got.calls
        and '<\uff5cDSML\uff5c invoke name="read">' in got.joined("content")
    ),
    "dsml-in-content-ascii": lambda got: (
        got.finish == "stop"
        and not got.calls
        and '<|DSML| invoke name="read">' in got.joined("content")
    ),
    "empty-answer": lambda got: (
        got.finish == "stop" and not got.calls and not got.joined("content")
    ),
    "announced-call": lambda got: (
        got.finish == "stop" and not got.calls and got.joined("content").endswith(":")
    ),
    "answer-in-reasoning": lambda got: (
        got.finish == "stop"
        and not got.joined("content")
        and got.joined("reasoning_content").endswith("I will read it.")
    ),
    "repeating-reasoning": lambda got: (
        got.finish == "length" and got.joined("reasoning_content").count("I need the file.") > 1000
    ),
    "call-inside-thinking": lambda got: (
        json.loads(arguments(got)) == ARGUMENTS and not got.joined("content")
    ),
    "text-after-call": is_normal,
    "cut-mid-word": lambda got: (
        got.joined("content").endswith(" che") and json.loads(arguments(got)) == ARGUMENTS
    ),
    "unknown-finish": lambda got: got.finish == "tired" and got.done,
    "insufficient-system-resource": lambda got: got.finish == "insufficient_system_resource",
    "cut-stream": lambda got: (
        got.broken and not got.done and got.finish is None and len(got.chunks) > 1
    ),
    "no-done": lambda got: not got.broken and not got.done and got.finish == "tool_calls",
    "slow-start": lambda got: got.lines[0] == ": keep-alive" and is_normal(got),
    "stall": is_normal,
    "wrong-model": lambda got: {c["model"] for c in got.chunks} == {"deepseek-flash-other"},
    "trailing-usage": lambda got: (
        got.chunks[-1]["choices"] == []
        and got.chunks[-1]["usage"]["prompt_tokens"] > 0
        and not got.chunks[-2].get("usage")
    ),
}


def test_every_fault_is_shown_here() -> None:
    assert set(SHOWN) == set(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
async def test_a_fault_of_a_turn_is_shown_once_and_then_the_normal_answer(
    client: Client, name: str
) -> None:
    brief = "seconds = 0.01, " if name in ("stall", "slow-start") else ""
    script = scenario(f'fault = {{ {brief}name = "{name}" }}')
    async with RehearsalServer(script, Settings(keep_alive_seconds=0.005)) as server:
        faulty = await client.ask(server, ASKED)
        normal = await client.ask(server, ASKED)
        assert [record.fault for record in server.requests] == [name, None]
    assert SHOWN[name](faulty), faulty
    assert is_normal(normal)


async def test_a_stall_is_silence_in_the_middle(client: Client) -> None:
    """The openai client sees the beginning and then nothing, however long it waits."""
    script = scenario('fault = { name = "stall", after = 0.3 }')
    async with RehearsalServer(script) as server:
        real = openai.AsyncOpenAI(base_url=server.base_url, api_key="k", max_retries=0)
        stream = await real.chat.completions.create(
            model="deepseek-flash",
            messages=[{"role": "user", "content": "go"}],
            stream=True,
            extra_body={"thinking": {"type": "enabled"}},
        )
        heard = [await anext(stream)]

        async def listen() -> None:
            async for chunk in stream:
                heard[:] = [*heard, chunk]

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(listen(), 0.2)
        assert not any(choice.finish_reason for chunk in heard for choice in chunk.choices)
        assert server.requests[0].end == "running"
        await stream.close()


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("http-429-retry-after", openai.RateLimitError),
        ("http-500", openai.InternalServerError),
        ("http-503", openai.InternalServerError),
    ],
)
async def test_the_real_client_takes_the_errors_for_what_they_are(
    name: str, error: type[openai.APIStatusError]
) -> None:
    async with RehearsalServer(scenario()) as server:
        server.inject(name, seconds=7.0)
        real = openai.AsyncOpenAI(base_url=server.base_url, api_key="k", max_retries=0)
        with pytest.raises(error) as caught:
            await real.chat.completions.create(
                model="deepseek-flash", messages=[{"role": "user", "content": "go"}]
            )
    assert caught.value.response.headers.get("Retry-After") == ("7" if "429" in name else None)


async def test_a_cut_answer_stores_its_input_and_not_its_output(client: Client) -> None:
    long: list[dict[str, Any]] = [{"role": "user", "content": " ".join(map(str, range(900)))}]
    async with RehearsalServer(scenario()) as server:
        server.inject("cut-stream")
        await client.ask(server, long)
        retried = await client.ask(server, long)
        assert [record.end for record in server.requests] == ["cut", "complete"]
        assert server.requests[0].output_tokens == 0
    assert retried.usage["prompt_cache_hit_tokens"] == server.requests[1].prompt_tokens // 128 * 128


async def test_an_error_status_stores_nothing(client: Client) -> None:
    long: list[dict[str, Any]] = [{"role": "user", "content": " ".join(map(str, range(900)))}]
    async with RehearsalServer(scenario()) as server:
        server.inject("http-503")
        await client.ask(server, long)
        retried = await client.ask(server, long)
    assert retried.usage["prompt_cache_hit_tokens"] == 0


async def test_a_cut_answer_without_stream(client: Client) -> None:
    async with RehearsalServer(scenario()) as server:
        server.inject("cut-stream")
        got = await client.ask(server, ASKED, stream=False)
    assert got.broken


async def test_dials_and_sequences_of_faults(client: Client) -> None:
    script = scenario(
        'fault = [{ name = "http-429", times = 2 }, "no-done", { name = "wrong-model", value = "x" }]'
    )
    async with RehearsalServer(script) as server:
        got = [await client.ask(server, ASKED) for _ in range(5)]
    assert [answer.status for answer in got] == [429, 429, 200, 200, 200]
    assert [answer.done for answer in got] == [False, False, False, True, True]
    assert got[3].chunks[0]["model"] == "x"
    assert is_normal(got[4])


async def test_times_zero_is_always(client: Client) -> None:
    async with RehearsalServer(scenario('fault = { name = "http-500", times = 0 }')) as server:
        assert [(await client.ask(server, ASKED)).status for _ in range(4)] == [500] * 4


async def test_a_wanted_fault_that_cannot_be_shown_is_loud(client: Client) -> None:
    script = parse_scenario('name = "t"\n[[turn]]\nstep = "s"\ntext = "hi"')
    async with RehearsalServer(script) as server:
        server.inject("truncated-arguments")
        got = await client.ask(server, ASKED)
        by_chance = Settings(faults=(Rate(Fault("truncated-arguments"), 1.0),))
    async with RehearsalServer(script, by_chance) as server:
        skipped = await client.ask(server, ASKED)
        assert server.requests[0].fault is None
    assert got.status == 422
    assert "needs an answer with a tool call" in got.error["message"]
    assert skipped.joined("content") == "hi"


def test_chance_follows_the_seed_and_not_the_order_of_arrival() -> None:
    rates = [Rate.parse("http-429:0.2"), Rate.parse("cut-stream:0.1")]
    prompts = [str(i).encode() for i in range(2000)]

    def drawn(order: list[bytes], seed: int) -> dict[bytes, str]:
        plan = FaultPlan(rates, seed)
        chosen = {prompt: plan.choose("s", (), prompt) for prompt in order}
        return {prompt: choice.fault.name for prompt, choice in chosen.items() if choice}

    forward = drawn(prompts, seed=1)
    assert forward == drawn(prompts[::-1], seed=1)
    assert forward != drawn(prompts, seed=2)
    counts = Counter(forward.values())
    assert 330 < counts["http-429"] < 470, "a fifth of 2000"
    assert 110 < counts["cut-stream"] < 210, "a tenth of the rest"


def test_a_retry_draws_again() -> None:
    plan = FaultPlan([Rate.parse("http-429:0.5")], seed=3)
    drawn = {plan.choose("s", (), b"same prompt") is None for _ in range(50)}
    assert drawn == {True, False}


@pytest.mark.parametrize("text", ["http-429", "rain:0.1", "http-429:often"])
def test_a_rate_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"NAME:PROBABILITY|no fault is called|float"):
        Rate.parse(text)
