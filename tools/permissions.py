"""What a call may do, decided from its declared effects alone. Pure; the asking is somebody else's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .base import Effects

Mode = Literal["plan", "ask", "auto", "full"]
"""plan: nothing changes. ask: a person allows each change and command. auto: changes in the work tree and confined
commands go ahead. full: commands are not confined."""


@dataclass(frozen=True, slots=True)
class Allow:
    pass


@dataclass(frozen=True, slots=True)
class Ask:
    question: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """`reason` goes to the model."""

    reason: str


Permission = Allow | Ask | Refuse


def decide(mode: Mode, effects: Effects, confined: bool) -> Permission:
    """Whether a call with these effects may run; `confined` says whether commands are.

    In plan mode confined commands run, with the work tree read-only.
    """
    if not effects.mutates:
        return Allow()
    if mode == "plan":
        if effects.writes:
            return Refuse("Plan mode changes nothing. Say in your report what you would do.")
        if not confined:
            return Refuse("Plan mode runs commands confined only, and they can't be confined here.")
        return Allow()
    if mode == "ask":
        what = (
            f"run `{effects.command}`" if effects.command else f"write {', '.join(effects.writes)}"
        )
        return Ask(f"May Leadline {what}?")
    return Allow()


def conflict(earlier: Effects, later: Effects) -> bool:
    """Whether `later` has to wait for `earlier`, when both were asked for in one answer.

    A command may touch anything in the tree, so it waits for, and holds up, whatever reads or writes.
    """
    if earlier.command is not None or later.command is not None:
        return _touches(earlier) and _touches(later)
    return _overlap(earlier.writes, (*later.reads, *later.writes)) or _overlap(
        earlier.reads, later.writes
    )


def _touches(effects: Effects) -> bool:
    return effects.command is not None or bool(effects.reads) or bool(effects.writes)


def _overlap(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether a path of one is the same as, above or below a path of the other; "." is above all."""
    return any(
        a == b or a == "." or b == "." or a.startswith(f"{b}/") or b.startswith(f"{a}/")
        for a in some
        for b in others
    )
