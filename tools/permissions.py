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
    """`rule` says in words what a yes to the question allows where it holds for more than this call."""

    question: str
    rule: str


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
        return _asked(effects)
    return Allow()


def _asked(effects: Effects) -> Ask:
    """The question tells the call from all others that a person might answer otherwise, so that a yes can be kept."""
    if effects.asks:
        return Ask(f"May Leadline {effects.asks}?", "exactly this, whatever it finds then")
    if effects.command is not None:
        return Ask(
            f"May Leadline run `{effects.command}`?", "exactly this command, with any time limit"
        )
    paths = ", ".join(effects.writes)
    return Ask(f"May Leadline write {paths}?", f"every change of {paths}")


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
