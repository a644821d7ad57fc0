"""Clones laid out while the planner still thinks, for who has asked for many workers and so will need them."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from ...tools.errors import PersonError, ToolError
from ..kit import Kit
from .crew import WORK, open_work

MOST_AHEAD = 8
"""Clones: a plan may come out with fewer tasks than there may be workers, and each is all files once more."""


@asynccontextmanager
async def laying_out(kit: Kit) -> AsyncGenerator[None]:
    """Within the block spares are made in the background, until it is left. What is whole by then stays."""
    laying = asyncio.create_task(_lay_out(kit))
    try:
        yield
    finally:
        laying.cancel()
        await asyncio.wait({laying})


async def clear_ahead(kit: Kit) -> None:
    """Remove what was laid out, where no worker comes to need it."""
    folder = kit.journal.folder / WORK
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _lay_out(kit: Kit) -> None:
    assert kit.steps is not None
    await kit.steps.settle()
    base = kit.steps.first
    # Nobody waits for these: what goes wrong here goes wrong again, and is told, when a worker needs its clone.
    with suppress(PersonError, ToolError, OSError):
        work = await open_work(kit, base) if base is not None else ""
        if not isinstance(work, str) and base is not None:
            await work.clones.prepare(base, min(kit.job.workers, MOST_AHEAD))
