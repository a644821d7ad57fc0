"""What a person is shown before a call may run, by dispatch with real tools on real files."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from leadline.agent.asking.allowed import Rule, rule_of, session_rules
from leadline.agent.asking.approvals import Reply
from leadline.agent.asking.question import MOST_CHARS, MOST_LINES, Standing, question_of
from leadline.agent.bus import Bus, Recorder
from leadline.agent.dispatch import Dispatcher, Outcome, Workplace
from leadline.agent.events import ApprovalAnswered, ApprovalAsked, Durable, Event
from leadline.agent.history.journal import Journal, decode, encode
from leadline.agent.messages import ToolCall
from leadline.agent.roles import SOLO
from leadline.tests.support.repos import write_files
from leadline.tests.support.trees import digests
from leadline.tests.support.workbench import NoCommands
from leadline.tools.base import Preview
from leadline.tools.permissions import Ask
from leadline.tools.registry import TOOLS, schemas

SANDBOX = "bubblewrap: no network"


@dataclass
class Refusing:
    """A person who says no to everything, so that nothing runs."""

    confinement: str = SANDBOX
    reason: str = "Use make instead."

    async def approve(self, asked: ApprovalAsked) -> Reply:
        return Reply(False, self.reason, "person")

    async def answer(self, asked: ApprovalAsked) -> Reply:
        return Reply(True, "", "person")


@dataclass
class Desk:
    root: Path
    known_as: Path | None = None
    calls: int = 0
    bodies: list[Durable] = field(default_factory=list[Durable])

    async def call(self, tool: str, **arguments: object) -> Outcome:
        self.calls += 1
        journal = Journal.create(self.root.with_name(f"session-{self.calls}"))
        place = Workplace(
            self.root,
            NoCommands(),
            "ask",
            True,
            self._keep,
            known_as=self.known_as,
            command_seconds=120,
        )
        role = replace(SOLO, tools=SOLO.tools | {"codemod"})
        recorder = Recorder(journal, Bus(), "main")
        dispatcher = Dispatcher(TOOLS, schemas(), role, place, Refusing(), recorder, {})
        outcome = await dispatcher.run([ToolCall("c1", tool, json.dumps(arguments))])
        self.bodies = [event.body for event in journal.events]
        return outcome

    async def asked(self, tool: str, **arguments: object) -> ApprovalAsked:
        outcome = await self.call(tool, **arguments)
        assert outcome.denied
        assert "Use make instead." in outcome.messages[0].text
        (asked,) = (body for body in self.bodies if isinstance(body, ApprovalAsked))
        return asked

    @staticmethod
    async def _keep(paths: tuple[str, ...], *, commands: bool) -> None:
        del paths, commands


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    write_files(tmp_path / "root", {"a.py": "one = 1\ntwo = 2\n", "pkg/b.py": "old(1)\n"})
    return Desk(tmp_path / "root")


async def test_a_command_is_shown_whole(desk: Desk) -> None:
    command = "make test \n" + "x" * 300_000
    asked = await desk.asked("shell", command=command)
    assert (asked.shows, asked.detail, asked.left_out) == ("command", command, 0)
    assert asked.terms == ("at most 120 s", f"in {desk.root}")
    assert asked.confinement == SANDBOX
    assert asked.rule == "exactly this command, with any time limit"
    asked = await desk.asked("shell", command="make", timeout_seconds=5)
    assert asked.terms[0] == "at most 5 s"
    desk.known_as = desk.root.parent
    asked = await desk.asked("shell", command="make", background=True)
    assert asked.terms == ("in the background, until the session ends", f"in {desk.root.parent}")


async def test_an_edit_and_a_write_are_shown_as_they_would_be_now(desk: Desk) -> None:
    before = digests(desk.root)
    edit = await desk.asked("edit", path="./a.py", edits=[{"old": "two = 2", "new": "two = 22"}])
    assert (edit.question, edit.rule) == ("May Leadline write a.py?", "every change of a.py")
    assert edit.shows == "diff"
    assert "-two = 2\n+two = 22" in edit.detail
    assert edit.confinement == ""
    assert edit.terms == (f"Leadline writes it itself, in {desk.root}",)
    write = await desk.asked("write", path="new\nname.py", content="x\n")
    assert write.detail == "--- /dev/null\n+++ b/new?name.py\n@@ -0,0 +1 @@\n+x"
    long = await desk.asked("write", path="long.txt", content="line\n" * 5_000)
    assert long.detail.count("\n") + 1 == MOST_LINES
    assert long.left_out == 5_003 - MOST_LINES
    assert digests(desk.root) == before


async def test_what_can_not_be_done_is_asked_of_nobody(desk: Desk) -> None:
    outcome = await desk.call("edit", path="a.py", edits=[{"old": "three", "new": "four"}])
    assert not outcome.denied
    assert "isn't in a.py" in outcome.messages[0].text
    assert not any(isinstance(body, ApprovalAsked) for body in desk.bodies)


async def test_a_codemod_is_shown_as_its_diffs_and_a_script_as_itself(desk: Desk) -> None:
    before = digests(desk.root)
    rules = [{"language": "python", "pattern": "old($A)", "rewrite": "new($A)"}]
    asked = await desk.asked("codemod", codemod={"paths": ["pkg/"], "rules": rules}, apply=True)
    assert asked.shows == "diff"
    assert "-old(1)\n+new(1)" in asked.detail
    assert asked.terms[0] == "changes 1 file"
    assert asked.confinement == ""
    script = "def change(path, text):\n    return text\n" + "# filler\n" * 300
    first = await desk.asked("codemod", codemod={"paths": ["."], "script": script}, apply=True)
    assert (first.shows, first.detail, first.confinement) == ("command", script, SANDBOX)
    # A yes to one is none to another that begins like it, nor to a dry run, nor to a command of the same words.
    other = {"paths": ["."], "script": f"{script}import os\n"}
    second = await desk.asked("codemod", codemod=other, apply=True)
    dry = await desk.asked("codemod", codemod=other)
    words = second.question.removeprefix("May Leadline apply the ").removesuffix("?")
    shell = await desk.asked("shell", command=words)
    assert len({rule_of(each) for each in (first, second, dry, shell)}) == 4
    assert digests(desk.root) == before


async def late() -> Preview:
    await asyncio.Event().wait()
    raise AssertionError


async def broken() -> Preview:
    raise OSError(5, "the disk is gone")


@pytest.mark.parametrize(
    ("making", "why"),
    [(late, "working it out takes too long"), (broken, "the disk is gone")],
)
async def test_the_question_stands_where_nothing_can_be_shown(
    monkeypatch: pytest.MonkeyPatch, making: type[Awaitable[Preview]], why: str
) -> None:
    monkeypatch.setattr("leadline.agent.asking.question.PREVIEW_SECONDS", 0.01)
    place = Standing(Path("/w"), 9, SANDBOX, command=False)
    asked = await question_of("c1", Ask("May Leadline write a?", "every"), making(), place)
    assert asked.terms[0] == f"what it would do can't be shown: {why}"
    assert (asked.shows, asked.detail) == ("", "")


async def test_one_very_long_line_is_counted_as_what_it_is() -> None:
    async def making() -> Preview:
        return Preview("diff", "+" + "x" * MOST_CHARS)

    place = Standing(Path("/w"), 9, SANDBOX, command=False)
    asked = await question_of("c1", Ask("May Leadline write a?", "every"), making(), place)
    assert (len(asked.detail), asked.left_out) == (MOST_CHARS, 0)
    assert "its last line goes on" in asked.terms[0]


def event(seq: int, body: Durable, agent: str = "main") -> Event:
    return Event(seq, "", "s", agent, 1, body)


def test_older_journals_are_read() -> None:
    for body in (ApprovalAsked("1", "May I?"), ApprovalAnswered("1", True, "", "person")):
        line = json.loads(encode(event(1, body)))
        for name in ("rule", "shows", "detail", "left_out", "terms", "confinement", "scope"):
            line["body"].pop(name, None)
        assert decode(json.dumps(line).encode()) == event(1, body)


def test_what_holds_for_the_session_is_known_from_its_journal() -> None:
    def asked(question: str, rule: str = "exactly this") -> ApprovalAsked:
        return ApprovalAsked("1", question, rule, confinement=SANDBOX)

    events = [
        event(1, asked("first")),
        event(2, ApprovalAnswered("1", True, "", "person", "session")),
        event(3, asked("second")),
        event(4, ApprovalAnswered("1", True, "", "person")),
        event(5, asked("third")),
        event(6, ApprovalAnswered("1", False, "", "person", "session")),
        event(7, asked("fourth")),
        event(8, ApprovalAnswered("1", True, "", "person", "session"), "other"),
        event(9, asked("no permission", "")),
        event(10, ApprovalAnswered("1", True, "", "person", "session")),
    ]
    assert session_rules(events) == {Rule("first", SANDBOX)}
