"""How long a plan takes with a number of workers: what it takes at least, likely, and at most. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter

from .plan import Task, remaining_chain

Seconds = Mapping[str, float]
"""For each task, by id, how long a worker is busy with it."""


def at_least(tasks: Sequence[Task], seconds: Seconds, workers: int, landing: float) -> float:
    """What no order can be faster than: the longest chain of tasks that wait for one another, or an even share of all
    work. `landing` is the seconds from a task's end until what waits for it may start."""
    share = sum(seconds[task.id] for task in tasks) / workers
    return max(
        _longest_chain(tasks, {task.id: seconds[task.id] + landing for task in tasks}), share
    )


def at_most(tasks: Sequence[Task], seconds: Seconds, workers: int, landing: float) -> float:
    """What no order is slower than that never lets a worker idle while a task may start (Graham's bound): whenever not
    all workers are busy, a task of some chain is under way, or is landing."""
    share = sum(seconds[task.id] for task in tasks) / workers
    idle = {task.id: seconds[task.id] * (1 - 1 / workers) + landing for task in tasks}
    return share + _longest_chain(tasks, idle)


def likely(tasks: Sequence[Task], seconds: Seconds, workers: int, landing: float) -> float:
    """What the scheduler's own order takes, if every task takes what is said here.

    One worker more can make such an order slower by bad luck, which is no forecast; so the best of it with up to as
    many workers counts.
    """
    most = min(workers, len(tasks))
    orders = (_in_order(tasks, seconds, count, landing) for count in range(1, most + 1))
    return min(orders, default=0.0)


def _in_order(tasks: Sequence[Task], seconds: Seconds, workers: int, landing: float) -> float:
    """The longest chain first, then as in the plan, as `schedule.ready` has it."""
    chain = remaining_chain(tasks)
    rank = {task.id: (-chain[task.id], number) for number, task in enumerate(tasks)}
    left = TopologicalSorter({task.id: task.depends_on for task in tasks})
    left.prepare()
    ready = [(rank[task], task) for task in left.get_ready()]
    heapq.heapify(ready)
    # What happens next, by time: a worker gets free, or the work of a task has landed (and its id is there).
    coming: list[tuple[float, str]] = []
    free, now = workers, 0.0
    while ready or coming:
        while ready and free:
            _, task = heapq.heappop(ready)
            free -= 1
            heapq.heappush(coming, (now + seconds[task], ""))
            heapq.heappush(coming, (now + seconds[task] + landing, task))
        now, landed = heapq.heappop(coming)
        if not landed:
            free += 1
            continue
        left.done(landed)
        for task in left.get_ready():
            heapq.heappush(ready, (rank[task], task))
    return now


def _longest_chain(tasks: Sequence[Task], seconds: Seconds) -> float:
    before = {task.id: task.depends_on for task in tasks}
    ends: dict[str, float] = {}
    for name in TopologicalSorter(before).static_order():
        start = max((ends[other] for other in before[name]), default=0.0)
        ends[name] = start + seconds[name]
    return max(ends.values(), default=0.0)
