from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import pairwise, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import leadline.agent.rehearsal as rehearsal
import openai
import pytest
from leadline.agent.rehearsal import (
    RehearsalServer,
    RequestRecord,
    Settings,
    count_tokens,
    load_scenario,
    parse_scenario,
)

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolUnionParam

    from .conftest import Client

EXAMPLE = Path(str(rehearsal.__file__)).parent / "scenarios" / "example.toml"

ECHO = parse_scenario(
    """
    name = "echo"
    [[turn]]
    step = "say"
    when.user = "say"
    reasoning = "I am asked to say it."
    text = "Said."
    [[turn]]
    step = "long"
    when.user = "long"
    text = "one two three four five six seven eight nine ten"
    [[turn]]
    step = "wait"
    when.user = "wait"
    text = "I waited."
    pace.first_token_seconds = 60
    """
)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def serving(settings: Settings | None = None, **more: Any) -> AsyncGenerator[RehearsalServer]:
    async with RehearsalServer(ECHO, settings, **more) as server:
        yield server


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def words(name: str, count: int = 300) -> str:
    """More than `count` tokens that no other name's text begins with."""
    return " ".join(f"{name}{i}" for i in range(count))


async def test_a_stream_has_the_vendors_order(client: Client) -> None:
    async with serving() as server:
        got = await client.ask(server, [user("say")])
    assert got.status == 200
    assert got.headers["Content-Type"].startswith("text/event-stream")
    assert got.deltas[0] == {"role": "assistant", "content": None, "reasoning_content": ""}
    assert (got.joined("reasoning_content"), got.joined("content")) == (
        "I am asked to say it.",
        "Said.",
    )
    last = got.chunks[-1]
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["usage"]["completion_tokens_details"]["reasoning_tokens"] == 7
    assert [chunk for chunk in got.chunks if chunk.get("usage")] == [last]
    assert got.done
    assert {chunk["model"] for chunk in got.chunks} == {"deepseek-flash"}


async def test_usage_adds_up_and_counts_the_rendered_prompt(client: Client) -> None:
    async with serving() as server:
        asked = [{"role": "system", "content": words("a")}, user("say")]
        await client.ask(server, asked)
        usage = (await client.ask(server, asked)).usage
        record = server.requests[1]
    assert usage["prompt_tokens"] == count_tokens(record.prompt) == record.prompt_tokens
    hit = usage["prompt_cache_hit_tokens"]
    assert hit == usage["prompt_tokens_details"]["cached_tokens"] == record.hit
    assert hit == usage["prompt_tokens"] // 128 * 128
    assert hit + usage["prompt_cache_miss_tokens"] == usage["prompt_tokens"]
    assert usage["completion_tokens"] == record.output_tokens == 7 + 1 + count_tokens("Said.")
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


async def test_trailing_usage_by_setting(client: Client) -> None:
    async with serving(Settings(trailing_usage=True)) as server:
        got = await client.ask(server, [user("say")])
    assert got.chunks[-1]["choices"] == []
    assert [chunk.get("usage") is not None for chunk in got.chunks[-2:]] == [False, True]
    assert got.finish == "stop"


async def test_without_stream_one_completion(client: Client) -> None:
    async with serving() as server:
        got = await client.ask(server, [user("say")], stream=False, path="/v1/chat/completions")
    body = json.loads(got.text)
    assert body["object"] == "chat.completion"
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["choices"][0]["message"] == {
        "role": "assistant",
        "content": "Said.",
        "reasoning_content": "I am asked to say it.",
    }
    assert body["usage"]["prompt_tokens"] > 0


async def test_max_tokens_ends_the_answer(client: Client) -> None:
    async with serving() as server:
        got = await client.ask(server, [user("long")], max_tokens=5, thinking={"type": "disabled"})
    assert got.finish == "length"
    assert got.usage["completion_tokens"] == 5
    assert got.joined("content") == "one two three four five"


async def test_models_and_balance(client: Client) -> None:
    async with serving() as server:
        models = await client.get(server, "/models")
        balance = await client.get(server, "/user/balance")
    assert [(m["id"], m["context_window"]) for m in models["data"]] == [
        ("deepseek-v4-pro", 1_048_576),
        ("deepseek-flash", 1_048_576),
    ]
    assert balance["is_available"] is True


@pytest.mark.parametrize("key", ["", "sk-another-key-entirely"])
async def test_a_wrong_key_is_a_401_that_does_not_repeat_it(client: Client, key: str) -> None:
    async with serving(Settings(api_key="sk-right")) as server:
        got = await client.ask(server, [user("say")], key=key)
        right = await client.ask(server, [user("say")], key="sk-right")
    assert (got.status, got.error["type"]) == (401, "authentication_error")
    assert "another" not in got.text
    assert right.status == 200


async def test_no_balance_is_a_402(client: Client) -> None:
    async with serving(Settings(balance=False)) as server:
        got = await client.ask(server, [user("say")])
    assert (got.status, got.error["message"]) == (402, "Insufficient Balance")


CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [
        {"id": "c", "type": "function", "function": {"name": "read", "arguments": "{}"}}
    ],
}
RESULT = {"role": "tool", "tool_call_id": "c", "content": "x"}


@pytest.mark.parametrize(
    ("messages", "fields", "says"),
    [
        ([user("say")], {"model": "gpt-4"}, "but you passed gpt-4"),
        ([], {}, "Empty input messages"),
        ([{"role": "developer", "content": "x"}, user("say")], {}, "unknown variant `developer`"),
        (
            [user("say"), {"role": "assistant", "content": None}],
            {},
            "Invalid assistant message: content or tool_calls must be set",
        ),
        (
            [user("say"), CALL, RESULT],
            {},
            "The `reasoning_content` in the thinking mode must be passed back to the API.",
        ),
        ([user("say")], {"tool_choice": "required"}, "Thinking mode does not support this"),
        ([user("say")], {"max_tokens": 393_217}, "the valid range of max_tokens is [1, 393216]"),
    ],
)
async def test_what_the_converter_refuses_is_a_400(
    client: Client, messages: list[dict[str, Any]], fields: dict[str, Any], says: str
) -> None:
    async with serving(Settings(missing_reasoning="reject")) as server:
        got = await client.ask(server, messages, **fields)
        assert server.requests == []
    assert got.status == 400
    assert says in got.error["message"]
    assert got.error["type"] == "invalid_request_error"


async def test_missing_reasoning_can_be_filled(client: Client) -> None:
    async with serving(Settings(missing_reasoning="fill")) as server:
        got = await client.ask(server, [user("say"), CALL, RESULT])
        assert got.status == 200
        assert "<think></think>" in server.requests[0].prompt


async def test_a_body_that_is_no_json_is_a_400(client: Client) -> None:
    async with serving() as server:
        got = await client.send(server, b"{nonsense")
    assert got.status == 400
    assert "JSON" in got.error["message"]


async def test_more_than_the_context_is_a_400(client: Client) -> None:
    async with serving() as server:
        long = [user(("word " * 820 + "\n") * 810)]
        got = await client.ask(server, long, max_tokens=393_216)
    assert got.status == 400
    assert "maximum context length is 1048576 tokens" in got.error["message"]


async def test_a_script_with_nothing_to_say_is_loud(client: Client) -> None:
    async with serving() as server:
        got = await client.ask(server, [user("something else")])
    assert got.status == 422
    assert got.error["message"].startswith(
        "no turn of scenario 'echo' fits this request (say: user"
    )


async def test_a_new_branch_costs_two_misses(client: Client) -> None:
    a, b, c, d = (words(name) for name in "abcd")
    async with serving() as server:
        for text in (b, c, d):
            await client.ask(server, [user(f"{a} {text} say")])
        first, second, third = server.requests
    shared = sum(1 for _ in takewhile(eq_pair, zip(first.tokens, second.tokens, strict=False)))
    assert (first.hit, second.hit) == (0, 0)
    assert third.hit == shared // 128 * 128 > 0


def eq_pair(pair: tuple[int, int]) -> bool:
    return pair[0] == pair[1]


async def test_a_growing_conversation_hits_all_but_the_last_partial_unit(client: Client) -> None:
    messages = [user(words("a") + " say")]
    async with serving() as server:
        for turn in range(4):
            got = await client.ask(server, messages)
            messages += [got.message(), user(f"{words(str(turn), 50)} say")]
        for before, after in pairwise(server.requests):
            known = before.prompt_tokens + before.output_tokens
            assert after.hit == known // 128 * 128
            assert after.prompt.startswith(before.prompt)


async def test_write_delay_models_and_user_ids(client: Client) -> None:
    clock = Clock()
    sent = [user(words("a") + " say")]
    async with serving(Settings(cache_delay=5.0), clock=clock) as server:

        async def hit(**fields: Any) -> bool:
            return (await client.ask(server, sent, **fields)).usage["prompt_cache_hit_tokens"] > 0

        assert not await hit()
        clock.now = 4.0
        assert not await hit(), "not written yet"
        clock.now = 5.0
        assert await hit()
        assert not await hit(user_id="someone"), "another user"
        assert not await hit(model="deepseek-v4-pro"), "another model"
        assert await hit(model="deepseek-v4-flash"), "another name of the same model"
        clock.now = 10.0
        assert await hit(user_id="someone")


