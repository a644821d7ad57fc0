"""The `search` tool, below the root and nowhere else: contents or names by regular expression, symbols by name."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import Field

from .base import Effects, Tool, ToolContext, ToolResult
from .child import Ended, stream
from .code.present import present_tree
from .errors import ToolError
from .files import MAX_FILE_BYTES, relative_path
from .globs import glob_pattern
from .hits import Hits
from .params import Params
from .paths import exists, is_file, is_folder, is_git_internal, open_no_follow, opened, real_inside
from .ripgrep import content_arguments, find_ripgrep, list_arguments, name_arguments
from .scan import BAD_PATTERN, Request
from .suggest import missing
from .symbols import Question, answer
from .text import decode, is_well_formed

MAX_PATTERN_CHARS = 4_000
MAX_CONTEXT = 20
MAX_NAMES = 300
MAX_LISTED_BYTES = 64_000_000
SECONDS = 30.0
_MAX_FAULT = 80
_MARKED = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
"""With these a file says in which encoding it is."""
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_WHAT: dict[Question | None, str] = {
    None: "",
    "definition": "the definition of ",
    "references": "references to ",
    "callers": "callers of ",
    "implementations": "implementations of ",
}
_SCAN = (sys.executable, "-I", "-m", f"{__package__}.scan")


class SearchParams(Params):
    pattern: str
    path: str | None = Field(default=None, description="file or folder")
    glob: str | None = Field(default=None, description="such as src/**/*.ts")
    names: bool = False
    ignore_case: bool = False
    context: int | None = Field(default=None, description="lines around each match")
    symbol: Question | None = None


@dataclass(frozen=True, slots=True)
class _Query:
    """A checked search. `start` is relative to `root`, "." for all of it; `keep` says which paths count.

    `glob` is what `keep` was made of.
    """

    root: Path
    start: str
    pattern: str
    ignore_case: bool
    context: int
    names: bool
    glob: str | None
    keep: Callable[[str], bool]
    one_file: bool

    def request(self) -> bytes:
        """For `scan`."""
        body = Request(
            root=str(self.root),
            start=self.start,
            pattern=self.pattern,
            ignore_case=self.ignore_case,
            names=self.names,
            context=self.context,
        )
        return json.dumps(body).encode()


class _BeyondError(Exception):
    """ripgrep does not take the pattern; Python's engine, which knows more, may."""


class _NoExpressionError(Exception):
    """No engine takes the pattern as a regular expression; the message says what is wrong with it."""


def _effects(_params: SearchParams) -> Effects:
    return Effects()


def _title(params: SearchParams) -> str:
    names = "names for " if params.names else ""
    what = f"search {_WHAT[params.symbol] or names}{params.pattern}"
    where = " below ".join(part for part in (params.glob, params.path) if part)
    return f"{what} in {where}" if where else what


async def _run(params: SearchParams, context: ToolContext) -> ToolResult:
    query = await asyncio.to_thread(_query, params, context.root)
    if params.symbol is not None:
        return ToolResult(await _symbol(params, params.symbol, query, context))
    engine = await asyncio.to_thread(find_ripgrep, context.root)
    note = ""
    try:
        text = await _search(query, engine)
    except _NoExpressionError as error:
        note = f"{_taken_as_plain(params.pattern, str(error))}\n"
        query = replace(query, pattern=_plain(params.pattern))
        text = await _search(query, engine)
    return ToolResult(f"{note}{text or await _no_match(query, engine)}")


async def _symbol(
    params: SearchParams, question: Question, query: _Query, context: ToolContext
) -> str:
    """What the index knows of the symbol called `pattern`."""
    if params.names or params.context is not None:
        raise ToolError("With `symbol` only `path` and `glob` can be given beside `pattern`.")
    if context.code is None:
        raise ToolError("There is no index of symbols here. Search for the name without `symbol`.")
    below = "" if query.start == "." else f"{query.start}/"

    def keep(path: str) -> bool:
        return (path.startswith(below) or path == query.start) and query.keep(path)

    tree = await present_tree(context.code)
    return await asyncio.to_thread(answer, tree, question, params.pattern, keep)


