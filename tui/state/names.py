"""What people know agents as."""

from __future__ import annotations

from collections.abc import Mapping

from ...agent.replay import MAIN
from ...agent.roles import PLANNER, REVIEWER

_NAMES: Mapping[str, str] = {
    MAIN: "the agent",
    PLANNER.name: "the planner",
    REVIEWER.name: "the reviewer",
}


def known_as(agent: str) -> str:
    return _NAMES.get(agent, agent)
