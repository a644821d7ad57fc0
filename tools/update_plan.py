"""The `update_plan` tool: a list of the model's own steps, or a planner's tasks for others."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from .base import Effects, Tool, ToolContext, ToolResult
from .errors import ToolError
from .files import plural
from .params import Params
from .sent_plan import sent_plan

MAX_ITEMS = 50


class PlanStep(Params):
    text: str
    state: Literal["open", "doing", "done"]


class UpdatePlanParams(Params):
    """Exactly one of both is given: the own steps, or a plan for others (`sent_plan` says what that holds)."""

    items: list[PlanStep] = Field(default_factory=list[PlanStep])
    plan: dict[str, JsonValue] | None = Field(default=None, description="for planners")


def _effects(_params: UpdatePlanParams) -> Effects:
    return Effects()


def _title(params: UpdatePlanParams) -> str:
    if params.plan is not None and not params.items:
        tasks = params.plan.get("tasks")
        return f"plan: {plural(len(tasks) if isinstance(tasks, list) else 0, 'task')}"
    done = sum(item.state == "done" for item in params.items)
    return f"plan: {done} of {len(params.items)} done"


async def _run(params: UpdatePlanParams, context: ToolContext) -> ToolResult:
    if params.plan is None:
        return _steps(params)
    if params.items:
        raise ToolError("Send `items`, your own steps, or `plan`, the tasks for others; not both.")
    plan = sent_plan(params.plan)
    detail = "\n".join(f"[ ] {task.id}: {task.title}" for task in plan.tasks)
    text = "ok" if context.look_at_plan is None else await context.look_at_plan(plan)
    return ToolResult(text, detail=detail, data=plan)


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
