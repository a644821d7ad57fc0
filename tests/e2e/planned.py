"""What the tests of planned runs share: a project with a file for each task, and how a run of it is looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from leadline.agent.history.store import find_session
from leadline.agent.rehearsal.settings import Settings
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.support.cli import Ran
from leadline.tests.support.laws import each_start_has_one_end
from leadline.tests.support.planscripts import Call, scenario
from leadline.tests.support.repos import git, write_files

EDIT: Call = ("edit", {"path": "<<id>>.txt", "edits": [{"old": "todo", "new": "done"}]})
EDIT_A: Call = ("edit", {"path": "a.txt", "edits": [{"old": "todo", "new": "done"}]})
CHECK = "test -f base.txt"


VARIABLES: Mapping[str, str] = {"LEADLINE_PACK_TOKENS": "0", "LEADLINE_SOLO": ""}
"""What runs with a planner have in their environment, where it is not a `project`: no pack, and a planner."""

QUICK = """
[models.deepseek-v4-pro]
store_seconds = 0.1
[models.deepseek-flash]
store_seconds = 0.1
"""
"""The rehearsal endpoint stores at once; no test needs to wait for it as long as for the service."""


def task(name: str, *after: str, **others: object) -> dict[str, object]:
    given: dict[str, object] = {
        "id": name,
        "title": f"Do {name}",
        "brief": f"In {name}.txt, say done.",
        "paths": [f"{name}.txt"],
        "depends_on": list(after),
        "checks": [f"grep -q done {name}.txt"],
    }
    return given | others


def plan(*tasks: Mapping[str, object], **others: object) -> dict[str, object]:
    return {"goal": "All of it is done.", "tasks": tasks, "checks": [CHECK]} | others


async def project(stage: MakeStage, names: Sequence[str], *parts: str, delay: float = 0.0) -> Stage:
    """A repository with a file for each name, and this scenario for a planner and its workers."""
    place = await stage(scenario(*parts), Settings(cache_delay=0.05, first_token_seconds=delay))
    files = {f"{name}.txt": f"{name}\ntodo\n" for name in names}
    write_files(place.repo, {**files, "base.txt": "the base\n"})
    git(place.repo, "rm", "-q", "--cached", "calc.py", "test_calc.py")
    for name in ("calc.py", "test_calc.py"):
        (place.repo / name).unlink()
    git(place.repo, "add", "--all")
    git(place.repo, "commit", "--quiet", "-m", "todo")
    catalog = place.home.parent / "catalog.toml"
    catalog.write_text(QUICK)
    return place.having(LEADLINE_CATALOG=str(catalog), LEADLINE_SOLO="")


async def refactor(place: Stage, *flags: str) -> Ran:
    ran = await place("refactor", "Do all of it", "--json", *flags)
    each_start_has_one_end(ran.lines[:-1])
    return ran


def states(ran: Ran) -> dict[str, str]:
    return {each["id"]: each["state"] for each in ran.result["tasks"]}


def texts(place: Stage, names: Sequence[str]) -> set[str]:
    return {(place.repo / f"{name}.txt").read_text().split("\n")[1] for name in names}


def journal_of(place: Stage) -> bytes:
    try:
        return (find_session(place.home, None) / "journal.jsonl").read_bytes()
    except Exception:
        return b""


def count_of(place: Stage, kind: str) -> int:
    return journal_of(place).count(f'"kind":"{kind}"'.encode())


def bodies_of(place: Stage) -> list[dict[str, Any]]:
    lines = journal_of(place).splitlines()[1:]
    return [json.loads(line)["body"] for line in lines]
