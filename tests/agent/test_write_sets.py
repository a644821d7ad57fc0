"""What each role may do, and where a worker may write: held by dispatch, whatever the model calls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from leadline.agent.asking.approvals import Nobody
from leadline.agent.bus import Bus, Recorder
from leadline.agent.dispatch import Dispatcher, Outcome, Workplace
from leadline.agent.events import ToolStarted
from leadline.agent.history.journal import Journal
from leadline.agent.messages import ToolCall
from leadline.agent.planning.bounds import outside, outside_text
from leadline.agent.planning.plan import Area, WriteSet, write_set
from leadline.agent.roles import PLANNER, REVIEWER, SOLO, WORKER, Role
from leadline.prompts.render import render
from leadline.tests.support.repos import write_files
from leadline.tests.support.workbench import NoCommands
from leadline.tools.errors import ToolError
from leadline.tools.permissions import Mode
from leadline.tools.registry import TOOLS, schemas

MINE = write_set(
    [Area("pkg/a.py"), Area("pkg/b.py", "symbol", "Cart.total"), Area("docs", "folder")]
)


@dataclass
class Desk:
    """A worker at its place. `grant` is what a request for paths adds; None refuses."""

    root: Path
    allowed: WriteSet | None = MINE
    grant: Area | None = None
    role: Role = WORKER
    mode: Mode = "auto"
    stored: list[str] = field(default_factory=list[str])
    journal: Journal = field(init=False)
    dispatcher: Dispatcher = field(init=False)

    def __post_init__(self) -> None:
        self.root.mkdir()
        write_files(
            self.root, {"pkg/a.py": "x = 1\n", "pkg/b.py": "y = 1\n", "pkg/c.py": "z = 1\n"}
        )
        self.journal = Journal.create(self.root.with_name("session"))
        place = Workplace(
            self.root,
            NoCommands(),
            self.mode,
            True,
            self._keep,
            may_write=None if self.allowed is None else self._may_write,
            request_paths=None if self.allowed is None else self._request,
        )
        recorder = Recorder(self.journal, Bus(), "w1")
        self.dispatcher = Dispatcher(TOOLS, schemas(), self.role, place, Nobody(), recorder, {})

    async def _keep(self, paths: tuple[str, ...], *, commands: bool) -> None:
        assert not commands
        self.stored += paths

    def _may_write(self) -> WriteSet:
        assert self.allowed is not None
        return self.allowed

    async def _request(self, paths: Sequence[str]) -> str:
        assert self.allowed is not None
        if self.grant is None:
            raise ToolError(f"Not granted: another task writes {', '.join(paths)}.")
        self.allowed = write_set([*self.allowed.areas, self.grant])
        return f"Granted: {self.grant}."

    async def answer(self, *calls: tuple[str, object]) -> Outcome:
        made = [ToolCall(f"c{at}", name, json.dumps(a)) for at, (name, a) in enumerate(calls)]
        return await self.dispatcher.run(made)

    def text(self, path: str) -> str:
        return (self.root / path).read_text()


def write(path: str, content: str = "new\n") -> tuple[str, object]:
    return "write", {"path": path, "content": content}


def edit(path: str, old: str, new: str) -> tuple[str, object]:
    return "edit", {"path": path, "edits": [{"old": old, "new": new}]}


def read(path: str) -> tuple[str, object]:
    return "read", {"files": [{"path": path}]}


async def test_what_lies_outside_is_not_written_and_the_rest_goes_on(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "root")
    await desk.answer(read("pkg/a.py"), read("pkg/c.py"))
    outcome = await desk.answer(
        edit("pkg/c.py", "1", "2"),
        write("other.py"),
        edit("pkg/a.py", "1", "2"),
        write("docs/deep/new.md"),
        read("pkg/c.py"),
    )
    assert [message.ok for message in outcome.messages] == [False, False, True, True, True]
    refused = outcome.messages[0].text
    assert refused.startswith("pkg/c.py is outside what your task may write (")
    assert "docs/, pkg/a.py, pkg/b.py:Cart.total" in refused
    assert "`request_paths`" in refused
    assert outcome.messages[1].text.startswith("other.py is outside")
    assert desk.text("pkg/c.py") == "z = 1\n"
    assert desk.text("pkg/a.py") == "x = 2\n"
    assert not (desk.root / "other.py").exists()
    assert sorted(desk.stored) == ["docs/deep/new.md", "pkg/a.py"]
    assert outcome.mutated
    assert not outcome.denied
    started = [event.body for event in desk.journal.events if isinstance(event.body, ToolStarted)]
    assert [body.mutates for body in started[2:]] == [False, False, True, True, False]


@pytest.mark.parametrize(
    "spelled", ["./pkg/a.py", "pkg//a.py", "docs/../pkg/a.py", "{root}/pkg/a.py"]
)
async def test_a_file_that_may_be_written_may_be_spelled_in_any_way(
    tmp_path: Path, spelled: str
) -> None:
    desk = Desk(tmp_path / "root")
    await desk.answer(read("pkg/a.py"))
    outcome = await desk.answer(edit(spelled.format(root=desk.root), "1", "2"))
    assert outcome.messages[0].ok, outcome.messages[0].text
    assert desk.text("pkg/a.py") == "x = 2\n"


@pytest.mark.parametrize(
    "spelled",
    [
        "docs/../pkg/c.py",
        "{root}/pkg/c.py",
        "docs/../../elsewhere.txt",
        "docs/out/x.txt",
        "docs/.git/config",
        "docsx",
        ".",
        "",
    ],
)
async def test_no_spelling_leads_outside(tmp_path: Path, spelled: str) -> None:
    desk = Desk(tmp_path / "root")
    (tmp_path / "far").mkdir()
    (desk.root / "docs").mkdir()
    (desk.root / "docs" / "out").symlink_to(tmp_path / "far")
    await desk.answer(read("pkg/c.py"))
    outcome = await desk.answer(write(spelled.format(root=desk.root)))
    assert not outcome.messages[0].ok
    assert not outcome.mutated
    assert desk.text("pkg/c.py") == "z = 1\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["far", "root", "session"]
    assert not any((tmp_path / "far").iterdir())


async def test_a_file_of_which_a_symbol_may_be_written_can_be_edited(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "root")
    await desk.answer(read("pkg/b.py"))
    assert (await desk.answer(edit("pkg/b.py", "1", "2"))).messages[0].ok


async def test_what_was_granted_holds_from_the_next_answer_on(tmp_path: Path) -> None:
    """Within one answer it would hang on which call is faster."""
    desk = Desk(tmp_path / "root", grant=Area("other.py"))
    first = await desk.answer(("request_paths", {"paths": ["other.py"]}), write("other.py"))
    assert [message.ok for message in first.messages] == [True, False]
    assert first.messages[0].text == "Granted: other.py."
    assert not (desk.root / "other.py").exists()
    assert (await desk.answer(write("other.py"))).messages[0].ok
    assert desk.text("other.py") == "new\n"


async def test_what_was_not_granted_is_said(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "root")
    outcome = await desk.answer(("request_paths", {"paths": ["pkg/c.py"]}))
    assert not outcome.messages[0].ok
    assert outcome.messages[0].text == "Not granted: another task writes pkg/c.py."
    assert not (await desk.answer(write("pkg/c.py"))).messages[0].ok


async def test_without_a_write_set_everything_may_be_written(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "root", allowed=None)
    outcome = await desk.answer(write("other.py"), ("request_paths", {"paths": ["x"]}))
    assert outcome.messages[0].ok
    assert outcome.messages[1].text == "You may write everything here."


async def test_an_empty_write_set_allows_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "root", allowed=WriteSet())
    outcome = await desk.answer(write("other.py"))
    assert "may write (nothing)" in outcome.messages[0].text


# --- roles ---

NOTHING: dict[str, object] = {}
MAY = {
    "solo": "read outline write edit codemod search shell update_plan report ask",
    "planner": "read outline codemod search shell update_plan ask report",
    "worker": "read outline write edit codemod search shell update_plan request_paths report",
    "reviewer": "read outline search shell report",
}


@pytest.mark.parametrize("role", [SOLO, PLANNER, WORKER, REVIEWER], ids=lambda role: role.name)
async def test_a_role_may_use_its_tools_and_no_others(tmp_path: Path, role: Role) -> None:
    desk = Desk(tmp_path / "root", role=role)
    outcome = await desk.answer(*((tool.name, NOTHING) for tool in TOOLS))
    refused = {
        tool.name
        for tool, message in zip(TOOLS, outcome.messages, strict=True)
        if message.text == f"As {role.name} you may not use {tool.name}."
    }
    assert {tool.name for tool in TOOLS} - refused == set(MAY[role.name].split())
    assert render(role.brief).startswith("Your brief: you ")


@pytest.mark.parametrize("role", [SOLO, WORKER], ids=lambda role: role.name)
async def test_only_planners_plan_for_others(tmp_path: Path, role: Role) -> None:
    task = {"id": "a", "title": "A", "brief": "Do a.", "paths": ["pkg/a.py"]}
    call = ("update_plan", {"plan": {"goal": "g", "tasks": [task]}})
    outcome = await Desk(tmp_path / "root", role=role).answer(call)
    assert outcome.messages[0].text == (f"As {role.name} you may not use `plan` of update_plan.")
    assert outcome.data == ()


@pytest.mark.parametrize("depth", [300, 900, 9_000])
async def test_arguments_that_nest_without_end_are_refused(tmp_path: Path, depth: int) -> None:
    desk = Desk(tmp_path / "root", role=PLANNER, mode="plan")
    nested = f'{{"plan": {{"goal": {"[" * depth}{"]" * depth}, "tasks": []}}}}'
    outcome = await desk.dispatcher.run([ToolCall("c0", "update_plan", nested)])
    assert not outcome.messages[0].ok


# --- what commands changed ---


def test_what_commands_changed_elsewhere() -> None:
    changed = ["pkg/c.py", "pkg/a.py", "docs/x/y.md", "pkg/b.py", "a\n.txt", "pkg/c.py", "docs"]
    assert outside(MINE, changed) == ("a\n.txt", "docs", "pkg/c.py")
    assert outside(MINE, ["pkg/a.py"]) == ()
    text = outside_text(MINE, ("a\n.txt", "pkg/c.py"))
    assert "may not write: a?.txt, pkg/c.py." in text
    assert "It may write docs/, pkg/a.py, pkg/b.py:Cart.total." in text
