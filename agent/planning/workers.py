"""The engine of this process: each task in a private clone, with a transcript forked from a primed one.

What a worker reports is a claim. What decides is here: the paths it changed, and the task's checks, run by Leadline in
the clone.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from ...prompts.render import render
from ...tools.code.present import present_tree
from ...tools.codemods.model import Codemod
from ...tools.codemods.run import run_codemod
from ...tools.codemods.told import report_text
from ...tools.errors import PersonError, ToolError
from ...tools.git.clones import Clone
from ...tools.git.merging import commit_tree, merge_trees
from ...tools.git.parcels import pack_commits, unpack
from ...tools.paths import is_file
from ...tools.registry import TOOLS, schemas, schemas_json
from ...tools.slots import Commands
from ..asking.approvals import Nobody
from ..bus import Recorder
from ..context.transcript import Tools, Transcript
from ..dispatch import Dispatcher, Workplace, sendable
from ..events import Evidence, Reported
from ..events_plan import CodemodRun, Forked, WorkerBegan
from ..idle import nothing_changed, nothing_to_keep, nothing_to_tell
from ..loop import Claimed, Loop
from ..messages import Origin
from ..modes import mode_to_tell
from ..reach import Stopped, read_inbox
from ..roles import WORKER
from ..v4.failures import RejectedError
from .doubts import Doubt, asked_before, was_told
from .engine import Assignment, Delivery
from .judging import LABELS, Doubted, Judged, Work, judged
from .scheduler import Done, GivenUp, Refused, Result
from .shop import Bounds, Shop
from .solo import cut_short

TASK = "task"
"""What workers and their clones are called, with the task's id and a number after it."""

STOPPED = Refused(
    "Leadline: the person stopped the last try at this task before it was done; calls that were under way may have "
    "taken effect in part. Look at how things stand, go by what the person said, if anything, and finish the task.",
    "stopped by the person",
    cut=True,
)
GIVEN_UP = GivenUp("given up by the person")


@dataclass(slots=True)
class _Worker:
    """`base` is the commit that its changes are counted from; `claim` is one that is still to be looked at, `codemod`
    one that is still to be carried out. `asked` are the doubts that it was told of."""

    clone: Clone
    base: str
    loop: Loop
    commands: Commands
    recorder: Recorder
    claim: Reported | None = None
    codemod: Codemod | None = None
    asked: set[Doubt] = field(default_factory=set[Doubt])


