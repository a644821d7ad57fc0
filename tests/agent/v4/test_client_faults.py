"""Every row of the fault table, at DeepSeek's own stream parser, through the client's front door."""

from __future__ import annotations

import json

import pytest
from leadline.agent.context.transcript import Lane
from leadline.agent.events import Repaired, RequestFailed, RequestSent, UsageReported, Warned
from leadline.agent.rehearsal import RehearsalServer, Settings, parse_scenario
from leadline.agent.v4.failures import UnavailableError
from leadline.agent.v4.retry import Limits
from leadline.tests.agent.v4.bench import MakeBench, new_transcript
from leadline.tools.errors import Exit

SCENARIO = parse_scenario(
    """
name = "client"

[[turn]]
step = "call"
when.user = "call"
reasoning = "I read the file that the task names."
text = "I read it."
[[turn.call]]
tool = "read"
arguments = { path = "calc.py", limit = 10, whole = true }

[[turn]]
step = "say"
when.user = "say"
reasoning = "Everything is done, I say so."
text = "The bug is fixed: add() adds now."
"""
)
ARGUMENTS = {"path": "calc.py", "limit": 10, "whole": True}


@pytest.fixture
async def server():
    async with RehearsalServer(SCENARIO) as server:
        yield server


async def test_a_plain_answer_is_kept_to_the_byte(server: RehearsalServer, make_bench: MakeBench):
    bench = make_bench(server.base_url)
    answer = await bench.ask(new_transcript("call"))
    message = answer.message
    assert message.reasoning == "I read the file that the task names."
    assert message.text == "I read it."
    assert [call.name for call in message.tool_calls] == ["read"]
    assert message.tool_calls[0].arguments_json == json.dumps(ARGUMENTS)
    assert (message.finish, message.model, answer.nudge) == ("tool_calls", "deepseek-flash", None)
    assert message.usage.prompt == server.requests[0].prompt_tokens
    assert [
        type(event) for event in bench.events if not type(event).__name__.endswith("Delta")
    ] == [
        RequestSent,
        UsageReported,
    ]
    streamed = "".join(event.text for event in bench.events if event.kind == "reasoning_delta")
    assert streamed == message.reasoning


ASKED_AGAIN = [
    ("truncated-arguments", "call", "broken_call"),
    ("empty-answer", "say", "answer_in_reasoning"),
    ("answer-in-reasoning", "say", "answer_in_reasoning"),
]


@pytest.mark.parametrize(("fault", "task", "name"), ASKED_AGAIN)
async def test_an_unusable_answer_is_asked_for_again(
    server: RehearsalServer, make_bench: MakeBench, fault: str, task: str, name: str
):
    bench = make_bench(server.base_url)
    server.inject(fault)
    answer = await bench.ask(new_transcript(task))
    assert answer.nudge is None
    assert [call.arguments_json for call in answer.message.tool_calls] == (
        [json.dumps(ARGUMENTS)] if task == "call" else []
    )
    assert [event.fault for event in bench.all(Repaired)] == [name]
    assert [event.request for event in bench.all(UsageReported)] == [1, 2]
    assert server.requests[0].body == server.requests[1].body
    assert bench.sleeps == []


async def test_a_call_that_stays_broken_is_dropped_and_the_model_told(
    server: RehearsalServer, make_bench: MakeBench
):
    bench = make_bench(server.base_url)
    server.inject("truncated-arguments", times=9)
    answer = await bench.ask(new_transcript("call"))
    assert answer.message.tool_calls == ()
    assert answer.message.text == "I read it."
    assert answer.message.finish == "stop"
    assert answer.nudge is not None
    assert "read" in answer.nudge
    assert "not run" in answer.nudge
    assert len(server.requests) == 3


