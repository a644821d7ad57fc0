"""Aider's repository map, made by Aider itself in an environment of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from leadline.agent.rehearsal.tokens import tokenizer_file

from .quality_trees import Tree

WORKER = Path(__file__).with_name("aider_worker.py")


class Aider:
    """One process of `python`, an interpreter whose environment has aider-chat."""

    def __init__(self, python: Path, cache: Path) -> None:
        self._cache = cache
        # -I keeps this folder off the path of modules: a file of ours would hide one of the standard library.
        self._process = subprocess.Popen(
            [str(python), "-I", str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="surrogateescape",
        )

    def maps(self, tree: Tree, budgets: Sequence[int]) -> dict[int, str]:
        """The map at each budget. Raises `RuntimeError` if the process died."""
        cache = (self._cache / "aider-tags" / tree.root.name).resolve()
        request = {
            "root": str(tree.root),
            "files": list(tree.files),
            "text": tree.fix.text,
            "budgets": list(budgets),
            "cache": str(cache),
            "tokenizer": str(tokenizer_file()),
        }
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("Aider's process has no pipes")
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise RuntimeError(f"Aider's process ended while it mapped {tree.fix.commit}")
        return {int(budget): text for budget, text in json.loads(answer)["maps"].items()}

    def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=60)
