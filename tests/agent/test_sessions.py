"""The list of sessions, their names, and an end to them: over real journals, locks and git."""

from __future__ import annotations

import fcntl
import re
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from leadline.agent.events import (
    Durable,
    SessionEnded,
    SessionForked,
    SessionResumed,
    SessionStarted,
    TurnStarted,
    UsageReported,
    Warned,
)
from leadline.agent.history.journal import FILE, Journal
from leadline.agent.history.sessions import (
    KEPT,
    LONGEST,
    delete,
    rename,
    running,
    summaries,
    summary,
    title_of,
)
from leadline.agent.history.store import new_session_id, session_ids, sessions_folder
from leadline.agent.messages import Usage
from leadline.tests.support.repos import git, make_repo
from leadline.tools.errors import PersonError
from leadline.tools.git.repository import open_repository
from leadline.tools.git.snapshots import SnapshotStore

AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
BEGUN = SessionStarted("0.1.0", "/w", "\nFix add().\nIt subtracts.", "auto", "s", {})
DONE = SessionEnded("done", 0, "")
AGAIN = SessionResumed("0.1", "s", ())


def usage(cost: float) -> UsageReported:
    counted = Usage(10, 5, 3)
    return UsageReported(1, "deepseek-flash", counted, cost, 9.0, False, 0, "none", "", 0.5, 1.0)


def make(home: Path, name: str, *bodies: Durable) -> Path:
    folder = sessions_folder(home) / name
    journal = Journal.create(folder, lambda: AT)
    grow(journal, *bodies)
    return folder


def grow(journal: Journal, *bodies: Durable) -> None:
    for body in bodies:
        journal.append("main", 1, body)
    journal.close()


@pytest.mark.parametrize(
    ("bodies", "status"),
    [
        ((), "empty"),
        ((BEGUN,), "killed"),
        ((BEGUN, SessionEnded("limit", 5, "")), "limit"),
        ((BEGUN, DONE, AGAIN, Warned("w")), "killed"),
        ((BEGUN, DONE, AGAIN, SessionEnded("not_done", 1, "")), "not_done"),
    ],
)
def test_the_status_is_that_of_the_last_run(
    tmp_path: Path, bodies: tuple[Durable, ...], status: str
) -> None:
    assert summary(make(tmp_path, "s", *bodies)).status == status


def test_a_line_sums_a_session_up(tmp_path: Path) -> None:
    texts = Warned('"kind":"usage_reported"}}\n{"seq":')
    folder = make(
        tmp_path, "s", BEGUN, TurnStarted(), usage(0.25), texts, TurnStarted(), usage(0.5), DONE
    )
    found = summary(folder)
    assert (found.turns, found.usd, found.root, found.at) == (
        2,
        0.75,
        "/w",
        "2026-11-22T05:00:00.000Z",
    )
    assert (found.title, found.task) == ("Fix add().", BEGUN.task)


def test_only_what_came_since_is_read(tmp_path: Path) -> None:
    folder = make(tmp_path, "s", BEGUN, TurnStarted(), usage(0.25), DONE)
    first = summary(folder)
    assert summary(folder) == first
    journal = folder / FILE
    # What was read before is not looked at again, so that nobody waits for it.
    spoiled = journal.read_bytes().replace(b'"cost":0.25', b'"cost":9.25')
    with journal.open("r+b") as file:
        file.write(spoiled)
    grow(Journal.reopen(folder), AGAIN, TurnStarted(), usage(0.5), SessionForked("p", None, ""))
    grown = summary(folder)
    assert (grown.status, grown.turns, grown.usd, grown.parent) == ("killed", 2, 0.75, "p")


def test_another_journal_in_its_place_is_read_whole(tmp_path: Path) -> None:
    folder = make(tmp_path, "s", BEGUN, usage(0.25), DONE)
    summary(folder)
    (folder / FILE).rename(folder / "old")
    (folder / FILE).write_bytes((folder / "old").read_bytes() + b"\n")
    assert summary(folder).status == "damaged"
    (folder / KEPT).write_text("[]")
    (folder / FILE).write_bytes((folder / "old").read_bytes())
    assert summary(folder).status == "done"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", "empty"),
        (b'{"leadline":"jou', "empty"),
        (b"\xff\x00\n", "foreign"),
        (b'{"leadline":"journal","format":99}\n', "foreign"),
        (b'{"leadline":"journal","format":1}\nwhat\n', "damaged"),
        (b'{"leadline":"journal","format":1}\n{"seq":1,"kind":"session_started"}}\n', "damaged"),
    ],
)
def test_what_is_wrong_with_one_is_in_its_line(tmp_path: Path, data: bytes, status: str) -> None:
    folder = make(tmp_path, "b", BEGUN, DONE)
    other = sessions_folder(tmp_path) / "a"
    other.mkdir()
    (other / FILE).write_bytes(data)
    bare = sessions_folder(tmp_path) / "0"
    bare.mkdir()
    strange = sessions_folder(tmp_path) / "1"
    (strange / FILE).mkdir(parents=True)
    found = {each.session: each.status for each in summaries(tmp_path)}
    assert found == {"b": "done", "a": status, "1": "damaged", "0": "empty"}
    assert folder.exists()


