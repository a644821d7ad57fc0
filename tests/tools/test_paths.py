from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.tools import paths
from leadline.tools.errors import ToolError
from leadline.tools.paths import (
    exists,
    head_of,
    is_file,
    is_folder,
    is_git_internal,
    is_link,
    leads_into,
    open_no_follow,
    read_bytes,
    real_inside,
    resolve_inside,
    write_atomic,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "a.py").write_text("a")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("secret")
    return folder


@pytest.mark.parametrize(
    ("text", "relative"),
    [
        ("src/a.py", "src/a.py"),
        ("./src//a.py", "src/a.py"),
        ("src/../new.txt", "new.txt"),
        (".", "."),
        ("ROOT/src/a.py", "src/a.py"),
        ("ROOT", "."),
        ("..dots/name", "..dots/name"),
        ("~/name", "~/name"),
    ],
)
def test_paths_inside_are_taken(root: Path, text: str, relative: str) -> None:
    assert resolve_inside(root, text.replace("ROOT", str(root))) == root / relative


@pytest.mark.parametrize(
    "text",
    ["", "  ", "a\0b", "..", "../outside/secret", "src/../../outside", "/etc/passwd", "ROOT-two/x"],
)
def test_paths_outside_are_refused(root: Path, text: str) -> None:
    with pytest.raises(ToolError):
        resolve_inside(root, text.replace("ROOT", str(root)))


def test_links_that_leave_are_refused_and_those_that_stay_are_not(root: Path) -> None:
    (root / "away").symlink_to(root.parent / "outside")
    (root / "near").symlink_to("src")
    (root / "dangling").symlink_to("/nowhere/at/all")
    for text in ("away", "away/secret", "dangling", "near/../away/secret"):
        with pytest.raises(ToolError, match="symbolic link"):
            resolve_inside(root, text)
    assert resolve_inside(root, "near/a.py") == root / "near" / "a.py"
    assert read_bytes(root, "near/a.py", 10) == b"a"
    with pytest.raises(ToolError, match="symbolic link"):
        read_bytes(root, "away/secret", 10)


def test_a_root_reached_through_a_link_knows_both_its_names(root: Path) -> None:
    alias = root.parent / "alias"
    alias.symlink_to(root)
    assert resolve_inside(alias, str(root / "src" / "a.py")) == alias / "src" / "a.py"
    assert resolve_inside(alias, str(alias / "src" / "a.py")) == alias / "src" / "a.py"
    assert read_bytes(alias, "src/a.py", 10) == b"a"


@given(st.lists(st.sampled_from(["..", ".", "a", "b", "", "..."]), max_size=8).map("/".join))
def test_whatever_is_taken_lies_inside(text: str) -> None:
    root = Path("/nonexistent/project")
    try:
        taken = resolve_inside(root, text)
    except ToolError:
        return
    assert Path(os.path.normpath(taken)).is_relative_to(root)
    assert ".." not in taken.relative_to(root).parts


def test_reading_has_a_limit_and_wants_a_regular_file(root: Path) -> None:
    assert read_bytes(root, "src/a.py", 1) == b"a"
    with pytest.raises(ToolError, match="1 bytes; at most 0"):
        read_bytes(root, "src/a.py", 0)
    os.mkfifo(root / "pipe")
    with pytest.raises(ToolError, match="not a regular file"):
        read_bytes(root, "pipe", 10)
    for text in ("src", ".", "src/../src"):
        with pytest.raises(ToolError, match="folder"):
            read_bytes(root, text, 10)
    with pytest.raises(ToolError, match="does not exist"):
        read_bytes(root, "src/none.py", 10)


def test_writing_makes_folders_and_keeps_the_mode(root: Path) -> None:
    write_atomic(root, "new/deep/file.txt", b"one")
    assert (root / "new/deep/file.txt").read_bytes() == b"one"
    (root / "new/deep/file.txt").chmod(0o754)
    write_atomic(root, "new/deep/file.txt", b"two")
    assert (root / "new/deep/file.txt").read_bytes() == b"two"
    assert stat.S_IMODE((root / "new/deep/file.txt").stat().st_mode) == 0o754
    write_atomic(root, "run.sh", b"#!/bin/sh\n", mode=0o755)
    assert stat.S_IMODE((root / "run.sh").stat().st_mode) == 0o755
    assert sorted(p.name for p in (root / "new/deep").iterdir()) == ["file.txt"]


