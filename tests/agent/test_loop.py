"""The loop and dispatch, with real tools on real files and a model whose answers are written down here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from leadline.agent.asking.approvals import Approver, Nobody, Reply
from leadline.agent.budget import Budget, Limits
from leadline.agent.bus import Bus, Recorder
from leadline.agent.context.transcript import Lane, Request, Tools, Transcript
from leadline.agent.dispatch import Dispatcher, Workplace
from leadline.agent.events import (
    ApprovalAnswered,
    ApprovalAsked,
    Body,
    Durable,
    PlanChanged,
    ToolFinished,
    ToolStarted,
    TurnEnded,
    TurnStarted,
)
from leadline.agent.history.journal import Journal
from leadline.agent.loop import Claimed, Loop, LoopEnd, Stuck
from leadline.agent.messages import AssistantMessage, SystemMessage, ToolCall, Usage, UserMessage
from leadline.agent.roles import SOLO, Role
from leadline.tests.support.workbench import NoCommands
from leadline.tools.base import CommandOutcome, CommandRunner
from leadline.tools.permissions import Mode
from leadline.tools.registry import TOOLS, schemas, schemas_json
from leadline.tools.sent_plan import LookAtPlan


@dataclass(frozen=True)
class Answer:
    message: AssistantMessage
    nudge: str | None = None


def says(text: str = "", *calls: tuple[str, object], nudge: str | None = None) -> Answer:
    made = tuple(
        ToolCall(f"c{i}", name, a if isinstance(a, str) else json.dumps(a))
        for i, (name, a) in enumerate(calls)
    )
    finish = "tool_calls" if made else "stop"
    return Answer(AssistantMessage(text, "", made, finish, Usage(0, 1, 1), "m"), nudge)


@dataclass
class Written:
    """A model that gives these answers in turn; the last one again and again."""

    answers: list[Answer]
    requests: list[Request] = field(default_factory=list[Request])

    async def answer(self, request: Request, emit: Callable[[Body], None]) -> Answer:
        self.requests.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@dataclass
class Scene:
    root: Path
    model: Written
    loop: Loop
    journal: Journal
    changes: list[int] = field(default_factory=list[int])
    kept_up: list[bool] = field(default_factory=list[bool])

    @property
    def bodies(self) -> list[Durable]:
        return [event.body for event in self.journal.events]

    def results(self) -> list[ToolFinished]:
        return [body for body in self.bodies if isinstance(body, ToolFinished)]


def scene(
    tmp_path: Path,
    *answers: Answer,
    mode: Mode = "auto",
    approver: Approver | None = None,
    role: Role = SOLO,
    limits: Limits | None = None,
    commands: CommandRunner | None = None,
    look_at_plan: LookAtPlan | None = None,
) -> Scene:
    root = tmp_path / "root"
    root.mkdir(parents=True)
    journal = Journal.create(tmp_path / "session")
    recorder = Recorder(journal, Bus(), "main")

    async def safe(paths: tuple[str, ...], *, commands: bool) -> None:
        del paths, commands

    async def keep_up(transcript: Transcript, *, commands: bool) -> Transcript:
        kept_up.append(commands)
        return transcript

    changes: list[int] = []
    kept_up: list[bool] = []
    place = Workplace(root, commands or NoCommands(), mode, True, safe, look_at_plan=look_at_plan)
    dispatcher = Dispatcher(TOOLS, schemas(), role, place, approver or Nobody(), recorder, {})
    lane = Lane("deepseek-flash", "high")
    transcript = Transcript("main", lane, Tools.of(schemas_json()), SystemMessage("s"))
    transcript.append(UserMessage("go", "task"))
    model = Written(list(answers))
    loop = Loop(
        transcript,
        model,
        dispatcher,
        recorder,
        Budget(limits or Limits(), lambda: 0.0),
        asyncio.Queue(),
        lambda: changes.append(1),
        keep_up,
    )
    return Scene(root, model, loop, journal, changes, kept_up)


class Quiet(NoCommands):
    """Commands that work and say nothing."""

    async def run(
        self, command: str, timeout_seconds: float | None, on_output: Callable[[str], None]
    ) -> CommandOutcome:
        return CommandOutcome(0, False, 0.0, "", Path("/nowhere"))


DONE = says("", ("report", {"status": "done", "summary": "ok"}))


def claimed(end: LoopEnd) -> str:
    assert isinstance(end, Claimed)
    return end.claim.claim


async def test_results_come_in_call_order_and_meet_no_half_written_file(tmp_path: Path) -> None:
    """A read after a write of the same file waits for it; the answer's order is kept."""
    stage = scene(
        tmp_path,
        says(
            "",
            ("write", {"path": "a.txt", "content": "one\n"}),
            ("read", {"files": [{"path": "a.txt"}]}),
            ("edit", {"path": "./a.txt", "edits": [{"old": "one", "new": "two"}]}),
            ("read", {"files": [{"path": "a.txt"}]}),
        ),
        DONE,
    )
    assert claimed(await stage.loop.run()) == "done"
    sent = [m.call_id for m in stage.model.requests[1].messages if m.role == "tool"]
    assert sent == ["c0", "c1", "c2", "c3"]
    texts = {body.call_id: body.text for body in stage.results()[:4]}
    assert "one" in texts["c1"]
    assert "two" in texts["c3"]
    assert stage.changes == [1]


