"""Signs that stand beside words, each with a twin for terminals that have ASCII alone."""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping
from typing import Literal

from .twins import is_utf8

Sign = Literal[
    "ok",
    "failed",
    "running",
    "waiting",
    "cut",
    "open",
    "folded",
    "cursor",
    "bullet",
    "bar",
    "arrow",
    "warn",
    "ask",
    "dash",
    "more",
]

SIGNS: Mapping[Sign, tuple[str, str]] = {
    "ok": ("✓", "+"),
    "failed": ("✗", "x"),
    "running": ("●", "*"),
    "waiting": ("○", "o"),
    "cut": ("◌", "~"),
    "open": ("▾", "v"),
    "folded": ("▸", ">"),
    "cursor": ("▌", "|"),
    "bullet": ("•", "-"),
    "bar": ("│", "|"),
    "arrow": ("→", "->"),
    "warn": ("!", "!"),
    "ask": ("?", "?"),
    "dash": ("─", "-"),
    "more": ("…", "..."),
}
"""By name: the sign, and its twin. All of one column but the twins of `arrow` and `more`."""


def has_unicode() -> bool:
    """Whether the terminal is said to show more than ASCII: by its locale, as for any program."""
    # A console's font has few signs, whatever its locale says; and Python's UTF-8 mode, which LC_ALL=C brings about and
    # `getpreferredencoding` tells of, says nothing of the terminal.
    return os.environ.get("TERM") != "linux" and is_utf8(locale.getencoding())


_COLUMN = 0 if has_unicode() else 1


def sign(name: Sign) -> str:
    """The sign as this terminal can show it; decided once, when the program begins."""
    return SIGNS[name][_COLUMN]
