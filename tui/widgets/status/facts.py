"""What the status line says, taken from the state or, before there is one, from the settings. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ...amounts import moment, span
from ...doing import WORDS
from ...text import one_line

if TYPE_CHECKING:
    from ...state.agents import AgentView
    from ...state.reducer import State

_ACTIVE = frozenset(("running", "verifying", "merging"))

_SANDBOXES: Mapping[str, str] = {
    "bubblewrap": "bubblewrap",
    "landlock": "landlock",
    "no sandbox, as allowed": "off",
    "no sandbox works": "none",
}
"""How the sentences begin in which sandboxes tell of themselves, in small letters, and the word for each."""


class Configured(Protocol):
    """The part of the settings that is shown before a session."""

    @property
    def model_pro(self) -> str | None: ...
    @property
    def model_flash(self) -> str | None: ...
    @property
    def solo(self) -> str | None: ...
    @property
    def mode(self) -> str: ...
    @property
    def sandbox(self) -> str: ...
    @property
    def budget_usd(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """`activity` is what goes on and `brief` the same in fewer words; `urgent` says that it waits for the person.

    `share` is that of the cache in what was read, `context` the tokens that the next request begins with, and `window`
    how many the model takes: None where that is not known.
    """

    activity: str = ""
    brief: str = ""
    urgent: bool = False
    model: str = ""
    effort: str = ""
    mode: str = ""
    sandbox: str = "?"
    branch: str = ""
    spent: float = 0.0
    budget: float | None = None
    share: float | None = None
    context: int = 0
    window: int | None = None


def facts_before(settings: Configured, branch: str = "") -> Facts:
    """With a session still to begin: nothing was spent, and which sandbox `auto` comes to is not known."""
    pro, flash = settings.model_pro or "pro", settings.model_flash or "flash"
    models = {"pro": pro, "flash": flash, None: f"{pro} + {flash}"}
    return Facts(
        activity="ready",
        brief="ready",
        model=models.get(settings.solo, ""),
        mode=settings.mode,
        sandbox=settings.sandbox,
        branch=branch,
        budget=settings.budget_usd,
    )


def facts_of(
    state: State, agent: str, branch: str, windows: Mapping[str, int], now: datetime
) -> Facts:
    """Model, effort and context are those of `agent`, or of the lead where that is "" or nobody."""
    view = state.agents.get(agent) or _lead(state)
    total = state.money.total
    activity, brief, urgent = _activity(state, agent, now)
    header = state.header
    lane = view.lane if view else None
    goes_to = header.branch if header.commit and header.branch != branch else None
    return Facts(
        activity=activity,
        brief=brief,
        urgent=urgent,
        model=lane.model if lane else "",
        effort=lane.effort if lane else "",
        mode=header.mode,
        sandbox=sandbox_word(header.sandbox),
        branch=f"{branch} > {goes_to}" if goes_to else branch,
        spent=total.cost,
        budget=header.limits.usd,
        share=total.hit_share if total.hit + total.miss else None,
        context=view.context if view else 0,
        window=windows.get(lane.model) if lane else None,
    )


def sandbox_word(sentence: str) -> str:
    """The name of the sandbox that tells this of itself, `off`, `none` where none works, "?" where it is not known."""
    small = sentence.casefold()
    for begin, word in _SANDBOXES.items():
        if small.startswith(begin):
            return word
    return "?"


def _lead(state: State) -> AgentView | None:
    """Who leads: the first that a model was chosen for, and that neither works on a task nor reads for others."""
    routed = (view for view in state.agents.values() if view.lane and not view.task)
    return next((view for view in routed if view.role != "prime"), None)


def _activity(state: State, agent: str, now: datetime) -> tuple[str, str, bool]:
    waiting = len(state.waiting)
    if waiting:
        text = "1 question for you" if waiting == 1 else f"{waiting} questions for you"
        return text, f"{waiting} asked", True
    if state.header.status == "new":
        return "ready", "ready", False
    if state.header.ended is not None:
        word = state.header.ended.status.replace("_", " ")
        return f"ended: {word}", word, False
    for each in state.now.values():
        if each.index is not None:
            text = f"index {each.index.done:,}/{each.index.total:,}"
            return text, text, False
    plan, brief = _plan(state) if state.plan.board.running else ("", "")
    shown = _shown(state, agent)
    doing = _doing(state, shown, now) if shown and (shown == agent or not plan) else ""
    return ", ".join(filter(None, (plan, doing))), brief or doing.partition(":")[0], False


def _plan(state: State) -> tuple[str, str]:
    board = state.plan.board
    states = [board.states.get(task, "waiting") for task in board.tasks]
    landed, at_work = states.count("done"), sum(each in _ACTIVE for each in states)
    brief = f"plan {landed}/{len(states)}"
    text = f"{brief} landed, {at_work} at work"
    # Who was started and did not begin yet waits for its clone.
    started = [task for task in board.tasks if board.states.get(task) == "running"]
    begun = sum(task in state.plan.agents for task in started)
    return (f"{text}, clones {begun}/{len(started)}" if begun < len(started) else text), brief


def _shown(state: State, agent: str) -> str:
    """Whose doing is told: the agent's, or that of the newest other one that works for the whole and does anything."""
    if agent in state.agents and (state.agents[agent].at_work or state.agents[agent].task):
        return agent
    others = (view for view in reversed(list(state.agents.values())) if not view.task)
    return next((view.name for view in others if view.at_work), "")


def _doing(state: State, agent: str, now: datetime) -> str:
    told = state.doing(agent)
    text = WORDS[told.doing].alone
    if told.doing == "checking":
        text = f"checks{_which_check(state, state.agents[agent], told.about)}"
    if told.about:
        text = f"{text}: {one_line(told.about)}"
    began = moment(told.since)
    return f"{text} {span((now - began).total_seconds())}" if began else text


def _which_check(state: State, view: AgentView, command: str) -> str:
    """` 3/5` where it is known which checks there are to be: those of the agent's task, else of all."""
    tasks = state.plan.board.tasks
    chosen = [tasks[view.task]] if view.task in tasks else list(tasks.values())
    commands = list(dict.fromkeys(check for task in chosen for check in task.checks))
    return f" {commands.index(command) + 1}/{len(commands)}" if command in commands else ""
