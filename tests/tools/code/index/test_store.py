"""The index's file: shared by processes, killed at any moment, spoilt, read-only, full. Real processes and files."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
from leadline.tests.support.codetrees import SMALL, answers, fresh, paths_in
from leadline.tests.support.repos import write_files
from leadline.tools.code.index import tidy as index_tidy
from leadline.tools.code.index.code_index import CodeIndex
from leadline.tools.code.index.refresh import StoppedError
from leadline.tools.code.index.store import FILE, Store, StoreError

INDEX = """
import sys
from pathlib import Path
from leadline.tools.code.index.code_index import CodeIndex
from leadline.tools.code.index.refresh import StoppedError
from leadline.tools.ignore import visible_files
root, home = Path(sys.argv[1]), Path(sys.argv[2])
tree = CodeIndex.open(home).refresh(root, visible_files(root, ""))
print(tree.digest, len(tree.definitions("f7")), len(tree.blobs), *tree.notes)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    write_files(folder, SMALL)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "state"


def many(root: Path, count: int = 160) -> None:
    write_files(
        root,
        {
            f"d{at % 9}/m{at}.py": f"class C{at}:\n    def f{at % 10}(self): ...\n" * 20
            for at in range(count)
        },
    )


def start(root: Path, home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", INDEX, str(root), str(home)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def test_the_file_is_for_its_owner_only(root: Path, home: Path) -> None:
    index = CodeIndex.open(home)
    index.refresh(root, paths_in(root))
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for path in home.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_several_processes_index_at_once(root: Path, home: Path) -> None:
    many(root)
    running = [start(root, home) for _ in range(3)]
    outputs = {process.communicate(timeout=100) for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    expected = fresh(root)
    found = len(expected.definitions("f7"))
    assert outputs == {(f"{expected.digest} {found} {len(expected.blobs)}\n", "")}
    index = CodeIndex.open(home)
    tree = index.refresh(root, paths_in(root))
    assert tree.parsed == 0
    assert answers(tree) == answers(expected)


def test_killed_at_any_moment_the_index_goes_on_from_there(root: Path, home: Path) -> None:
    many(root)
    chance = random.Random(7)
    for _ in range(8):
        process = start(root, home)
        time.sleep(chance.uniform(0.05, 0.9))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    index = CodeIndex.open(home)
    tree = index.refresh(root, paths_in(root))
    assert tree.notes == ()
    assert answers(tree) == answers(fresh(root))


def test_children_end_with_a_parent_that_is_killed(root: Path, home: Path) -> None:
    many(root, 1_500)
    process = start(root, home)
    deadline = time.monotonic() + 60
    while not (children := _children(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert children
    process.kill()
    process.communicate()
    while any(Path(f"/proc/{child}/cmdline").exists() for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _children(parent: int) -> list[int]:
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found.append(int(entry.name))
    return found


def _run(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


def _other_layout(path: Path) -> None:
    path.unlink()
    _run(path, "CREATE TABLE blobs(what)")


def _garbage(path: Path) -> None:
    path.write_bytes(os.urandom(50_000))


def _text(path: Path) -> None:
    path.write_text("no database\n" * 1_000)


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


SPOILT: Mapping[str, Callable[[Path], None]] = {
    "garbage": _garbage,
    "text": _text,
    "cut short": _cut,
    "another layout": _other_layout,
    "a table is missing": partial(_run, statement="DROP TABLE segments"),
    "facts are wrong": partial(_run, statement="UPDATE blobs SET symbols = randomblob(90)"),
    "facts are of another type": partial(_run, statement="UPDATE blobs SET refs = 17"),
    "lists are wrong": partial(_run, statement="UPDATE segments SET words = randomblob(900)"),
    "members are wrong": partial(_run, statement="UPDATE segments SET members = x'0102'"),
    "the cache of files is wrong": partial(
        _run, statement="UPDATE roots SET entries = zeroblob(80)"
    ),
}


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A root and an index of it that trusts its cache of files, as none of them is young any more."""
    folder = tmp_path_factory.mktemp("settled")
    root, home = folder / "root", folder / "state"
    write_files(root, SMALL)
    time.sleep(2.1)
    index = CodeIndex.open(home)
    index.refresh(root, paths_in(root))
    index.close()
    return root, home


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_file_is_made_anew_with_a_note(
    settled: tuple[Path, Path], home: Path, how: str
) -> None:
    root = settled[0]
    shutil.copytree(settled[1], home)
    SPOILT[how](home / FILE)
    index = CodeIndex.open(home)
    tree = index.refresh(root, paths_in(root))
    assert answers(tree) == answers(fresh(root))
    again = index.refresh(root, paths_in(root))
    notes = (*tree.notes, *again.notes)
    assert len(notes) == 1
    assert "made anew" in notes[0]
    assert answers(again) == answers(fresh(root))
    assert (home / f"{FILE}.broken").exists()
    index.close()
    after = CodeIndex.open(home).refresh(root, paths_in(root))
    assert after.notes == ()
    assert after.parsed == 0


def test_a_page_that_goes_bad_under_an_open_tree(root: Path, home: Path) -> None:
    many(root)
    index = CodeIndex.open(home)
    tree = index.refresh(root, paths_in(root))
    _run(home / FILE, "PRAGMA wal_checkpoint(TRUNCATE)")
    with (home / FILE).open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        for at in range(8_192, size, 4_096):
            file.seek(at)
            file.write(os.urandom(4_096))
    fresh_store = CodeIndex.open(home)
    assert answers(fresh_store.refresh(root, paths_in(root))) == answers(fresh(root))
    assert answers(tree) == answers(fresh(root))


def test_random_damage_never_gives_a_wrong_answer(root: Path, home: Path) -> None:
    chance = random.Random(3)
    expected = answers(fresh(root))
    for _ in range(12):
        index = CodeIndex.open(home)
        index.refresh(root, paths_in(root))
        index.close()
        path = home / FILE
        data = bytearray(path.read_bytes())
        for _ in range(20):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data)
        index = CodeIndex.open(home)
        tree = index.refresh(root, paths_in(root))
        assert answers(tree) == expected
        index.close()


def test_where_no_folder_can_be_made_it_works_in_memory(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    tree = CodeIndex.open(tmp_path / "file" / "index").refresh(root, paths_in(root))
    assert answers(tree) == answers(fresh(root))
    (note,) = tree.notes
    assert "made in memory" in note


def test_a_file_system_that_takes_no_files(root: Path) -> None:
    tree = CodeIndex.open(Path("/proc/self/index")).refresh(root, paths_in(root))
    assert answers(tree) == answers(fresh(root))
    assert len(tree.notes) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_a_read_only_folder(root: Path, home: Path) -> None:
    home.mkdir(mode=0o500)
    tree = CodeIndex.open(home).refresh(root, paths_in(root))
    assert answers(tree) == answers(fresh(root))
    assert len(tree.notes) == 1


def test_a_full_disk(root: Path, home: Path) -> None:
    """A limit on the size of files stands in for the disk: the system refuses to write more."""
    many(root)
    script = (
        "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (90_000, 90_000))\n" + INDEX
    )
    command = [sys.executable, "-c", script, str(root), str(home)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    expected = fresh(root)
    assert done.stderr == ""
    assert done.stdout.startswith(f"{expected.digest} {len(expected.definitions('f7'))} ")
    assert "made in memory" in done.stdout
    after = CodeIndex.open(home).refresh(root, paths_in(root))
    assert answers(after) == answers(expected)


def test_counts_and_other_values_are_kept(home: Path) -> None:
    index = CodeIndex.open(home)
    counts = {bytes([number]): (number, number * 2**33) for number in range(250)}
    index.put(counts)
    index.put({b"none": ()})
    index.keep("name", b"value")
    index.close()
    index = CodeIndex.open(home)
    assert index.get([*counts, b"none", b"unknown"]) == {**counts, b"none": ()}
    assert index.kept("name") == b"value"
    assert index.kept("other") is None
    _run(home / FILE, "UPDATE counts SET tokens = x'0102'")
    assert index.get([b"\1"]) == {}


def test_a_large_file_is_swept_of_what_no_tree_has(
    root: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(root, 200)
    other = tmp_path / "other"
    write_files(other, SMALL)
    index = CodeIndex.open(home)
    index.refresh(other, paths_in(other))
    index.refresh(root, paths_in(root))
    for path in root.glob("d*/*.py"):
        path.unlink()
    before = _rows(home)
    monkeypatch.setattr(index_tidy, "SWEPT_BYTES", 1)
    (root / "new.py").write_text("def new(): ...\n")
    tree = index.refresh(root, paths_in(root))
    assert _rows(home) < before / 3
    assert answers(tree) == answers(fresh(root))
    assert answers(index.refresh(other, paths_in(other))) == answers(fresh(other))


def _rows(home: Path) -> int:
    connection = sqlite3.connect(home / FILE)
    try:
        return connection.execute("SELECT count(*) FROM blobs").fetchone()[0]
    finally:
        connection.close()


def test_what_another_process_swept_meanwhile_is_made_again(root: Path, home: Path) -> None:
    store = Store.open(home)
    assert store.save_root(b"root", b"", store.sweeps())
    with store.writing() as connection:
        connection.execute("UPDATE meta SET sweeps = sweeps + 1")
    assert not store.save_root(b"root", b"", 0)


def test_a_store_in_a_place_that_is_no_folder_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError) as raised:
        Store.open(tmp_path / "file")
    assert not raised.value.spoilt


def test_closing_ends_what_is_under_way(root: Path, home: Path) -> None:
    many(root, 2_000)
    index = CodeIndex.open(home)
    stopped: list[Exception] = []
    begun = threading.Event()

    def refresh() -> None:
        try:
            index.refresh(root, paths_in(root), lambda _done, _total: begun.set())
        except StoppedError as error:
            stopped.append(error)

    thread = threading.Thread(target=refresh)
    thread.start()
    assert begun.wait(60)
    index.close()
    thread.join()
    assert stopped
    assert answers(CodeIndex.open(home).refresh(root, list(SMALL))) == answers(
        fresh(root, list(SMALL))
    )
