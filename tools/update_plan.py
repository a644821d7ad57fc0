"""The `update_plan` tool: the model's list of steps, for the person and for its own memory."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Effects, Params, Tool, ToolContext, ToolResult
from .errors import ToolError

MAX_ITEMS = 50


class PlanStep(Params):
    text: str
    state: Literal["open", "doing", "done"]


class UpdatePlanParams(Params):
    items: list[PlanStep] = Field(description="all steps, in order")


def _effects(_params: UpdatePlanParams) -> Effects:
    return Effects()


def _title(params: UpdatePlanParams) -> str:
    done = sum(item.state == "done" for item in params.items)
    return f"plan: {done} of {len(params.items)} done"


async def _run(params: UpdatePlanParams, _context: ToolContext) -> ToolResult:
    if not params.items:
        raise ToolError("A plan has at least one step.")
    if len(params.items) > MAX_ITEMS:
        raise ToolError(f"A plan has at most {MAX_ITEMS} steps; put small ones together.")
    if any(not item.text.strip() for item in params.items):
        raise ToolError("Every step says in `text` what is to be done.")
    marks = {"open": " ", "doing": ">", "done": "x"}
    detail = "\n".join(f"[{marks[item.state]}] {item.text}" for item in params.items)
    return ToolResult("ok", detail=detail, data=params)


UPDATE_PLAN = Tool("update_plan", UpdatePlanParams, _effects, _title, _run)
