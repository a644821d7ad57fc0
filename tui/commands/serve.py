"""`leadline serve`: the interface in a browser on this machine."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from ...agent.settings.config import OPTIONS, find_project_root
from ...tools.errors import Exit, PersonError
from ..preferences import read_preferences
from ..text import clean
from .common import add_setting_flags, flags_from, here, settings_from

if TYPE_CHECKING:
    from ..browser.child import Program

HIGHEST_PORT = 65_535


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=int, default=0, help="the port; any that is free if not given"
    )
    add_setting_flags(parser)


def execute(parsed: argparse.Namespace) -> int:
    if not 0 <= parsed.port <= HIGHEST_PORT:
        raise PersonError(f"--port must be from 0 to {HIGHEST_PORT}.")
    root = find_project_root(here())
    settings_from(parsed, root)  # what is wrong is better told here than in a page
    read_preferences(os.environ)
    try:
        from ..browser.server import listen, serve, static_files  # an extra, and heavy

        static_files()
        listening = listen(parsed.port)
    except ModuleNotFoundError as error:
        raise PersonError(
            f"The browser's part is not installed ({error.name} is missing): pip install 'leadline[serve]'."
        ) from error
    except OSError as error:
        raise PersonError(
            f"Port {parsed.port} can't be taken: {error.strerror}. Leave --port out to get one that is free."
        ) from error
    asyncio.run(serve(_program(parsed), f"Leadline: {root.name}", listening, _opened, _told))
    return Exit.DONE


def _opened(address: str) -> None:
    print(f"Open this address in your browser; it opens once:\n\n  {address}\n", flush=True)
    print("Ctrl-C ends it; what runs can be resumed.", flush=True)


def _told(text: str) -> None:
    print(clean(text), file=sys.stderr, flush=True)


def _program(parsed: argparse.Namespace) -> Program:
    """The same Leadline with the same settings, which imports nothing from where the person stands."""
    from ..browser.child import Program

    argv = (sys.executable, "-P", "-m", "leadline.tui", "open", *_flags(parsed))
    return Program(argv, _without_relative_paths(os.environ))


def _without_relative_paths(environ: Mapping[str, str]) -> dict[str, str]:
    entries = environ.get("PYTHONPATH", "").split(os.pathsep)
    kept = os.pathsep.join(entry for entry in entries if os.path.isabs(entry))  # noqa: PTH117
    without = {name: value for name, value in environ.items() if name != "PYTHONPATH"}
    return {**without, "PYTHONPATH": kept} if kept else without


def _flags(parsed: argparse.Namespace) -> list[str]:
    words = ["--no-project-config"] if parsed.no_project_config else []
    given = flags_from(parsed)
    for option in OPTIONS:
        value = given.get(option.name)
        if option.flag is None or value is None:
            continue
        if isinstance(value, bool):
            words.append(option.flag if value else f"--no-{option.flag[2:]}")
        else:
            values = cast("list[object]", value) if isinstance(value, list) else [value]
            words += [
                f"{option.flag}={each}" for each in values
            ]  # one word: it may begin with a dash
    return words
