"""Help for a person without a key: how to get one, in three lines, and a try of the one they give."""

from __future__ import annotations

import asyncio
import getpass

from ...agent.settings.config import Settings
from ...tools.errors import PersonError
from ..control.key import address, keep, key_variable, try_key
from .lines import Lines

PROMPT = "key> "


def tell_how(settings: Settings, lines: Lines) -> None:
    lines.line(f"key: Leadline needs one for {address(settings)}, and none is set.")
    lines.line(
        f"key: DeepSeek's are made at platform.deepseek.com/api_keys. {key_variable(settings)} can hold it."
    )
    lines.line(
        f"key: one that you type is not shown, is tried at once for nothing, and kept in {settings.home / 'keys'}."
    )


def ask(settings: Settings, lines: Lines) -> None:
    """Until a key works and is kept, or the person enters none."""
    while True:
        lines.asked()
        try:
            key = getpass.getpass(PROMPT).strip()
        except (EOFError, KeyboardInterrupt):
            key = ""
        lines.answered()
        if not key:
            lines.line("key: none was given. /key asks again.")
            return
        lines.line("key: trying it.")
        try:
            asyncio.run(try_key(settings, key))
            keep(settings, key)
        except PersonError as error:
            lines.paragraph(f"key: {error.message} Enter alone goes on without one.")
        else:
            lines.line("key: it works and is kept.")
            return
