"""`/export` beside the interface: a long session takes longer to write than anybody's typing can wait."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ...tools.errors import PersonError
from ..commands.failure import gone_wrong
from ..export.file import export
from .host import Host
from .opening import Opening


async def export_and_tell(session: Path, typed: str, opening: Opening, host: Host) -> None:
    """Write the session that is kept in the folder `session` to what was `typed`, and say where, or why not."""
    try:
        written = await asyncio.to_thread(export, session, opening.folder, typed)
    except PersonError as error:
        host.told(error.message, bad=True)
    except Exception as fault:  # a journal holds anything; the interface lives on
        host.told(gone_wrong(fault, opening.environ, opening.last_settings().home), bad=True)
    else:
        host.told(f"written to {written}")
