"""The interface's themes. Nothing is told by a colour alone, so that each of them, also the one without, says all.

Few colours, each with one meaning: `primary` is what goes on and where the cursor is, `accent` the person, `warning`
what wants them, `success` and `error` what came out. A test holds that all that is read stands out enough from what is
behind it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from textual.theme import Theme


def _theme(name: str, *, muted: str, added: str, removed: str, bar: str, **colours: Any) -> Theme:
    """`muted` is for what is beside the point, `added` and `removed` lie behind lines of a diff, `bar` is a scrollbar.
    What is chosen in a list of Textual's looks as in our own."""
    primary, foreground = colours["primary"], colours["foreground"]
    variables = {
        "text-muted": muted,
        "text-disabled": muted,
        "foreground-muted": muted,
        "success-muted": added,
        "error-muted": removed,
        "block-cursor-foreground": foreground,
        "block-cursor-background": f"{primary}33",
        "block-cursor-blurred-foreground": foreground,
        "block-cursor-blurred-background": colours["panel"],
        "block-cursor-blurred-text-style": "bold",
        "border": primary,
        "border-blurred": bar,
        "scrollbar": bar,
        "scrollbar-hover": muted,
        "scrollbar-active": primary,
        "scrollbar-background": colours["background"],
        "scrollbar-background-hover": colours["background"],
        "scrollbar-background-active": colours["background"],
        "scrollbar-corner-color": colours["background"],
    }
    return Theme(name=name, variables=variables, **colours)


_ALL = (
    _theme(
        "dark",
        primary="#5fa8d3",
        secondary="#8aa9bd",
        accent="#e0b35a",
        warning="#e0a33a",
        error="#e9797b",
        success="#6fbf73",
        foreground="#d8dee4",
        background="#11161b",
        surface="#171d23",
        panel="#1f2730",
        muted="#97a3ae",
        added="#16281e",
        removed="#341f22",
        bar="#33404c",
        dark=True,
    ),
    _theme(
        "light",
        primary="#1b648f",
        secondary="#4b6a7d",
        accent="#7d5200",
        warning="#824e00",
        error="#a92228",
        success="#1b6524",
        foreground="#1b2126",
        background="#fbfbf9",
        surface="#f2f2ee",
        panel="#e6e7e2",
        muted="#535e67",
        added="#e3f2e3",
        removed="#fae7e7",
        bar="#bcc2c4",
        dark=False,
    ),
    _theme(
        "contrast",
        primary="#00d7ff",
        secondary="#ffffff",
        accent="#ffff00",
        warning="#ffaf00",
        error="#ff8080",
        success="#5fff5f",
        foreground="#ffffff",
        background="#000000",
        surface="#000000",
        panel="#303030",
        muted="#e4e4e4",
        added="#003000",
        removed="#480000",
        bar="#b0b0b0",
        dark=True,
    ),
    _theme(
        "none",
        primary="#ffffff",
        secondary="#c6c6c6",
        accent="#ffffff",
        warning="#ffffff",
        error="#ffffff",
        success="#ffffff",
        foreground="#e4e4e4",
        background="#000000",
        surface="#000000",
        panel="#262626",
        muted="#b0b0b0",
        added="#1c1c1c",
        removed="#1c1c1c",
        bar="#5f5f5f",
        dark=True,
    ),
)
THEMES: Mapping[str, Theme] = {theme.name: theme for theme in _ALL}


def chosen_theme(wanted: str, environ: Mapping[str, str] | None = None) -> str:
    """The theme's name. `auto` asks the terminal's own word on its background, where it has one, else is dark."""
    environ = os.environ if environ is None else environ
    if environ.get("NO_COLOR"):
        return "none"
    if wanted != "auto":
        return wanted
    # "15;0" is light on dark; what stands last is the background, of which 7 and 9 to 15 are light.
    background = environ.get("COLORFGBG", "").rpartition(";")[2]
    if background.isdigit() and (int(background) == 7 or 9 <= int(background) <= 15):
        return "light"
    return "dark"
