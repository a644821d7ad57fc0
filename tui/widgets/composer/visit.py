"""A text in the person's own editor."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path


class NoVisitError(Exception):
    """The editor could not be had, or did not end well. The message is for the person."""


def editor_command(environ: Mapping[str, str]) -> list[str]:
    """What `VISUAL`, or else `EDITOR`, says. Raises NoVisitError."""
    value = environ.get("VISUAL") or environ.get("EDITOR") or ""
    try:
        command = shlex.split(value)
    except ValueError as error:
        raise NoVisitError(f"EDITOR can't be read as a command ({error}).") from error
    if not command:
        raise NoVisitError("No editor is set. Set EDITOR, such as EDITOR=nano, and start again.")
    return command


def edited(text: str, command: list[str]) -> str:
    """What the person made of `text`. Waits for the editor, which has the terminal. Raises NoVisitError."""
    descriptor, name = tempfile.mkstemp(prefix="leadline-", suffix=".md")
    file = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as opened:
            opened.write(text)
        code = subprocess.run([*command, name], check=False).returncode
        if code:
            raise NoVisitError(f"{command[0]} ended with {code}: the text is as it was.")
        made = file.read_text("utf-8", "replace")
        return made if text.endswith("\n") else made.removesuffix("\n")  # which editors add
    except OSError as error:
        raise NoVisitError(f"{command[0]} can't be used: {error.strerror or error}.") from error
    finally:
        file.unlink(missing_ok=True)