def test_a_new_file_gets_what_the_umask_leaves(root: Path) -> None:
    (root / "usual").write_text("")
    write_atomic(root, "ours", b"")
    assert (root / "ours").stat().st_mode == (root / "usual").stat().st_mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can leave a file to its owner")
def test_root_leaves_a_file_to_its_owner(root: Path) -> None:
    os.chown(root / "src/a.py", 65534, 65534)
    write_atomic(root, "src/a.py", b"b")
    assert (root / "src/a.py").stat().st_uid == 65534


def test_writing_never_follows_a_link(root: Path) -> None:
    outside = root.parent / "outside"
    (root / "away").symlink_to(outside)
    (root / "link.txt").symlink_to(outside / "secret")
    for relative in ("away/new", "away/deeper/new", "link.txt"):
        with pytest.raises(ToolError, match="symbolic link"):
            write_atomic(root, relative, b"planted")
    assert (outside / "secret").read_text() == "secret"
    assert [p.name for p in outside.iterdir()] == ["secret"]


def test_writing_wants_a_regular_file_below_the_root(root: Path) -> None:
    with pytest.raises(ToolError, match="folder"):
        write_atomic(root, "src", b"")
    with pytest.raises(ToolError, match="not a folder"):
        write_atomic(root, "src/a.py/b", b"")
    for relative in ("../x", "/etc/x", ".", "", "a\0b", "src/../../x"):
        with pytest.raises(ToolError):
            write_atomic(root, relative, b"")
    assert sorted(p.name for p in root.parent.iterdir()) == ["outside", "project"]


@pytest.mark.parametrize(
    "relative",
    [
        ".git",
        ".git/config",
        "sub/.git/hooks/pre-commit",
        ".GIT/config",
        ".git./config",
        ".git /config",
        ".g\u200cit/config",
        "GIT~1/config",
        ".git::$INDEX_ALLOCATION/config",
        "sub\\.git\\config",
    ],
)
def test_git_internals_are_not_written(root: Path, relative: str) -> None:
    assert is_git_internal(relative)
    with pytest.raises(ToolError, match=r"\.git"):
        write_atomic(root, relative, b"")


@pytest.mark.parametrize("relative", [".gitignore", ".github/x.yml", "git/config", "a.git/config"])
def test_names_that_only_look_like_git_are_written(root: Path, relative: str) -> None:
    write_atomic(root, relative, b"x")
    assert (root / relative).read_bytes() == b"x"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(paths.os, "fsync", full)
    with pytest.raises(ToolError, match="No space left"):
        write_atomic(root, "src/a.py", b"new")
    assert [(p.name, p.read_text()) for p in (root / "src").iterdir()] == [("a.py", "a")]


def test_a_folder_swapped_for_a_link_after_the_check_is_not_followed(root: Path) -> None:
    outside = root.parent / "outside"
    checked = resolve_inside(root, "src/secret").relative_to(root)
    (root / "src").rename(root / "moved")
    (root / "src").symlink_to(outside)
    with pytest.raises(ToolError, match="symbolic link"):
        write_atomic(root, str(checked), b"planted")
    with pytest.raises(ToolError, match="symbolic link"):
        os.close(open_no_follow(root, str(checked)))
    assert (outside / "secret").read_text() == "secret"


@contextmanager
def flipping(root: Path) -> Generator[None]:
    """While `flip` is a folder, a link out of the root, and nothing, in turn."""
    (root / "link").symlink_to(root.parent / "outside")
    (root / "real").mkdir()
    (root / "real").rename(root / "flip")
    stop = threading.Event()

    def flip() -> None:
        while not stop.is_set():
            try:
                (root / "flip").rename(root / "real")
                (root / "link").rename(root / "flip")
                (root / "flip").rename(root / "link")
                (root / "real").rename(root / "flip")
            except OSError:  # a writer made the folder anew while it was away
                shutil.rmtree(root / "real", ignore_errors=True)

    swapper = threading.Thread(target=flip)
    swapper.start()
    try:
        yield
    finally:
        stop.set()
        swapper.join()


