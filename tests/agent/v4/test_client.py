"""The client at an endpoint that sends exactly what the test says."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from leadline.agent.events import RequestFailed, RequestSent, UsageReported, Warned
from leadline.agent.messages import ToolMessage
from leadline.agent.passing import TextDelta
from leadline.agent.v4.catalog import load_catalog
from leadline.agent.v4.client import V4Client
from leadline.agent.v4.failures import (
    ContextOverflowError,
    NoBalanceError,
    RejectedError,
    UnavailableError,
    WrongKeyError,
)
from leadline.agent.v4.ledger import Ledger
from leadline.agent.v4.link import start_connecting
from leadline.agent.v4.profiles import endpoint, load_profiles
from leadline.agent.v4.retry import Limits
from leadline.agent.v4.throttle import Throttle
from leadline.tests.agent.v4.bench import KEY, MakeBench, RawServer, chunk, new_transcript
from leadline.tests.support.waiting import LONGEST
from leadline.tools.errors import Exit, PersonError

USAGE = {
    "prompt_tokens": 300,
    "prompt_cache_hit_tokens": 128,
    "prompt_cache_miss_tokens": 172,
    "completion_tokens": 7,
    "completion_tokens_details": {"reasoning_tokens": 3},
}
ROLE = chunk({"role": "assistant", "content": None, "reasoning_content": ""})
HELLO = (
    ROLE,
    chunk({"reasoning_content": "hm"}),
    chunk({"content": "hello"}),
    chunk({}, "stop", USAGE),
    "[DONE]",
)


def error_body(message: str) -> str:
    return json.dumps({"error": {"message": message, "type": "invalid_request_error"}})


async def test_what_is_sent(make_bench: MakeBench, raw_server: RawServer):
    raw_server.lines(*HELLO)
    bench = make_bench(raw_server.base_url)
    await bench.ask(new_transcript())
    (body,) = raw_server.bodies
    assert body["model"] == "deepseek-flash"
    assert body["thinking"] == {"type": "enabled"}
    assert body["reasoning_effort"] == "high"
    assert body["stream_options"] == {"include_usage": True}
    assert body["max_tokens"] == 131_072
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert "tool_choice" not in body
    assert raw_server.headers[0]["Authorization"] == f"Bearer {KEY}"


async def test_accounts_of_other_services_are_not_sent(
    make_bench: MakeBench, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    raw_server.lines(*HELLO)
    await make_bench(raw_server.base_url).ask(new_transcript())
    assert "secret" not in json.dumps(raw_server.headers)


REFUSALS: list[tuple[int, str, type[PersonError], Exit, str]] = [
    (400, "content or tool_calls must be set", RejectedError, Exit.NOT_DONE, "must be set"),
    (422, "bad parameter", RejectedError, Exit.NOT_DONE, "bad parameter"),
    (
        400,
        "This model's maximum context length is 1048576 tokens. However, you requested 1179072",
        ContextOverflowError,
        Exit.NOT_DONE,
        "longer than",
    ),
    (401, f"Authentication Fails, your key: {KEY}", WrongKeyError, Exit.USAGE, "DEEPSEEK_API_KEY"),
    (402, "Insufficient Balance", NoBalanceError, Exit.USAGE, "Top it up"),
    (403, f"not with {KEY}", WrongKeyError, Exit.USAGE, "403"),
    (404, "The model does not exist", PersonError, Exit.USAGE, "LEADLINE_BASE_URL"),
]


@pytest.mark.parametrize(("status", "said", "kind", "code", "told"), REFUSALS)
async def test_refusals_are_not_retried_and_never_show_the_key(
    make_bench: MakeBench,
    raw_server: RawServer,
    caplog: pytest.LogCaptureFixture,
    status: int,
    said: str,
    kind: type[PersonError],
    code: Exit,
    told: str,
):
    caplog.set_level(logging.DEBUG)
    raw_server.status(status, error_body(said), {"Content-Type": "application/json"})
    bench = make_bench(raw_server.base_url)
    with pytest.raises(kind) as caught:
        await bench.ask(new_transcript())
    assert type(caught.value) is kind
    assert caught.value.exit_code == code
    assert told in caught.value.message
    assert [event.retry for event in bench.all(RequestFailed)] == [False]
    shown = "".join(traceback.format_exception(caught.value))
    assert KEY not in shown + caplog.text + repr(bench.events)


@pytest.mark.parametrize(
    "lines",
    [
        (json.dumps({"error": {"message": f"wrong: Bearer {KEY}"}}),),
        (chunk({"content": "Hi"}), chunk({}, f"odd {KEY}", usage=USAGE), "[DONE]"),
    ],
)
async def test_an_answer_that_says_the_key_back_does_not_show_it(
    make_bench: MakeBench, raw_server: RawServer, lines: tuple[str, ...]
):
    """Some proxies answer with 200 and tell in the stream what they were sent."""
    raw_server.lines(*lines)
    bench = make_bench(raw_server.base_url, Limits(retries=0))
    with pytest.raises(UnavailableError) as caught:
        await bench.ask(new_transcript())
    assert "[key]" in caught.value.message
    assert KEY not in caught.value.message + repr(bench.events)


async def test_retry_after_as_a_date_counts_from_now(make_bench: MakeBench, raw_server: RawServer):
    raw_server.status(503, "busy", {"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"})
    raw_server.lines(*HELLO)
    slept: list[float] = []

    async def pause(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += seconds

    clock = [0.0]
    throttle = Throttle(clock=lambda: clock[0], sleep=pause)
    bench = make_bench(raw_server.base_url, throttle=throttle)
    await bench.ask(new_transcript())
    assert bench.sleeps == [120.0]
    assert slept == [120.0]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((ROLE, json.dumps({"error": {"message": "backend died"}}), "[DONE]"), "backend died"),
        ((ROLE, "not json", "[DONE]"), "not JSON"),
        ((ROLE, chunk({"content": 5}), "[DONE]"), "text belongs"),
        ((ROLE, chunk({"content": "hi"}), "[DONE]"), "finish reason"),
        ((ROLE, chunk({"content": "hi"}, "aborted", USAGE), "[DONE]"), "aborted"),
        (HELLO[:-1], "end mark"),
        ((), "end mark"),
    ],
)
async def test_a_stream_without_a_whole_answer_is_a_failed_request(
    make_bench: MakeBench, raw_server: RawServer, lines: tuple[str, ...], reason: str
):
    raw_server.lines(*lines)
    raw_server.lines(*HELLO)
    bench = make_bench(raw_server.base_url)
    answer = await bench.ask(new_transcript())
    assert answer.message.text == "hello"
    (failed,) = bench.all(RequestFailed)
    assert reason in failed.reason
    assert len(bench.all(UsageReported)) == 1


async def test_an_empty_answer_that_stays_empty_is_not_stored(
    make_bench: MakeBench, raw_server: RawServer
):
    for _ in range(3):
        raw_server.lines(ROLE, chunk({}, "stop", USAGE), "[DONE]")
    bench = make_bench(raw_server.base_url)
    transcript = new_transcript()
    with pytest.raises(UnavailableError, match="empty"):
        await bench.ask(transcript)
    assert len(bench.all(UsageReported)) == 3
    assert len(transcript.messages) == 2


async def test_faults_of_several_kinds_are_bounded_together(
    make_bench: MakeBench, raw_server: RawServer
):
    empty = (ROLE, chunk({}, "stop", USAGE), "[DONE]")
    filtered = (ROLE, chunk({}, "content_filter", USAGE), "[DONE]")
    for lines in (empty, filtered, empty, filtered, empty):
        raw_server.lines(*lines)
    bench = make_bench(raw_server.base_url)
    with pytest.raises(UnavailableError):
        await bench.ask(new_transcript())
    assert len(raw_server.bodies) == 5


async def test_an_emoji_cut_in_half_by_chunks_is_whole_again(
    make_bench: MakeBench, raw_server: RawServer
):
    text = json.dumps("a\U0001f600b")[1:-1]
    halves = [chunk({"content": "@"}).replace("@", part) for part in (text[:7], text[7:])]
    raw_server.lines(ROLE, *halves, chunk({}, "stop", USAGE), "[DONE]")
    bench = make_bench(raw_server.base_url)
    answer = await bench.ask(new_transcript())
    assert answer.message.text == "a\U0001f600b"
    assert "".join(event.text for event in bench.all(TextDelta)) == "a\U0001f600b"


async def test_bytes_cut_anywhere_line_ends_of_any_kind(
    make_bench: MakeBench, raw_server: RawServer
):
    spoken = chunk({"content": "gr\u00fc\u00df \u2028 \u4f60"}).encode()
    tail = chunk({}, "stop", USAGE).encode()
    whole = b": keep-alive\r\n\r\ndata: " + spoken + b"\r\n\r\ndata:" + tail + b"\n\ndata: [DONE]"
    raw_server.raw(*(whole[at : at + 3] for at in range(0, len(whole), 3)))
    answer = await make_bench(raw_server.base_url).ask(new_transcript())
    assert answer.message.text == "gr\u00fc\u00df \u2028 \u4f60"


async def test_keep_alives_between_words_do_not_feed_the_watchdog(
    make_bench: MakeBench, raw_server: RawServer
):
    async def mumble(request: web.Request, response: web.StreamResponse) -> None:
        await response.prepare(request)
        await response.write(f"data: {chunk({'content': 'hm'})}\n\n".encode())
        while True:
            await response.write(b": keep-alive\n\n" + f"data: {ROLE}\n\n".encode())
            await asyncio.sleep(0.01)

    raw_server.handlers.append(mumble)
    raw_server.lines(*HELLO)
    bench = make_bench(raw_server.base_url, Limits(idle_seconds=0.6))
    answer = await bench.ask(new_transcript())
    assert answer.message.text == "hello"
    assert "stalled" in bench.all(RequestFailed)[0].reason


async def test_a_cancelled_answer_drops_the_connection(
    make_bench: MakeBench, raw_server: RawServer
):
    async def slow(request: web.Request, response: web.StreamResponse) -> None:
        await response.prepare(request)
        await response.write(f"data: {chunk({'content': 'hm'})}\n\n".encode())
        await asyncio.sleep(60)

    raw_server.handlers.append(slow)
    bench = make_bench(raw_server.base_url)
    spoke = asyncio.Event()
    request = new_transcript().request()

    def emit(body: Any) -> None:
        bench.events.append(body)
        if isinstance(body, TextDelta):
            spoke.set()

    task = asyncio.create_task(bench.client.answer(request, emit))
    await spoke.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(LONGEST):
        await raw_server.ended.wait()
    (failed,) = bench.all(RequestFailed)
    assert (failed.reason, failed.retry) == ("interrupted", False)


async def test_a_connection_is_used_again(make_bench: MakeBench, raw_server: RawServer):
    peers: list[object] = []
    for _ in range(3):
        raw_server.lines(*HELLO)
        last = raw_server.handlers[-1]

        async def noted(
            request: web.Request,
            response: web.StreamResponse,
            inner: Callable[..., Any] = last,
        ) -> None:
            assert request.transport is not None
            peers.append(request.transport.get_extra_info("peername"))
            await inner(request, response)

        raw_server.handlers[-1] = noted
    bench = make_bench(raw_server.base_url)
    for _ in range(3):
        await bench.ask(new_transcript())
    assert len(peers) == 3
    assert len(set(peers)) == 1


async def test_an_endpoint_that_is_down_is_unavailable(make_bench: MakeBench):
    bench = make_bench("http://127.0.0.1:9", Limits(retries=1))
    with pytest.raises(UnavailableError) as caught:
        await bench.ask(new_transcript())
    assert caught.value.exit_code == Exit.UNAVAILABLE
    assert "http://127.0.0.1:9" in caught.value.message
    assert [event.request for event in bench.all(RequestSent)] == [1, 2]


async def test_self_hosted_reasoning_comes_and_goes_under_its_own_name(
    make_bench: MakeBench, raw_server: RawServer
):
    call = {"index": 0, "id": "c1", "function": {"name": "read", "arguments": '{"path": "a"}'}}
    usage = {"prompt_tokens": 300, "completion_tokens": 7}
    served = "deepseek-ai/DeepSeek-V4.1-Flash"
    raw_server.lines(
        chunk({"reasoning": "hm"}, model=served),
        chunk({"tool_calls": [call]}, model=served),
        chunk({}, "tool_calls", usage, model=served),
        "[DONE]",
    )
    raw_server.lines(*HELLO)
    bench = make_bench(raw_server.base_url, profile="vllm", key="")
    transcript = new_transcript()
    answer = await bench.ask(transcript)
    assert answer.message.reasoning == "hm"
    transcript.append(ToolMessage("c1", "x = 1", ok=True))
    await bench.ask(transcript)
    body = raw_server.bodies[1]
    assert body["model"] == served
    assert body["chat_template_kwargs"] == {"thinking": True, "reasoning_effort": 75}
    assert body["messages"][2]["reasoning"] == "hm"
    assert "reasoning_content" not in body["messages"][2]
    reported = bench.all(UsageReported)[0]
    assert (reported.cause, reported.cost) == ("unknown", 0.0)
    assert any("prices" in event.text for event in bench.all(Warned))
    assert not any("answered" in event.text for event in bench.all(Warned))


async def test_an_endpoint_without_token_counts_is_said(
    make_bench: MakeBench, raw_server: RawServer
):
    for _ in range(2):
        raw_server.lines(ROLE, chunk({"content": "hello"}), chunk({}, "stop"), "[DONE]")
    bench = make_bench(raw_server.base_url)
    for _ in range(2):
        await bench.ask(new_transcript())
    assert len([event for event in bench.all(Warned) if "token counts" in event.text]) == 1


async def test_agents_share_a_client_and_wait_for_one_connection(raw_server: RawServer):
    for _ in range(4):
        raw_server.lines(*HELLO)
    place = endpoint(load_profiles(), "deepseek", {"DEEPSEEK_API_KEY": KEY}, raw_server.base_url)
    catalog = load_catalog()
    client = V4Client(place, catalog, Throttle(), Ledger(catalog), start_connecting(place))
    first = asyncio.create_task(client.answer(new_transcript().request(), lambda _: None))
    await asyncio.sleep(0)
    others = [client.answer(new_transcript().request(), lambda _: None) for _ in range(3)]
    first.cancel()
    answers = await asyncio.gather(*others)
    assert [answer.message.text for answer in answers] == ["hello"] * 3
    await client.close()


def test_importing_the_client_does_not_import_openai():
    code = (
        "import sys, leadline.agent.v4.client, leadline.agent.v4.link; "
        "print([m for m in ('openai', 'httpx2', 'aiohttp', 'jsonschema') if m in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert shown.stdout.strip() == "[]"
