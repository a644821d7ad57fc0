"""`leadline config`: each setting, its value, and where it came from. Keys are never shown."""

from __future__ import annotations

import argparse
import os

from pydantic import JsonValue

from ...agent.settings.config import OPTIONS, PROJECT_FILE, Settings, find_project_root
from ...agent.settings.files import user_config_file
from ...agent.v4.profiles import load_profiles
from .common import add_setting_flags, here, page, print_json, settings_from


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    add_setting_flags(parser)


def execute(parsed: argparse.Namespace) -> int:
    root = find_project_root(here())
    settings = settings_from(parsed, root)
    shown = settings.shown()
    variable, is_set = _key(settings)
    if parsed.json:
        values: dict[str, JsonValue] = {
            name: {"value": value, "origin": settings.origin(name)}
            for name, value in settings.plain().items()
        }
        print_json({"settings": values, "key": {"variable": variable, "set": is_set}})
        return 0
    screen = page()
    width = max(len(option.name) for option in OPTIONS)
    room = max(map(len, shown.values()))
    for name, value in shown.items():
        origin = settings.origin(name)
        style = "dim" if origin == "default" else "plain"
        screen.line((style, f"{name:{width}}  {value:{min(room, 40)}}  {origin}"))
    screen.line()
    screen.line(f"API key: {variable} is {'set' if is_set else 'not set'}")
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


def _key(settings: Settings) -> tuple[str, bool]:
    """The variable that the profile takes its key from, and whether it holds something."""
    profile = load_profiles().get(settings.profile)
    variable = profile.key_variable if profile is not None else "the profile's variable"
    return variable, bool(os.environ.get(variable, "").strip())
