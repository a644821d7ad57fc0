"""Workers in this process: each task in a private clone, with a transcript forked from a primed one.

What a worker reports is a claim. What decides is here: the paths it changed, and the task's checks, run by Leadline in
the clone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ...prompts.render import render
from ...tools.checks.model import Check
from ...tools.code.live import LiveCode
from ...tools.commands import SandboxedCommands
from ...tools.git.clones import Clone, Clones
from ...tools.git.merging import Labels, commit_tree, merge_trees
from ...tools.git.names import some
from ...tools.git.objects import tree_changes
from ...tools.git.store import Store
from ...tools.registry import TOOLS, schemas
from ..approvals import Nobody
from ..budget import Budget
from ..bus import Recorder
from ..context.transcript import Transcript
from ..dispatch import Dispatcher, Workplace, sendable
from ..events import MessageCommitted
from ..loop import Claimed, Loop, Model
from ..messages import Origin, UserMessage
from ..roles import WORKER
from .bounds import outside, outside_text
from .plan import Plan, Task, Tier, WriteSet
from .planner import task_text
from .scheduler import Done, Order, Refused
from .solo import cut_short
from .verify import Baseline, verify

LABELS = Labels(ours="what others have landed", base="before both", theirs="your work")


@dataclass(frozen=True, slots=True)
class Shop:
    """What all workers share. `primed` are the transcripts to fork, by tier; `recorder` makes one for an agent's name.

    `commands` makes the runner for a clone, `code` what answers questions about its symbols, `budget` what one worker
    may use up.
    """

    store: Store
    clones: Clones
    primed: Mapping[Tier, Transcript]
    model: Model
    recorder: Callable[[str], Recorder]
    commands: Callable[[Clone], SandboxedCommands]
    code: Callable[[Clone], LiveCode]
    budget: Callable[[], Budget]
    baseline: Baseline | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a task may write, which grows while it runs: `request` asks for more, and raises ToolError if it is not
    granted."""

    write_set: Callable[[str], WriteSet]
    request: Callable[[str, Sequence[str]], Awaitable[str]]


@dataclass(slots=True)
class _Worker:
    """`base` is the commit that its changes are counted from, `commit` its last one."""

    clone: Clone
    base: str
    commit: str
    loop: Loop
    commands: SandboxedCommands
    recorder: Recorder


@dataclass(slots=True)
class Workers:
    """A `scheduler.Engine`. `close` ends what is left of all workers."""

    shop: Shop
    plan: Plan
    bounds: Bounds
    _workers: dict[str, _Worker] = field(default_factory=dict[str, _Worker])
    _begun: int = 0

    async def work(self, order: Order) -> Done | Refused:
        task = next(each for each in self.plan.tasks if each.id == order.task)
        worker = self._workers.get(task.id)
        if worker is None or order.anew:
            await self._dismiss(task.id)
            worker = self._workers[task.id] = await self._begin(task, order)
        elif order.base != worker.base:
            await self._take_up(worker, order)
        if order.refusal:
            worker.loop.say(sendable(order.refusal), "harness")
        end = await worker.loop.run()
        # Nothing of the worker may run while its clone is looked at.
        await worker.commands.close()
        if not isinstance(end, Claimed):
            return Refused("", cut_short(end).summary)
        if end.claim.claim == "not_done":
            return Refused(end.claim.summary, "the worker says that it is not done")
        return await self._judged(task, worker)

    async def close(self) -> None:
        """End what runs, and remove the clones. What was committed stays in the store."""
        for task in tuple(self._workers):
            await self._dismiss(task)

    async def _dismiss(self, task: str) -> None:
        worker = self._workers.pop(task, None)
        if worker is not None:
            await worker.commands.close()
            await self.shop.clones.remove(worker.clone)

    async def _begin(self, task: Task, order: Order) -> _Worker:
        self._begun += 1
        name = f"{task.id}-{self._begun}"
        clone = await self.shop.clones.make(order.base, name)
        recorder = self.shop.recorder(name)
        commands = self.shop.commands(clone)
        code = self.shop.code(clone)
        transcript = self.shop.primed[order.rung.tier].fork(name)
        messages: tuple[tuple[str, Origin], ...] = (
            (render(WORKER.brief), "brief"),
            (task_text(self.plan, task), "task"),
        )
        for text, origin in messages:
            message = UserMessage(sendable(text), origin)
            recorder.emit(MessageCommitted(message))
            transcript.append(message)
        place = Workplace(
            clone.root,
            commands,
            "auto",
            commands.confined,
            _nothing_to_keep,
            commands.outputs,
            code,
            touched=lambda _: code.changed(),
            may_write=lambda: self.bounds.write_set(task.id),
            request_paths=lambda paths: self.bounds.request(task.id, paths),
        )
        dispatcher = Dispatcher(TOOLS, schemas(), WORKER, place, Nobody(), recorder, {})
        loop = Loop(
            transcript,
            self.shop.model,
            dispatcher,
            recorder,
            self.shop.budget(),
            asyncio.Queue(),
            _nothing_changed,
            _nothing_to_tell,
        )
        return _Worker(clone, order.base, order.base, loop, commands, recorder)

    async def _take_up(self, worker: _Worker, order: Order) -> None:
        """Bring the worker's clone to the session's tree with its own work merged in, conflicts marked in the files."""
        merged = await merge_trees(self.shop.store, worker.base, order.base, worker.commit, LABELS)
        commit = await commit_tree(
            self.shop.store, merged.tree, [order.base], "The worker's changes on what has landed"
        )
        worker.clone = await self.shop.clones.move_to(worker.clone, commit)
        worker.base = order.base

    async def _judged(self, task: Task, worker: _Worker) -> Done | Refused:
        committed = await self.shop.clones.commit(worker.clone, task.title)
        worker.commit = committed.commit
        changes = await tree_changes(self.shop.store, worker.base, committed.commit)
        write_set = self.bounds.write_set(task.id)
        beside = outside(write_set, (change.path for change in changes))
        if beside:
            text = outside_text(write_set, beside)
            return Refused(text, f"it changed {some(beside)}, which is not its to write")
        checks = [Check(command, "given", "given") for command in task.checks]
        verdict = await verify(
            checks,
            worker.clone.root,
            committed.tree,
            worker.commands,
            worker.recorder,
            self.shop.baseline,
        )
        if verdict.red:
            return Refused(render("checks_failed", evidence=verdict.text), "its checks are red")
        return Done(worker.base, committed.commit)


async def _nothing_to_keep(paths: tuple[str, ...], *, commands: bool) -> None:
    del paths, commands


def _nothing_changed() -> None:
    pass


async def _nothing_to_tell(transcript: Transcript, *, commands: bool) -> Transcript:
    del commands
    return transcript
