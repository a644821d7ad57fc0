"""How a JavaScript package is tested, by its `package.json` and its lock file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import cast

from .model import Check

_LOCKS = (
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
)
_COMMANDS = {"npm": "npm test", "pnpm": "pnpm test", "yarn": "yarn test", "bun": "bun run test"}
_DIRECT = (("vitest", "vitest run"), ("jest", "jest"), ("mocha", "mocha"))
_PLACEHOLDER = "no test specified"
_WATCHES = re.compile(r"react-scripts test|--watch\b|--watchAll\b|\bvitest(?!\s+(?:run|--run))\b")


def node_check(names: frozenset[str], read: Callable[[str], str | None]) -> Check | None:
    """The `test` script through the package manager in use, else a runner among the dependencies."""
    if "package.json" not in names:
        return None
    try:
        parsed: object = json.loads(read("package.json") or "")
    except (ValueError, RecursionError):
        return None
    manifest = _table(parsed)
    script = _table(manifest.get("scripts")).get("test")
    if isinstance(script, str) and script.strip() and _PLACEHOLDER not in script:
        manager = _manager(manifest, names)
        # Runners that would wait for changes on a terminal run once where CI is set.
        once = "CI=true " if _WATCHES.search(script) else ""
        return Check(once + _COMMANDS[manager], manager, "package.json")
    needs = _table(manifest.get("devDependencies")) | _table(manifest.get("dependencies"))
    for name, command in _DIRECT:
        if name in needs:
            return Check(f"npx --no-install {command}", name, "package.json")
    return None


def _manager(manifest: dict[str, object], names: frozenset[str]) -> str:
    named = str(manifest.get("packageManager", "")).partition("@")[0]
    if named in _COMMANDS:
        return named
    return next((manager for file, manager in _LOCKS if file in names), "npm")


def _table(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
