"""The `codemod` tool: one mechanical change of many files.

The schema says nothing of what `codemod` holds, as that of `update_plan` says nothing of a plan: what does not fit is
told in words.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from dataclasses import asdict

from pydantic import Field, JsonValue

from .base import Effects, Preview, Tool, ToolContext, ToolResult
from .codemods.faults import WILDCARD
from .codemods.model import Codemod
from .codemods.run import MANY, run_codemod
from .codemods.sent import read_codemod
from .codemods.told import codemod_lines, places, report_text
from .files import plural
from .git.names import printable
from .params import Params
from .text import clipped

_MAX_TOLD = 400


class CodemodParams(Params):
    """What is missing in `codemod` is told, so that one who knows nothing of it may send nothing."""

    codemod: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    apply: bool = False


def _effects(params: CodemodParams) -> Effects:
    """Rules read and, applied, write below folders; a script is a command whatever it is for."""
    codemod = read_codemod(params.codemod)
    bases = tuple(dict.fromkeys(map(_base, codemod.paths)))
    told = _told(codemod)
    if not params.apply:
        tried = f"try the {told}, {_digest(codemod)}"
        return Effects(reads=bases, command=told, asks=tried) if codemod.script else Effects(bases)
    folders = tuple(dict.fromkeys(f"{posixpath.dirname(base) or '.'}/" for base in bases))
    applied = f"apply the {told}, {_digest(codemod)}"
    return Effects(reads=bases, writes=folders, command=told, asks=applied)


def _base(path: str) -> str:
    """The part of a path before its first wildcard that is a path itself; a glob of names may be anywhere."""
    plain = posixpath.normpath(path.strip())
    found = WILDCARD.search(plain)
    return plain if found is None else posixpath.dirname(plain[: found.start()]) or "."


def _digest(codemod: Codemod) -> str:
    """What `_told` leaves out may differ: a yes to one codemod is none to another that begins like it."""
    whole = json.dumps(asdict(codemod), sort_keys=True).encode()
    return f"sha256 {hashlib.sha256(whole).hexdigest()[:32]}"


def _told(codemod: Codemod) -> str:
    """What it does and where, in short."""
    what = "; ".join(codemod_lines(codemod))
    code = f": {printable(clipped(codemod.script, _MAX_TOLD))}" if codemod.script else ""
    return f"codemod {clipped(f'{what}{code}', _MAX_TOLD)} (in {clipped(places(codemod), 100)})"


def _title(params: CodemodParams) -> str:
    where = clipped(places(read_codemod(params.codemod)), 60)
    return f"codemod {where}" if params.apply else f"codemod {where}, dry run"


async def _run(params: CodemodParams, context: ToolContext) -> ToolResult:
    report = await run_codemod(
        read_codemod(params.codemod),
        context.root,
        context.commands,
        context.outputs,
        context.may_write,
        apply=params.apply,
    )
    wrote = {each.path: each.after for each in report.changed} if report.applied else {}
    # Who knew the whole file and the codemod knows what became of it; of others only the diffs were ever shown.
    known = {each.path for each in report.changed if context.seen.get(each.path) == each.before}
    return ToolResult(
        report_text(report),
        detail="\n".join(report.samples),
        seen={path: now for path, now in wrote.items() if path in known},
        wrote=wrote,
    )


async def _preview(params: CodemodParams, context: ToolContext) -> Preview:
    """A script is shown and not run: running it needs the word that is asked for."""
    codemod = read_codemod(params.codemod)
    if codemod.script:
        then = "what it returns is written" if params.apply else "nothing is written"
        where = f"a Python script that gets each text file of {places(codemod)}"
        return Preview("command", codemod.script, (where, then))
    report = await run_codemod(
        codemod, context.root, context.commands, None, None, apply=False, shown=MANY
    )
    files = plural(len(report.changed), "file")
    if len(report.samples) < len(report.changed):
        files = f"{files}, of which {len(report.samples)} are shown"
    kept = (f"leaves {len(report.kept):,} as they are",) if report.kept else ()
    terms = (f"changes {files}", *kept, *codemod_lines(codemod))
    return Preview("diff", "\n".join(report.samples), terms)


CODEMOD = Tool("codemod", CodemodParams, _effects, _title, _run, _preview)