async def test_thinking_is_never_passed_off_as_an_answer(
    server: RehearsalServer, make_bench: MakeBench
):
    bench = make_bench(server.base_url)
    server.inject("answer-in-reasoning", times=9)
    answer = await bench.ask(new_transcript("say"))
    assert len(server.requests) == 3
    assert answer.message.text == ""
    assert answer.message.reasoning is not None
    assert "add() adds now" in answer.message.reasoning
    assert answer.nudge is not None


async def test_values_that_are_no_json_are_mended_and_stored_valid(
    server: RehearsalServer, make_bench: MakeBench
):
    bench = make_bench(server.base_url)
    server.inject("invalid-json-arguments")
    answer = await bench.ask(new_transcript("call"))
    assert json.loads(answer.message.tool_calls[0].arguments_json) == ARGUMENTS
    assert [event.fault for event in bench.all(Repaired)] == ["call_json"]
    assert len(server.requests) == 1


@pytest.mark.parametrize("model", ["deepseek-flash", "deepseek-v4-pro"])
@pytest.mark.parametrize("fault", ["dsml-in-content", "dsml-in-content-ascii"])
async def test_calls_written_as_text_become_real_ones(
    server: RehearsalServer, make_bench: MakeBench, fault: str, model: str
):
    bench = make_bench(server.base_url)
    server.inject(fault)
    answer = await bench.ask(new_transcript("call", Lane(model, "high")))
    assert answer.message.text == "I read it."
    assert [json.loads(call.arguments_json) for call in answer.message.tool_calls] == [ARGUMENTS]
    assert answer.message.finish == "tool_calls"
    assert [event.fault for event in bench.all(Repaired)] == ["markup"]


PASSED_THROUGH = {
    "string-numbers": ("read", '{"path": "calc.py", "limit": "10", "whole": true}'),
    "empty-arguments": ("read", "{}"),
    "unknown-tool": (None, json.dumps(ARGUMENTS)),
    "call-inside-thinking": ("read", json.dumps(ARGUMENTS)),
    "text-after-call": ("read", json.dumps(ARGUMENTS)),
    "cut-mid-word": ("read", json.dumps(ARGUMENTS)),
}


@pytest.mark.parametrize("fault", PASSED_THROUGH)
async def test_faults_that_dispatch_answers_reach_it_unchanged(
    server: RehearsalServer, make_bench: MakeBench, fault: str
):
    bench = make_bench(server.base_url)
    server.inject(fault)
    answer = await bench.ask(new_transcript("call"))
    name, arguments = PASSED_THROUGH[fault]
    (call,) = answer.message.tool_calls
    assert call.arguments_json == arguments
    assert (call.name == name) is (name is not None)
    assert bench.all(Repaired) == []


async def test_an_announced_call_is_kept_with_a_nudge(
    server: RehearsalServer, make_bench: MakeBench
):
    bench = make_bench(server.base_url)
    server.inject("announced-call")
    answer = await bench.ask(new_transcript("call"))
    assert answer.message.tool_calls == ()
    assert answer.nudge is not None
    assert "announced" in answer.nudge
    assert len(server.requests) == 1


async def test_repeating_reasoning_is_cut_off_while_it_streams(
    server: RehearsalServer, make_bench: MakeBench
):
    bench = make_bench(server.base_url)
    server.inject("repeating-reasoning")
    answer = await bench.ask(new_transcript("say"))
    assert answer.message.text.startswith("The bug is fixed")
    assert [(event.request, event.retry) for event in bench.all(RequestFailed)] == [(1, True)]
    assert [event.fault for event in bench.all(Repaired)] == ["repetition"]
    streamed = sum(len(event.text) for event in bench.events if event.kind == "reasoning_delta")
    assert streamed < 25_000


async def test_endless_repetition_ends_the_run_with_unavailable(
    server: RehearsalServer, make_bench: MakeBench
):
    bench = make_bench(server.base_url)
    server.inject("repeating-reasoning", times=9)
    with pytest.raises(UnavailableError) as caught:
        await bench.ask(new_transcript("say"))
    assert caught.value.exit_code == Exit.UNAVAILABLE
    assert [event.retry for event in bench.all(RequestFailed)] == [True, True, False]


