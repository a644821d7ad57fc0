"""The money for a whole tree of agents: what was spent, and what is put aside for the tries that are under way. Pure.

A try is stopped by its share, and a try that is stopped has cost its share for nothing. So each gets as much as it may
need (the high end of its forecast) while there is that much: with little left, fewer are at work at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..events import Event, UsageReported
from ..events_plan import Interval
from .forecast import Ground, first_try, next_try, priming
from .scheduler import Order

PLANNING = "*"
"""In the place of a task: what the planner spends to plan one anew."""


def try_cost(ground: Ground, order: Order, *, primed: bool = True) -> Interval:
    """US dollars that this try may cost. One that goes on with what its worker knows costs less than a first one, and
    one whose lane is not `primed` more."""
    if not order.anew:
        return next_try(ground, order.rung)
    cost, more = first_try(ground, order.rung), 0.0 if primed else priming(ground, order.rung)
    return Interval(cost.low + more, cost.likely + more, cost.high + more)


@dataclass(slots=True)
class SharedPurse:
    """A `scheduler.Purse`. `budget` is in US dollars for all agents together, None for no limit; `cost` foretells that
    of a try, `planning` that of planning a task anew.

    What is spent passes the budget by no more than one request of each who is at work at that time, as long as each
    keeps to what it may: nobody knows what a request costs before it was answered. Workers keep their shares; who plans
    has to leave what is put aside for workers (`held`); what a lane is primed with is taken out of the share of the
    try that needed it. Nobody else spends while workers are at work.
    """

    budget: float | None
    cost: Callable[[Order], Interval]
    planning: Callable[[], Interval]
    spent: float = 0.0
    _shares: dict[str, float] = field(default_factory=dict[str, float])
    _used: dict[str, float] = field(default_factory=dict[str, float])

    def note(self, body: object, task: str = "") -> None:
        """Count what any agent reports. With the task that it was spent on, or PLANNING, it is taken out of what is put
        aside for it; without, it counts twice until that try ends, which holds others up and loses nothing."""
        if isinstance(body, UsageReported):
            self.spent += body.cost
            if task in self._shares:
                self._used[task] += body.cost

    def replay(self, events: Iterable[Event]) -> None:
        """Count what an earlier run of the session spent."""
        for event in events:
            self.note(event.body)

    @property
    def reserved(self) -> float:
        """US dollars put aside and not spent yet."""
        return sum(map(self._aside, self._shares))

    def _aside(self, task: str) -> float:
        return max(0.0, self._shares.get(task, 0.0) - self._used.get(task, 0.0))

    @property
    def held(self) -> float:
        """US dollars put aside for workers and not spent yet: what who plans has to leave."""
        return self.reserved - self._aside(PLANNING)

    @property
    def left(self) -> float | None:
        """US dollars that are neither spent nor put aside, below 0 where the budget was passed. None without one."""
        return None if self.budget is None else self.budget - self.spent - self.reserved

    def reserve(self, order: Order) -> bool:
        """Put aside what the try may cost at most, or what is left of that. False if not even its likely cost is left.

        Where no try is under way, what is left only gets less: the low end is enough then. A forecast may be wrong, and
        money that nobody will use is no reason to stop; below the low end a try would be stopped before its end.
        """
        return self.budget is None or self._put_aside(order.task, self.cost(order))

    def settle(self, order: Order) -> None:
        """The try has ended: what was put aside for it and not spent is free again."""
        self._free(order.task)

    def reserve_planning(self) -> bool:
        """The same for planning a task anew."""
        return self.budget is None or self._put_aside(PLANNING, self.planning())

    def settle_planning(self) -> None:
        self._free(PLANNING)

    def _put_aside(self, task: str, cost: Interval) -> bool:
        left = self.left
        assert left is not None
        least = cost.likely if self._shares else cost.low
        if left < least:
            return False
        self._shares[task] = min(cost.high, left)
        self._used[task] = 0.0
        return True

    def _free(self, task: str) -> None:
        self._shares.pop(task, None)
        self._used.pop(task, None)

    def share(self, order: Order) -> float | None:
        """US dollars that this try may use up, beyond what its worker used before it. None for no limit. Asked when it
        can begin: what was spent meanwhile to get it that far is taken out of what is put aside for it.

        A worker's own `Budget` counts over all its tries: its `allow` adds this to what it has spent so far. Raises
        KeyError for a try that nothing is put aside for.
        """
        left = self.left
        if left is None:
            return None
        share = self._shares[order.task] = max(0.0, self._shares[order.task] + min(0.0, left))
        return share
