"""The `report` tool: the model claims that its task is done, or says why it is not."""

from __future__ import annotations

from typing import Literal

from .base import Effects, Tool, ToolContext, ToolResult
from .errors import ToolError
from .params import Params


class ReportParams(Params):
    status: Literal["done", "not_done"]
    summary: str


def _effects(_params: ReportParams) -> Effects:
    return Effects()


def _title(params: ReportParams) -> str:
    return "reports that it is done" if params.status == "done" else "reports that it is not done"


async def _run(params: ReportParams, _context: ToolContext) -> ToolResult:
    if not params.summary.strip():
        raise ToolError("The report has no summary: say in a few sentences what came out.")
    return ToolResult("ok", detail=params.summary, data=params)


REPORT = Tool("report", ReportParams, _effects, _title, _run)
