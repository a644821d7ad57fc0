"""The money for a whole tree of agents: what was spent, and what is put aside for the tries that are under way. Pure.

A try is stopped by its share, and a try that is stopped has cost its share for nothing. So each gets as much as it may
need (the high end of its forecast) while there is that much: with little left, fewer are at work at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..events import Event, UsageReported
from ..events_plan import Interval
from .forecast import Ground, first_try, next_try
from .scheduler import Order


def try_cost(ground: Ground, order: Order) -> Interval:
    """US dollars that this try may cost. One that goes on with what its worker knows costs less than a first one."""
    return first_try(ground, order.rung) if order.anew else next_try(ground, order.rung)


@dataclass(slots=True)
class SharedPurse:
    """A `scheduler.Purse`. `budget` is in US dollars for all agents together, None for no limit; `cost` foretells that
    of a try.

    What is spent passes the budget by no more than one request for each of the tries that were under way together, as
    long as each keeps its share: nobody knows what a request costs before it was answered. That holds as long as only
    tries spend; what others do (priming, a reviewer) is counted, not foreseen.
    """

    budget: float | None
    cost: Callable[[Order], Interval]
    spent: float = 0.0
    _shares: dict[str, float] = field(default_factory=dict[str, float])
    _used: dict[str, float] = field(default_factory=dict[str, float])

    def note(self, body: object, task: str = "") -> None:
        """Count what any agent reports. With the task that it was spent on, it is taken out of what is put aside for
        it; without, it counts twice until that try ends, which holds others up and loses nothing."""
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
        return sum(max(0.0, share - self._used[task]) for task, share in self._shares.items())

    @property
    def left(self) -> float | None:
        """US dollars that are neither spent nor put aside, below 0 where the budget was passed. None without one."""
        return None if self.budget is None else self.budget - self.spent - self.reserved

    def reserve(self, order: Order) -> bool:
        """Put aside what the try may cost at most, or what is left of that. False if not even its likely cost is left.

        Where no try is under way, what is left only gets less: the low end is enough then. A forecast may be wrong, and
        money that nobody will use is no reason to stop; below the low end a try would be stopped before its end.
        """
        left = self.left
        if left is None:
            return True
        cost = self.cost(order)
        least = cost.likely if self._shares else cost.low
        if left < least:
            return False
        self._shares[order.task] = min(cost.high, left)
        self._used[order.task] = 0.0
        return True

    def settle(self, order: Order) -> None:
        """The try has ended: what was put aside for it and not spent is free again."""
        self._shares.pop(order.task, None)
        self._used.pop(order.task, None)

    def share(self, order: Order) -> float | None:
        """US dollars that this try may use up, beyond what its worker used before it. None for no limit.

        A worker's own `Budget` counts over all its tries: its `allow` adds this to what it has spent so far. Raises
        KeyError for a try that nothing is put aside for.
        """
        return None if self.budget is None else self._shares[order.task]
