"""What several commands share: flags for settings, the settings in force, and which session is meant."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from pydantic import JsonValue

from ...agent.events import SessionStarted
from ...agent.headless import json_line
from ...agent.history.journal import FILE, decode
from ...agent.history.store import find_session, session_ids, sessions_folder
from ...agent.settings.config import (
    OPTIONS,
    Settings,
    find_project_root,
    load_settings,
)
from ...agent.settings.files import user_config_file
from ...agent.v4.courier import Courier
from ...agent.v4.couriered import connecting_by
from ...agent.v4.link import Connecting, start_connecting
from ...tools.errors import PersonError
from .screen import Terminal
from .standing import here as here


def add_setting_flags(parser: argparse.ArgumentParser) -> None:
    """A flag for each option that has one. Values stay text here: `load_settings` checks them all alike."""
    group = parser.add_argument_group(
        "settings (`leadline config` shows them and where they came from)"
    )
    for option in OPTIONS:
        if option.flag is None:
            continue
        help_text = option.help.replace("%", "%%")
        if option.kind.switch:
            group.add_argument(
                option.flag,
                dest=option.name,
                action=argparse.BooleanOptionalAction,
                default=None,
                help=help_text,
            )
        elif option.kind.repeatable:
            group.add_argument(
                option.flag,
                dest=option.name,
                action="append",
                metavar=option.kind.metavar,
                help=help_text,
            )
        else:
            group.add_argument(
                option.flag, dest=option.name, metavar=option.kind.metavar, help=help_text
            )
    group.add_argument(
        "--no-project-config",
        action="store_true",
        help="don't read the repository's .leadline.toml",
    )


def settings_from(parsed: argparse.Namespace, project_root: Path) -> Settings:
    """The settings of a command that has the flags of `add_setting_flags`."""
    root = None if parsed.no_project_config else project_root
    return load_settings(flags_from(parsed), os.environ, user_config_file(os.environ), root)


def flags_from(parsed: argparse.Namespace) -> Mapping[str, object]:
    """The flags of `add_setting_flags` that were given, by their options' names."""
    values: Mapping[str, object] = vars(parsed)
    return {
        option.name: values[option.name]
        for option in OPTIONS
        if option.flag is not None and values[option.name] is not None
    }


def connecting(courier: Courier | None) -> Connecting:
    """How a session begins to connect, with the courier that was started for this command, if any."""
    return start_connecting if courier is None else partial(connecting_by, courier)


def home() -> Path:
    """Where sessions are kept. A project has no say in it, so its file is not even read."""
    return load_settings({}, os.environ, user_config_file(os.environ), None).home


def add_session(
    parser: argparse.ArgumentParser, without: str = "the newest session of this work tree"
) -> None:
    parser.add_argument(
        "session",
        metavar="SESSION",
        nargs="?",
        help=f"a session's id or a part of it; without one, {without}",
    )


def session_folder(state: Path, text: str | None, folder: Path) -> Path:
    """The session that `text` names, or the newest of the work tree around `folder`.

    Never the newest of just anywhere: undo would then reach into another repository.
    """
    if text is not None:
        return find_session(state, text)
    root = find_project_root(folder)
    for name in session_ids(state):
        found = sessions_folder(state) / name
        started = session_start(found)
        if started is not None and Path(started.root) == root:
            return found
    raise PersonError(
        f"There is no session of {root} yet. `leadline sessions` lists those of all places."
    )


def session_start(folder: Path) -> SessionStarted | None:
    """How a session began, from the head of its journal; None where that can't be read."""
    try:
        with (folder / FILE).open("rb") as file:
            file.readline()
            body = decode(file.readline()).body
    except (OSError, ValueError):
        return None
    return body if isinstance(body, SessionStarted) else None


def print_json(value: JsonValue) -> None:
    sys.stdout.buffer.write(json_line(value) + b"\n")
    sys.stdout.flush()


def page() -> Terminal:
    """stdout for people."""
    return Terminal(sys.stdout, os.environ)
