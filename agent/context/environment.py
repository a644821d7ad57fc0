"""The environment card: what a model otherwise spends its first turns on, or never learns. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...prompts.render import render

MOST_ENTRIES = 60
"""Top-level entries named on the card; more would cost every session of a flat repository."""


@dataclass(frozen=True, slots=True)
class Environment:
    """`below` is where the person stands, relative to the root. `durations` are seconds of the last run by command."""

    root: str
    below: str
    repository: str
    entries: Sequence[str]
    runtimes: Sequence[str]
    checks: Sequence[str]
    checkers: Sequence[str]
    durations: Mapping[str, float]
    command_seconds: int
    sandbox: str


def card(environment: Environment) -> str:
    """The card as the model reads it."""
    return render(
        "environment",
        root=environment.root,
        below=f"\nThe person is in: {environment.below}" if environment.below else "",
        repository=environment.repository,
        entries=_entries(environment.entries),
        runtimes=", ".join(environment.runtimes) or "none found",
        checks=_checks(environment),
        checkers=_checkers(environment.checkers),
        command_seconds=str(environment.command_seconds),
        sandbox=environment.sandbox,
    )


def _checkers(commands: Sequence[str]) -> str:
    named = ", ".join(f"`{command}`" for command in commands)
    return f"\nCheckers configured here: {named}" if named else ""


def _entries(entries: Sequence[str]) -> str:
    shown = " ".join(entries[:MOST_ENTRIES])
    more = len(entries) - MOST_ENTRIES
    return f"{shown} and {more} more" if more > 0 else shown or "(empty)"


def _checks(environment: Environment) -> str:
    if not environment.checks:
        return "none found; prove your work by commands of your own"
    return "; ".join(
        f"`{command}`" + (f" (took {seconds:.1f} s)" if seconds is not None else "")
        for command in environment.checks
        for seconds in [environment.durations.get(command)]
    )


def top_level(files: Sequence[str]) -> tuple[str, ...]:
    """The first path component of each file, folders with a slash, folders first, each once."""
    names = {path.split("/", 1)[0] + ("/" if "/" in path else "") for path in files}
    return tuple(sorted(names, key=lambda name: (not name.endswith("/"), name)))
