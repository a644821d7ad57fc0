"""What people know agents as."""

from __future__ import annotations

from collections.abc import Mapping

from ...agent.history.replay import MAIN
from ...agent.roles import PLANNER, REVIEWER
from ...agent.v4.cost import role_of

_NAMES: Mapping[str, str] = {
    MAIN: "the agent",
    PLANNER.name: "the planner",
    REVIEWER.name: "the reviewer",
}

READER = "prime"
"""The role of who reads once what several are to begin with."""


def known_as(agent: str) -> str:
    """In the middle of a sentence."""
    return "the reader" if role_of(agent) == READER else _NAMES.get(agent, agent)
