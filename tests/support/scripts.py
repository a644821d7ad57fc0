"""Scenarios made in code: a fixed sequence of answers, one a turn."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from leadline.agent.rehearsal.scenario import Scenario, load_scenario, parse_scenario

FIX = load_scenario(Path(__file__).parent.parent / "e2e" / "scenarios" / "fix.toml")
"""Mends BROKEN_CALC, whatever interrupts it."""


@dataclass(frozen=True)
class Say:
    """One answer: text, calls as (tool, arguments), and faults by name shown once before it."""

    text: str = ""
    calls: tuple[tuple[str, object], ...] = ()
    reasoning: str = "Let me think."
    faults: tuple[str, ...] = field(default=())


def call(tool: str, /, **arguments: object) -> Say:
    return Say(calls=((tool, arguments),))


def edit(path: str, old: str, new: str) -> Say:
    return call("edit", path=path, edits=[{"old": old, "new": new}])


def shell(command: str, **more: object) -> Say:
    return call("shell", command=command, **more)


def report(status: str = "done", summary: str = "Did it.") -> Say:
    return call("report", status=status, summary=summary)


MEND = edit("calc.py", "left - right", "left + right")


def sequence(*answers: Say) -> Scenario:
    """The n-th answer to the n-th request of a conversation."""
    return parse_scenario('name = "sequence"\n' + "".join(map(_turn, range(len(answers)), answers)))


def _turn(index: int, said: Say) -> str:
    calls = "".join(
        f"[[turn.call]]\ntool = {json.dumps(tool)}\nraw = {json.dumps(json.dumps(arguments))}\n"
        for tool, arguments in said.calls
    )
    return (
        f'[[turn]]\nstep = "s{index}"\nwhen.answers = {index}\n'
        f"reasoning = {json.dumps(said.reasoning)}\ntext = {json.dumps(said.text)}\n"
        f"fault = {json.dumps(list(said.faults))}\n{calls}"
    )
