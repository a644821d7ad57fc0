"""`leadline map`: what Leadline would pack of a repository for a task, and why."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from pydantic import JsonValue

from ...agent.headless import plural
from ...tools.code.api import DEFAULT_TOKENS, Mapped, map_repository, why
from ...tools.errors import PersonError
from .common import here, home, page, print_json
from .screen import Terminal
from .task_text import read_task

MOST_TOKENS = 10_000_000


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--task", metavar="TEXT", default="", help="what the map is for; - reads it from stdin"
    )
    parser.add_argument(
        "--tokens",
        metavar="N",
        default=str(DEFAULT_TOKENS),
        help=f"how many tokens it may have ({DEFAULT_TOKENS:,} if not said)",
    )
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    parser.add_argument(
        "--why",
        metavar="PATH",
        action="append",
        default=[],
        help="say why a file is in the map or not, instead of printing the map; repeatable",
    )


def execute(parsed: argparse.Namespace) -> int:
    tokens = _tokens(parsed.tokens)
    task = read_task([parsed.task], None) if parsed.task.strip() else ""
    folder = here()
    progress = Terminal(sys.stderr, os.environ, along=True)
    started = monotonic()
    found = map_repository(
        folder,
        task,
        tokens,
        home=home(),
        on_progress=lambda done, total: progress.status(f"indexing {done:,} of {total:,} files"),
    )
    seconds = monotonic() - started
    reasons = [_reason(folder, path, found) for path in parsed.why]
    if parsed.json:
        print_json(_json(found, reasons))
        return 0
    for note in found.notes:
        progress.line(("warn", f"note: {note}"))
    if reasons:
        _explain(reasons)
        return 0
    _print(found.map.text, page())
    progress.line(("dim", _summary(found, seconds)))
    return 0


def _tokens(text: str) -> int:
    digits = text.replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdigit() and int(digits) <= MOST_TOKENS):
        raise PersonError(
            f"--tokens is a whole number from 0 to {MOST_TOKENS:,}; {text!r} is none. Try --tokens 8000."
        )
    return int(digits)


def _print(text: str, screen: Terminal) -> None:
    """On a terminal coloured and harmless; elsewhere to the byte, as the model would read it."""
    if not screen.live:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()
        return
    for line in text.rstrip("\n").split("\n"):
        screen.line(("bold" if line.startswith("== ") else "plain", line.expandtabs(4)))


def _summary(found: Mapped, seconds: float) -> str:
    made = found.map
    shown = sum(file.level != "path" for file in made.files)
    left_out = sum(file.left_out is not None for file in found.tree.files.values())
    rest = f", {left_out:,} left out by rule (--why PATH tells)" if left_out else ""
    return (
        f"{made.tokens:,} of {made.budget:,} tokens; {shown:,} of {plural(len(found.tree.files), 'file')}{rest}; "
        f"{seconds:.2f} s"
    )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a file is in the reach of the map or not, and what the map makes of it (empty for what is out of reach)."""

    path: str
    text: str
    place: str


def _reason(folder: Path, asked: str, found: Mapped) -> Reason:
    path = os.path.relpath(folder.resolve() / asked, found.tree.root)
    file = found.tree.files.get(path)
    place = _place(found, path) if file is not None and file.left_out is None else ""
    return Reason(path, why(folder, asked), place)


def _explain(reasons: list[Reason]) -> None:
    screen = page()
    for reason in reasons:
        screen.paragraph(reason.text)
        if reason.place:
            screen.paragraph(reason.place, indent=2)


def _place(found: Mapped, path: str) -> str:
    """What the map makes of a file that may be in it."""
    shown = next((file for file in found.map.files if file.path == path), None)
    if shown is None:
        return f"Not shown: others matter more in {found.map.budget:,} tokens. More --tokens may bring it in."
    how = {
        "path": "by its path",
        "names": f"by the names of {shown.symbols} of its {plural(shown.of, 'symbol')}",
        "signatures": f"by {shown.symbols} of its {plural(shown.of, 'signature')}",
        "whole": "as a whole",
    }[shown.level]
    because = f", because: {'; '.join(shown.why)}" if shown.why else ""
    return f"Shown {how} ({shown.tokens:,} tokens){because}."


def _json(found: Mapped, reasons: list[Reason]) -> dict[str, JsonValue]:
    made = found.map
    files: list[JsonValue] = [
        {
            "path": file.path,
            "level": file.level,
            "tokens": file.tokens,
            "symbols": file.symbols,
            "of": file.of,
            "score": round(file.score, 6),
            "why": list(file.why),
        }
        for file in made.files
    ]
    return {
        "root": str(found.tree.root),
        "tree": found.tree.digest,
        "tokens": made.tokens,
        "budget": made.budget,
        "files_in_tree": len(found.tree.files),
        "files": files,
        "why": [
            {"path": reason.path, "text": reason.text, "place": reason.place} for reason in reasons
        ],
        "notes": list(found.notes),
        "text": made.text,
    }
