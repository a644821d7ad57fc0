"""The person's keys, where they let Leadline keep them: in its state folder, which commands of agents never see."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from ...tools.errors import PersonError

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


def with_kept_keys(environ: Mapping[str, str], home: Path) -> Mapping[str, str]:
    """`environ` and what is kept in the state folder `home`, under the variables' names; a variable that is set wins.

    What can't be read counts as not kept: the message about a missing key says then what to do.
    """
    try:
        files = sorted(_folder(home).iterdir())
    except OSError:
        return environ
    kept: dict[str, str] = {}
    for file in files:
        if _VARIABLE.fullmatch(file.name) and not environ.get(file.name):
            try:
                kept[file.name] = file.read_text(encoding="ascii").strip()
            except (OSError, ValueError):
                continue
    return {**environ, **kept}


def keep_key(home: Path, variable: str, key: str) -> None:
    """Keep a key so that only this person can read it. Raises PersonError when it can't be kept."""
    if not _VARIABLE.fullmatch(variable):
        raise ValueError(variable)
    folder = _folder(home)
    fresh = folder / f".{variable}.new"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{key}\n")
        fresh.replace(folder / variable)
    except OSError as error:
        raise PersonError(
            f"The key can't be kept in {folder}: {error.strerror}. Set {variable} in your shell's profile instead."
        ) from error


def _folder(home: Path) -> Path:
    return home / "keys"
