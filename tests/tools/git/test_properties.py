"""Random trees and random histories come back byte for byte, and `.git` stays as it was."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leadline.tools.git.repository import open_repository
from leadline.tools.git.snapshots import SnapshotStore

Scan = Callable[..., dict[str, tuple[int, bytes]]]

NAMES = st.sampled_from(
    [b"a", b"b", b"d", b"\xff\n", b"A", b"sp ace", b".gitignore", b".gitattributes", b"x.log"]
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda parts: os.fsdecode(b"/".join(parts)))
CONTENTS = st.one_of(
    st.sampled_from(
        [b"", b"x\r\ny\n", b"*.log\n", b"d/\n", b"* text eol=crlf filter=f ident\n", b"$Id$"]
    ),
    st.binary(max_size=20),
)
EDITS = st.one_of(
    st.tuples(st.just("write"), PATHS, CONTENTS),
    st.tuples(st.just("remove"), PATHS, st.just(b"")),
    st.tuples(st.just("link"), PATHS, st.sampled_from([b"a", b"../x", b"d", b"/nowhere"])),
    st.tuples(st.just("mode"), PATHS, st.just(b"")),
    st.tuples(st.just("stage"), PATHS, st.just(b"")),
)
STEPS = st.lists(st.lists(EDITS, max_size=6), min_size=1, max_size=4)


def edit(root: Path, kind: str, path: str, content: bytes) -> None:
    """One edit, whatever is in its way removed."""
    target = root / path
    for parent in reversed(target.relative_to(root).parents):
        full = root / parent
        if full.is_symlink() or (full.exists() and not full.is_dir()):
            full.unlink()
    match kind:
        case "write" | "link":
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            if kind == "write":
                target.write_bytes(content)
            else:
                target.symlink_to(os.fsdecode(content))
        case "remove":
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)
            else:
                target.unlink(missing_ok=True)
        case "mode":
            if target.is_file() and not target.is_symlink():
                target.chmod(target.stat().st_mode ^ 0o111)
        case _:
            if target.is_file() and not target.is_symlink():
                command = ["git", "add", "-f", "--", target]
                subprocess.run(command, check=False, cwd=root, capture_output=True)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, visits=st.lists(st.integers(0, 4), max_size=4), plain=st.booleans())
def test_every_tree_comes_back(
    scan: Scan,
    steps: list[list[tuple[str, str, bytes]]],
    visits: list[int],
    plain: bool,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "root"
        root.mkdir()
        if not plain:
            subprocess.run(["git", "init", "--quiet", root], check=True)
        asyncio.run(_come_back(root.parent, scan, steps, visits, plain))


async def _come_back(
    folder: Path,
    scan: Scan,
    steps: list[list[tuple[str, str, bytes]]],
    visits: list[int],
    plain: bool,
) -> None:
    root = folder / "root"
    at = root if plain else await open_repository(root)
    store = await SnapshotStore.open(folder / "state", at, "s")
    seen = [(await store.take("start"), scan(root))]
    written = {path for edits in steps for _, path, _ in edits}
    for edits in steps:
        for kind, path, content in edits:
            if kind != "stage" or not plain:
                edit(root, kind, path, content)
        dot_git = scan(root / ".git", with_git=True)
        # All paths are named, so that ignore rules hide nothing: the whole tree has to come back.
        seen.append((await store.take("step", written), scan(root)))
        assert scan(root / ".git", with_git=True) == dot_git
    here = len(seen) - 1
    dot_git = scan(root / ".git", with_git=True)
    for visit in visits:
        goal = max(1, visit % len(seen))
        await store.restore(seen[here][0], seen[goal][0])
        assert scan(root) == seen[goal][1]
        here = goal
    assert scan(root / ".git", with_git=True) == dot_git
