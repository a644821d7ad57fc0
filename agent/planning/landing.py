"""Merging and proving the work of several tasks on disk, and telling a worker why its work did not land."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...prompts.render import render
from ...tools.checks.model import Check
from ...tools.commands import SandboxedCommands
from ...tools.git.clones import Clone, Clones
from ...tools.git.merging import Conflict, commit_tree, merge_trees
from ...tools.git.names import printable, some
from ...tools.git.store import Store
from ..bus import Recorder
from .merge_queue import Change, Tree
from .plan import Plan
from .verify import Baseline, verify

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
    """`merge_queue.Prove` in a clone of its own: the plan's checks, or those of the tasks where it names none.

    The evidence is what the model is told of red checks.
    """

    clones: Clones
    clone: Clone
    commands: SandboxedCommands
    plan: Plan
    recorder: Recorder
    baseline: Baseline | None = None

    async def __call__(self, tree: str, changes: Sequence[Change]) -> str | None:
        self.clone = await self.clones.move_to(self.clone, tree)
        commands = self.plan.checks or self._of_tasks({change.task for change in changes})
        checks = [Check(command, "given", "given") for command in commands]
        if not checks:
            return None
        verdict = await verify(
            checks, self.clone.root, tree, self.commands, self.recorder, self.baseline
        )
        await self.commands.close()
        return verdict.text if verdict.red else None

    async def close(self) -> None:
        """End what runs, and remove the clone."""
        await self.commands.close()
        await self.clones.remove(self.clone)

    def _of_tasks(self, ids: set[str]) -> Sequence[str]:
        every = (check for task in self.plan.tasks if task.id in ids for check in task.checks)
        return tuple(dict.fromkeys(every))


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
