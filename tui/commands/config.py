"""`leadline config`: each setting, its value, and where it came from. Keys are never shown."""

from __future__ import annotations

import argparse
import os

from pydantic import JsonValue

from ...agent.settings.config import OPTIONS, PROJECT_FILE, Settings, find_project_root
from ...agent.settings.files import user_config_file
from ...agent.settings.keys import with_kept_keys
from ...agent.v4.profiles import load_profiles
from ..preferences import read_preferences
from .common import add_setting_flags, here, page, print_json, settings_from


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    add_setting_flags(parser)


def execute(parsed: argparse.Namespace) -> int:
    root = find_project_root(here())
    settings = settings_from(parsed, root)
    read_preferences(os.environ)  # the table is not shown, and what is wrong in it is said
    shown = settings.shown()
    variable, where = _key(settings)
    if parsed.json:
        values: dict[str, JsonValue] = {
            name: {"value": value, "origin": settings.origin(name)}
            for name, value in settings.plain().items()
        }
        print_json({"settings": values, "key": {"variable": variable, "set": bool(where)}})
        return 0
    screen = page()
    width = max(len(option.name) for option in OPTIONS)
    room = max(map(len, shown.values()))
    for name, value in shown.items():
        origin = settings.origin(name)
        style = "dim" if origin == "default" else "plain"
        screen.line((style, f"{name:{width}}  {value:{min(room, 40)}}  {origin}"))
    screen.line()
    screen.line(f"API key: {variable} is {where or 'not set'}")
    screen.line(("dim", f"your file: {user_config_file(os.environ) or 'none'}"))
    project = (
        "not read"
        if parsed.no_project_config
        else "read"
        if (root / PROJECT_FILE).exists()
        else "none"
    )
    screen.line(("dim", f"project file: {root / PROJECT_FILE} ({project})"))
    return 0


def _key(settings: Settings) -> tuple[str, str]:
    """The variable that the profile takes its key from, and where a key is; "" for nowhere."""
    profile = load_profiles().get(settings.profile)
    if profile is None:
        return "the profile's variable", ""
    variable = profile.key_variable
    if os.environ.get(variable, "").strip():
        return variable, "set"
    kept = with_kept_keys({}, settings.home).get(variable)
    return variable, f"not set, and a key is kept in {settings.home / 'keys'}" if kept else ""
