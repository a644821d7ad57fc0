"""The `update_plan` tool: a list of the model's own steps, or a planner's tasks for others.

The schema says nothing of what a planner's `plan` holds: it is in every prefix, and only planners need to know. Their
brief tells them, and what does not fit is told in words that name the task and the key.
"""

from __future__ import annotations

import difflib
from typing import Literal

from pydantic import Field, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from .base import Effects, Params, Tool, ToolContext, ToolResult
from .codemods.sent import SentCodemod, told
from .errors import ToolError
from .files import plural
from .git.names import printable
from .text import clipped

MAX_ITEMS = 50
MAX_FAULTS = 10
_MOST_SHOWN = 60


class PlanStep(Params):
    text: str
    state: Literal["open", "doing", "done"]


class UpdatePlanParams(Params):
    """Exactly one of both is given: the own steps, or a plan for others (`sent_plan` says what that holds)."""

    items: list[PlanStep] = Field(default_factory=list[PlanStep])
    plan: dict[str, JsonValue] | None = Field(default=None, description="for planners")


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


def _effects(_params: UpdatePlanParams) -> Effects:
    return Effects()


def _title(params: UpdatePlanParams) -> str:
    if params.plan is not None and not params.items:
        tasks = params.plan.get("tasks")
        return f"plan: {plural(len(tasks) if isinstance(tasks, list) else 0, 'task')}"
    done = sum(item.state == "done" for item in params.items)
    return f"plan: {done} of {len(params.items)} done"


async def _run(params: UpdatePlanParams, _context: ToolContext) -> ToolResult:
    if params.plan is None:
        return _steps(params)
    if params.items:
        raise ToolError("Send `items`, your own steps, or `plan`, the tasks for others; not both.")
    plan = sent_plan(params.plan)
    detail = "\n".join(f"[ ] {task.id}: {task.title}" for task in plan.tasks)
    return ToolResult("ok", detail=detail, data=plan)


def _steps(params: UpdatePlanParams) -> ToolResult:
    items = params.items
    if not items:
        raise ToolError("A plan has at least one step.")
    if len(items) > MAX_ITEMS:
        raise ToolError(f"A plan has at most {MAX_ITEMS} steps; put small ones together.")
    if any(not item.text.strip() for item in items):
        raise ToolError("Every step says in `text` what is to be done.")
    marks = {"open": " ", "doing": ">", "done": "x"}
    detail = "\n".join(f"[{marks[item.state]}] {item.text}" for item in items)
    return ToolResult("ok", detail=detail, data=params)


UPDATE_PLAN = Tool("update_plan", UpdatePlanParams, _effects, _title, _run)
