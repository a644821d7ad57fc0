"""The `write` tool: a whole file at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from .base import Effects, Preview, Tool, ToolContext, ToolResult
from .change import Change, make, preview_of
from .diffs import unified_diff
from .errors import ToolError
from .files import File, count_lines, declared_path, digest, is_known, load, plural, relative_path
from .params import Params
from .paths import is_folder
from .text import Text


class WriteParams(Params):
    path: str
    content: str


def _effects(params: WriteParams) -> Effects:
    return Effects(writes=(declared_path(params.path),))


def _title(params: WriteParams) -> str:
    return f"write {params.path}"


async def _run(params: WriteParams, context: ToolContext) -> ToolResult:
    planned = await asyncio.to_thread(_plan, params, context)
    if planned.change is None:
        return planned.result
    said = await make(planned.change, context)
    return replace(planned.result, text=f"{planned.result.text}{said}")


async def _preview(params: WriteParams, context: ToolContext) -> Preview:
    planned = await asyncio.to_thread(_plan, params, context)
    if planned.change is None:
        return Preview("diff", "", ("the file is like that already",))
    return await asyncio.to_thread(preview_of, planned.change)


@dataclass(frozen=True, slots=True)
class _Planned:
    """What is to be written, None if it is there already, and what is said of it then."""

    change: Change | None
    result: ToolResult


def _plan(params: WriteParams, context: ToolContext) -> _Planned:
    path = relative_path(context.root, params.path)
    if params.path.endswith("/") or is_folder(context.root / path):
        raise ToolError(f"{path} names a folder. Add the file's name.")
    file = load(context.root, path)
    if file is not None:
        _require_known(file, context)
    content = params.content.replace("\r\n", "\n") if file else params.content
    data, note = _bytes(content, file.text if file else None)
    if file is not None and data == file.data:
        said = f"{path} is like that already"
        return _Planned(None, ToolResult(said, seen={path: file.digest}))
    lines = plural(count_lines(content), "line")
    before = file.text.lf if file and file.text else None
    now = {path: digest(data)}
    result = ToolResult(
        f"{'wrote' if file else 'created'} {path}, {lines}{note}",
        detail=unified_diff(path, before, content),
        seen=now,
        wrote=now,
    )
    return _Planned(Change(path, file, content, data), result)


def _require_known(file: File, context: ToolContext) -> None:
    if file.text is None and file.path not in context.seen:
        raise ToolError(
            f"{file.path} is a binary file. Delete it with `shell` first if it is to go."
        )
    if not is_known(file, context.seen):
        raise ToolError(f"{file.path} exists and you haven't seen it. Read it first.")


def _bytes(content: str, before: Text | None) -> tuple[bytes, str]:
    """`content` in the encoding and with the line ends that the file had, and a note if that can't be."""
    if before is not None:
        raw = content.replace("\n", "\r\n") if before.newline == "CRLF" else content
        try:
            return before.encode(raw), ""
        except UnicodeEncodeError:
            if before.encoding == "utf-8":
                raise ToolError(_SURROGATE) from None
            return raw.encode("utf-8"), f", now UTF-8: {before.encoding} can't hold all of it"
    try:
        return content.encode("utf-8"), ""
    except UnicodeEncodeError:
        raise ToolError(_SURROGATE) from None


_SURROGATE = (
    "The content has half of a surrogate pair, which no UTF-8 file can hold. Write it in full."
)

WRITE = Tool("write", WriteParams, _effects, _title, _run, _preview)
