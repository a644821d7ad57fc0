"""`leadline` without more, and `leadline open`: the terminal interface.

Only what the first frame needs is imported here, and before that a word is on the screen already.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ...tools.errors import Exit, PersonError

if TYPE_CHECKING:
    from ..control.opening import Opening

ERASE = "\r\x1b[2K"


def arguments(parser: argparse.ArgumentParser) -> None:
    from .common import add_session, add_setting_flags  # heavy, and needless without flags

    add_session(parser)
    parser.add_argument(
        "--inline", action="store_true", help="below the prompt, without taking the whole screen"
    )
    add_setting_flags(parser)


def execute(parsed: argparse.Namespace) -> int:
    from .common import flags_from, home, session_folder

    folder = None if parsed.session is None else session_folder(home(), parsed.session, Path.cwd())
    return _open(
        flags_from(parsed),
        with_project=not parsed.no_project_config,
        look_at=folder,
        inline=parsed.inline,
    )


def execute_plainly() -> int:
    """As `leadline open` without arguments."""
    return _open({})


def is_possible() -> bool:
    """Whether there is a terminal to be interactive on, or a browser."""
    if is_served():
        return True
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def is_served() -> bool:
    """Whether stdin and stdout lead to a browser: `leadline serve` says so in the variable that textual reads."""
    return bool(os.environ.get("TEXTUAL_DRIVER"))


def _open(
    flags: Mapping[str, object],
    *,
    with_project: bool = True,
    look_at: Path | None = None,
    inline: bool = False,
) -> int:
    if not is_possible():
        raise PersonError(
            "The interface needs a terminal on stdin and stdout. `leadline run` works without one."
        )
    if is_served():
        return _run(flags, with_project=with_project, look_at=look_at, inline=False)
    sys.stdout.write("Leadline ...")
    sys.stdout.flush()
    try:
        return _run(flags, with_project=with_project, look_at=look_at, inline=inline)
    finally:
        sys.stdout.write(ERASE)


def _run(
    flags: Mapping[str, object], *, with_project: bool, look_at: Path | None, inline: bool
) -> int:
    from ..app import LeadlineApp
    from ..preferences import read_preferences

    folder = _here()

    def prepare() -> Opening:
        from ..control.opening import Opening

        return Opening(folder, dict(os.environ), flags, with_project)

    preferences = read_preferences(os.environ)
    app = LeadlineApp(prepare, preferences, look_at=look_at)
    code = app.run(inline=inline, mouse=preferences.mouse)
    app.close_sessions()
    if app.fault is not None:
        raise app.fault
    if not is_served():
        sys.stdout.write(ERASE)
        for word in app.last_words():
            print(word)
    return Exit.DONE if code is None else code


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise PersonError(
            "The folder you are in does not exist any more. Go to another one."
        ) from error
