"""Who hears what a person types while agents are at work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from ...agent.history.replay import MAIN
from ...agent.host.wishes import Steer
from ...agent.roles import PLANNER, REVIEWER
from ...tools.errors import PersonError
from ..state.agents import AgentView
from ..state.names import READER, known_as
from ..state.reducer import State


def lead(state: State) -> str:
    """The agent that a session begins with, and that a person speaks to when nobody else is at work."""
    return MAIN if state.header.way == "solo" else PLANNER.name


def hearers(state: State) -> tuple[str, ...]:
    """The lead while it is at work, else all who are; the lead again when nobody is."""
    first = lead(state)
    at_work = tuple(view.name for view in state.agents.values() if _hears(view))
    return (first,) if first in at_work or not at_work else at_work


def hears(state: State, agent: str | None) -> bool:
    """Whether what is said to this agent is read by it."""
    view = state.agents.get(agent or "")
    return view is not None and _hears(view)


def name_of(state: State, agent: str) -> str:
    """What a person knows the agent as."""
    view = state.agents.get(agent)
    return view.task if view is not None and view.task else known_as(agent)


def agent_called(state: State, name: str) -> str | None:
    """The agent that a person means by this name; None where they name none. Raises PersonError for one that there is
    not."""
    names = {view.task or view.name: view.name for view in state.agents.values()}
    if name and name not in names and name not in names.values():
        known = ", ".join(names) or "no agents"
        raise PersonError(f"Nobody here is called {name}. There are {known}.")
    return names.get(name, name) or None


def _hears(view: AgentView) -> bool:
    # A reviewer judges by the work alone, and what reads for others what they share ends with that.
    return view.at_work and view.role not in (REVIEWER.name, READER)


# --- in words, beside what is typed ---

LOOKS_ON = "only looking on: another process is at work on this session"
"""In place of what Enter does."""


def at_rest(*, has_session: bool) -> str:
    """What Enter does while nothing runs."""
    return "goes on with this session; /new begins another" if has_session else "starts a session"


def while_running(state: State, to: Sequence[str], shown: str) -> str:
    """What Enter and Esc do while agents are at work. `shown` is whose transcript is looked at, "" for the lead's."""
    whom = name_of(state, to[0]) if len(to) == 1 else f"all {len(to)} at work"
    if shown and shown not in to:
        name = name_of(state, shown)
        gone = name in map(partial(name_of, state), to)  # another try has taken its task over
        whom += ", as this try has ended" if gone else f", as {name} does not listen now"
    return f"goes to {whom}; Esc {'goes back' if shown else 'stops'}"


def queued(state: State, queue: Iterable[Steer]) -> list[str]:
    """What was said and not read yet, with whom it is for where there are several."""
    if state.header.way == "solo":
        return [each.text for each in queue]
    return [f"for {name_of(state, each.agent)}: {each.text}" for each in queue]