async def test_one_file_has_one_name(tmp_path: Path) -> None:
    root = tmp_path / "root"
    stage = scene(
        tmp_path,
        says(
            "",
            ("write", {"path": str(root / "a.txt"), "content": "one\n"}),
            ("read", {"files": [{"path": "a.txt"}]}),
        ),
        DONE,
    )
    await stage.loop.run()
    assert "one" in stage.results()[1].text


async def test_what_is_wrong_with_a_call_is_said(tmp_path: Path) -> None:
    stage = scene(
        tmp_path,
        says(
            "",
            ("delete_all", {}),
            ("read", {}),
            ("read", {"files": [{"path": "a", "from": 1}]}),
            ("write", "[]"),
            ("shell", {"command": "true", "timeout_seconds": "soon"}),
        ),
        DONE,
    )
    await stage.loop.run()
    texts = [body.text for body in stage.results()[:5]]
    assert not any(body.ok for body in stage.results()[:5])
    assert "no tool delete_all" in texts[0]
    assert "read, search" in texts[0]
    assert "files: missing" in texts[1]
    assert "files.0.from: no such parameter" in texts[2]
    assert "JSON object" in texts[3]
    assert "timeout_seconds" in texts[4]


async def test_values_of_the_wrong_type_are_mended(tmp_path: Path) -> None:
    stage = scene(
        tmp_path,
        says("", ("write", {"path": "a.txt", "content": "1\n2\n3\n"})),
        says("", ("read", {"files": '[{"path": "a.txt", "start": "2", "end": "2"}]'})),
        DONE,
    )
    await stage.loop.run()
    assert stage.results()[1].text.endswith("\n2")


async def test_a_role_may_not_use_every_tool(tmp_path: Path) -> None:
    reader = Role("solo", frozenset({"read", "report"}), "briefs/solo")
    stage = scene(tmp_path, says("", ("write", {"path": "a", "content": ""})), DONE, role=reader)
    await stage.loop.run()
    assert "may not use write" in stage.results()[0].text
    assert not (stage.root / "a").exists()


@dataclass
class Person:
    allowed: bool
    asked: list[str] = field(default_factory=list[str])
    confinement: str = "a sandbox"

    async def approve(self, asked: ApprovalAsked) -> Reply:
        self.asked.append(asked.question)
        return Reply(self.allowed, "not today", "person")

    async def answer(self, asked: ApprovalAsked) -> Reply:
        self.asked.append(asked.question)
        return Reply(True, "blue", "person")


async def test_a_person_allows_or_refuses_and_answers(tmp_path: Path) -> None:
    person = Person(allowed=False)
    stage = scene(
        tmp_path,
        says(
            "",
            ("write", {"path": "a.txt", "content": ""}),
            ("ask", {"question": "Which colour?"}),
        ),
        DONE,
        mode="ask",
        approver=person,
    )
    end = await stage.loop.run()
    assert isinstance(end, Claimed)
    assert end.denied
    assert sorted(person.asked) == ["May Leadline write a.txt?", "Which colour?"]
    assert [m.text for m in stage.model.requests[1].messages if m.role == "tool"] == [
        "Not allowed. not today",
        "blue",
    ]
    assert any(body.text == "blue" for body in stage.results())
    answers = [body for body in stage.bodies if isinstance(body, ApprovalAnswered)]
    assert [answer.by for answer in answers] == ["person", "person"]


