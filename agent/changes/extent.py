"""Which part of a session's work is meant, and what of it, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OfSession:
    """All steps that the tree has."""


@dataclass(frozen=True, slots=True)
class OfStep:
    """One step."""

    step: int


@dataclass(frozen=True, slots=True)
class OfTask:
    """One task of a plan, as its work landed."""

    task: str


Extent = OfSession | OfStep | OfTask


@dataclass(frozen=True, slots=True)
class Chosen:
    """A file of an extent, or with `hunks`, counted from 0, only these parts of it.

    `shown` is the mark of the file as the person saw it: what they did not see is not taken back.
    """

    path: str
    shown: str
    hunks: tuple[int, ...] = ()
