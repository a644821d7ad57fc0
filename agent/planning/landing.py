"""Merging and proving the work of several tasks on disk, and telling a worker why its work did not land."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...prompts.render import render
from ...tools.checks.model import Check
from ...tools.code.live import LiveCode
from ...tools.code.model import CodeTree
from ...tools.git.clones import Clone, Clones
from ...tools.git.merging import Conflict, commit_tree, merge_trees
from ...tools.git.names import printable, some
from ...tools.git.objects import tree_changes
from ...tools.git.store import Store
from ...tools.slots import Commands
from ..bus import Recorder
from ..events import Evidence, Warned
from .merge_queue import Change, Tree
from .plan import Plan, WriteSet
from .schedule import Schedule
from .touch import checks_touched
from .verify import Baseline, Verdict, verify

_MOST_NAMED = 30


@dataclass(frozen=True, slots=True)
class Merging:
    """How the work of two tasks becomes one tree: `merge_queue.Merge` over the store, whose trees are commits."""

    store: Store

    async def __call__(self, onto: str, change: Change) -> Tree | tuple[Conflict, ...]:
        merged = await merge_trees(self.store, change.base, onto, change.commit)
        if not merged.clean:
            return merged.conflicts
        parents = (onto, change.commit)
        return Tree(await commit_tree(self.store, merged.tree, parents, f"Land {change.task}"))


@dataclass(slots=True)
class Proving:
    """`merge_queue.Prove` in a clone of its own; the evidence is what the model is told of red checks. Also a
    `scheduler.Watch`, to know what has landed.

    `proven` is the commit that needs no proof, `done` are the tasks whose work it has. Of their checks and the plan's
    only those are run that what came since can touch; `everything` runs them all. `_trees` are those looked at since.
    """

    store: Store
    clones: Clones
    clone: Clone
    commands: Commands
    code: LiveCode
    plan: Callable[[], Plan]
    recorder: Recorder
    proven: str
    done: set[str] = field(default_factory=set[str])
    baseline: Baseline | None = None
    _trees: dict[str, CodeTree] = field(default_factory=dict[str, CodeTree])
    _green: dict[str, dict[str, Evidence]] = field(default_factory=dict[str, dict[str, Evidence]])
    _answered: tuple[tuple[str, tuple[Check, ...]], Verdict] | None = None

    async def __call__(self, tree: str, changes: Sequence[Change]) -> str | None:
        await self._move(tree)
        candidates = checks_of(self.plan(), self.done | {change.task for change in changes})
        touched = await self._touched(candidates, tree)
        verdict = await self._verdict([Check(command, "given", "given") for command in touched])
        return verdict.text if verdict.red else None

    async def _touched(self, checks: Sequence[str], tree: str) -> Sequence[str]:
        """Those of the checks that what came since the last proof can touch. With names that it took away nothing in
        `tree` is connected any more, so the tree before has a say as well."""
        code = self._trees[tree] = await self.code.tree()
        before = self._trees.get(self.proven)
        if before is None:
            return checks
        since = [change.path for change in await tree_changes(self.store, self.proven, tree)]
        found = await asyncio.to_thread(
            lambda: {*checks_touched(checks, code, since), *checks_touched(checks, before, since)}
        )
        return [check for check in checks if check in found]

    async def everything(self, tree: str, checks: Sequence[Check]) -> Verdict:
        """What these checks say of a commit, whatever else was proven before. The same tree is not asked twice."""
        await self._move(tree)
        asked = (self.clone.tree, tuple(checks))
        if self._answered is None or self._answered[0] != asked:
            self._answered = (asked, await self._verdict(checks))
        return self._answered[1]

    async def _disturbed(self) -> tuple[str, ...]:
        """Known files that are not what they were when the checks began: a check wrote them, or what it ran did."""
        since = await self.clones.changed_paths(self.clone)
        paths = tuple(change.path for change in since if change.before is not None)
        if paths:
            text = f"changed while the checks ran, so they say nothing of it: {some(paths)}"
            self.recorder.emit(Warned(text))
        return paths

    def landed(self, tree: str, tasks: Collection[str]) -> None:
        self.proven = tree
        self.done.update(tasks)
        self._trees = {tree: self._trees[tree]} if tree in self._trees else {}

    def moved(self, schedule: Schedule, refusals: Mapping[str, str]) -> None:
        pass

    def granted(self, task: str, write_set: WriteSet) -> None:
        pass

    async def close(self) -> None:
        """End what runs, and give the clone back."""
        await self.commands.close()
        await self.code.settle()
        await self.clones.give_back(self.clone)

    async def _move(self, tree: str) -> None:
        self.clone = await self.clones.move_to(self.clone, tree)
        self.code.changed()

    async def _verdict(self, checks: Sequence[Check]) -> Verdict:
        """What the checks say of the tree in the clone. One that was green on this tree is not run on it again."""
        clone = self.clone
        known = self._green.get(clone.tree, {})
        left = [check for check in checks if check.command not in known]
        verdict = await verify(
            left, clone.root, clone.tree, self.commands, self.recorder, self.baseline
        )
        await self.commands.close()
        found = known | {each.command: each for each in verdict.evidence}
        green = {command: each for command, each in found.items() if each.green}
        disturbed = await self._disturbed() if left else ()
        self._green = {} if disturbed else {clone.tree: green}
        evidence = tuple(found[check.command] for check in checks)
        return replace(verdict, evidence=evidence, disturbed=disturbed)


def checks_of(plan: Plan, tasks: Collection[str]) -> tuple[str, ...]:
    """The plan's checks and those of these tasks, without what a check of the plan runs anyway, with more."""
    own = (check for task in plan.tasks if task.id in tasks for check in task.checks)
    narrow = (check for check in own if not any(check.startswith(f"{c} ") for c in plan.checks))
    return tuple(dict.fromkeys((*plan.checks, *narrow)))


def checks_of_whole(
    known: Sequence[Check], plan: Plan, tasks: Collection[str]
) -> tuple[Check, ...]:
    """The project's and the person's checks, then the plan's and those of these tasks that they don't run anyway."""
    commands = [check.command for check in known]
    own = (
        command
        for command in checks_of(plan, tasks)
        if not any(command == each or command.startswith(f"{each} ") for each in commands)
    )
    return (*known, *(Check(command, "given", "given") for command in own))


@dataclass(frozen=True, slots=True)
class Told:
    """`scheduler.Telling` for what `Merging` and `Proving` find."""

    def conflict(self, change: Change, conflicts: tuple[Conflict, ...]) -> str:
        del change
        lines = [f"- {printable(each.path)}: {each.kind}" for each in conflicts[:_MOST_NAMED]]
        left = len(conflicts) - _MOST_NAMED
        lines += [f"- and {left} more"] if left > 0 else []
        return render("merge_conflict", conflicts="\n".join(lines))

    def breaking(self, change: Change, beside: tuple[str, ...], evidence: str) -> str:
        del change
        others = some(beside) if beside else "before this round"
        return render("merge_breaking", others=others, evidence=evidence)