async def test_the_same_calls_over_and_over_end_the_loop(tmp_path: Path) -> None:
    stage = scene(tmp_path, says("", ("read", {"files": [{"path": "nothing"}]})))
    assert await stage.loop.run() == Stuck(5)
    told = [m for m in stage.model.requests[-1].messages if m.role == "user"]
    assert sum("Nothing new will come" in message.text for message in told) == 1


async def test_nudges_are_bounded(tmp_path: Path) -> None:
    stage = scene(tmp_path, says("Let me look:", nudge="Make the call."))
    assert claimed(await stage.loop.run()) == "not_done"
    assert len(stage.model.requests) == 3


async def test_a_nudge_helps(tmp_path: Path) -> None:
    stage = scene(tmp_path, says("Let me look:", nudge="Make the call."), DONE)
    assert claimed(await stage.loop.run()) == "done"
    assert stage.model.requests[1].messages[-1] == UserMessage("Make the call.", "harness")


async def test_a_person_can_steer(tmp_path: Path) -> None:
    """What is said while the model works is in the next request, and a claim made before it does not count."""
    stage = scene(tmp_path, says("All done."), DONE)
    stage.loop.inbox.put_nowait("Also update the docs.")
    await stage.loop.run()
    assert len(stage.model.requests) == 2
    assert stage.model.requests[1].messages[-1] == UserMessage("Also update the docs.", "person")


async def test_a_plan_is_an_event(tmp_path: Path) -> None:
    items = [{"text": "look", "state": "done"}, {"text": "mend", "state": "doing"}]
    stage = scene(tmp_path, says("", ("update_plan", {"items": items})), DONE)
    await stage.loop.run()
    plans = [body for body in stage.bodies if isinstance(body, PlanChanged)]
    assert [(item.text, item.state) for item in plans[0].items] == [
        ("look", "done"),
        ("mend", "doing"),
    ]


async def test_every_start_has_one_end_when_it_is_cut_short(tmp_path: Path) -> None:
    @dataclass
    class Slow(Person):
        async def approve(self, asked: ApprovalAsked) -> Reply:
            await asyncio.Event().wait()
            raise AssertionError

    stage = scene(
        tmp_path,
        says("", ("write", {"path": "a", "content": ""}), ("read", {"files": [{"path": "b"}]})),
        mode="ask",
        approver=Slow(allowed=True),
    )
    task = asyncio.create_task(stage.loop.run())
    while len(stage.results()) < 1:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()

    def count(kind: type[Durable]) -> int:
        return sum(isinstance(body, kind) for body in stage.bodies)

    assert count(ToolStarted) == count(ToolFinished) == 2
    assert count(TurnStarted) == count(TurnEnded) == 1


async def test_limits_stop_before_a_request(tmp_path: Path) -> None:
    stage = scene(tmp_path, says("", ("read", {"files": [{"path": "x"}]})), limits=Limits(turns=2))
    end = await stage.loop.run()
    assert not isinstance(end, Claimed | Stuck)
    assert end.limit == "turns"
    assert len(stage.model.requests) == 2


async def test_it_keeps_up_after_each_turn_that_another_follows(tmp_path: Path) -> None:
    """And goes on with the transcript that it is given."""
    stage = scene(
        tmp_path,
        says("", ("write", {"path": "a.txt", "content": "one\n"})),
        says("", ("shell", {"command": "true"})),
        DONE,
        commands=Quiet(),
    )
    await stage.loop.run()
    assert stage.kept_up == [False, True]
    other = scene(tmp_path / "other", says("", ("read", {"files": [{"path": "x"}]})), DONE)

    async def fresh(transcript: Transcript, *, commands: bool) -> Transcript:
        assert not transcript.open_calls
        return transcript.rebase("a new pack", (UserMessage("packed", "pack"),))

    other.loop.keep_up = fresh
    await other.loop.run()
    assert [m.text for m in other.model.requests[1].messages] == ["s", "packed"]
    assert other.model.requests[1].epoch == 1
