"""How a project wants to be worked on: AGENTS.md and its kin, from the root to where the person stands.

They are text of the repository, and a repository is untrusted: the message says so, and nothing that a file says moves
a permission, because nothing that decides on permissions ever reads it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...prompts.render import render
from ...tools.errors import ToolError
from ...tools.files import plural
from ...tools.paths import open_no_follow, read_bytes
from ...tools.text import decode, is_well_formed

NAMES = ("AGENTS.md", "CLAUDE.md", "GEMINI.md", ".cursorrules")
"""The first of these that a folder has, and that says something, counts there."""

MOST_BYTES = 16 * 1024
"""Of all files together, UTF-8: everything in them is paid for in every session."""
MOST_READ = 1_000_000
"""Bytes; a longer file is no instruction that anybody wrote."""
MOST_FOLDERS = 50


@dataclass(frozen=True, slots=True)
class Instructions:
    """The text of one such file, line ends as LF."""

    path: str
    text: str


def find_instructions(root: Path, below: str) -> tuple[Instructions, ...]:
    """What the files say, from `root` down to the folder `below` (relative, "" for the root).

    Links are followed only inside the root. A file that is empty, binary, too long or can't be read is passed over.
    """
    parts = below.split("/") if below else []
    folders = ["/".join(parts[:depth]) for depth in range(len(parts) + 1)][:MOST_FOLDERS]
    found = (_of_folder(root, folder) for folder in folders)
    return tuple(each for each in found if each is not None)


def _of_folder(root: Path, folder: str) -> Instructions | None:
    present = _names_in(root, folder)
    for wanted in NAMES:
        # The exact name first; then `agents.md` and the like, which mean the same.
        for name in sorted(present.get(wanted.casefold(), ()), key=lambda n: (n != wanted, n)):
            path = f"{folder}/{name}" if folder else name
            text = _text(root, path)
            if text is not None:
                return Instructions(path, text)
    return None


def _names_in(root: Path, folder: str) -> dict[str, list[str]]:
    """The names in a folder that are one of ours in some spelling, by their folded form."""
    known = {name.casefold() for name in NAMES}
    names: dict[str, list[str]] = {}
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    try:
        handle = open_no_follow(root, folder, flags) if folder else os.open(root, flags)
    except (OSError, ToolError):
        return names
    try:
        with os.scandir(handle) as entries:
            for entry in entries:
                if entry.name.casefold() in known:
                    names.setdefault(entry.name.casefold(), []).append(entry.name)
    except OSError:
        return {}
    finally:
        os.close(handle)
    return names


def _text(root: Path, path: str) -> str | None:
    if not is_well_formed(path):
        return None
    try:
        text = decode(read_bytes(root, path, MOST_READ))
    except (OSError, ToolError):
        return None
    return text.lf if text is not None and text.lf.strip() else None


def instructions_text(found: Sequence[Instructions]) -> str | None:
    """The message that holds them, None if there are none. Cut at a line where they are longer than MOST_BYTES."""
    if not found:
        return None
    room = MOST_BYTES
    parts: list[str] = []
    for each in found:
        text = each.text.strip("\n")
        kept = _cut(text, room)
        room -= len(kept.encode("utf-8", "replace"))
        lost = text.count("\n") - kept.count("\n") + (not kept)
        note = "" if kept == text else f"\n[cut here: {plural(lost, 'more line')} in {each.path}]"
        parts.append(f"== {each.path}\n{kept}{note}")
    return render("instructions", instructions="\n".join(parts))


def _cut(text: str, room: int) -> str:
    """As many whole lines from the start as fit into so many bytes."""
    data = text.encode("utf-8", "replace")
    if len(data) <= room:
        return text
    return data[: max(0, room) + 1].rpartition(b"\n")[0].decode("utf-8", "replace")
