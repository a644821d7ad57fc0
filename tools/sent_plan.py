"""A planner's plan, as the model sends it to `update_plan`: its form, and what is said of one that does not fit.

The tool's schema says nothing of it: that is in every prefix, and only planners need to know. Their brief tells them,
and what does not fit is told in words that name the task and the key.
"""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable
from typing import Literal

from pydantic import Field, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from .codemods.sent import SentCodemod, told
from .errors import ToolError
from .git.names import printable
from .params import Params
from .text import clipped

MAX_FAULTS = 10
_MOST_SHOWN = 60


class SentTask(Params):
    """One task of a plan, as the model sent it."""

    id: str
    title: str
    brief: str
    paths: list[str]
    depends_on: list[str] = Field(default_factory=list[str])
    checks: list[str] = Field(default_factory=list[str])
    no_check_reason: str = ""
    tier: Literal["flash", "pro"] = "flash"
    codemod: SentCodemod | None = None


class SentPlan(Params):
    """A plan, as the model sent it: of the right types, and nothing else is known of it yet."""

    goal: str
    tasks: list[SentTask]
    checks: list[str] = Field(default_factory=list[str])
    open_questions: list[str] = Field(default_factory=list[str])
    assumptions: list[str] = Field(default_factory=list[str])


LookAtPlan = Callable[[SentPlan], Awaitable[str]]
"""See `ToolContext.look_at_plan`."""

_TEXTS = ("goal", "id", "title", "brief", "no_check_reason")
_FORMS = dict.fromkeys(_TEXTS, "a text") | {
    "tasks": "a list of objects, one a task",
    "tier": '"flash" or "pro"',
}


def sent_plan(sent: dict[str, JsonValue]) -> SentPlan:
    """The plan in the parameter `plan`. Raises ToolError: for each place what is wrong, and what to write there."""
    try:
        return SentPlan.model_validate(sent, strict=True)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        told = [f"- {_told(each, sent)}" for each in details[:MAX_FAULTS]]
        left = len(details) - MAX_FAULTS
        more = [f"- and {left} more; these first"] if left > 0 else []
        head = "The plan was not taken. Change this and send all of it again:"
        raise ToolError("\n".join([head, *told, *more])) from error


def _told(error: ErrorDetails, sent: dict[str, JsonValue]) -> str:
    """One fault, the task and the key first."""
    where, within = list(error["loc"]), SentPlan
    place = ""
    if len(where) > 1 and where[0] == "tasks":
        place = f"task {_name(sent, where[1])}: "
        where, within = where[2:], SentTask
        if not where:
            return f"{place}it must be an object with the keys {_keys(within)}."
    key = str(where[0])
    if key == "codemod" and within is SentTask:
        return f"{place}{told(where[1:], error)}"
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(_shown(key).casefold(), within.model_fields, 1, 0.5)
        hint = f"did you mean `{near[0]}`?" if near else f"the keys are {_keys(within)}."
        return f"{place}there is no key `{_shown(key)}`; {hint}"
    form = _FORMS.get(key, "a list of texts")
    if error["type"] == "missing":
        return f"{place}`{key}` is missing; write {form}."
    if len(where) > 1:
        return f"{place}entry {int(where[1]) + 1} of `{key}` must be a text."
    return f"{place}`{key}` must be {form}."


def _name(sent: dict[str, JsonValue], index: int | str) -> str:
    """What the task at this place calls itself, or its number counted from 1."""
    tasks = sent.get("tasks")
    task = tasks[int(index)] if isinstance(tasks, list) else None
    name = task.get("id") if isinstance(task, dict) else None
    return _shown(name) if isinstance(name, str) and name.strip() else str(int(index) + 1)


def _keys(model: type[Params]) -> str:
    return ", ".join(model.model_fields)


def _shown(text: str) -> str:
    return printable(clipped(text, _MOST_SHOWN))
