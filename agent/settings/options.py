"""What an option is: how its values are written and checked, and what a project may do to it.

`Settings` in `config.py` declares every option once with these; files, environment, flags, `leadline config` and the
documentation are derived from that.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, cast, get_args, get_type_hints
from urllib.parse import urlsplit, urlunsplit

from pydantic import JsonValue

S = TypeVar("S", bound=str)
V = TypeVar("V", covariant=True)

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Kind(Generic[V]):
    """The values an option takes.

    `check` gets a value as TOML has it and returns None when it doesn't fit; `from_text` makes such a value of what
    stands in an environment variable or a flag. `expects` ends the sentence "it must be ...".
    """

    expects: str
    metavar: str
    check: Callable[[object], V | None]
    from_text: Callable[[str], object]
    choices: tuple[str, ...] = ()
    switch: bool = False
    repeatable: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """A setting's declaration.

    `strictness` ranks values: a project may set the option, and the stricter value holds. `adds`: a project may add to
    the list. With neither, a project may not touch it.
    """

    name: str
    kind: Kind[object]
    help: str
    flag: str | None
    strictness: Callable[[Any], float] | None
    adds: bool

    @property
    def variable(self) -> str:
        return f"LEADLINE_{self.name.upper()}"

    @property
    def in_project(self) -> bool:
        return self.strictness is not None or self.adds


def option(
    kind: Kind[object],
    help: str,  # noqa: A002 - argparse's word for it
    *,
    flag: bool = True,
    strictness: Callable[[Any], float] | None = None,
    adds: bool = False,
) -> Option:
    """What stands beside a setting's type in `Annotated`; name and flag come from the field."""
    return Option("", kind, help, "--" if flag else None, strictness, adds)


def declared(settings: type[Any]) -> tuple[Option, ...]:
    """The options that a dataclass declares, in its order."""
    found: list[Option] = []
    for name, hint in get_type_hints(settings, include_extras=True).items():
        for blank in get_args(hint)[1:]:
            if isinstance(blank, Option):
                flag = "--" + name.replace("_", "-") if blank.flag else None
                found.append(dataclasses.replace(blank, name=name, flag=flag))
    return tuple(found)


# --- kinds of values ---


def choice(values: Sequence[S]) -> Kind[S]:
    def check(raw: object) -> S | None:
        return next((value for value in values if value == raw), None)

    expects = "one of " + ", ".join(values)
    return Kind(expects, "|".join(values), check, lambda text: text, tuple(values))


def whole(least: int) -> Kind[int]:
    def check(raw: object) -> int | None:
        # bool is a kind of int in Python, but `max_turns = true` is a mistake.
        if isinstance(raw, int) and not isinstance(raw, bool) and least <= raw < 2**31:
            return raw
        return None

    return Kind(f"a whole number of at least {least}", "N", check, lambda text: _number(text, int))


def _check_positive(raw: object) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    try:
        value = float(raw)
    except OverflowError:
        return None
    return value if math.isfinite(value) and value > 0 else None


POSITIVE: Kind[float] = Kind(
    "a number above 0", "NUMBER", _check_positive, lambda text: _number(text, float)
)


def _check_switch(raw: object) -> bool | None:
    return raw if isinstance(raw, bool) else None


def _switch_from_text(text: str) -> object:
    word = text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else text


SWITCH: Kind[bool] = Kind("true or false", "", _check_switch, _switch_from_text, switch=True)


def _check_word(raw: object) -> str | None:
    if isinstance(raw, str) and raw.strip() == raw and raw and raw.isprintable():
        return raw
    return None


WORD: Kind[str] = Kind("a name", "NAME", _check_word, lambda text: text)


def _check_url(raw: object) -> str | None:
    url = _check_word(raw)
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return url if good else None


URL: Kind[str] = Kind("an http:// or https:// address", "URL", _check_url, lambda text: text)


def _check_path(raw: object) -> Path | None:
    if not isinstance(raw, str) or not raw or "\0" in raw:
        return None
    try:
        return Path(raw).expanduser()
    except RuntimeError:
        return None


PATH: Kind[Path] = Kind("a path", "PATH", _check_path, lambda text: text)


def _check_commands(raw: object) -> tuple[str, ...] | None:
    if not isinstance(raw, list | tuple):
        return None
    found: list[str] = []
    for command in cast("Sequence[object]", raw):
        if not isinstance(command, str) or not command.strip() or "\0" in command:
            return None
        found.append(command.strip())
    return tuple(found)


COMMANDS: Kind[tuple[str, ...]] = Kind(
    "a list of commands",
    "CMD",
    _check_commands,
    lambda text: [line for line in text.splitlines() if line.strip()],
    repeatable=True,
)


def _number(text: str, make: Callable[[str], object]) -> object:
    """The number in a text, or the text itself, which no check of numbers lets through."""
    try:
        return make(text)
    except ValueError:
        return text


# --- how values are shown ---


def mask_url(url: str) -> str:
    """An address without the credentials it may carry before its host, in its query or in its fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "***"
    host = parts.netloc.rpartition("@")[2]
    netloc = f"***@{host}" if host != parts.netloc else host
    return urlunsplit(
        (
            parts.scheme,
            netloc,
            parts.path,
            "***" if parts.query else "",
            "***" if parts.fragment else "",
        )
    )


def plain_value(option: Option, value: object) -> JsonValue:
    """A value as JSON, without secrets."""
    match value:
        case None | bool() | int() | float():
            return value
        case str() if option.kind is URL:
            return mask_url(value)
        case tuple():
            return [str(part) for part in cast("tuple[object, ...]", value)]
        case _:
            return str(value)


def show_value(option: Option, value: object) -> str:
    """A value as people read it, without secrets. `-` stands for one that is not set."""
    match plain_value(option, value):
        case None | []:
            return "-"
        case bool() as switch:
            return "true" if switch else "false"
        case list() as parts:
            return "; ".join(map(str, parts))
        case float() as number:
            return f"{number:g}"
        case other:
            return str(other)