async def _search(query: _Query, ripgrep: str | None) -> str:
    """What the model gets of the matches; empty if there are none."""
    search = _names if query.names else _contents
    try:
        return await search(query, ripgrep)
    except _BeyondError:
        return await search(query, None)


async def _no_match(query: _Query, ripgrep: str | None) -> str:
    """That nothing matches, and whether there was any file to search where the model pointed."""
    below = "" if query.start == "." else f" in {query.start}"
    every = replace(query, pattern="", names=True)
    if not (query.glob or below) or await _search(every, ripgrep):
        return "no match"
    every = replace(every, keep=_any_path)
    if query.glob and await _search(every, ripgrep):
        return f"no match: no file{below} matches the glob {query.glob} (ignored files aside)"
    return f"no match: there is no file{below} (ignored files aside)"


def _plain(pattern: str) -> str:
    """`pattern` as an expression for exactly its text, which both engines read the same."""
    escaped = _SPECIAL.sub(r"\\\g<0>", pattern)
    return _one_line(escaped)


def _one_line(pattern: str) -> str:
    """The same expression with its line ends written out."""
    return pattern.replace("\r\n", "\n").replace("\n", "\\n")


def _taken_as_plain(pattern: str, fault: str) -> str:
    said = " ".join(fault.replace(" at position ", ", position ").split())
    short = said if len(said) <= _MAX_FAULT else f"{said[:_MAX_FAULT]}..."
    hint = "; to find files by a glob, use `glob`" if pattern.startswith("*") else ""
    return f"not a regular expression ({short}): searched as plain text{hint}"


def _query(params: SearchParams, root: Path) -> _Query:
    if not params.pattern or len(params.pattern) > MAX_PATTERN_CHARS or "\0" in params.pattern:
        raise ToolError(f"`pattern` is 1 to {MAX_PATTERN_CHARS} characters, none of them NUL.")
    if not is_well_formed(params.pattern):
        raise ToolError("`pattern` has half of a surrogate pair, which no file holds.")
    context = params.context or 0
    if not 0 <= context <= MAX_CONTEXT:
        raise ToolError(f"`context` is 0 to {MAX_CONTEXT}.")
    path = relative_path(root, params.path or ".")
    start = real_inside(root, path)
    target = Path(os.path.realpath(root), start)
    if not exists(target):
        raise ToolError(missing(root, path, folders=True))
    if is_git_internal(path):
        raise ToolError("What is in .git is not searched.")
    if not (is_file(target) or is_folder(target)):  # ripgrep would wait for it
        raise ToolError(f"{path} is neither a file nor a folder but a pipe, socket or device.")
    keep = _keeper(params.glob, start)
    return _Query(
        root=root,
        start=start,
        pattern=_one_line(params.pattern),
        ignore_case=params.ignore_case,
        context=context,
        names=params.names,
        glob=params.glob,
        keep=keep,
        one_file=is_file(target),
    )


def _keeper(glob: str | None, start: str) -> Callable[[str], bool]:
    """Whether a path fits the glob, seen from the root or from where the search starts; `!` in front turns it round."""
    if not glob:
        return _any_path
    try:
        pattern = glob_pattern(glob.removeprefix("!"))
    except ValueError as error:
        raise ToolError(f"{error}.") from None
    wanted = not glob.startswith("!")

    def keep(path: str) -> bool:
        inner = path.removeprefix(f"{start}/")
        return (bool(pattern.match(path)) or bool(pattern.match(inner))) == wanted

    return keep


def _any_path(_path: str) -> bool:
    return True


