"""The `request_paths` tool: a worker asks for more to write than its task gave it."""

from __future__ import annotations

from .base import Effects, Tool, ToolContext, ToolResult
from .errors import ToolError
from .git.names import some
from .params import Params


class RequestPathsParams(Params):
    paths: list[str]


def _effects(_params: RequestPathsParams) -> Effects:
    return Effects()


def _title(params: RequestPathsParams) -> str:
    return f"asks to write {some(params.paths)}"


async def _run(params: RequestPathsParams, context: ToolContext) -> ToolResult:
    if not any(path.strip() for path in params.paths):
        raise ToolError("Name at least one file, folder or symbol that you need to write.")
    if context.request_paths is None:
        return ToolResult("You may write everything here.")
    answer = await context.request_paths(tuple(params.paths))
    return ToolResult(answer, detail=answer)


REQUEST_PATHS = Tool("request_paths", RequestPathsParams, _effects, _title, _run)
