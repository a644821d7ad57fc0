"""Finds out which sandbox works here, by using it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

from ..process import Launch
from .base import Sandbox, Unavailable
from .bubblewrap import Bubblewrap, find_bubblewrap, seal_probe
from .landlock import LEAST_VERSION, SHIM, Landlock
from .none import Unconfined
from .places import SHARED_TEMPORARY
from .policy import Policy
from .seccomp import supported_machine

Setting = Literal["auto", "bubblewrap", "landlock", "off"]

_PROBE_SECONDS = 5.0


async def choose_sandbox(setting: Setting, root: Path) -> Sandbox:
    """The sandbox for commands in `root`: with "auto" bubblewrap, else Landlock, else one that refuses every command.

    A sandbox that is named is the only one tried. Each is tried by starting a program in it, since kernels, containers
    and distributions forbid parts of them in too many ways to ask. "off" confines nothing; only the person may say so.
    """
    if setting == "off":
        return Unconfined()
    if sys.platform != "linux":
        return Unavailable("there is none for this system yet")
    reasons: list[str] = []
    if setting in ("auto", "bubblewrap"):
        found = await _try_bubblewrap(root)
        if isinstance(found, Bubblewrap):
            return found
        reasons.append(f"bubblewrap: {found}")
    if setting in ("auto", "landlock"):
        found = await _try_landlock()
        if isinstance(found, Landlock):
            return found
        reasons.append(f"Landlock: {found}")
    return Unavailable("; ".join(reasons))


async def able_to_mount(sandbox: Sandbox, root: Path) -> Sandbox:
    """`sandbox`, which then knows whether it can mount. Found out by trying, and only parallel work needs to know."""
    if not isinstance(sandbox, Bubblewrap):
        return sandbox
    code, _ = await _run(seal_probe(sandbox.program, _probing(root)))
    return replace(sandbox, can_mount=code == 0)


def _probing(root: Path) -> Policy:
    """With the shared folder as its temporary one, nothing has to be made anywhere."""
    real = Path(os.path.realpath(root))
    return Policy(root=real, writable=(), read_only=(), hidden=(), temp=SHARED_TEMPORARY)


async def _try_bubblewrap(root: Path) -> Bubblewrap | str:
    program = find_bubblewrap(os.environ.get("PATH", ""), root)
    if program is None:
        return "not installed"
    sandbox = Bubblewrap(program, supported_machine())
    code, said = await _run(sandbox.command(("true",), _probing(root)))
    return sandbox if code == 0 else said


async def _try_landlock() -> Landlock | str:
    machine = supported_machine()
    if machine is None:
        return "no seccomp filter for this architecture"
    code, said = await _run(Launch((sys.executable, "-I", "-S", str(SHIM), "--probe")))
    if code != 0:
        return said
    version = int(said)
    if version < LEAST_VERSION:
        return f"version {version} of this kernel is too old, {LEAST_VERSION} is needed"
    return Landlock(version, machine)


async def _run(launch: Launch) -> tuple[int | None, str]:
    """Exit code and last line of output; None if it could not be started or took too long."""
    try:
        process = await asyncio.create_subprocess_exec(
            *launch.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd="/",
            env={"PATH": os.defpath},
            pass_fds=launch.pass_fds,
        )
    except OSError as error:
        return None, error.strerror or str(error)
    finally:
        launch.close()
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _PROBE_SECONDS)
    except TimeoutError:
        process.kill()
        with suppress(TimeoutError):  # so that nothing of it is left when the loop closes
            await asyncio.wait_for(process.communicate(), 1.0)
        return None, "did not answer"
    return process.returncode, _last_line(output.decode("utf-8", "replace").splitlines())


def _last_line(lines: Sequence[str]) -> str:
    return lines[-1].strip() if lines else "failed without a word"
