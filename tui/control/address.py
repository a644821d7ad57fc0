"""Who hears what a person types while agents are at work."""

from __future__ import annotations

from ...agent.replay import MAIN
from ...agent.roles import PLANNER, REVIEWER
from ..state.agents import AgentView
from ..state.names import known_as
from ..state.reducer import State

PRIME = "prime"


def lead(state: State) -> str:
    """The agent that a session begins with, and that a person speaks to when nobody else is at work."""
    return MAIN if state.header.way == "solo" else PLANNER.name


def hearers(state: State) -> tuple[str, ...]:
    """The lead while it is at work, else all who are; the lead again when nobody is."""
    first = lead(state)
    at_work = tuple(view.name for view in state.agents.values() if _hears(view))
    return (first,) if first in at_work or not at_work else at_work


def name_of(state: State, agent: str) -> str:
    """What a person knows the agent as."""
    view = state.agents.get(agent)
    return view.task if view is not None and view.task else known_as(agent)


def _hears(view: AgentView) -> bool:
    # A reviewer judges by the work alone, and what reads for others what they share ends with that.
    return view.at_work and view.role not in (REVIEWER.name, PRIME)
