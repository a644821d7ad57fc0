"""Programs that tell when somebody runs them."""

from __future__ import annotations

from pathlib import Path

HOOKS = (
    *("applypatch-msg", "commit-msg", "fsmonitor-watchman", "post-applypatch", "post-checkout"),
    *("post-commit", "post-index-change", "post-merge", "post-rewrite", "pre-applypatch"),
    *("pre-auto-gc", "pre-commit", "pre-merge-commit", "pre-push", "pre-rebase"),
    *("prepare-commit-msg", "reference-transaction", "sendemail-validate", "update"),
)


def trap(program: Path, where: Path, name: str = "") -> Path:
    """A program that leaves a file in `where` when it is run, and lets its input through."""
    where.mkdir(parents=True, exist_ok=True)
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f'#!/bin/sh\ntouch "{where}/{name or program.name}"\ncat\n')
    program.chmod(0o755)
    return program


def lay_hooks(folder: Path, where: Path) -> None:
    for name in HOOKS:
        trap(folder / name, where, f"hook {name}")


def sprung(where: Path) -> list[str]:
    """Which traps were run."""
    return sorted(path.name for path in where.iterdir())
