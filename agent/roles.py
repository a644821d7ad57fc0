"""The parts an agent can play. Roles differ after the shared prefix: by their brief, and by what dispatch lets them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .events import Way

RoleName = Literal["solo", "planner", "worker", "reviewer"]


@dataclass(frozen=True, slots=True)
class Role:
    """`tools` are those the role may use; all roles see the same schemas, so that they share the prefix. `withheld` are
    parameters, by their tool, that are for other roles."""

    name: RoleName
    tools: frozenset[str]
    brief: str
    withheld: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


_LOOKING = frozenset({"read", "outline", "search", "shell", "report"})
_CHANGING = _LOOKING | {"write", "edit", "codemod", "update_plan"}
_NO_PLAN_FOR_OTHERS: Mapping[str, tuple[str, ...]] = {"update_plan": ("plan",)}

SOLO = Role("solo", _CHANGING | {"ask"}, "briefs/solo", _NO_PLAN_FOR_OTHERS)

PLANNER = Role("planner", _LOOKING | {"codemod", "update_plan", "ask"}, "briefs/planner")
"""Changes nothing, commands included: its place is in plan mode."""

WORKER = Role("worker", _CHANGING | {"request_paths"}, "briefs/worker", _NO_PLAN_FOR_OTHERS)
"""Asks nobody: what only a person can know was asked before workers began."""

REVIEWER = Role("reviewer", _LOOKING, "briefs/reviewer")
"""Changes nothing, like a planner."""


def lead_of(way: Way) -> Role:
    """The role of the agent that begins a session, and whose transcript goes on when the person says more."""
    return SOLO if way == "solo" else PLANNER
