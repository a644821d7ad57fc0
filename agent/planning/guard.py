"""Holding what a planner sends against the tree: at once, as what its call comes to, and again when it reports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ...tools.code.model import CodeTree
from ...tools.codemods.sent import codemod_of
from ...tools.errors import PersonError, ToolError
from ...tools.files import plural
from ...tools.git.names import some
from ...tools.sent_plan import SentPlan
from .plan import Plan, Task
from .plan_check import AddedDependency, CheckedPlan, PlanFaults, check_plan

_MOST_NAMED = 5


def _as_sent(plan: Plan) -> Plan:
    return plan


@dataclass(slots=True)
class PlanGuard:
    """`find_tree` gives the tree that plans are held against, and raises PersonError where that can't be known;
    `known_checks` are commands that the project or the person gave. `whole` makes of a plan the one that would be run
    by it: where one task is planned anew, all that is still to be done."""

    find_tree: Callable[[], Awaitable[CodeTree]]
    known_checks: Sequence[str]
    whole: Callable[[Plan], Plan] = _as_sent

    async def check(self, plan: Plan) -> CheckedPlan | PlanFaults:
        return check_plan(self.whole(plan), await self.find_tree(), self.known_checks)

    async def look(self, sent: SentPlan) -> str:
        """A `ToolContext.look_at_plan`: what was made of the plan. Raises ToolError with all that keeps it from being
        run."""
        if not sent.tasks:
            return "Taken: no tasks, so nothing would be changed."
        try:
            found = await self.check(plan_of(sent))
        except PersonError:
            return "ok"  # who reports hears of it
        if isinstance(found, PlanFaults):
            raise ToolError(str(found))
        return _taken(sent, found)

    @contextmanager
    def within(self, whole: Callable[[Plan], Plan]) -> Generator[None]:
        """Within the block plans are parts of another one."""
        before, self.whole = self.whole, whole
        try:
            yield
        finally:
            self.whole = before


def _taken(sent: SentPlan, checked: CheckedPlan) -> str:
    """In a few words what the planner may not have meant."""
    lines = [f"Taken: {plural(len(sent.tasks), 'task')}."]
    lines += map(_waits, checked.added[:_MOST_NAMED])
    left = len(checked.added) - _MOST_NAMED
    lines += [f"{left} more wait for each other in the same way."] if left > 0 else []
    if checked.new_paths:
        lines.append(f"Not there yet, and to be made: {some(checked.new_paths, _MOST_NAMED)}.")
    return "\n".join(lines)


def _waits(added: AddedDependency) -> str:
    return f"{added.task} now waits for {added.on}: {added.reason}."


def plan_of(sent: SentPlan) -> Plan:
    """The same plan as a value of ours."""
    return Plan(
        sent.goal,
        tuple(
            Task(
                task.id,
                task.title,
                task.brief,
                tuple(task.paths),
                tuple(task.depends_on),
                tuple(task.checks),
                task.no_check_reason,
                task.tier,
                None if task.codemod is None else codemod_of(task.codemod),
            )
            for task in sent.tasks
        ),
        tuple(sent.checks),
        tuple(sent.open_questions),
        tuple(sent.assumptions),
    )
