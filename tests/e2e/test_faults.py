"""Each fault that V4's service and answers are known for, met by a whole run: it ends well, and says what it met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
from leadline.agent.rehearsal.faults import CATALOGUE
from leadline.agent.rehearsal.settings import Settings
from leadline.tests.e2e.conftest import MakeStage
from leadline.tests.support.cli import Ran, ended, start
from leadline.tests.support.laws import each_start_has_one_end, prefix_holds
from leadline.tests.support.scripts import MEND, Say, report, sequence


def look(index: int) -> Say:
    """Another range each time: calls that bring the same again are a fault of their own."""
    item = {"path": "calc.py", "start": 1, "end": index + 1}
    return Say(text="I will look at the function.", calls=(("read", {"files": [item]}),))


@dataclass(frozen=True)
class Row:
    """How a fault is met: the event that records it, a word of it, and whether the faulty answer is kept."""

    kind: str
    word: str
    costs_a_turn: bool = False


FAILED = {
    "http-429": Row("request_failed", "429"),
    "http-429-retry-after": Row("request_failed", "429"),
    "http-500": Row("request_failed", "500"),
    "http-503": Row("request_failed", "503"),
    "cut-stream": Row("request_failed", ""),
    "no-done": Row("request_failed", "end mark"),
    "unknown-finish": Row("request_failed", "tired"),
    "insufficient-system-resource": Row("request_failed", "insufficient_system_resource"),
    "repeating-reasoning": Row("request_failed", "repeated"),
}
ASKED_AGAIN = {
    "truncated-arguments": Row("repaired", "broken_call"),
    "empty-answer": Row("repaired", "answer_in_reasoning"),
    "answer-in-reasoning": Row("repaired", "answer_in_reasoning"),
}
MENDED = {
    "dsml-in-content": Row("repaired", "markup"),
    "dsml-in-content-ascii": Row("repaired", "markup"),
    "invalid-json-arguments": Row("repaired", "call_json"),
    "announced-call": Row("repaired", "missing_call", costs_a_turn=True),
}
TOLD = {
    "unknown-tool": Row("tool_finished", "There is no tool read_everything", costs_a_turn=True),
    "empty-arguments": Row("tool_finished", "files", costs_a_turn=True),
    "wrong-model": Row("warned", "answered"),
}
HARMLESS = ("call-inside-thinking", "text-after-call", "cut-mid-word", "trailing-usage")
"""Nothing is lost by these, so nothing is recorded but the answer."""


async def _met(
    stage: MakeStage, rows: Mapping[str, Row], settings: Settings | None = None
) -> dict[str, list[str]]:
    """One run in which each fault is shown once, in the answer that reads the file. Gives the records by fault."""
    answers: list[Say] = []
    for name, row in rows.items():
        answers.append(replace(look(len(answers)), reasoning=f"On {name}.", faults=(name,)))
        if row.costs_a_turn:
            answers.append(look(len(answers)))
    place = await stage(sequence(*answers, MEND, report()), settings)
    ran = await place.run()
    assert ran.code == 0, ran.err
    shown = [request.fault for request in place.server.requests if request.fault]
    assert shown == list(rows)
    prefix_holds(place.server)
    each_start_has_one_end(ran.lines)
    assert len(ran.bodies("turn_started")) == len(answers) + 2
    _nothing_faulty_was_kept(ran)
    return _records(ran)


def _records(ran: Ran) -> dict[str, list[str]]:
    """What the events of each kind say."""
    found: dict[str, list[str]] = {}
    for line in ran.lines[:-1]:
        body = line["body"]
        words = [body.get(key) or "" for key in ("reason", "fault", "action", "text")]
        found.setdefault(body["kind"], []).append(" ".join(words))
    return found


def _nothing_faulty_was_kept(ran: Ran) -> None:
    """No answer in the transcript has call markup in its text, or repeats itself."""
    for each in ran.bodies("message_committed"):
        message = each["message"]
        if message["role"] == "assistant":
            assert "DSML" not in message["text"]
            assert len(message["reasoning"] or "") < 1000


def _on_record(rows: Mapping[str, Row], records: Mapping[str, list[str]]) -> None:
    for name, row in rows.items():
        said = records.get(row.kind, [])
        assert any(row.word in each for each in said), f"{name}: {row.word!r} not in {said}"


async def test_every_fault_of_the_endpoint_is_tested_here() -> None:
    here = {*FAILED, *ASKED_AGAIN, *MENDED, *TOLD, *HARMLESS, "slow-start", "stall"}
    assert here | {"string-numbers"} == set(CATALOGUE)


async def test_requests_that_fail(stage: MakeStage) -> None:
    records = await _met(stage, FAILED)
    assert len(records["request_failed"]) == len(FAILED)
    _on_record(FAILED, records)


async def test_answers_that_are_asked_for_again(stage: MakeStage) -> None:
    records = await _met(stage, ASKED_AGAIN)
    assert len(records["repaired"]) == len(ASKED_AGAIN)
    assert "request_failed" not in records
    _on_record(ASKED_AGAIN, records)


async def test_answers_that_are_mended(stage: MakeStage) -> None:
    records = await _met(stage, MENDED)
    assert len(records["repaired"]) == len(MENDED)
    assert "request_failed" not in records
    _on_record(MENDED, records)


async def test_answers_that_the_model_hears_of(stage: MakeStage) -> None:
    _on_record(TOLD, await _met(stage, TOLD))


async def test_what_does_no_harm(stage: MakeStage) -> None:
    records = await _met(stage, dict.fromkeys(HARMLESS, Row("", "")))
    assert not {"request_failed", "repaired", "warned"} & records.keys()


async def test_numbers_sent_as_text(stage: MakeStage) -> None:
    """The range is read as the schema means it, and that it was coerced is on record."""
    rows = {"string-numbers": Row("repaired", "start")}
    _on_record(rows, await _met(stage, rows))


async def test_a_start_that_is_too_slow(stage: MakeStage) -> None:
    """Keep-alives do not extend the deadline."""
    place = await stage(
        sequence(look(1), MEND, report()), Settings(keep_alive_seconds=0.1, queue_limit_seconds=60)
    )
    place.server.inject("slow-start", seconds=50)
    ran = await place.having(LEADLINE_FIRST_TOKEN_SECONDS="1").run()
    assert ran.code == 0, ran.err
    (failed,) = ran.bodies("request_failed")
    assert "no answer began within 1 s" in failed["reason"]
    assert failed["retry"]
    prefix_holds(place.server)


async def test_an_answer_that_stalls(stage: MakeStage) -> None:
    """The watchdog between two words is longer than a test may take; the person's own limit ends the wait."""
    place = await stage(sequence(look(1), MEND, report()))
    place.server.inject("stall", seconds=600)
    limits = ("--max-minutes", "0.08", "--pack-tokens", "0")
    process = await start("run", "x", "--json", *limits, cwd=place.repo, env=place.env)
    ran = await ended(process, 30)
    assert (ran.code, ran.result["status"]) == (5, "limit")
    assert len(ran.bodies("request_failed")) == 1
    each_start_has_one_end(ran.lines)


@pytest.mark.parametrize(
    "fault",
    [
        *("empty-answer", "truncated-arguments", "dsml-in-content", "answer-in-reasoning"),
        *("unknown-tool", "repeating-reasoning", "announced-call"),
    ],
)
async def test_a_fault_that_stays(stage: MakeStage, fault: str) -> None:
    """Each remedy is bounded: the run ends by itself, says why, and does not call it done."""
    place = await stage(sequence(*map(look, range(40)), MEND, report()))
    place.server.inject(fault, times=999)
    ran = await place.run("--max-turns", "9")
    assert len(place.server.requests) <= 40
    assert ran.result["status"] in ("not_done", "limit", "unavailable")
    assert ran.result["summary"]
    assert "Traceback" not in ran.err
    each_start_has_one_end(ran.lines)
    prefix_holds(place.server)
