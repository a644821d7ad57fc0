"""Tasks whose tries the person ended, and those that shall not be tried again."""

from __future__ import annotations

from dataclasses import dataclass, field

from .plan_check import CheckedPlan
from .schedule import Schedule
from .scheduler import Done, Order, Refused, Replan, Workers, no_replan

STOPPED = Refused(
    "Leadline: the person stopped the last try at this task before it was done; calls that were under way may have "
    "taken effect in part. Look at how things stand, go by what the person said, if anything, and finish the task.",
    "stopped by the person",
)
GIVEN_UP = Refused("", "given up by the person")


@dataclass(slots=True)
class UnlessGivenUp:
    """Workers that refuse a task at once after its try was refused with GIVEN_UP, until the ladder ends.

    That takes no model and no clone.
    """

    workers: Workers
    _tasks: set[str] = field(default_factory=set[str])

    async def work(self, order: Order) -> Done | Refused:
        if order.task in self._tasks:
            return GIVEN_UP
        result = await self.workers.work(order)
        if result == GIVEN_UP:
            self._tasks.add(order.task)
        return result

    def replan(self, replan: Replan) -> Replan:
        """The same, but for tasks that were given up: nobody plans them anew."""
        if replan is no_replan:
            return replan

        async def unless(schedule: Schedule, task: str, evidence: str) -> CheckedPlan | None:
            return None if task in self._tasks else await replan(schedule, task, evidence)

        return unless
