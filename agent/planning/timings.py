"""How long a project's checks took last time, kept per repository in Leadline's state folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

_TIMINGS: TypeAdapter[dict[str, float]] = TypeAdapter(dict[str, float])
MOST_COMMANDS = 20


def read_timings(folder: Path) -> dict[str, float]:
    """Seconds by command. A missing or damaged file is no knowledge, not an error: it only feeds the card."""
    try:
        return _TIMINGS.validate_json((folder / "timings.json").read_bytes())
    except (OSError, ValidationError):
        return {}


def keep_timings(folder: Path, new: Mapping[str, float]) -> None:
    """Merge `new` into the file, newest last, the oldest dropped past a bound."""
    merged = {k: v for k, v in read_timings(folder).items() if k not in new} | dict(new)
    kept = dict(list(merged.items())[-MOST_COMMANDS:])
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = folder / "timings.json.new"
    fresh.write_text(json.dumps(kept), encoding="utf-8")
    fresh.replace(folder / "timings.json")
