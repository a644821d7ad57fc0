"""A terminal with a person before it: a private tmux server, real keys in, the screen's text out."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from leadline.tests.support.cli import SCRIPT

TMUX = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
LONGEST = 60.0
SHELL = "env PS1='$ ' bash --norc --noprofile"


class Terminal:
    """One window of it, with a shell in it."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def tmux(self, *args: str) -> str:
        process = await asyncio.create_subprocess_exec(
            "tmux",
            "-S",
            str(self._socket),
            "-f",
            "/dev/null",
            *args,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode()

    async def screen(self) -> str:
        """What a person reads."""
        text = await self.tmux("capture-pane", "-p")
        return "\n".join(line.rstrip() for line in text.split("\n"))

    async def type(self, text: str) -> None:
        """Letter for letter, then Enter."""
        await self.tmux("send-keys", "-l", text)
        await self.press("Enter")

    async def press(self, *keys: str) -> None:
        """Keys by tmux's names."""
        for key in keys:
            await self.tmux("send-keys", key)
            if key == "Escape":  # or what follows would be taken for a part of it
                await asyncio.sleep(0.2)

    async def resize(self, width: int, height: int) -> None:
        await self.tmux("resize-window", "-x", str(width), "-y", str(height))

    async def leadline(self, *args: str) -> None:
        """Start it, and wait until one can type."""
        await self.type(f"clear; {shlex.join([str(SCRIPT), *args])}")
        await self.shows("? help")

    async def shows(self, *texts: str, seconds: float = LONGEST) -> str:
        """Wait until all of these are on the screen; the screen then."""
        end = time.monotonic() + seconds
        while True:
            screen = await self.screen()
            if all(text in screen for text in texts):
                return screen
            if time.monotonic() > end:
                missing = [text for text in texts if text not in screen]
                raise AssertionError(f"{missing} did not come. On the screen:\n{screen}")
            await asyncio.sleep(0.05)

    async def until_gone(self, text: str) -> str:
        end = time.monotonic() + LONGEST
        while text in (screen := await self.screen()):
            assert time.monotonic() < end, f"{text!r} stays. On the screen:\n{screen}"
            await asyncio.sleep(0.05)
        return screen


@asynccontextmanager
async def terminal(
    folder: Path, env: Mapping[str, str], size: tuple[int, int] = (80, 24)
) -> AsyncGenerator[Terminal]:
    """With a shell that stands in `folder` and has these variables and no others."""
    it = Terminal(folder.parent / "tmux")
    known = {"LANG": "C.UTF-8", "TERM": "tmux-256color", **env}
    variables = shlex.join(["env", "-i", *(f"{name}={value}" for name, value in known.items())])
    width, height = map(str, size)
    where = ("-x", width, "-y", height, "-c", str(folder))
    await it.tmux("new-session", "-d", *where, f"{variables} {SHELL}")
    try:
        yield it
    finally:
        await it.tmux("kill-server")
