"""Configuration files: found, read with care, their faults told in words. What they say is `config`'s to judge."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from ...tools.errors import PersonError

PROJECT_FILE = ".leadline.toml"
CONFIG_VARIABLE = "LEADLINE_CONFIG"
INTERFACE = "interface"
"""The table of the person's own file that says how the terminal interface looks and which keys it has."""
SIZE_LIMIT = 16 * 1024
"""Bytes of a configuration file. Real ones have a few hundred; tomllib's time grows with the square of a dotted key's
length, and at this size that is still half a second."""


def printable(text: str) -> str:
    """A text on one line of at most 300 characters, what is not printable escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:300])


def user_config_file(environ: Mapping[str, str]) -> Path | None:
    """The person's own file: LEADLINE_CONFIG, which then has to exist, or the system's usual place when it is there."""
    named = environ.get(CONFIG_VARIABLE)
    if named:
        path = Path(named).expanduser()
        if not path.exists():
            raise PersonError(
                f"{CONFIG_VARIABLE} names {path}, which does not exist. Create it, or unset the variable."
            )
        return path
    path = Path(platformdirs.user_config_dir("leadline")) / "config.toml"
    return path if path.exists() else None


def project_file(root: Path) -> Path | None:
    """The file's real place; a link may not lead out of the tree."""
    path = root / PROJECT_FILE
    if not os.path.lexists(path):
        return None
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise PersonError(
            f"{PROJECT_FILE} is a link that leads nowhere. Remove it, or start with --no-project-config."
        ) from error
    if not real.is_relative_to(root.resolve()):
        raise PersonError(
            f"{PROJECT_FILE} is a link out of the work tree, so it is not read. Replace it by a "
            "file, or start with --no-project-config."
        )
    return real


def read_toml(path: Path, name: str) -> dict[str, object]:
    """The values of a file. Never blocks on a pipe, never follows a link put there since `path` was resolved."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise PersonError(f"{name} is not an ordinary file, so it is not read.")
            data = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise PersonError(f"{name} can't be read: {error.strerror}.") from error
    if len(data) > SIZE_LIMIT:
        raise PersonError(f"{name} is larger than {SIZE_LIMIT // 1024} KiB, so it is not read.")
    try:
        return tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        raise PersonError(f"{name} is not UTF-8 text (byte {error.start}).") from error
    except (ValueError, RecursionError) as error:
        why = (
            str(error)
            if isinstance(error, tomllib.TOMLDecodeError)
            else "it nests or counts too far"
        )
        raise PersonError(f"{name} is not valid TOML: {printable(why)}.") from error