def test_a_torn_end_is_not_there_yet(tmp_path: Path) -> None:
    folder = make(tmp_path, "s", BEGUN, DONE)
    whole = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(whole[:-5])
    assert summary(folder).status == "killed"
    (folder / FILE).write_bytes(whole)
    assert summary(folder).status == "done"


def test_at_work_or_killed(tmp_path: Path) -> None:
    folder = make(tmp_path, "s", BEGUN)
    assert not running(folder)
    journal = Journal.reopen(folder)
    assert running(folder)
    assert summary(folder).status == "running"
    journal.close()
    assert summary(folder).status == "killed"
    assert not running(tmp_path / "none")


def test_a_name_is_kept_clean_and_short(tmp_path: Path) -> None:
    folder = make(tmp_path, "s", BEGUN, DONE)
    assert rename(folder, "  The\n\tsum\x07 \u202e it is ") == "The sum it is"
    assert summary(folder).title == title_of(folder) == "The sum it is"
    assert len(rename(folder, "x" * 1000)) == LONGEST
    assert rename(folder, " ") == ""
    assert summary(folder).title == "Fix add()."
    with pytest.raises(PersonError):
        rename(tmp_path / "none", "x")


async def test_deleting_takes_the_snapshots_along(tmp_path: Path) -> None:
    repo, home = make_repo(tmp_path / "repo"), tmp_path / "home"
    begun = SessionStarted("0.1.0", str(repo), "x", "auto", "s", {})
    folders = [make(home, name, begun, DONE) for name in ("one", "two")]
    at = await open_repository(repo)
    stores = [await SnapshotStore.open(home, at, each.name) for each in folders]
    for store in stores:
        await store.take("step 0")
    closed = folders[0] / "work" / "clone"
    closed.mkdir(parents=True)
    (closed / "file").touch()
    closed.chmod(0o500)
    await delete(folders[0])
    assert session_ids(home) == ("two",)
    refs = git(repo, f"--git-dir={stores[1].git_dir}", "for-each-ref", "--format=%(refname)")
    assert refs.split() == ["refs/leadline/two/1"]
    assert not list(home.glob("trash/*"))
    with pytest.raises(PersonError):
        await delete(folders[0])


async def test_none_at_work_is_deleted(tmp_path: Path) -> None:
    folder = make(tmp_path, "s", BEGUN)
    journal = Journal.reopen(folder)
    with pytest.raises(PersonError, match="running"):
        await delete(folder)
    journal.close()
    await delete(folder)  # its repository is gone: there is nothing to forget
    assert session_ids(tmp_path) == ()


def test_a_kept_line_that_makes_no_sense_is_not_believed(tmp_path: Path) -> None:
    folder = make(tmp_path, "a", BEGUN, DONE)
    before = summary(folder)
    kept = folder / "summary.json"
    kept.write_text(re.sub(r'"length":\d+', '"length":-5', kept.read_text()))
    assert summary(folder) == before


async def test_who_looks_at_that_instant_keeps_none_from_being_deleted(tmp_path: Path) -> None:
    folder = make(tmp_path, "s", BEGUN, DONE)
    with (folder / FILE).open("rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        threading.Timer(0.015, fcntl.flock, (looking, fcntl.LOCK_UN)).start()
        await delete(folder)
    assert not folder.exists()


def test_ids_sort_by_time_within_a_second_too() -> None:
    """A script may begin one session in the second in which the one before it ended."""
    times = [AT.replace(microsecond=part) for part in (0, 300, 70_000, 500_000, 999_999)]
    ids = [new_session_id(at) for at in times]
    assert sorted(ids) == ids
    assert new_session_id(AT.replace(second=1)) > ids[-1]