class LocalEngine:
    """An `engine.Engine`. `close` ends what is left of all workers."""

    def __init__(self, shop: Shop, bounds: Bounds) -> None:
        self._shop = shop
        self._bounds = bounds
        self._left = dict(shop.left)
        self._begun = shop.begun
        # Once for all workers: making them takes longer than all else that a worker begins with.
        self._schemas = schemas()
        self._workers: dict[str, _Worker] = {}

    async def work(self, assignment: Assignment) -> Delivery:
        began = self._shop.journal.length
        if assignment.objects:
            await unpack(self._shop.store, assignment.objects)
        worker = await self._ready(assignment)
        name = worker.recorder.agent
        tried = await self._shop.reach.unless_stopped(name, self._carried_out(assignment, worker))
        result: Result
        if isinstance(tried, Stopped):
            result, evidence = await self._set_aside(assignment.order.task, tried), ()
        else:
            result, evidence = tried
        objects = b""
        if assignment.objects and isinstance(result, Done):
            objects = await pack_commits(self._shop.store, [result.commit], [result.base])
        events = (event for event in self._shop.journal.since(began) if event.agent == name)
        return Delivery(result, evidence, tuple(events), objects)

    async def close(self) -> None:
        """End what runs, and remove the clones. What was committed stays in the store."""
        for task in tuple(self._workers):
            await self._dismiss(task)

    async def stop(self) -> None:
        """End what runs, and leave the clones to a later run."""
        for worker in self._workers.values():
            await worker.commands.close()

    # --- a worker for each task ---

    async def _ready(self, assignment: Assignment) -> _Worker:
        """The worker of the task, on the assignment's base, told what it has to know."""
        order = assignment.order
        worker, refusal = self._workers.get(order.task), sendable(order.refusal)
        if worker is None and not order.anew:
            worker = await self._taken_over(assignment)
            if worker is not None and was_told(worker.loop.transcript, refusal):
                refusal = ""
        if worker is None or order.anew:
            await self._dismiss(order.task)
            worker = await self._begin(assignment)
        elif order.base != worker.base:
            try:
                await self._take_up(worker, assignment)
            except (PersonError, OSError):
                # A clone that its worker spoilt can't be moved; that is the task's loss, not the whole run's.
                await self._dismiss(order.task)
                worker = await self._begin(assignment)
        self._workers[order.task] = worker
        if refusal:
            worker.loop.say(refusal, "harness")
            worker.claim = None
        if read_inbox(worker.loop):
            worker.claim = None
        return worker

    async def _begin(self, assignment: Assignment) -> _Worker:
        order = assignment.order
        self._begun += 1
        name = f"{TASK}-{order.task}-{self._begun}"
        clone = await self._shop.clones.make(order.base, name)
        recorder = self._shop.recorder(name)
        prefix = assignment.prefix
        recorder.emit(Forked(prefix.agent, len(prefix.messages)))
        recorder.emit(WorkerBegan(order.task, order.rung.tier, order.rung.effort, order.base))
        self._shop.route(recorder, order)
        transcript = prefix.begin(name, Tools.of(schemas_json()))
        worker = self._at_work(assignment, clone, transcript, recorder, dict(self._shop.seen))
        worker.codemod = assignment.task.codemod
        if mode := mode_to_tell(self._shop.journal.events, transcript.messages):
            worker.loop.say(mode, "harness")
        for text, origin in await self._first_words(assignment, clone):
            worker.loop.say(sendable(text), origin)
        return worker

    async def _first_words(
        self, assignment: Assignment, clone: Clone
    ) -> Sequence[tuple[str, Origin]]:
        where = self._shop.where(clone)
        news = await self._shop.news(clone, assignment.write_set)
        return (
            (render(WORKER.brief), "brief"),
            (assignment.task_text, "task"),
            *(((where, "harness"),) if where else ()),
            *(((news, "delta"),) if news else ()),
        )

    async def _taken_over(self, assignment: Assignment) -> _Worker | None:
        """The worker that an earlier run left with this task, None if it can't go on."""
        left = self._left.pop(assignment.order.task, None)
        clone = self._shop.clones.find(left.transcript.name) if left else None
        if left is None or clone is None:
            return None
        if not is_file(clone.git_dir / "HEAD"):
            # Its worker took its `.git` away, and no command is started in such a clone.
            with suppress(PersonError, OSError):
                await self._shop.clones.remove(clone)
            return None
        worker = self._at_work(assignment, clone, left.transcript, left.recorder, left.seen)
        worker.base, worker.claim = left.base, left.claim
        worker.asked = asked_before(left.transcript)
        return worker

    def _at_work(
        self,
        assignment: Assignment,
        clone: Clone,
        transcript: Transcript,
        recorder: Recorder,
        seen: dict[str, str],
    ) -> _Worker:
        shop, task = self._shop, assignment.order.task
        commands = shop.commands(clone, recorder)
        code = shop.code(clone)

        async def request_paths(paths: Sequence[str]) -> str:
            return self._bounds.request(task, paths, await present_tree(code))

        place = Workplace(
            clone.root,
            commands,
            "auto",
            commands.confined,
            nothing_to_keep,
            commands.outputs,
            code,
            touched=lambda _: code.changed(),
            may_write=lambda: self._bounds.write_set(task),
            request_paths=request_paths,
            known_as=shop.known_as,
            checker=shop.checker,
        )
        dispatcher = Dispatcher(TOOLS, self._schemas, WORKER, place, Nobody(), recorder, seen)
        loop = Loop(
            transcript,
            shop.model,
            dispatcher,
            recorder,
            shop.budget(),
            shop.reach.inbox(recorder.agent),
            nothing_changed,
            nothing_to_tell,
        )
        return _Worker(clone, clone.base, loop, commands, recorder)

    async def _take_up(self, worker: _Worker, assignment: Assignment) -> None:
        """Bring the clone to the session's tree with the worker's own work merged in, conflicts marked in the files."""
        order, store = assignment.order, self._shop.store
        own = await self._shop.clones.commit(worker.clone, "The worker's changes so far")
        merged = await merge_trees(store, worker.base, order.base, own.commit, LABELS)
        commit = await commit_tree(
            store, merged.tree, [order.base], "The worker's changes on what has landed"
        )
        worker.clone = await self._shop.clones.move_to(worker.clone, commit)
        worker.base = order.base
        worker.recorder.emit(
            WorkerBegan(order.task, order.rung.tier, order.rung.effort, order.base)
        )

    async def _dismiss(self, task: str) -> None:
        worker = self._workers.pop(task, None)
        if worker is not None:
            await worker.commands.close()
            with suppress(PersonError, OSError):  # it stays in the session's folder then
                await self._shop.clones.give_back(worker.clone)

    async def _set_aside(self, task: str, stopped: Stopped) -> Refused | GivenUp:
        """End the worker's try, and leave the worker to the next one, if there is to be one and it had begun at all."""
        worker = self._workers[task]
        await worker.commands.close()
        left = None if stopped.give_up else self._shop.left_by(task)
        if left is None:
            await self._dismiss(task)
        else:
            del self._workers[task]
            self._left[task] = left
        return GIVEN_UP if stopped.give_up else STOPPED

    # --- one try ---

    async def _carried_out(
        self, assignment: Assignment, worker: _Worker
    ) -> tuple[Done | Refused, tuple[Evidence, ...]]:
        result, evidence = await self._by_codemod(assignment, worker)
        if result is not None:
            return result, evidence
        return await self._tried(assignment, worker)

    async def _by_codemod(
        self, assignment: Assignment, worker: _Worker
    ) -> tuple[Done | None, tuple[Evidence, ...]]:
        """Carry out the task's codemod where its worker has not begun yet.

        Done where that left nothing to look at and the checks are green: no model is asked then. Else the worker is
        told what is left; None where there is no codemod.
        """
        codemod, worker.codemod = worker.codemod, None
        if codemod is None:
            return None, ()
        task, loop = assignment.task, worker.loop
        try:
            report = await run_codemod(
                codemod,
                worker.clone.root,
                worker.commands,
                worker.commands.outputs,
                lambda path: self._bounds.write_set(task.id).covers(path),
                apply=True,
            )
        except ToolError as error:
            loop.say(sendable(render("codemod_failed", reason=error.message)), "harness")
            return None, ()
        left = report.residue
        worker.recorder.emit(CodemodRun(task.id, len(report.changed), report.matches, left))
        loop.say(sendable(render("codemod_done", report=report_text(report))), "harness")
        if left or not report.changed:
            return None, ()
        result, evidence = await self._judged(assignment, worker, "")
        if isinstance(result, Done):
            return result, evidence
        if isinstance(result, Refused):
            text = render("codemod_red", evidence=result.evidence)
            loop.say(sendable(text), "harness")
        else:
            self._ask(worker, result)
        return None, ()

    async def _tried(
        self, assignment: Assignment, worker: _Worker
    ) -> tuple[Done | Refused, tuple[Evidence, ...]]:
        worker.loop.budget.allow(assignment.usd)
        while True:
            found, evidence = await self._claimed(assignment, worker)
            if not isinstance(found, Doubted):
                return found, evidence
            self._ask(worker, found)

    async def _claimed(
        self, assignment: Assignment, worker: _Worker
    ) -> tuple[Judged, tuple[Evidence, ...]]:
        """What the worker's next claim is worth, or how it came to none."""
        claim, worker.claim = worker.claim, None
        try:
            end = await worker.loop.run() if claim is None else Claimed(claim, denied=False)
        except RejectedError as error:  # the fault of this conversation alone, such as its length
            await worker.commands.close()
            return Refused("", error.message), ()
        # Nothing of the worker may run while its clone is looked at.
        await worker.commands.close()
        if not isinstance(end, Claimed):
            return Refused("", cut_short(end).summary), ()
        if end.claim.claim == "not_done":
            text = render("not_done_back", summary=end.claim.summary)
            return Refused(text, "the worker says that it is not done"), ()
        return await self._judged(assignment, worker, end.claim.summary)

    async def _judged(
        self, assignment: Assignment, worker: _Worker, said: str
    ) -> tuple[Judged, tuple[Evidence, ...]]:
        task, commands, recorder = assignment.task, worker.commands, worker.recorder
        work = Work(worker.clone, worker.base, said, commands, recorder, worker.asked)
        return await judged(self._shop, task, self._bounds.write_set(task.id), work)

    @staticmethod
    def _ask(worker: _Worker, doubted: Doubted) -> None:
        worker.asked.update(doubted.doubts)
        for text in doubted.doubts.values():
            worker.loop.say(sendable(text), "harness")
