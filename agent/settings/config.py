"""The settings of a run, and where each came from: defaults < user file < project file < environment < flags.

The project file lies in a repository, and a repository is untrusted: it may only make things stricter. Keys are never
settings; they stand in the variable that the endpoint's profile names.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, cast

import platformdirs
from pydantic import JsonValue

from ...tools.errors import PersonError
from ...tools.permissions import Mode
from ..v4.facts import Tier
from .files import (
    CONFIG_VARIABLE,
    INTERFACE,
    PROJECT_FILE,
    printable,
    project_file,
    read_toml,
)
from .options import (
    COMMANDS,
    PATH,
    POSITIVE,
    SWITCH,
    URL,
    WORD,
    Option,
    choice,
    declared,
    option,
    plain_value,
    show_value,
    whole,
)

KEY_VARIABLE = "LEADLINE_API_KEY"
"""What the profile `custom` calls its key's variable; not an option, though it is named like one."""

SandboxChoice = Literal["auto", "bubblewrap", "landlock", "off"]
SyntaxErrors = Literal["tell", "refuse"]

_MODES: tuple[Mode, ...] = ("plan", "ask", "auto", "full")
# auto may end at either engine, so it ranks between them: a project may not trade bubblewrap for Landlock.
_SANDBOXES: tuple[SandboxChoice, ...] = ("off", "landlock", "auto", "bubblewrap")
_SYNTAX_ERRORS: tuple[SyntaxErrors, ...] = ("tell", "refuse")
_TIERS: tuple[Tier, ...] = ("flash", "pro")


def _lower(value: float | None) -> float:
    """Lower is stricter, and no limit is the least strict."""
    return float("-inf") if value is None else -value


def _less_allowed(mode: Mode) -> float:
    return -_MODES.index(mode)


def _closed(network: bool) -> float:
    return -int(network)


def _default_home() -> Path:
    return Path(platformdirs.user_state_dir("leadline"))