def test_writing_while_a_folder_flips_between_real_and_link_stays_inside(root: Path) -> None:
    with flipping(root):
        for _ in range(300):
            with suppress(ToolError):
                write_atomic(root, "flip/planted", b"x")
    assert [p.name for p in (root.parent / "outside").iterdir()] == ["secret"]


@pytest.mark.parametrize("look", [resolve_inside, real_inside, partial(read_bytes, limit=99)])
def test_looking_while_a_folder_flips_tells_nothing_but_that(
    root: Path, look: Callable[[Path, str], object]
) -> None:
    """A link that goes between the moments of being seen and being read is nothing that ends a session."""
    seen: list[object] = []
    with flipping(root):
        for _ in range(3_000):
            with suppress(ToolError):
                seen.append(look(root, "flip/secret"))
    assert b"secret" not in seen
    assert not any(str(each).startswith("..") for each in seen)


def test_a_link_that_goes_as_it_is_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "flip").symlink_to("src")
    read, gone = os.readlink, [2]

    def going(path: str, **more: int | None) -> str:
        if gone[0] > 0:
            gone[0] -= 1
            raise FileNotFoundError(path)
        return read(path, **more)

    monkeypatch.setattr(os, "readlink", going)
    assert real_inside(root, "flip/a.py") == "src/a.py"
    gone[0] = 10**6
    with pytest.raises(ToolError, match="changes while it is looked at"):
        resolve_inside(root, "flip/a.py")


def test_python_never_runs_what_a_file_said_before(root: Path) -> None:
    """Its compiled code is told from a source by size and whole second, and edits can follow that fast."""
    keeps_compiled = {"PATH": os.environ["PATH"]}
    for value in ("aa", "bb", "cc", "dd"):
        write_atomic(root, "src/value.py", f"print({value!r})\n".encode())
        ran = subprocess.run(
            [sys.executable, "-c", "import value"],
            cwd=root / "src",
            env=keeps_compiled,
            check=False,
            capture_output=True,
            text=True,
        )
        assert ran.stdout == f"{value}\n"


def test_a_folder_in_the_place_of_a_file_stays_open_nowhere(root: Path) -> None:
    before = os.listdir("/proc/self/fd")  # noqa: PTH208
    for _ in range(20):
        with pytest.raises(ToolError, match="folder"):
            read_bytes(root, "src", 10)
        assert head_of(root / "src", 10) is None
    assert len(os.listdir("/proc/self/fd")) == len(before)  # noqa: PTH208


@pytest.mark.timeout(20)
def test_only_the_beginning_of_a_file_is_read_and_a_pipe_is_waited_for_by_nobody(
    root: Path,
) -> None:
    os.mkfifo(root / "pipe")
    (root / "zero").symlink_to("/dev/zero")
    (root / "near").symlink_to("src/a.py")
    assert [head_of(root / name, 10) for name in ("pipe", "zero", "none", "a\0b")] == [None] * 4
    (root / "src" / "a.py").write_text("abc")
    assert head_of(root / "near", 2) == b"ab"
    assert head_of(root / "near", 2, follow=False) is None


def test_a_link_to_a_name_that_is_too_long_leads_to_nothing(root: Path) -> None:
    (root / "long").symlink_to("x" * 300)
    for path in (root / "long", root / "long" / "below", root / ("y" * 300)):
        assert not any(look(path) for look in (exists, is_file, is_folder))
    assert is_link(root / "long")
    assert not is_link(root / "long" / "below")


def test_what_leads_into_a_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root.parent / "way").symlink_to(root / "src")
    assert leads_into(root.parent / "way" / "a.py", root)
    assert leads_into(root, root)
    assert not leads_into(root.parent / "outside", root)

    def going(path: str, **_more: int | None) -> str:
        raise FileNotFoundError(path)

    monkeypatch.setattr(os, "readlink", going)
    assert leads_into(root.parent / "way", root.parent / "outside")  # in doubt
