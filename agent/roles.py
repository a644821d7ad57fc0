"""The parts an agent can play. Roles differ after the shared prefix: by their brief, and by what dispatch lets them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RoleName = Literal["solo"]


@dataclass(frozen=True, slots=True)
class Role:
    """`tools` are those the role may use; all roles see the same schemas, so that they share the prefix."""

    name: RoleName
    tools: frozenset[str]
    brief: str


SOLO = Role(
    "solo",
    frozenset(
        {"read", "outline", "write", "edit", "search", "shell", "update_plan", "report", "ask"}
    ),
    "briefs/solo",
)
