"""Runs a helper program of ours beside the model's commands: nothing inherited, bounded in time, read as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1 << 18
_MAX_STDERR = 20_000


@dataclass(frozen=True, slots=True)
class Ended:
    """How a helper ended. `code` is None if it was ended before its time, by `take` or by the clock."""

    code: int | None
    stderr: str
    timed_out: bool


async def stream(
    argv: Sequence[str], cwd: Path, stdin: bytes, take: Callable[[bytes], bool], seconds: float
) -> Ended:
    """Run `argv` with `stdin` and a bare environment; hand each chunk of its output to `take` until that says False."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=cwd,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        start_new_session=True,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    early = False
    stderr = b""
    try:
        async with asyncio.timeout(seconds):
            feeding = asyncio.ensure_future(_feed(process.stdin, stdin))
            errors = asyncio.ensure_future(_all(process.stderr))
            try:
                while chunk := await process.stdout.read(_CHUNK):
                    if not take(chunk):
                        early = True
                        process.kill()
                        break
                await feeding
                stderr = await errors
                await process.wait()
            finally:
                feeding.cancel()
                errors.cancel()
        timed_out = False
    except TimeoutError:
        timed_out = True
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    code = None if early or timed_out else process.returncode
    return Ended(code, stderr.decode("utf-8", "replace"), timed_out)


async def _feed(pipe: asyncio.StreamWriter, data: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        pipe.write(data)
        await pipe.drain()
        pipe.close()


async def _all(pipe: asyncio.StreamReader) -> bytes:
    kept = b""
    while chunk := await pipe.read(_CHUNK):
        kept = (kept + chunk)[:_MAX_STDERR]
    return kept