@pytest.mark.parametrize("model", ["deepseek-flash", "deepseek-v4-pro"])
async def test_prime_then_fork(client: Client, model: str) -> None:
    """A fork of the primed input *and its answer* reads the shared part from the cache; one of the input does not."""
    shared = [{"role": "system", "content": "Be brief."}, user(f"{words('pack')} say")]
    async with serving() as server:
        primed = await client.ask(server, shared, model=model)
        without = await client.ask(server, [*shared, user("say: task 0")], model=model)
        forks = [
            await client.ask(server, [*shared, primed.message(), user(f"say: {i}")], model=model)
            for i in range(3)
        ]
        known = server.requests[0].prompt_tokens + server.requests[0].output_tokens
    assert without.usage["prompt_cache_hit_tokens"] == 0
    hits = [fork.usage["prompt_cache_hit_tokens"] for fork in forks]
    assert hits == [known // 128 * 128] * 3


async def test_keep_alives_while_queueing(client: Client) -> None:
    async with serving(Settings(queue_seconds=0.03, keep_alive_seconds=0.01)) as server:
        streamed = await client.ask(server, [user("say")])
        plain = await client.ask(server, [user("say")], stream=False)
    assert streamed.lines[:3] == [": keep-alive"] * 3
    assert streamed.done
    assert plain.text.startswith("\n\n\n{")
    assert json.loads(plain.text)["choices"][0]["message"]["content"] == "Said."


async def test_a_queue_that_takes_too_long_is_closed(client: Client) -> None:
    slow = Settings(queue_seconds=9.0, queue_limit_seconds=0.02, keep_alive_seconds=0.01)
    async with serving(slow) as server:
        got = await client.ask(server, [user("say")])
        assert server.requests[0].end == "cut"
    assert got.broken
    assert set(got.lines) == {": keep-alive"}


async def test_paced_answers_are_whole(client: Client) -> None:
    async with serving(Settings(tokens_per_second=500.0, tokens_per_chunk=1)) as server:
        got = await client.ask(server, [user("long")])
    assert got.joined("content").endswith("nine ten")
    assert len([d for d in got.deltas if d.get("content")]) == 10


async def test_too_many_in_flight_is_a_429_and_a_client_that_left_frees_its_place(
    client: Client,
) -> None:
    left = asyncio.Event()

    def finished(record: RequestRecord) -> None:
        if record.end == "left":
            left.set()

    async with serving(Settings(concurrency=1), on_finished=finished) as server:
        held = asyncio.create_task(client.ask(server, [user("wait")]))
        await server.arrived(1)
        refused = await client.ask(server, [user("say")])
        other = await client.ask(server, [user("say")], model="deepseek-v4-pro")
        held.cancel()
        await left.wait()
        freed = await client.ask(server, [user("say")])
        assert server.requests[0].end == "left"
    assert (refused.status, other.status, freed.status) == (429, 200, 200)


async def test_parallel_clients_get_their_own_answers(client: Client) -> None:
    async with serving() as server:
        got = await asyncio.gather(
            *(client.ask(server, [user(f"{i} {('say', 'long')[i % 2]}")]) for i in range(20))
        )
    assert [answer.joined("content")[:3] for answer in got] == ["Sai", "one"] * 10


async def test_the_example_with_the_real_client(tools: list[dict[str, Any]]) -> None:
    """The example scenario, played by `openai` as an agent would, each step seeing what really happened."""
    async with RehearsalServer(load_scenario(EXAMPLE)) as server:
        openai_client = openai.AsyncOpenAI(base_url=server.base_url, api_key="sk-x", max_retries=0)
        code = "def add(a, b):\n    return a - b\n"
        messages = [user("add() is wrong, mend it")]
        spoken: list[str] = []
        while True:
            message = await _answer_of(openai_client, tools, messages)
            messages.append(message)
            if not message.get("tool_calls"):
                break
            for call in message["tool_calls"]:
                code, result = _carry_out(call["function"], code)
                spoken.append(call["function"]["name"])
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
        prompts = [record.prompt for record in server.requests]
    assert spoken == ["read", "edit", "shell", "report"]
    assert code == "def add(a, b):\n    return a + b\n"
    assert messages[-1]["content"] == "Done: add() adds."
    assert all(b.startswith(a) for a, b in pairwise(prompts))


async def _answer_of(
    client: openai.AsyncOpenAI, tools: list[dict[str, Any]], messages: list[dict[str, Any]]
) -> dict[str, Any]:
    stream = await client.chat.completions.create(
        model="deepseek-flash",
        messages=cast("list[ChatCompletionMessageParam]", messages),
        tools=cast("list[ChatCompletionToolUnionParam]", tools),
        stream=True,
        extra_body={"thinking": {"type": "enabled"}},
    )
    text, reasoning = "", ""
    calls: dict[int, dict[str, Any]] = {}
    async for chunk in stream:
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reasoning += cast("str | None", getattr(choice.delta, "reasoning_content", None)) or ""
            for part in choice.delta.tool_calls or ():
                assert part.function is not None
                made = calls.setdefault(part.index, {"id": part.id, "type": "function"})
                function = made.setdefault(
                    "function", {"name": part.function.name, "arguments": ""}
                )
                function["arguments"] += part.function.arguments or ""
    message = {"role": "assistant", "content": text, "reasoning_content": reasoning}
    return message | ({"tool_calls": [calls[i] for i in sorted(calls)]} if calls else {})


def _carry_out(function: dict[str, str], code: str) -> tuple[str, str]:
    arguments = json.loads(function["arguments"])
    if function["name"] == "edit":
        for edit in arguments["edits"]:
            assert code.count(edit["old"]) == 1
            code = code.replace(edit["old"], edit["new"])
    results = {
        "read": code,
        "edit": "edited calc.py",
        "shell": "1 passed" if "a + b" in code else "1 failed",
        "report": "noted",
    }
    return code, results[function["name"]]
