"""The person's editor, at a line of a file."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from textual.app import App, SuspendNotSupported

from ....tools.errors import PersonError
from ....tools.git.names import printable

_PLUS = frozenset(
    ("vi", "vim", "nvim", "view", "nano", "emacs", "emacsclient", "micro", "kak", "joe", "mg", "ne", "ed", "pico")
)  # fmt: skip
_COLON = frozenset(("hx", "helix", "subl", "zed"))
_GO_TO = frozenset(("code", "codium", "cursor", "code-insiders"))
_FALLBACKS = ("nano", "vi")


def edit(app: App[object], root: Path, path: str, at: int) -> str:
    """Lend the terminal to the editor until it ends; what went wrong, if anything did."""
    try:
        command = editor_command(file_to_edit(root, path), at)
        with app.suspend():
            done = subprocess.run(command, cwd=root, check=False)
    except PersonError as error:
        return error.message
    except SuspendNotSupported:
        return "An editor can't be opened from here."
    except OSError as error:
        return f"The editor can't be started: {error.strerror or error}."
    return f"The editor ended with {done.returncode}." if done.returncode else ""


def editor_command(path: Path, at: int, environ: Mapping[str, str] | None = None) -> list[str]:
    """Opens the file at this line, where it is known how the editor takes that, and ends with the editor.

    Raises PersonError without an editor.
    """
    environ = os.environ if environ is None else environ
    chosen = environ.get("VISUAL") or environ.get("EDITOR") or ""
    try:
        command = shlex.split(chosen)
    except ValueError as error:
        raise PersonError(f"$EDITOR can't be read ({error}): {printable(chosen)}") from error
    if not command:
        found = next((name for name in _FALLBACKS if shutil.which(name)), None)
        if found is None:
            raise PersonError("There is no editor: set $EDITOR to yours.")
        command = [found]
    name = Path(command[0]).name
    if name in _PLUS:
        return [*command, f"+{at}", str(path)]
    if name in _COLON:
        return [*command, f"{path}:{at}"]
    if name in _GO_TO:
        return [*command, "--wait", "--goto", f"{path}:{at}"]
    return [*command, str(path)]


def file_to_edit(root: Path, path: str) -> Path:
    """The file, if it is there and really in the tree. Raises PersonError."""
    file = root / path
    try:
        real = file.resolve(strict=True)
    except OSError as error:
        raise PersonError(f"{printable(path)} is not there now.") from error
    if not real.is_relative_to(root.resolve()) or not real.is_file():
        raise PersonError(f"{printable(path)} is no file of this tree.")
    return file
