"""A terminal with a person before it: a private tmux server, real keys in, the screen's text out."""

from __future__ import annotations

import asyncio
import shlex
import shutil
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from leadline.tests.support.cli import SCRIPT
from leadline.tests.support.waiting import LONGEST, answer, until

TMUX = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
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
        """Keys by tmux's names. Wait for what comes of Escape before the next: it would be taken for a part of that."""
        for key in keys:
            await self.tmux("send-keys", key)

    async def resize(self, width: int, height: int) -> None:
        await self.tmux("resize-window", "-x", str(width), "-y", str(height))

    async def leadline(self, *args: str) -> None:
        """Start it, and wait until one can type."""
        await self.type(f"clear; {shlex.join([str(SCRIPT), *args])}")
        await self.shows("? help")

    async def shows(self, *texts: str) -> str:
        """Wait until all of these are on the screen; the screen then."""
        return await self._until(lambda screen: [text for text in texts if text not in screen])

    async def until_gone(self, text: str) -> str:
        return await self._until(lambda screen: [f"the end of {text!r}"] if text in screen else [])

    async def until(self, ready: Callable[[], object], what: str) -> None:
        """Wait for something that is not on the screen."""
        try:
            await until(ready, what)
        except AssertionError as error:
            raise AssertionError(f"{error}On the screen:\n{await self.screen()}") from None

    async def answer(self, key: str, *texts: str) -> None:
        """Press this for the question that is on the screen, until all of these are there."""

        async def done() -> bool:
            screen = await self.screen()
            return all(text in screen for text in texts)

        try:
            await answer(lambda: self.press(key), done)
        except TimeoutError:
            await self.shows(*texts)

    async def _until(self, missing: Callable[[str], list[str]]) -> str:
        screen = ""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST):
                while missing(screen := await self.screen()):
                    await asyncio.sleep(0.1)
                return screen
        raise AssertionError(f"{missing(screen)} did not come. On the screen:\n{screen}")


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
