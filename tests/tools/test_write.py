"""The write tool on real files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from leadline.tests.support.workbench import Workbench
from leadline.tools.errors import ToolError
from leadline.tools.read import READ
from leadline.tools.write import WRITE, WriteParams


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


async def refused(bench: Workbench, path: str, content: str = "new\n") -> str:
    with pytest.raises(ToolError) as raised:
        await bench.call(WRITE, path=path, content=content)
    return raised.value.message


async def test_a_new_file_and_its_folders(bench: Workbench) -> None:
    result = await bench.call(WRITE, path="./src/deep/a.py", content="1\n2\n")
    assert (bench.root / "src/deep/a.py").read_text() == "1\n2\n"
    assert result.text == "created src/deep/a.py, 2 lines"
    assert result.detail == "--- /dev/null\n+++ b/src/deep/a.py\n@@ -0,0 +1,2 @@\n+1\n+2"
    assert result.seen == {"src/deep/a.py": hashlib.sha256(b"1\n2\n").hexdigest()}


async def test_new_content_is_written_as_it_is(bench: Workbench) -> None:
    await bench.call(WRITE, path="a.bat", content="echo\r\nexit\r\n")
    assert (bench.root / "a.bat").read_bytes() == b"echo\r\nexit\r\n"
    result = await bench.call(WRITE, path="empty", content="")
    assert result.text == "created empty, 0 lines"
    assert (bench.root / "empty").read_bytes() == b""


async def test_what_exists_must_have_been_seen(bench: Workbench) -> None:
    file = bench.put("a.txt", "old\n")
    assert "Read it first" in await refused(bench, "a.txt")
    assert file.read_text() == "old\n"
    await bench.call(READ, files=[{"path": "a.txt"}])
    result = await bench.call(WRITE, path="a.txt", content="new\n")
    assert file.read_text() == "new\n"
    assert result.text == "wrote a.txt, 1 line"
    assert "-old" in result.detail
    await bench.call(WRITE, path="a.txt", content="newer\n")
    assert file.read_text() == "newer\n"


async def test_a_file_changed_behind_the_models_back(bench: Workbench) -> None:
    file = bench.put("a.py", "old\n")
    await bench.call(READ, files=[{"path": "a.py"}])
    file.write_text("somebody's work\n")
    assert "changed on disk" in await refused(bench, "a.py")
    assert file.read_text() == "somebody's work\n"


async def test_a_file_that_came_and_one_that_went_meanwhile(bench: Workbench) -> None:
    file = bench.put("a.txt", "old\n")
    await bench.call(READ, files=[{"path": "a.txt"}])
    file.unlink()
    assert (await bench.call(WRITE, path="a.txt", content="new\n")).text == "created a.txt, 1 line"


@pytest.mark.parametrize(
    ("before", "content", "after"),
    [
        (b"a\r\nb\r\n", "a\nc\n", b"a\r\nc\r\n"),
        (b"a\r\nb\r\n", "a\r\nc\n", b"a\r\nc\r\n"),
        (b"a\nb\r\n", "a\nc\n", b"a\nc\n"),
        (b"\xef\xbb\xbfa\n", "b\n", b"\xef\xbb\xbfb\n"),
        (b"caf\xe9\n", "th\u00e9\n", b"th\xe9\n"),
    ],
)
async def test_line_ends_marks_and_encodings_stay(
    bench: Workbench, before: bytes, content: str, after: bytes
) -> None:
    file = bench.put("a.txt", before)
    await bench.call(READ, files=[{"path": "a.txt"}])
    await bench.call(WRITE, path="a.txt", content=content)
    assert file.read_bytes() == after


async def test_an_encoding_that_is_too_small_is_left_and_said(bench: Workbench) -> None:
    file = bench.put("a.txt", b"caf\xe9\n")
    await bench.call(READ, files=[{"path": "a.txt"}])
    result = await bench.call(WRITE, path="a.txt", content="\u5496\u5561\n")
    assert file.read_bytes() == "\u5496\u5561\n".encode()
    assert result.text == "wrote a.txt, 1 line, now UTF-8: cp1252 can't hold all of it"


async def test_mode_is_kept(bench: Workbench) -> None:
    file = bench.put("run.sh", "echo\n")
    file.chmod(0o755)
    await bench.call(READ, files=[{"path": "run.sh"}])
    await bench.call(WRITE, path="run.sh", content="echo hi\n")
    assert file.stat().st_mode & 0o777 == 0o755


async def test_the_same_content_again_touches_nothing(bench: Workbench) -> None:
    file = bench.put("a.py", "same\n")
    await bench.call(READ, files=[{"path": "a.py"}])
    before = file.stat()
    result = await bench.call(WRITE, path="a.py", content="same\n")
    assert result.text == "a.py is like that already"
    assert file.stat().st_ino == before.st_ino


async def test_places_where_no_file_can_be(bench: Workbench, tmp_path: Path) -> None:
    bench.put("src/a.py", "x\n")
    bench.put("data.bin", b"\0\1")
    bench.put(".git/config", "[core]\n")
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "file").write_text("theirs\n")
    (bench.root / "out").symlink_to(outside)
    (bench.root / "dangling").symlink_to(outside / "new")
    (bench.root / "inner").symlink_to("src/a.py")
    await bench.call(READ, files=[{"path": "data.bin"}, {"path": "inner"}])
    assert "binary" in await refused(bench, "data.bin")
    assert "folder" in await refused(bench, "src")
    assert "folder" in await refused(bench, "new/")
    assert "symbolic link" in await refused(bench, "inner")
    assert "a.py" in await refused(bench, "src/a.py/b.py")
    for path in ("../x", str(outside / "new"), "out/new", "out/file", "dangling", "a\0b", " "):
        await refused(bench, path)
    for path in (".git/hooks/pre-commit", ".GIT/config", "sub/.git/config"):
        assert ".git" in await refused(bench, path)
    assert [entry.name for entry in outside.iterdir()] == ["file"]
    assert (outside / "file").read_text() == "theirs\n"
    assert (bench.root / "src/a.py").read_text() == "x\n"


async def test_half_of_a_surrogate_pair(bench: Workbench) -> None:
    assert "surrogate" in await refused(bench, "a.py", "\ud83d")
    assert not (bench.root / "a.py").exists()


async def test_no_temporary_file_is_left(bench: Workbench) -> None:
    await bench.call(WRITE, path="a.py", content="1\n")
    await bench.call(WRITE, path="a.py", content="2\n")
    assert [entry.name for entry in bench.root.iterdir()] == ["a.py"]


async def test_a_rewrite_of_a_large_file_has_a_diff_soon(bench: Workbench) -> None:
    before = "".join(f"{number}\n" for number in range(30_000))
    bench.put("a.txt", before)
    await bench.call(READ, files=[{"path": "a.txt"}])
    after = "".join(f"{number * 7}\n" for number in range(30_000))
    result = await bench.call(WRITE, path="a.txt", content=after)
    assert result.detail.startswith("--- a/a.txt\n+++ b/a.txt\n@@ -2,29999 +2,29999 @@")


async def test_hunks_are_numbered_from_the_start_of_the_file(bench: Workbench) -> None:
    lines = [f"{number}\n" for number in range(1, 101)]
    bench.put("a.txt", "".join(lines))
    await bench.call(READ, files=[{"path": "a.txt"}])
    lines[49] = "fifty\n"
    result = await bench.call(WRITE, path="a.txt", content="".join(lines))
    assert "@@ -47,7 +47,7 @@" in result.detail


def test_effects() -> None:
    params = WriteParams.model_validate({"path": "a/./b.py", "content": ""})
    assert WRITE.effects(params).writes == ("a/b.py",)
