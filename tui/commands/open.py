"""`leadline` without more, and `leadline open`: the terminal interface.

Only what the first frame needs is imported here, and before that a word is on the screen already.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ...tools.errors import Exit, PersonError
from ..browser import DRIVER
from .standing import here

if TYPE_CHECKING:
    from ..control.opening import Opening

ERASE = "\r\x1b[2K"
FRAMES = "250"
"""A second that Textual may paint. By its own 60 a key waits for the next of them, or for two after a long one; what
streams is painted at a pace of ours all the same, see `control.frames.FRAME`."""


def arguments(parser: argparse.ArgumentParser) -> None:
    from .common import add_session, add_setting_flags  # heavy, and needless without flags

    add_session(parser, "what you type begins one")
    parser.add_argument(
        "--inline", action="store_true", help="below the prompt, without taking the whole screen"
    )
    parser.add_argument(
        "--plain",
        action="store_true",
        help="lines only, for screen readers, dumb terminals and pipes",
    )
    add_setting_flags(parser)


def execute(parsed: argparse.Namespace) -> int:
    from .common import flags_from, home, session_folder

    folder = None if parsed.session is None else session_folder(home(), parsed.session, Path.cwd())
    if parsed.plain or is_dumb():
        return _run_plain(
            flags_from(parsed), with_project=not parsed.no_project_config, look_at=folder
        )
    return _open(
        flags_from(parsed),
        with_project=not parsed.no_project_config,
        look_at=folder,
        inline=parsed.inline,
    )


def execute_plainly() -> int:
    """As `leadline open` without arguments."""
    return _run_plain({}) if is_dumb() else _open({})


def is_possible() -> bool:
    """Whether there is a terminal to be interactive on, or a browser."""
    return is_served() or (sys.stdin.isatty() and sys.stdout.isatty())


def is_dumb() -> bool:
    """Whether all that the terminal can do is append lines."""
    return is_possible() and not is_served() and os.environ.get("TERM") == "dumb"


def is_served() -> bool:
    """Whether stdin and stdout lead to a browser: `leadline serve` says so in the variable that textual reads."""
    return os.environ.get("TEXTUAL_DRIVER") == DRIVER


def _open(
    flags: Mapping[str, object],
    *,
    with_project: bool = True,
    look_at: Path | None = None,
    inline: bool = False,
) -> int:
    if not is_possible():
        raise PersonError(
            "The interface needs a terminal on stdin and stdout. `leadline open --plain` works without "
            "one, and so does `leadline run`."
        )
    if is_served():
        return _run(flags, with_project=with_project, look_at=look_at, inline=False)
    sys.stdout.write("Leadline ...")
    sys.stdout.flush()
    try:
        return _run(flags, with_project=with_project, look_at=look_at, inline=inline)
    finally:
        _say(ERASE)


def _run(
    flags: Mapping[str, object], *, with_project: bool, look_at: Path | None, inline: bool
) -> int:
    gc.disable()  # all that is loaded now stays: to look through it for garbage takes a tenth of the start
    _set_frames()
    from ..app import LeadlineApp
    from ..preferences import read_preferences

    folder = here()

    def prepare() -> Opening:
        from ..control.opening import Opening

        gc.freeze()
        gc.enable()
        return Opening(folder, dict(os.environ), flags, with_project)

    preferences = read_preferences(os.environ)
    app = LeadlineApp(prepare, preferences, look_at=look_at)
    if inline:
        sys.stdout.write(ERASE)
        sys.stdout.flush()
    code = app.run(inline=inline, inline_no_clear=inline, mouse=preferences.mouse)
    if app.is_at_work and not is_served():
        _say("Leadline ends what runs at a point from where it can go on ...")
    app.close_sessions()
    if app.fault is not None:
        raise app.fault
    if not is_served():
        _say(ERASE)
        for word in app.last_words():
            _say(f"{word}\n")
    return Exit.DONE if code is None else code


def _say(text: str) -> None:
    """On the terminal, if it is still there, in what it can show."""
    from ..twins import output_coding

    with contextlib.suppress(OSError):
        sys.stdout.buffer.write(output_coding()(text))
        sys.stdout.flush()


def _run_plain(
    flags: Mapping[str, object], *, with_project: bool = True, look_at: Path | None = None
) -> int:
    from ..plain.lines import lines_on_stdout

    folder = here()
    lines = lines_on_stdout()
    lines.line("Leadline, in lines only.")  # before what takes a second to import

    from ..control.opening import Opening
    from ..plain.run import run

    return run(Opening(folder, dict(os.environ), flags, with_project), lines, look_at)


def _set_frames() -> None:
    """Textual reads it once, from the environment, which commands that are run shall not have it from."""
    if "TEXTUAL_FPS" not in os.environ:
        os.environ["TEXTUAL_FPS"] = FRAMES
        importlib.import_module("textual.constants")
        del os.environ["TEXTUAL_FPS"]
