"""`leadline stats`, through the console script, over journals and outcomes on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from leadline.agent.events import Durable, SessionEnded, SessionStarted, Status, UsageReported
from leadline.agent.history.journal import FILE, Journal
from leadline.agent.history.store import sessions_folder
from leadline.agent.messages import Usage
from leadline.agent.planning.outcomes import Outcome, keep_outcomes
from leadline.tests.tui.conftest import Cli
from leadline.tools.paths import folder_key

FLASH = Outcome("flash", "high", 12, 9, 9, 3, 130, 9_000_000, 1_000_000, 90_000, 0.36, 600.0)
PRO = Outcome("pro", "high", 2, 2, 0, 2, 20, 900_000, 90_000, 9_000, 0.5, 90.0)


def state(cli: Cli) -> Path:
    return cli.home / "state"


def session(cli: Cli, name: str, root: Path, status: Status | None, cost: float) -> Path:
    folder = sessions_folder(state(cli)) / name
    usage = Usage(10, 5, 3)
    bodies: list[Durable] = [
        SessionStarted("0.1.0", str(root), "task", "auto", "confined", {}),
        UsageReported(1, "deepseek-flash", usage, cost, cost, False, 0, "none", "", 0.5, 1.0),
    ]
    if status is not None:
        bodies.append(SessionEnded(status, 0, ""))
    journal = Journal.create(folder)
    for body in bodies:
        journal.append("main", 1, body)
    journal.close()
    return folder


@pytest.fixture
def other(cli: Cli, tmp_path: Path) -> Path:
    folder = tmp_path / "other"
    (folder / ".git").mkdir(parents=True)
    session(cli, "20260105-000000-eeee", folder, "done", 4.0)
    keep_outcomes(state(cli) / "projects" / folder_key(folder), [PRO])
    return folder


@pytest.fixture
def lived(cli: Cli, repository: Path, other: Path) -> Path:
    """A work tree with a history, beside another one."""
    session(cli, "20260101-000000-aaaa", repository, "done", 0.25)
    session(cli, "20260102-000000-bbbb", repository, "done", 0.5)
    session(cli, "20260103-000000-cccc", repository, None, 1.0)
    broken = session(cli, "20260104-000000-dddd", repository, "done", 9.0)
    lines = (broken / FILE).read_bytes().splitlines(keepends=True)
    (broken / FILE).write_bytes(b"".join([*lines[:2], b"{}\n", *lines[3:]]))
    keep_outcomes(state(cli) / "projects" / folder_key(repository), [FLASH, PRO])
    return repository


def rows(out: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_it_tells_what_this_work_tree_came_to(cli: Cli, lived: Path):
    (lived / "below").mkdir()
    done = cli("stats", folder=lived / "below")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == (
        f"{lived}\n"
        "  4 sessions: 1 damaged, 1 killed, 2 done. They cost $1.7500.\n"
        "  rung          tries  solved  share          $   $/solved  requests   hits  minutes\n"
        "  flash high       12       9    75%     0.3600     0.0400       130    90%     10.0\n"
        "  pro high          2       0     0%     0.5000          -        20    91%      1.5\n"
    )


def test_as_json_it_has_all_figures(cli: Cli, lived: Path):
    (got,) = rows(cli("stats", "--json").stdout)
    assert got["root"] == str(lived)
    assert got["sessions"] == 4
    assert got["statuses"] == {"damaged": 1, "killed": 1, "done": 2}
    assert got["cost_usd"] == 1.75
    flash, pro = got["rungs"]
    assert (flash["tier"], flash["effort"], flash["tries"], flash["anew"]) == (
        "flash",
        "high",
        12,
        9,
    )
    assert (flash["solved_share"], flash["usd_per_solved"]) == (0.75, 0.04)
    assert (pro["solved_share"], pro["usd_per_solved"]) == (0, None)


def test_all_work_trees_are_told_apart(cli: Cli, lived: Path, other: Path):
    got = rows(cli("stats", "--all", "--json").stdout)
    assert [(each["root"], each["sessions"]) for each in got] == [(str(other), 1), (str(lived), 4)]
    assert [len(each["rungs"]) for each in got] == [1, 2]
    shown = cli("stats", "--all").stdout.decode()
    assert shown.index(str(other)) < shown.index(str(lived))


def test_a_place_without_a_history_has_none_of_others(cli: Cli, repository: Path, other: Path):
    done = cli("stats")
    assert done.returncode == 0
    assert done.stdout.decode() == (
        f"{repository}\n  No session yet.\n  No task of a plan was tried here yet.\n"
    )
    (got,) = rows(cli("stats", "--json").stdout)
    assert (got["sessions"], got["cost_usd"], got["rungs"]) == (0, 0, [])


def test_before_the_first_session_of_all(cli: Cli, repository: Path):
    assert b"There is no session yet." in cli("stats", "--all").stdout
    assert cli("stats", "--all", "--json").stdout == b""


def test_a_damaged_file_of_outcomes_is_no_knowledge(cli: Cli, lived: Path):
    (state(cli) / "projects" / folder_key(lived) / "outcomes.json").write_bytes(b"\xff{")
    done = cli("stats")
    assert done.returncode == 0
    assert b"No task of a plan was tried here yet." in done.stdout
