"""How a person wants the interface: the table `[interface]` of their own configuration file.

Read before the first frame, so it imports nothing heavy. A repository's file has no such table: who could bind keys
could make the person press the wrong one.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal, cast, get_args

from ..agent.settings.files import INTERFACE, printable, read_toml, user_config_file
from ..tools.errors import PersonError

ThemeName = Literal["auto", "dark", "light", "contrast", "none"]
Notify = Literal["off", "bell", "osc9", "osc777"]

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "theme": get_args(ThemeName),
    "notify": get_args(Notify),
}


@dataclass(frozen=True, slots=True)
class Preferences:
    """`notify` is how a terminal is told that a person is needed; `keys` has for ids of bindings the keys they get,
    several separated by commas."""

    theme: ThemeName = "auto"
    vim: bool = False
    mouse: bool = True
    notify: Notify = "bell"
    keys: Mapping[str, str] = field(default_factory=dict[str, str])


def read_preferences(environ: Mapping[str, str]) -> Preferences:
    """What the file says, else the defaults. Raises PersonError for what is wrong in it."""
    file = user_config_file(environ)
    table: object = {} if file is None else read_toml(file, str(file)).get(INTERFACE, {})
    if not isinstance(table, dict):
        raise PersonError(f"{file}: {INTERFACE} must be a table: write [{INTERFACE}] above it.")
    values = cast("dict[str, object]", table)
    for name, value in values.items():
        _check(name, value, f"{file}:{INTERFACE}.{printable(name)}")
    return Preferences(**values)  # pyright: ignore[reportArgumentType] -- checked one by one


def _check(name: str, value: object, where: str) -> None:
    names = [each.name for each in fields(Preferences)]
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(names)}."
        raise PersonError(f"{where}: there is no such option. {hint}")
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise PersonError(f"{where}: it must be one of {', '.join(_CHOICES[name])}.")
    elif name == "keys":
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
            raise PersonError(f'{where}: it must be a table such as {{"app.help" = "f1"}}.')
    elif not isinstance(value, bool):
        raise PersonError(f"{where}: it must be true or false.")
