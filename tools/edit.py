"""The `edit` tool: replacements in one file, all or none."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from pydantic import Field

from .base import Effects, Preview, Tool, ToolContext, ToolResult
from .change import Change, make, preview_of
from .diffs import unified_diff
from .errors import ToolError
from .files import File, declared_path, digest, is_known, load, relative_path
from .matching import How, Missing, Several, find, line_range
from .nearest import Nearest, nearest
from .params import Params
from .suggest import missing
from .text import Text

MAX_SHOWN_LINES = 30
MAX_SHOWN_CHARS = 4_000
_MAX_NAMED_LINES = 12
_TELLING_CHARS = 12


class Replacement(Params):
    old: str
    new: str
    all: bool = Field(default=False, description="every occurrence")


class EditParams(Params):
    path: str
    edits: list[Replacement]


@dataclass(frozen=True, slots=True)
class _Done:
    """One applied edit: the spans of the LF text where its `new` now stands."""

    spans: tuple[tuple[int, int], ...]
    how: How


def _effects(params: EditParams) -> Effects:
    path = declared_path(params.path)
    return Effects(reads=(path,), writes=(path,))


def _title(params: EditParams) -> str:
    return f"edit {params.path}"


async def _run(params: EditParams, context: ToolContext) -> ToolResult:
    planned = await asyncio.to_thread(_plan, params, context)
    said = await make(planned.change, context)
    return replace(planned.result, text=f"{planned.result.text}{said}")


async def _preview(params: EditParams, context: ToolContext) -> Preview:
    planned = await asyncio.to_thread(_plan, params, context)
    return await asyncio.to_thread(preview_of, planned.change)


@dataclass(frozen=True, slots=True)
class _Planned:
    """An edit worked out, and what is said of it once it is made."""

    change: Change
    result: ToolResult


def _plan(params: EditParams, context: ToolContext) -> _Planned:
    if not params.edits:
        raise ToolError("`edits` is empty.")
    path = relative_path(context.root, params.path)
    file = load(context.root, path)
    if file is None:
        raise ToolError(f"{missing(context.root, path)} Use `write` for a new file.")
    text = _editable(file)
    known = is_known(file, context.seen)
    edited = text
    done: list[_Done] = []
    for number, edit in enumerate(params.edits, 1):
        name = f"edit {number}" if len(params.edits) > 1 else "the edit"
        edited, applied = _apply(edited, edit, name, path, exact_only=not known)
        done = [*(_moved(earlier, applied) for earlier in done), applied.done]
    try:
        data = edited.encode(edited.raw)
    except UnicodeEncodeError as error:
        what = ascii(error.object[error.start : error.end])
        raise ToolError(f"{path} is {text.encoding}, which can't hold {what}.") from None
    now = {path: digest(data)}
    result = ToolResult(
        "\n".join(_line(edited.lf, item) for item in done),
        detail=unified_diff(path, text.lf, edited.lf),
        seen=now if known else {},
        wrote=now,
    )
    return _Planned(Change(path, file, edited.lf, data), result)


def _editable(file: File) -> Text:
    if file.text is None:
        raise ToolError(f"{file.path} is a binary file and can't be edited.")
    try:
        same = file.text.encode(file.text.raw) == file.data
    except UnicodeError:
        same = False
    if not same:
        raise ToolError(
            f"{file.path} looks like {file.text.encoding} but can't be written back in it unharmed. "
            "Convert it with `shell` first."
        )
    return file.text


@dataclass(frozen=True, slots=True)
class _Applied:
    """`changes` are (start, end, length of the new text) in the text before the edit, in order."""

    done: _Done
    changes: tuple[tuple[int, int, int], ...]


def _apply(
    text: Text, edit: Replacement, name: str, path: str, *, exact_only: bool
) -> tuple[Text, _Applied]:
    old, new = (part.replace("\r\n", "\n") for part in (edit.old, edit.new))
    if not old:
        raise ToolError(f"Nothing changed: `old` of {name} is empty. Use `write` for whole files.")
    if old == new:
        raise ToolError(f"Nothing changed: `old` and `new` of {name} are the same.")
    lf = text.lf
    found = find(lf, old, new, edit.all)
    if isinstance(found, Several):
        raise ToolError(f"Nothing changed: {_several(found, name, path)}")
    if isinstance(found, Missing):
        raise ToolError(f"Nothing changed: {_not_there(lf, old, new, name, path)}")
    if found.how != "exact" and exact_only:
        raise ToolError(
            f"Nothing changed: `old` of {name} isn't in {path} character by character, "
            "and you haven't seen the file. Read it first."
        )
    text = text.replaced([(place.start, place.end, place.new) for place in found.places])
    changes = tuple((place.start, place.end, len(place.new)) for place in found.places)
    return text, _Applied(_Done(_spans(changes), found.how), changes)


def _spans(changes: tuple[tuple[int, int, int], ...]) -> tuple[tuple[int, int], ...]:
    grown = 0
    spans: list[tuple[int, int]] = []
    for start, end, length in changes:
        spans.append((start + grown, start + grown + length))
        grown += length - (end - start)
    return tuple(spans)


def _moved(earlier: _Done, applied: _Applied) -> _Done:
    """Where the spans of an earlier edit are after a later one."""
    spans = list(earlier.spans)
    for start, end, length in reversed(applied.changes):
        grown = length - (end - start)
        for index, (first, last) in enumerate(spans):
            if first >= end:
                spans[index] = (first + grown, last + grown)
            elif last > start:
                spans[index] = (min(first, start), max(last, end) + grown)
    return replace(earlier, spans=tuple(spans))


def _line(lf: str, done: _Done) -> str:
    """What the model has to know of one edit: where its text is now."""
    places = [line_range(lf, start, end) for start, end in done.spans]
    shown = ", ".join(_range(*place) for place in places[:_MAX_NAMED_LINES])
    if len(places) > 1:
        more = ", ..." if len(places) > _MAX_NAMED_LINES else ""
        return f"ok, {len(places)} places: lines {shown}{more}"
    said = f"ok, line {shown}" if "-" not in shown else f"ok, lines {shown}"
    return said if done.how == "exact" else f"{said} (matched but for {done.how})"


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _several(found: Several, name: str, path: str) -> str:
    lines = ", ".join(str(line) for line in found.lines[:_MAX_NAMED_LINES])
    more = ", ..." if len(found.lines) > _MAX_NAMED_LINES else ""
    but = "" if found.how == "exact" else f" but for {found.how}"
    hint = ", or set `all`" if found.how == "exact" else ""
    return (
        f"`old` of {name} is in {path} {len(found.lines)} times{but}, at lines {lines}{more}. "
        f"Take in more lines around the one you mean{hint}."
    )


def _not_there(lf: str, old: str, new: str, name: str, path: str) -> str:
    """Why an edit found no place, and what in the file is most like it."""
    near = nearest(lf, old)
    at = _already(lf, old, new, near)
    if at is not None:
        return (
            f"`old` of {name} isn't in {path}, but `new` is, at line {at}. It may be applied already; "
            "if not, read the lines again."
        )
    said = f"`old` of {name} isn't in {path}."
    if near is None:
        return f"{said} Nothing in it is like it; search for the text or read the file."
    shown = "\n".join(near.lines[:MAX_SHOWN_LINES])[:MAX_SHOWN_CHARS]
    where = _range(near.first, near.last)
    return f"{said} {_difference(near, old)}. Most like it, at {where}:\n{shown}"


def _already(lf: str, old: str, new: str, near: Nearest | None) -> int | None:
    """The line where `new` stands, if it was put there: it is where `old` should be, or too long for chance."""
    wanted = new.strip("\n")
    if not wanted.strip() or wanted in old:
        return None
    if near is None and len(wanted) < _TELLING_CHARS:
        return None
    at = lf.find(wanted)
    while at >= 0:
        first, last = line_range(lf, at, at + len(wanted))
        if near is None or (first <= near.last and near.first <= last):
            return first
        at = lf.find(wanted, at + len(wanted))
    return None


def _difference(near: Nearest, old: str) -> str:
    """The first line that differs by more than whitespace, as `old` has it."""
    if near.whitespace_only:
        return "Only whitespace differs"
    has = [(near.first + index, line) for index, line in enumerate(near.lines) if line.strip()]
    wanted = [line for line in old.split("\n") if line.strip()]
    for (number, line), want in zip(has, wanted, strict=False):
        if line.split() != want.split():
            return f"Line {number} is the first to differ, where `old` has {_clip(want)}"
    return f"It has {'more' if len(has) > len(wanted) else 'fewer'} lines than `old`"


def _clip(line: str) -> str:
    line = line.strip()
    return f"`{line[:200]}...`" if len(line) > 200 else f"`{line}`"


EDIT = Tool("edit", EditParams, _effects, _title, _run, _preview)
