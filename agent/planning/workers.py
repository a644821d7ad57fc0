"""The engine of this process: each task in a private clone, with a transcript forked from a primed one.

What a worker reports is a claim. What decides is here: the paths it changed, and the task's checks, run by Leadline in
the clone.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from ...prompts.render import render
from ...tools.checks.model import Check
from ...tools.codemods.model import Codemod
from ...tools.codemods.run import run_codemod
from ...tools.codemods.told import report_text
from ...tools.errors import Exit, PersonError, ToolError
from ...tools.git.clones import Clone
from ...tools.git.merging import Labels, commit_tree, merge_trees
from ...tools.git.names import some
from ...tools.git.objects import tree_changes
from ...tools.git.parcels import pack_commits, unpack
from ...tools.git.run import GitError
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
from ..messages import Origin, UserMessage
from ..modes import mode_to_tell
from ..reach import Stopped, read_inbox
from ..roles import WORKER
from ..v4.failures import RejectedError
from .bounds import outside, outside_text
from .engine import Assignment, Delivery
from .markers import marked_paths
from .scheduler import Done, GivenUp, Refused, Result
from .shop import Bounds, Shop
from .solo import cut_short
from .verify import verify

TASK = "task"
"""What workers and their clones are called, with the task's id and a number after it."""

STOPPED = Refused(
    "Leadline: the person stopped the last try at this task before it was done; calls that were under way may have "
    "taken effect in part. Look at how things stand, go by what the person said, if anything, and finish the task.",
    "stopped by the person",
)
GIVEN_UP = GivenUp("given up by the person")

LABELS = Labels(ours="what others have landed", base="before both", theirs="your work")


@dataclass(slots=True)
class _Worker:
    """`base` is the commit that its changes are counted from; `claim` is one that is still to be looked at, `codemod`
    one that is still to be carried out. `doubted`: it was asked whether failures that are old are its task."""

    clone: Clone
    base: str
    loop: Loop
    commands: Commands
    recorder: Recorder
    claim: Reported | None = None
    codemod: Codemod | None = None
    doubted: bool = False


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
            if worker is not None and _was_told(worker.loop.transcript, refusal):
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
        if not (clone.git_dir / "HEAD").is_file():
            # Its worker took its `.git` away, and no command is started in such a clone.
            with suppress(PersonError, OSError):
                await self._shop.clones.remove(clone)
            return None
        worker = self._at_work(assignment, clone, left.transcript, left.recorder, left.seen)
        worker.base, worker.claim = left.base, left.claim
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
            return self._bounds.request(task, paths, await code.tree())

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
        if isinstance(result, Done):
            return result, evidence
        return await self._tried(assignment, worker)

    async def _by_codemod(
        self, assignment: Assignment, worker: _Worker
    ) -> tuple[Done | Refused | None, tuple[Evidence, ...]]:
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
        result, evidence = await self._judged(assignment, worker)
        if isinstance(result, Refused):
            text = render("codemod_red", evidence=result.evidence)
            loop.say(sendable(text), "harness")
        return result, evidence

    async def _tried(
        self, assignment: Assignment, worker: _Worker
    ) -> tuple[Done | Refused, tuple[Evidence, ...]]:
        worker.loop.budget.allow(assignment.usd)
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
        return await self._judged(assignment, worker)

    async def _judged(
        self, assignment: Assignment, worker: _Worker
    ) -> tuple[Done | Refused, tuple[Evidence, ...]]:
        shop, task = self._shop, assignment.task
        try:
            committed = await shop.clones.commit(worker.clone, task.title)
        except (PersonError, OSError) as error:
            _require_content(error)
            text = render("not_taken", reason=str(error))
            return Refused(text, f"its work could not be stored: {error}"), ()
        changes = await tree_changes(shop.store, worker.base, committed.commit)
        write_set = self._bounds.write_set(task.id)
        beside = outside(write_set, (change.path for change in changes))
        if beside:
            text = outside_text(write_set, beside)
            return Refused(text, f"it changed {some(beside)}, which is not its to write"), ()
        # Files of a merge of ours: what it marked is no text of anybody's.
        merged = worker.clone.base != worker.base
        marked = await marked_paths(shop.store, changes, LABELS) if merged else ()
        if marked:
            text = render("markers_left", paths=some(marked))
            return Refused(text, f"it left conflict markers in {some(marked)}"), ()
        checks = [Check(command, "given", "given") for command in task.checks]
        verdict = await verify(
            checks,
            worker.clone.root,
            committed.tree,
            worker.commands,
            worker.recorder,
            shop.baseline,
        )
        if verdict.red:
            text = render("checks_failed", evidence=verdict.text)
            return Refused(text, "its checks are red"), verdict.evidence
        if verdict.as_before and not worker.doubted:
            # Whether these failures are what the task is about, only the model can tell.
            worker.doubted = True
            text = render("checks_as_before", evidence=verdict.text)
            return Refused(text, "its checks fail as they did before it"), verdict.evidence
        return Done(worker.base, committed.commit), verdict.evidence


def _require_content(error: Exception) -> None:
    """Raises PersonError where git failed for want of what the store borrows: no worker can mend that."""
    said = error.result.stderr if isinstance(error, GitError) and error.result else ""
    if "invalid object" in said or "missing blob" in said:
        raise PersonError(
            "Content that the work began with is gone, probably removed by `git gc --prune` in the project after it was"
            " no longer part of it. Start a new run from the tree as it is now.",
            Exit.NOT_DONE,
        ) from error


def _was_told(transcript: Transcript, text: str) -> bool:
    """Whether the run that was cut off had told the worker already."""
    return any(isinstance(said, UserMessage) and said.text == text for said in transcript.messages)
