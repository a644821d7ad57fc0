"""The folder a session is at work in may be renamed or deleted meanwhile: what a person is told then."""

from __future__ import annotations

from pathlib import Path

from ..tools.errors import Exit, PersonError


def require_folder(root: Path, exit_code: Exit = Exit.NOT_DONE) -> None:
    """Raises PersonError where the folder of a session is no longer there."""
    if not root.is_dir():
        raise PersonError(
            f"{root} is gone. If you moved it, move it back, and go on with `leadline resume`.",
            exit_code,
        )
