"""Laws of taking back, on random files: undo restores every byte, and all hunks of all files are an undo."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leadline.agent.changes.extent import Chosen, OfSession
from leadline.agent.changes.hunks import hunks_of, without
from leadline.agent.changes.rejecting import reject
from leadline.agent.history.timetravel import redo, undo
from leadline.tests.agent.test_changes_reading import looking
from leadline.tests.support.repos import make_repo
from leadline.tests.support.stepping import stepping
from leadline.tests.support.trees import tree_of

NAMES = st.sampled_from(["a", "b c", "d/e", "d/f.py", "x.log", "\u00e4"])
LINES = st.lists(
    st.sampled_from(["one\n", "two\n", "\r\n", "@@ -1 +1 @@\n", "\\ x\n"]), max_size=30
)
CONTENTS = st.tuples(LINES, st.sampled_from(["", "no end", "\0"])).map(
    lambda parts: "".join((*parts[0], parts[1])).encode()
)
TREES = st.dictionaries(NAMES, st.tuples(CONTENTS, st.booleans()), max_size=5)


def lay(repo: Path, files: dict[str, tuple[bytes, bool]]) -> None:
    """These files and no others."""
    for path in [path for path in repo.rglob("*") if path.is_file() and ".git" not in path.parts]:
        path.unlink()
    for name, (content, program) in files.items():
        path = repo / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755 if program else 0o644)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TREES, st.lists(TREES, min_size=1, max_size=3), st.data())
def test_taken_back_by_parts(
    first: dict[str, tuple[bytes, bool]],
    later: list[dict[str, tuple[bytes, bool]]],
    data: st.DataObject,
) -> None:
    async def run(top: Path) -> None:
        repo = make_repo(top / "repo", {})
        lay(repo, first)
        before = tree_of(repo)
        async with stepping(repo, top / "home") as session:
            for files in later:
                await session.step(lambda files=files: lay(repo, files))
        look = looking(session)
        states = [tree_of(repo)]
        while files := (await look.list()).files:
            file = data.draw(st.sampled_from(files), label="file")
            _, patch = await look.file(file.path)
            numbers = st.sets(st.integers(0, max(0, len(patch.hunks) - 1)), min_size=1)
            hunks = sorted(data.draw(numbers, label="hunks")) if patch.hunks else ()
            part = Chosen(file.path, file.mark, tuple(hunks))
            await reject(session.folder, OfSession(), [part])
            states.append(tree_of(repo))
            await undo(session.folder, None, False)
            assert tree_of(repo) == states[-2]
            await redo(session.folder, False)
            assert tree_of(repo) == states[-1]
        assert states[-1] == before

    with tempfile.TemporaryDirectory() as top:
        asyncio.run(run(Path(top)))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 3), max_size=60), st.lists(st.integers(0, 3), max_size=60), st.data()
)
def test_hunks_by_themselves(old: list[int], new: list[int], data: st.DataObject) -> None:
    """All hunks taken back give the old file, also in two goes."""
    ends = st.sampled_from(["", "\n"])
    before, after = (
        ("\n".join(map(str, lines)) + data.draw(ends)).encode() for lines in (old, new)
    )
    hunks = hunks_of(diff_of(before, after))
    assert without(after, hunks, range(len(hunks))) == before
    chosen = data.draw(st.sets(st.integers(0, len(hunks) - 1))) if hunks else set[int]()
    partly = without(after, hunks, chosen)
    left = hunks_of(diff_of(before, partly))
    assert without(partly, left, range(len(left))) == before


def diff_of(before: bytes, after: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as top:
        (Path(top) / "old").write_bytes(before)
        (Path(top) / "new").write_bytes(after)
        command = ["git", "diff", "--no-index", "--no-color", "old", "new"]
        return subprocess.run(command, cwd=top, capture_output=True, check=False).stdout
