"""What each try at a task came to, held until its work has landed or was refused: for the project's outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ..events import Event, UsageReported
from .engine import Delivery
from .outcomes import Outcome, one_try
from .plan import WriteSet
from .schedule import ACTIVE, Schedule
from .scheduler import GivenUp, Order, Refused


@dataclass(slots=True)
class Tally:
    """A `scheduler.Watch`."""

    _open: dict[str, tuple[Order, Delivery]] = field(
        default_factory=dict[str, tuple[Order, Delivery]]
    )
    _outcomes: list[Outcome] = field(default_factory=list[Outcome])

    def delivered(self, order: Order, delivery: Delivery) -> None:
        """A try has ended; whether its work is accepted is still to be seen. One that was cut short teaches nothing."""
        result = delivery.result
        if not (isinstance(result, GivenUp) or (isinstance(result, Refused) and result.cut)):
            self._open[order.task] = (order, delivery)

    def moved(self, schedule: Schedule, refusals: Mapping[str, str]) -> None:
        del refusals
        for task, now in zip(schedule.plan.tasks, schedule.progress, strict=True):
            if task.id in self._open and now.state not in ACTIVE:
                order, delivery = self._open.pop(task.id)
                self._outcomes.append(_outcome(order, delivery, solved=now.state == "done"))

    def landed(self, tree: str, tasks: tuple[str, ...]) -> None:
        pass

    def granted(self, task: str, write_set: WriteSet) -> None:
        pass

    def outcomes(self) -> tuple[Outcome, ...]:
        """Of all tries whose end is known."""
        return tuple(self._outcomes)


def _outcome(order: Order, delivery: Delivery, *, solved: bool) -> Outcome:
    reported = [one.body for one in delivery.events if isinstance(one.body, UsageReported)]
    return one_try(
        order.rung,
        anew=order.anew,
        solved=solved,
        reported=reported,
        seconds=_seconds(delivery.events),
    )


def _seconds(events: tuple[Event, ...]) -> float:
    """From the first of the events to the last."""
    if not events:
        return 0.0
    first, last = (datetime.fromisoformat(event.at) for event in (events[0], events[-1]))
    return max(0.0, (last - first).total_seconds())
