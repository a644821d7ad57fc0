"""What is read, on purpose, from the person's own git configuration: values, never programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .hardening import Override, parse_config
from .run import Place, run_git

_CARRIED = (
    "core.autocrlf",
    "core.eol",
    "core.safecrlf",
    "core.excludesfile",
    "core.attributesfile",
)
"""Keys that change which files and bytes git sees; the person's value is handed on to hardened calls."""

_TRUE = frozenset(("true", "yes", "on", "1"))


@dataclass(frozen=True, slots=True)
class Settings:
    """The person's values, all files and includes considered, the repository's own last."""

    name: str | None
    email: str | None
    signs: bool
    """Whether the person wants commits signed, which Leadline cannot do for them."""
    default_branch: str
    carried: tuple[Override, ...]
    """Overrides for calls in the person's repository, which see no configuration outside it."""
    filters: frozenset[str]
    """Names of filter drivers that have a program, wherever they are configured."""


async def read_settings(cwd: Path) -> Settings:
    """Reads the settings as git would for a command in `cwd`. Runs nothing but `git config --list`."""
    result = await run_git(Place(cwd), "config", "--null", "--list", outside_config=True)
    return settings_from(result.stdout)


def settings_from(listing: bytes) -> Settings:
    """The settings in the output of `git config --null --list`. Pure."""
    values: dict[str, str] = {}
    filters: set[str] = set()
    for key, value in parse_config(listing):
        values[key] = value
        section, _, rest = key.partition(".")
        name, _, last = rest.rpartition(".")
        if section == "filter" and last in {"clean", "smudge", "process"} and value:
            filters.add(name)
    carried = tuple((key, _expanded(values[key])) for key in _CARRIED if key in values)
    return Settings(
        name=values.get("user.name", "").strip() or None,
        email=values.get("user.email", "").strip() or None,
        signs=_signs(listing),
        default_branch=values.get("init.defaultbranch", "main"),
        carried=carried,
        filters=frozenset(filters),
    )


def _signs(listing: bytes) -> bool:
    """Our own override is the last of the values; what the files say comes before it."""
    said = [value for key, value in parse_config(listing) if key == "commit.gpgsign"]
    return len(said) > 1 and said[-2].lower() in _TRUE


def _expanded(value: str) -> str:
    """A path value with its `~` made out; other values have none."""
    try:
        return str(Path(value).expanduser()) if value.startswith("~") else value
    except RuntimeError:
        return value
