"""`leadline --version`."""

from __future__ import annotations

from importlib.metadata import version


def execute() -> int:
    print(f"leadline {version('leadline')}")
    return 0
