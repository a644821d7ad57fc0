"""One agent does the whole task: loop, prove, send back what fails, within bounds."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from ...prompts.render import render
from ...tools.base import CommandRunner
from ...tools.checks.model import Check
from ...tools.git.snapshot import Snapshot
from ..bus import Recorder
from ..events import BudgetReached, Reported, Status
from ..loop import Claimed, Loop, Stuck
from ..steps import Steps
from .doubts import asked_before, doubts_of
from .verify import Baseline, Verdict, verify

SCHEMA_TRIES = 3


@dataclass(frozen=True, slots=True)
class Work:
    """What the loop's end is judged by.

    `steps` is None where nothing may be changed, so that there is nothing to prove. `fits` tells what is wrong with an
    output. `untouched` says whether the tree is as it was before the work; None for a task that may be a mere question.
    """

    root: Path
    checks: tuple[Check, ...]
    rounds: int
    commands: CommandRunner
    steps: Steps | None
    recorder: Recorder
    keep_timings: Callable[[dict[str, float]], None]
    fits: Callable[[JsonValue], str | None] | None = None
    baseline: Baseline | None = None
    untouched: Callable[[], Awaitable[bool]] | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What the checks said, and of which tree."""

    verdict: Verdict
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Finish:
    """How the work ended, and the proof of its last claim if there is one. `unchanged`: it was to change something, and
    the agent insists that nothing had to be."""

    status: Status
    summary: str
    proof: Proof | None = None
    output: JsonValue = None
    unchanged: bool = False


async def work_alone(loop: Loop, work: Work, claim: Reported | None = None) -> Finish:
    """Run the loop until its claim is proven, given up, or a bound is reached.

    `claim` is one that an earlier run of the session left unproven: it is looked at first.
    """
    failed_rounds = misfits = 0
    asked = asked_before(loop.transcript)
    proof: Proof | None = None
    unproven = None if claim is None else Claimed(claim, denied=False)
    while True:
        end = unproven or await loop.run()
        unproven = None
        if not isinstance(end, Claimed):
            return cut_short(end)
        claim = end.claim
        output, fault = _output(claim, work)
        if fault and misfits < SCHEMA_TRIES:
            misfits += 1
            loop.say(render("schema_missed", fault=fault), "harness")
            continue
        if fault:
            return Finish("not_done", f"The answer never fitted the schema: {fault}.")
        if claim.claim == "not_done":
            status: Status = "permission" if end.denied else "not_done"
            return Finish(status, claim.summary, proof, output)
        proof = await _prove(work)
        if proof is None or not proof.verdict.red:
            unchanged = work.untouched is not None and await work.untouched()
            verdict = None if proof is None else proof.verdict
            if doubts := doubts_of(verdict, unchanged=unchanged, asked=asked):
                asked.update(doubts)
                for text in doubts.values():
                    loop.say(text, "harness")
                continue
            proven = proof is not None and proof.verdict.green
            status = "done" if proven else "unverified"
            return Finish(status, claim.summary, proof, output, unchanged)
        failed_rounds += 1
        if failed_rounds > work.rounds:
            return Finish("not_done", claim.summary, proof, output)
        loop.say(render("checks_failed", evidence=proof.verdict.text), "harness")


def cut_short(end: Stuck | BudgetReached) -> Finish:
    """The finish of a loop that ended without a claim."""
    if isinstance(end, BudgetReached):
        return Finish("limit", end.text)
    return Finish("not_done", f"The same calls came back with the same results {end.turns} times.")


async def _prove(work: Work) -> Proof | None:
    """The checks' verdict on the tree as it is, or None where there is nothing to prove: checks that Leadline found by
    itself say nothing about a tree that it did not change."""
    if work.steps is None:
        return None
    snapshot = await work.steps.now()
    checks: Sequence[Check] = [
        check for check in work.checks if work.steps.count or check.source == "given"
    ]
    if not checks:
        return None
    verdict = await verify(
        checks, work.root, snapshot.tree, work.commands, work.recorder, work.baseline
    )
    work.keep_timings({item.command: item.seconds for item in verdict.evidence if item.green})
    return Proof(verdict, snapshot)


def _output(claim: Reported, work: Work) -> tuple[JsonValue, str | None]:
    """The claim's summary as the JSON that was asked for, and what is wrong with it."""
    if work.fits is None:
        return None, None
    try:
        value: JsonValue = json.loads(claim.summary)
    except ValueError as error:
        return None, f"it is no JSON ({error})"
    return value, work.fits(value)
