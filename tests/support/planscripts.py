"""Scenarios for planned runs: a planner that sends this plan, workers that do their tasks, a reviewer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from leadline.agent.rehearsal.scenario import Scenario, parse_scenario
from leadline.agent.v4.values import is_tree

Call = tuple[str, Mapping[str, Any]]
"""A tool and its arguments."""

REPORT: Call = ("report", {"status": "done", "summary": "It is done."})
PRIMED = 1
"""Answers in a Flash worker's conversation before its first own one: that of priming."""
PLANNED = 1
"""The same for who begins with all that the planner said, where that was one answer."""


def turn(
    step: str, when: Mapping[str, Any], *calls: Call, text: str = "", reasoning: str = "So."
) -> str:
    """One turn as TOML, which takes JSON's texts, numbers and lists as they are."""
    lines = ["[[turn]]", f"step = {json.dumps(step)}", f"reasoning = {json.dumps(reasoning)}"]
    lines += [f"when.{key} = {_toml(value)}" for key, value in when.items()]
    lines += [f"text = {json.dumps(text)}"] if text else []
    for tool, arguments in calls:
        lines += ["[[turn.call]]", f"tool = {json.dumps(tool)}"]
        lines += [f"arguments.{key} = {_toml(value)}" for key, value in arguments.items()]
    return "\n".join(lines) + "\n"


def planner(plan: Mapping[str, Any], summary: str = "Cut by files.") -> str:
    """Sends the plan and reports, in one answer."""
    return turn(
        "plan",
        {"answers": 0, "any_user": "you plan the task"},
        ("update_plan", {"plan": plan}),
        ("report", {"status": "done", "summary": summary}),
    )


def primer() -> str:
    return turn("prime", {"answers": 0, "user": "several agents share"}, text="ready")


def worker(pattern: str, answers: Sequence[Sequence[Call]], *, name: str = "work") -> str:
    """Flash workers whose task's id fits the pattern make these answers, one after the other. `<<id>>` is the id."""
    return _worker(pattern, answers, name, PRIMED, "deepseek-flash")


def pro_worker(pattern: str, answers: Sequence[Sequence[Call]], *, name: str = "pro") -> str:
    """The same for workers on Pro, who know all that the planner said."""
    return _worker(pattern, answers, name, PLANNED, "deepseek-v4-pro")


def _worker(
    pattern: str, answers: Sequence[Sequence[Call]], name: str, before: int, model: str
) -> str:
    mine = {"matches": f"Your task \\((?P<id>{pattern})\\)"}
    return "\n".join(
        turn(
            f"{name}-{number}",
            {"model": model, "answers": before + number, "any_user": mine},
            *calls,
        )
        for number, calls in enumerate(answers)
    )


def in_place(pattern: str, answers: Sequence[Sequence[Call]], *, name: str = "here") -> str:
    """The same for the one agent that does a task in the person's own tree: nobody primed anything for it."""
    return _worker(pattern, answers, name, 0, "deepseek-flash")


def reviewer(
    status: str = "done", summary: str = "I looked at all of it.", *, before: int = PLANNED
) -> str:
    return turn(
        "review",
        {"answers": before, "any_user": "Your brief: you review"},
        ("report", {"status": status, "summary": summary}),
    )


def scenario(*parts: str) -> Scenario:
    return parse_scenario("\n".join(['name = "planned"', *parts]))


def _toml(value: Any) -> str:
    if is_tree(value):
        pairs = (f"{json.dumps(str(key))} = {_toml(item)}" for key, item in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list | tuple):
        items = cast("Sequence[Any]", value)
        return "[" + ", ".join(map(_toml, items)) + "]"
    return json.dumps(value)
