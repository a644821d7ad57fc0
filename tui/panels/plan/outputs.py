"""What checks printed, to be read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ....agent.events import Evidence
from ....agent.headless import evidence_line

MOST_BYTES = 256 << 10
"""Of the end of one check's output."""


def outputs(proofs: Iterable[Evidence]) -> str:
    """All of them, each below a line that says how it went. Reads files."""
    parts = (
        f"{evidence_line(evidence)}\n\n{end_of(Path(evidence.output_file))}" for evidence in proofs
    )
    return "\n\n".join(parts)


def end_of(path: Path) -> str:
    """The end of a file, or why it can't be read."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - MOST_BYTES))
            data = file.read(MOST_BYTES)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return f"Its output can't be read: {reason}."
    text = data.decode("utf-8", "replace")
    left_out = size - len(data)
    return f"({left_out:,} bytes before this are left out)\n{text}" if left_out > 0 else text