@dataclass(frozen=True, slots=True)
class Settings:
    """Values in force. `origins` says where those that are not defaults came from."""

    profile: Annotated[
        str, option(WORD, "endpoint profile: how requests are written and where the key is")
    ] = "deepseek"
    base_url: Annotated[
        str | None, option(URL, "address of the endpoint, instead of the profile's")
    ] = None
    model_pro: Annotated[
        str | None, option(WORD, "model for hard steps, instead of the catalog's")
    ] = None
    model_flash: Annotated[
        str | None, option(WORD, "model for cheap steps, instead of the catalog's")
    ] = None
    catalog: Annotated[Path | None, option(PATH, "a model catalog of your own (TOML)")] = None
    # A project that could choose the dearer one would spend the person's money.
    solo: Annotated[
        Tier | None,
        option(
            choice(_TIERS),
            "one agent does the whole task with this model; if not set, a planner plans it for workers first (but not "
            "where nobody could approve the plan: in modes plan and ask, with --read-only and --output-schema)",
        ),
    ] = None
    workers: Annotated[
        int, option(whole(1), "workers that may be at work at once", strictness=_lower)
    ] = 8
    mode: Annotated[
        Mode,
        option(
            choice(_MODES),
            "plan: change nothing; ask: ask before changes and commands; auto: change the work tree, "
            "run confined commands; full: commands are not confined",
            strictness=_less_allowed,
        ),
    ] = "auto"
    sandbox: Annotated[
        SandboxChoice,
        option(
            choice(_SANDBOXES),
            "what confines commands; off lets them run unconfined",
            strictness=_SANDBOXES.index,
        ),
    ] = "auto"
    network: Annotated[
        bool,
        option(SWITCH, "let confined commands reach the network", strictness=_closed),
    ] = False
    verify: Annotated[
        tuple[str, ...],
        option(
            COMMANDS,
            "check that proves the result (repeatable; found by itself when absent)",
            adds=True,
        ),
    ] = ()
    budget_usd: Annotated[
        float | None, option(POSITIVE, "US dollars the session may cost", strictness=_lower)
    ] = None
    max_minutes: Annotated[
        float | None, option(POSITIVE, "minutes the run may take", strictness=_lower)
    ] = None
    max_turns: Annotated[
        int, option(whole(1), "answers of the model in a run", strictness=_lower)
    ] = 200
    command_seconds: Annotated[
        int,
        option(whole(1), "seconds a command may take unless it asks for more", strictness=_lower),
    ] = 120
    first_token_seconds: Annotated[
        int,
        option(
            whole(1),
            "seconds to wait for the first token of an answer",
            flag=False,
            strictness=_lower,
        ),
    ] = 120
    verify_rounds: Annotated[
        int,
        option(
            whole(0),
            "times the model may mend what the checks find",
            flag=False,
            strictness=_lower,
        ),
    ] = 3
    # A project that could raise this one would spend the person's money.
    pack_tokens: Annotated[
        int | None,
        option(
            whole(0),
            "tokens of the repository that each session begins with; 0: none (the default is a quarter of what the "
            "model reads well)",
        ),
    ] = None
    syntax_errors: Annotated[
        SyntaxErrors,
        option(
            choice(_SYNTAX_ERRORS),
            "an edit that adds syntax errors: tell the model, or refuse to make it",
            flag=False,
            strictness=_SYNTAX_ERRORS.index,
        ),
    ] = "tell"
    attribution: Annotated[
        bool, option(SWITCH, "name Leadline in a trailer of the commits it makes", flag=False)
    ] = True
    # Lowering this one would leave more of the person's work out of the snapshots: not for projects.
    snapshot_file_mb: Annotated[
        int,
        option(whole(1), "untracked files above this size are not stored in snapshots", flag=False),
    ] = 50
    home: Annotated[Path, option(PATH, "where sessions and snapshots are kept", flag=False)] = (
        field(default_factory=_default_home)
    )
    origins: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)

    def origin(self, name: str) -> str:
        """ "default", a file, a variable or a flag."""
        return self.origins.get(name, "default")

    def plain(self) -> dict[str, JsonValue]:
        """All values as JSON, credentials in addresses masked."""
        return {each.name: plain_value(each, getattr(self, each.name)) for each in OPTIONS}

    def shown(self) -> dict[str, str]:
        """All values as text for people and the journal, credentials in addresses masked."""
        return {each.name: show_value(each, getattr(self, each.name)) for each in OPTIONS}


OPTIONS: tuple[Option, ...] = declared(Settings)
_BY_NAME: Mapping[str, Option] = {each.name: each for each in OPTIONS}


def load_settings(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    user_file: Path | None,
    project_root: Path | None,
) -> Settings:
    """The settings in force. Reads the two files, when they exist, and nothing else.

    `flags` has the names of options and only those that were given: texts, booleans for switches, lists for repeatable
    ones. A variable that is set but empty counts as not set. Raises PersonError for unknown names, wrong values, and
    for what a project may not do.
    """
    settings = Settings()
    if user_file is not None:
        for name, raw in read_toml(user_file, str(user_file)).items():
            if name == INTERFACE:  # not of a run: `tui/preferences.py` reads it
                continue
            known = _known(name, f"{user_file}:{name}")
            settings = _set(
                settings, known, raw, str(user_file), f"{user_file}:{name}", user_file.parent
            )
    if project_root is not None:
        settings = _project_layer(settings, project_root)
    for known, text in _variables(environ):
        raw = known.kind.from_text(text)
        settings = _set(settings, known, raw, known.variable, known.variable, Path.cwd())
    for name, given in flags.items():
        known = _known(name, f"flag {name}")
        where = known.flag or name
        raw = known.kind.from_text(given) if isinstance(given, str) else given
        settings = _set(settings, known, raw, where, where, Path.cwd())
    return settings


def find_project_root(folder: Path) -> Path:
    """The work tree that `folder` is in, or `folder` itself outside of any; nothing of git is run for it."""
    folder = folder.resolve()
    for candidate in (folder, *folder.parents):
        if os.path.lexists(candidate / ".git"):
            return candidate
    return folder


