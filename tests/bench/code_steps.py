"""What the code benchmark runs as processes: `python -m leadline.tests.bench.code_steps STEP ARGUMENT...`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from leadline.agent.counting import command
from leadline.tools.code.index.code_index import CodeIndex
from leadline.tools.code.map.repomap import repository_map

from .code_trees import edit_files, walk


def index(folder: str, root: str) -> None:
    opened = CodeIndex.open(Path(folder))
    opened.refresh(Path(root), walk(Path(root)))
    opened.close()


def pack(folder: str, root: str, tokens: str, task: str) -> None:
    """Brings the index up to date and makes one map."""
    opened = CodeIndex.open(Path(folder))
    tree = opened.refresh(Path(root), walk(Path(root)))
    if not repository_map(tree, task, int(tokens), opened).text:
        raise SystemExit("the map is empty")
    opened.close()


def ahead(folder: str, root: str, tokens: str) -> None:
    """What a session leaves behind, beside its own work: a tidy index, all tokens counted."""
    paths = b"".join(os.fsencode(path) + b"\0" for path in walk(Path(root)))
    argv = command(Path(folder), Path(root), int(tokens))
    subprocess.run(argv, input=paths, check=True)


def parsed(folder: str, root: str, target: str) -> None:
    """Writes which files the index parses, with the language of each, for the floor."""
    opened = CodeIndex.open(Path(folder))
    tree = opened.refresh(Path(root), walk(Path(root)))
    with Path(target).open("w", encoding="utf-8", errors="surrogateescape") as out:
        for file in tree.files.values():
            if file.language is not None and file.left_out is None:
                out.write(f"{file.language} {file.size} {file.path}\n")
    opened.close()


def live(folder: str, root: str, tokens: str, task: str, listing: str, target: str) -> None:
    """A session that goes on: index and map, ten edits, index and map again; writes what the second ones took."""
    opened = CodeIndex.open(Path(folder))
    top = Path(root)
    repository_map(opened.refresh(top, walk(top)), task, int(tokens), opened)
    undo = edit_files(top, Path(listing))
    began = _clock()
    tree = opened.refresh(top, walk(top))
    indexed = _clock()
    repository_map(tree, task, int(tokens), opened)
    mapped = _clock()
    undo()
    opened.close()
    took = {"index": _between(began, indexed), "map": _between(indexed, mapped)}
    Path(target).write_text(json.dumps(took), encoding="utf-8")


def _clock() -> tuple[float, float]:
    """Wall time, and CPU time of this process and of the children that ended, in seconds."""
    times = os.times()
    return time.monotonic(), sum(times[:4])


def _between(began: tuple[float, float], ended: tuple[float, float]) -> tuple[float, float]:
    return ended[0] - began[0], ended[1] - began[1]


STEPS = {"index": index, "pack": pack, "ahead": ahead, "parsed": parsed, "live": live}

if __name__ == "__main__":
    STEPS[sys.argv[1]](*sys.argv[2:])
