"""Room on the disk: a command that uses it up is ended while the person's other programs still have some."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from .errors import ToolError

KEPT = 512 * 1024 * 1024
"""Bytes that commands leave free, but no more than `_SHARE` of what there is when they begin."""

_SHARE = 0.1
_FASTEST = 4e9
"""Bytes a second with which a disk is taken to be filled, so that it is looked at again before `KEPT` is used up."""
_SOONEST, _LATEST = 0.05, 2.0
"""Seconds from one look to the next."""

_Result = TypeVar("_Result")


async def leaving_room(work: Awaitable[_Result], folders: Iterable[Path]) -> _Result:
    """What `work`, a command that writes below `folders`, returns.

    Raises ToolError where a disk of `folders` became nearly full while it ran, whoever used it up: the work is
    cancelled then. Quotas are not seen, and a disk that can't be asked is not watched.
    """
    limit = asyncio.timeout(None)
    least = {folder: min(KEPT, int(free * _SHARE)) for folder, free in _free(folders).items()}
    watch = asyncio.ensure_future(_until_low(least))

    def end(watched: asyncio.Future[int]) -> None:
        if not watched.cancelled():
            with suppress(RuntimeError):  # the work has come to its end just now
                limit.reschedule(0)

    watch.add_done_callback(end)
    try:
        async with limit:
            try:
                return await work
            finally:
                watch.cancel()
    except TimeoutError:
        if not limit.expired():
            raise
        raise ToolError(
            f"The command was ended because the disk was nearly full: {watch.result() // 2**20:,} MB were left. "
            "Have it write less, or remove what it wrote and nobody needs."
        ) from None


async def _until_low(least: Mapping[Path, int]) -> int:
    """Ends when less than that is free on one of the disks; how many bytes are then."""
    while True:
        free = _free(least)
        low = [folder for folder in free if free[folder] < least[folder]]
        if low:
            return free[low[0]]
        spare = min((free[folder] - least[folder] for folder in free), default=0)
        await asyncio.sleep(min(_LATEST, max(_SOONEST, spare / _FASTEST)) if free else _LATEST)


def _free(folders: Iterable[Path]) -> Mapping[Path, int]:
    """Bytes that a person's programs may still write on the disk of each."""
    found: dict[Path, int] = {}
    for folder in folders:
        with suppress(OSError):
            found[folder] = shutil.disk_usage(folder).free
    return found