RETRIED = [
    ("http-429", "HTTP 429"),
    ("http-500", "HTTP 500"),
    ("http-503", "HTTP 503"),
    ("cut-stream", ""),
    ("no-done", "end mark"),
    ("unknown-finish", "tired"),
    ("insufficient-system-resource", "insufficient_system_resource"),
]


@pytest.mark.parametrize(("fault", "reason"), RETRIED)
async def test_failed_requests_are_sent_again_after_a_wait(
    server: RehearsalServer, make_bench: MakeBench, fault: str, reason: str
):
    bench = make_bench(server.base_url)
    server.inject(fault, times=2)
    answer = await bench.ask(new_transcript("say"))
    assert answer.message.text == "The bug is fixed: add() adds now."
    failed = bench.all(RequestFailed)
    assert [event.retry for event in failed] == [True, True]
    assert all(reason in event.reason for event in failed)
    assert bench.sleeps == [0.5, 1.0]
    assert [event.request for event in bench.all(RequestSent)] == [1, 2, 3]
    assert [event.request for event in bench.all(UsageReported)] == [3]
    assert server.requests[0].body == server.requests[2].body


async def test_retries_end_after_five(server: RehearsalServer, make_bench: MakeBench):
    bench = make_bench(server.base_url)
    server.inject("http-503", times=99)
    with pytest.raises(UnavailableError) as caught:
        await bench.ask(new_transcript("say"))
    assert caught.value.exit_code == Exit.UNAVAILABLE
    assert "503" in caught.value.message
    assert bench.sleeps == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert [event.retry for event in bench.all(RequestFailed)] == [True] * 5 + [False]


async def test_retry_after_is_a_pause_for_everyone(server: RehearsalServer, make_bench: MakeBench):
    bench = make_bench(server.base_url)
    server.inject("http-429-retry-after", seconds=0.2)
    await bench.ask(new_transcript("say"))
    assert bench.sleeps == [0.5]
    assert bench.throttle.limit("deepseek-flash") < 32


async def test_another_model_is_warned_of_once(server: RehearsalServer, make_bench: MakeBench):
    bench = make_bench(server.base_url)
    server.inject("wrong-model", times=2, value="deepseek-v5")
    first = await bench.ask(new_transcript("say"))
    await bench.ask(new_transcript("say"))
    assert first.message.model == "deepseek-v5"
    warnings = [event.text for event in bench.all(Warned) if "answered" in event.text]
    assert warnings == ["deepseek-flash was asked for, but deepseek-v5 answered"]


async def test_usage_may_trail(make_bench: MakeBench):
    async with RehearsalServer(SCENARIO, Settings(trailing_usage=True)) as server:
        bench = make_bench(server.base_url)
        answer = await bench.ask(new_transcript("say"))
        assert answer.message.usage.prompt == server.requests[0].prompt_tokens


async def test_keep_alives_do_not_extend_the_deadline(
    server: RehearsalServer, make_bench: MakeBench
):
    limits = Limits(first_delta_seconds=0.3, retries=0)
    async with RehearsalServer(
        SCENARIO, Settings(queue_seconds=30, keep_alive_seconds=0.02)
    ) as queue:
        bench = make_bench(queue.base_url, limits)
        with pytest.raises(UnavailableError, match=r"no answer began within 0\.3 s"):
            await bench.ask(new_transcript("say"))


async def test_a_stalled_answer_is_given_up(server: RehearsalServer, make_bench: MakeBench):
    bench = make_bench(server.base_url, Limits(idle_seconds=0.6))
    server.inject("stall", seconds=60)
    answer = await bench.ask(new_transcript("say"))
    assert answer.message.text == "The bug is fixed: add() adds now."
    assert [event.reason for event in bench.all(RequestFailed)] == ["the answer stalled for 0.6 s"]
