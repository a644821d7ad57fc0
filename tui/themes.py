"""The interface's themes. Nothing is told by a colour alone, so that each of them, also the one without, says all."""

from __future__ import annotations

import os
from collections.abc import Mapping

from textual.theme import Theme

THEMES: Mapping[str, Theme] = {
    "dark": Theme(
        name="dark",
        primary="#5fa8d3",
        secondary="#8aa9bd",
        accent="#e0b35a",
        warning="#e0a33a",
        error="#e5686b",
        success="#6fbf73",
        foreground="#d8dee4",
        background="#11161b",
        surface="#171d23",
        panel="#1f2730",
        dark=True,
        variables={"text-muted": "#8f9ba6"},
    ),
    "light": Theme(
        name="light",
        primary="#1f6f9f",
        secondary="#4b6a7d",
        accent="#8a5a00",
        warning="#8a5300",
        error="#b3262b",
        success="#20712a",
        foreground="#1b2126",
        background="#fbfbf9",
        surface="#f2f2ee",
        panel="#e6e7e2",
        dark=False,
        variables={"text-muted": "#5a656e"},
    ),
    "contrast": Theme(
        name="contrast",
        primary="#00d7ff",
        secondary="#ffffff",
        accent="#ffff00",
        warning="#ffaf00",
        error="#ff5f5f",
        success="#5fff5f",
        foreground="#ffffff",
        background="#000000",
        surface="#000000",
        panel="#303030",
        dark=True,
        variables={"text-muted": "#e4e4e4", "border": "#ffffff"},
    ),
    "none": Theme(
        name="none",
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
        dark=True,
        variables={"text-muted": "#b0b0b0"},
    ),
}


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