async def _contents(query: _Query, ripgrep: str | None) -> str:
    hits = Hits(query.keep, query.one_file)
    if ripgrep:
        arguments = content_arguments(query.pattern, query.start, query.ignore_case, query.context)
        ended = await stream([ripgrep, *arguments], query.root, b"", hits.feed, SECONDS)
        _check_ripgrep(ended, bool(hits.matches))
        strange = await asyncio.to_thread(
            hits.leave_out, lambda path, places: not _stands(query.root, path, places)
        )
    else:
        ended = await stream(_SCAN, query.root, query.request(), hits.feed, SECONDS)
        _check_scan(ended)
        strange = []
    parts = [hits.text()]
    if strange:
        parts.append(f"changed while they were searched, not shown: {', '.join(strange[:5])}")
    if hits.binary:
        parts.append(f"binary, not shown: {', '.join(hits.binary[:5])}")
    if ended.timed_out:
        parts.append(_too_slow(found=bool(hits.matches)))
    return "\n".join(part for part in parts if part)


def _stands(root: Path, path: str, places: Sequence[tuple[int, bytes]]) -> bool:
    """Whether what is to be shown of a file is what the tree has there.

    ripgrep opens what it was given by name, and a command that runs beside can put a link in the way by then: to
    secrets, which are hidden from that command and not from ripgrep.
    """
    try:
        with opened(open_no_follow(root, path, os.O_RDONLY | os.O_NONBLOCK)) as file:
            descriptor = file.fileno()
            if all(os.pread(descriptor, len(data), at) == data for at, data in places):
                return True
            if not file.read(3).startswith(_MARKED):
                return False
            file.seek(0)
            text = decode(file.read(MAX_FILE_BYTES))  # ripgrep counts in what it made of it
    except (ToolError, OSError):
        return False
    return text is not None and all(
        data.decode("utf-8", "replace") in text.raw for _, data in places
    )


async def _names(query: _Query, ripgrep: str | None) -> str:
    listed = _Listed()
    if ripgrep:
        ended = await stream(
            [ripgrep, *list_arguments(query.start)], query.root, b"", listed.feed, SECONDS
        )
        paths = [path for path in listed.paths() if query.keep(path)]
        lines = "".join(f"{path}\n" for path in paths if "\n" not in path)
        found = _Listed()
        arguments = name_arguments(query.pattern, query.ignore_case)
        data = os.fsencode(lines)
        matched = await stream([ripgrep, *arguments], query.root, data, found.feed, SECONDS)
        _check_ripgrep(matched, bool(found.data))
        paths = found.lines()
    else:
        ended = await stream(_SCAN, query.root, query.request(), listed.feed, SECONDS)
        _check_scan(ended)
        paths = [path for path in listed.paths() if query.keep(path)]
    shown = paths[:MAX_NAMES]
    if len(paths) > MAX_NAMES:
        shown.append(f"{len(paths) - MAX_NAMES} more; narrow it")
    if ended.timed_out:
        shown.append(_too_slow(found=bool(paths)))
    return "\n".join(shown)


class _Listed:
    """Collects a list of paths."""

    def __init__(self) -> None:
        self.data = bytearray()

    def feed(self, chunk: bytes) -> bool:
        self.data += chunk
        return len(self.data) < MAX_LISTED_BYTES

    def paths(self) -> list[str]:
        """What was ended by NUL each."""
        return [os.fsdecode(path).removeprefix("./") for path in bytes(self.data).split(b"\0")[:-1]]

    def lines(self) -> list[str]:
        return [os.fsdecode(line) for line in bytes(self.data).split(b"\n")[:-1]]


def _check_ripgrep(ended: Ended, found: bool) -> None:
    """ripgrep answers 2 for a bad pattern, but also when it found things and could not read some file."""
    if ended.code == 2 and not found and ended.stderr.strip():
        raise _BeyondError


def _check_scan(ended: Ended) -> None:
    if ended.code == BAD_PATTERN:
        raise _NoExpressionError(ended.stderr.strip())
    if ended.code not in (0, None):
        raise ToolError(
            f"The search failed: {(ended.stderr.splitlines() or ['no reason given'])[-1]}"
        )


def _too_slow(found: bool) -> str:
    what = "there may be more" if found else "nothing found so far"
    return f"stopped after {SECONDS:.0f} s, {what}; narrow it with `path` or a simpler pattern"


SEARCH = Tool("search", SearchParams, _effects, _title, _run)
