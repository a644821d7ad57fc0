"""The ledger's word against an endpoint that keeps a prefix cache by the documented rules."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from leadline.agent.context.transcript import Lane, Tools, Transcript
from leadline.agent.events import Durable, Event, Passing, Rebased, UsageReported
from leadline.agent.messages import (
    AssistantMessage,
    Message,
    SystemMessage,
    ToolCall,
    ToolMessage,
    Usage,
    UserMessage,
)
from leadline.agent.rehearsal import RehearsalServer, Settings, parse_scenario
from leadline.agent.v4.catalog import load_catalog
from leadline.agent.v4.ledger import Account, Ledger
from leadline.tests.agent.v4.bench import NOW, TOOLS, Bench, MakeBench, new_transcript

SCENARIO = parse_scenario(
    """
name = "session"

[[turn]]
step = "ready"
when.user = "ready"
reasoning = "I have read the repository."
text = "Ready."

[[turn]]
step = "nested"
when.user = "nested"
reasoning = "A call with a list in it, written without spaces."
[[turn.call]]
tool = "read"
raw = '{"path":"a.py","lines":[1,2,3]}'

[[turn]]
step = "read"
reasoning = "The next file may hold the reason; I read it before I change anything."
text = "I read on."
[[turn.call]]
tool = "read"
arguments = { path = "src/module.py", limit = 300 }
"""
)
SYSTEM = "You are a coding agent. " + "Work in small steps and check each of them. " * 40
PACK = "\n".join(f"def function_{n}(argument_{n}): return argument_{n} * {n}" for n in range(120))
MODELS = ["deepseek-flash", "deepseek-v4-pro"]


def begun(model: str = "deepseek-flash", task: str = "Fix the bug.") -> Transcript:
    transcript = new_transcript(PACK, Lane(model, "high"), SYSTEM)
    transcript.append(UserMessage(task, "task"))
    return transcript


async def step(bench: Bench, transcript: Transcript, result: str = "x = 1\n" * 60) -> UsageReported:
    answer = await bench.ask(transcript)
    for call in answer.message.tool_calls:
        transcript.append(ToolMessage(call.id, result, ok=True))
    return bench.all(UsageReported)[-1]


@pytest.fixture
async def server():
    async with RehearsalServer(SCENARIO) as server:
        yield server


@pytest.mark.parametrize("model", MODELS)
async def test_every_turn_hits_all_that_was_sent_and_said(
    server: RehearsalServer, make_bench: MakeBench, model: str
):
    bench = make_bench(server.base_url)
    transcript = begun(model)
    reports = [await step(bench, transcript) for _ in range(12)]
    assert [report.cause for report in reports] == ["first"] + ["none"] * 11
    for before, report in itertools.pairwise(reports):
        read = before.usage.prompt + before.usage.output
        assert read - 128 - 8 < report.expected_hit <= report.usage.hit <= report.usage.prompt
        assert report.cost < report.cost_uncached


@pytest.mark.parametrize("model", MODELS)
async def test_a_list_written_without_spaces_is_no_miss_of_anybodys(
    server: RehearsalServer, make_bench: MakeBench, model: str
):
    bench = make_bench(server.base_url)
    transcript = begun(model, "nested")
    reports = [await step(bench, transcript) for _ in range(4)]
    assert [report.cause for report in reports] == ["first", "none", "none", "none"]


async def test_a_repaired_answer_is_not_expected_to_be_stored(
    server: RehearsalServer, make_bench: MakeBench
):
    bench = make_bench(server.base_url)
    transcript = begun()
    for fault in ("dsml-in-content", "invalid-json-arguments", "announced-call", "empty-answer"):
        server.inject(fault)
        answer = await bench.ask(transcript)
        for call in answer.message.tool_calls:
            transcript.append(ToolMessage(call.id, "x = 1\n" * 60, ok=True))
        if answer.nudge:
            transcript.append(UserMessage(answer.nudge, "harness"))
    await step(bench, transcript)
    assert {report.cause for report in bench.all(UsageReported)[1:]} == {"none"}
    assert all(report.usage.hit > 128 for report in bench.all(UsageReported)[1:])


@pytest.mark.parametrize("model", MODELS)
async def test_forks_of_a_primed_transcript_hit_what_it_read(
    server: RehearsalServer, make_bench: MakeBench, model: str
):
    bench = make_bench(server.base_url)
    parent = begun(model, "Say ready.")
    await step(bench, parent)
    for name in ("one", "two"):
        fork = parent.fork(name)
        fork.append(UserMessage(f"Do {name}.", "brief"))
        report = await step(bench, fork)
        assert (report.cause, report.request) == ("none", 1)
        assert report.expected_hit > 1_000
        assert (await step(bench, fork)).cause == "none"


async def test_a_fork_before_the_first_answer_expects_nothing(
    server: RehearsalServer, make_bench: MakeBench
):
    bench = make_bench(server.base_url)
    parent = new_transcript(PACK, None, SYSTEM)
    fork = parent.fork("one")
    await step(bench, parent)
    fork.append(UserMessage("Do one.", "brief"))
    report = await step(bench, fork)
    assert (report.cause, report.expected_hit) == ("fork", 0)


async def test_a_rebase_is_its_own_reason(server: RehearsalServer, make_bench: MakeBench):
    bench = make_bench(server.base_url)
    transcript = begun()
    await step(bench, transcript)
    await step(bench, transcript)
    rebased = transcript.rebase("too long", (UserMessage("What was done so far.", "brief"),))
    assert (await step(bench, rebased)).cause == "rebase"
    assert (await step(bench, rebased)).cause == "none"


async def test_what_the_service_has_not_stored_is_its_own(make_bench: MakeBench):
    async with RehearsalServer(SCENARIO, Settings(cache_delay=3600)) as server:
        bench = make_bench(server.base_url)
        transcript = begun()
        await step(bench, transcript)
        report = await step(bench, transcript)
        assert (report.cause, report.usage.hit) == ("service", 0)
        assert report.detail.startswith(f"{report.expected_hit} tokens")


def rebuilt(transcript: Transcript, messages: tuple[Message, ...]) -> Transcript:
    system, *rest = messages
    assert isinstance(system, SystemMessage)
    other = Transcript(transcript.name, transcript.lane, transcript.tools, system)
    for message in rest:
        other.append(message)
    return other


async def test_changed_bytes_are_ours_and_found(server: RehearsalServer, make_bench: MakeBench):
    bench = make_bench(server.base_url)
    transcript = begun()
    await step(bench, transcript)
    await step(bench, transcript)
    messages = list(transcript.messages)
    task = messages[2]
    assert isinstance(task, UserMessage)
    messages[2] = replace(task, text="Fix the bag.")
    report = await step(bench, rebuilt(transcript, tuple(messages)))
    assert report.cause == "ours"
    # all user messages but packs count as history: the pack of this test stands before the task
    at = len('{"role":"user","content":"Fix the b')
    before = len('{"role":"user","content":""}') + len(PACK.replace("\n", "\\n"))
    assert report.detail == f"segment history differs from byte {before + at}"


def test_where_a_request_differs():
    ledger = Ledger(load_catalog())
    first = begun()
    cold = Usage(0, 4_000, 10)
    ledger.record(first.request(), cold, "deepseek-flash", NOW)

    def account(transcript: Transcript) -> Account:
        return ledger.record(transcript.request(), cold, "deepseek-flash", NOW)

    other_tools = Transcript(
        first.name, first.lane, Tools.of(TOOLS.json[:-1]), SystemMessage(SYSTEM)
    )
    entry = account(other_tools)
    assert (entry.cause, entry.expected_hit) == ("ours", 3_968)
    assert entry.detail == f"segment tools differs from byte {len(TOOLS.json) - 1}"
    ledger.record(first.request(), cold, "deepseek-flash", NOW)
    entry = account(new_transcript(PACK, None, SYSTEM + "!"))
    assert entry.detail.startswith("segment system differs from byte ")
    ledger.record(first.request(), cold, "deepseek-flash", NOW)
    entry = account(new_transcript(PACK, None, SYSTEM))
    assert entry.detail.startswith("segment history differs from byte ")
    ledger.record(first.request(), cold, "deepseek-flash", NOW)
    entry = account(new_transcript(PACK, Lane("deepseek-flash", "max"), SYSTEM))
    assert "effort" in entry.detail


def test_an_endpoint_that_reports_no_hits_is_unknown():
    ledger = Ledger(load_catalog(), priced=False)
    request = begun().request()
    for _ in range(2):
        entry = ledger.record(request, Usage(0, 4_000, 10), "x", NOW, cache_known=False)
        assert (entry.cause, entry.cost) == ("unknown", 0.0)
        assert "not known" in entry.note


def test_money_at_the_price_of_the_minute():
    ledger = Ledger(load_catalog())
    request = begun().request()
    usage = Usage(hit=100_000, miss=1_000, output=1_000)
    entry = ledger.record(request, usage, "deepseek-flash", NOW)
    assert (round(entry.cost, 6), round(entry.cost_uncached, 6)) == (0.00105, 0.01575)
    peak = datetime(2026, 11, 23, 2, tzinfo=UTC)
    entry = ledger.record(request, usage, "deepseek-flash", peak)
    assert (round(entry.cost, 6), entry.peak) == (0.0021, True)


def test_a_request_counts_what_is_new_since_the_last():
    ledger = Ledger(load_catalog())
    transcript = begun()
    request = transcript.request()
    assert ledger.prompt_parts(request) == (0, sum(part.size for part in request.segments))
    ledger.record(request, Usage(0, 4_000, 10), "deepseek-flash", NOW)
    call = ToolCall("c1", "read", '{"path": "a"}')
    transcript.append(AssistantMessage("", "r", (call,), "tool_calls", Usage(0, 4_000, 10), "m"))
    transcript.append(ToolMessage("c1", "x" * 1_000, ok=True))
    known, new = ledger.prompt_parts(transcript.request())
    assert known == 4_000
    assert 1_000 < new < 1_300


def journal(bodies: list[Durable]) -> list[Event]:
    return [
        Event(number, "2026-11-21T12:00:00.000Z", "s", "main", 1, body)
        for number, body in enumerate(bodies, 1)
    ]


def durable(bench: Bench) -> list[Durable]:
    return [body for body in bench.events if not isinstance(body, Passing)]


async def test_a_resumed_session_goes_on_where_it_was(
    server: RehearsalServer, make_bench: MakeBench
):
    first = make_bench(server.base_url)
    transcript = begun()
    server.inject("http-500")
    await step(first, transcript)
    await step(first, transcript)
    second = make_bench(server.base_url)
    second.ledger.restore("main", transcript.request(), journal(durable(first)))
    report = await step(second, transcript)
    assert (report.request, report.cause) == (4, "none")
    assert report.expected_hit > 1_000


async def test_a_resume_that_lost_a_byte_is_ours(server: RehearsalServer, make_bench: MakeBench):
    first = make_bench(server.base_url)
    transcript = begun()
    await step(first, transcript)
    await step(first, transcript)
    messages = [replace(transcript.messages[0], text=SYSTEM + " "), *transcript.messages[1:]]
    changed = rebuilt(transcript, tuple(messages))
    second = make_bench(server.base_url)
    second.ledger.restore("main", changed.request(), journal(durable(first)))
    report = await step(second, changed)
    assert report.cause == "ours"
    assert report.detail.startswith("segment system differs")


async def test_a_resume_after_a_rebase_counts_from_it(
    server: RehearsalServer, make_bench: MakeBench
):
    first = make_bench(server.base_url)
    transcript = begun()
    for _ in range(3):
        await step(first, transcript)
    first.events.append(Rebased("too long", 1))
    rebased = transcript.rebase("too long", (UserMessage("What was done so far.", "brief"),))
    await step(first, rebased)
    second = make_bench(server.base_url)
    second.ledger.restore("main", rebased.request(), journal(durable(first)))
    report = await step(second, rebased)
    assert report.cause == "none"
    assert report.expected_hit >= 512
