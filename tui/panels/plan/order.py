"""Tasks in an order in which they could be done, as near to the plan's own as can be. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from ....agent.planning.plan import Task


def in_order(tasks: Sequence[Task]) -> tuple[Task, ...]:
    """Each task after those that it waits for. Tasks that wait for each other, of which no checked plan has any, are
    put last."""
    numbers = {task.id: number for number, task in enumerate(tasks)}
    left = [0] * len(tasks)
    after: list[list[int]] = [[] for _ in tasks]
    for number, task in enumerate(tasks):
        for name in dict.fromkeys(task.depends_on):
            if name in numbers:
                left[number] += 1
                after[numbers[name]].append(number)
    ready = [number for number, count in enumerate(left) if count == 0]
    heapify(ready)
    found: list[int] = []
    while ready:
        number = heappop(ready)
        found.append(number)
        for later in after[number]:
            left[later] -= 1
            if left[later] == 0:
                heappush(ready, later)
    known = set(found)
    found += [number for number in range(len(tasks)) if number not in known]
    return tuple(tasks[number] for number in found)