def options_table() -> str:
    """All options as a Markdown table, for the documentation."""
    rows = ["| Option | Default | Flag | In a project | Meaning |", "|---|---|---|---|---|"]
    defaults = Settings()
    for each in OPTIONS:
        default = show_value(each, getattr(defaults, each.name))
        if each.name == "home":
            default = "the system's state folder"
        project = "add" if each.adds else "stricter" if each.in_project else "no"
        flag = f"`{each.flag}`" if each.flag else ""
        rows.append(f"| `{each.name}` | {default} | {flag} | {project} | {each.help} |")
    return "\n".join(rows) + "\n"


# --- one value ---


def _set(
    settings: Settings, known: Option, raw: object, origin: str, where: str, base: Path
) -> Settings:
    """`where` is what an error names; relative paths start at `base`."""
    value = _checked(known, raw, where, base)
    origins = {**settings.origins, known.name: origin}
    return dataclasses.replace(settings, **{known.name: value}, origins=origins)


def _checked(known: Option, raw: object, where: str, base: Path) -> object:
    value = known.kind.check(raw)
    if value is None:
        raise PersonError(f"{where}: it must be {known.kind.expects}, not {_quote(raw)}.")
    if isinstance(value, Path) and not value.is_absolute():
        return base.absolute() / value
    return value


def _known(name: str, where: str) -> Option:
    found = _BY_NAME.get(name)
    if found is not None:
        return found
    plain = name.lower().replace("-", "_")
    if "key" in re.split(r"[^a-z]+", plain.replace("_", " ")) or "token" in plain.split("_"):
        raise PersonError(
            f"{printable(where)}: a key is not a setting. Put it into the profile's variable in the "
            "environment (DEEPSEEK_API_KEY for DeepSeek)."
        )
    near = difflib.get_close_matches(plain, _BY_NAME, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else "`leadline config` lists them all."
    raise PersonError(f"{printable(where)}: there is no such option. {hint}")


def _variables(environ: Mapping[str, str]) -> Iterator[tuple[Option, str]]:
    for variable in sorted(environ):
        if not variable.startswith("LEADLINE_") or variable in (CONFIG_VARIABLE, KEY_VARIABLE):
            continue
        known = _known(variable.removeprefix("LEADLINE_").lower(), variable)
        if environ[variable]:
            yield known, environ[variable]


def _quote(raw: object) -> str:
    """A wrong value on one line; long ones are cut, and what is not printable is escaped."""
    # Tables and lists may nest deeper than `repr` can follow.
    text = "a table" if isinstance(raw, dict) else "a list" if isinstance(raw, list) else repr(raw)
    text = text if len(text) <= 60 else text[:57] + "..."
    return printable(text)


# --- the project's file ---


def _project_layer(settings: Settings, root: Path) -> Settings:
    path = project_file(root)
    if path is None:
        return settings
    for name, raw in read_toml(path, PROJECT_FILE).items():
        where = f"{PROJECT_FILE}:{name}"
        known = _known(name, where)
        if not known.in_project:
            raise _refused(where, "a project may not set this option")
        value = _checked(known, raw, where, root)
        current = getattr(settings, name)
        combined = _tightened(known, current, value, where)
        if combined != current:
            origin = (
                PROJECT_FILE if combined == value else f"{settings.origin(name)} + {PROJECT_FILE}"
            )
            origins = {**settings.origins, name: origin}
            settings = dataclasses.replace(settings, **{name: combined}, origins=origins)
    return settings


def _tightened(known: Option, current: object, wanted: object, where: str) -> object:
    """The stricter value. Wanting one looser than both the default and what is in force is refused."""
    if known.strictness is None:
        both = (*cast("tuple[str, ...]", current), *cast("tuple[str, ...]", wanted))
        return tuple(dict.fromkeys(both))
    rank = known.strictness
    default = getattr(Settings(), known.name)
    if rank(wanted) < min(rank(current), rank(default)):
        raise _refused(
            where,
            f"a project may only make this stricter, and {show_value(known, wanted)} is looser "
            f"than {show_value(known, current)}",
        )
    return wanted if rank(wanted) > rank(current) else current


def _refused(where: str, why: str) -> PersonError:
    return PersonError(
        f"{where}: {why}. Remove the line, or start with --no-project-config and set what you want yourself."
    )
