"""A plan with the changes that the person makes before it runs: a value, each change of which can be undone. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ....agent.planning.plan import Plan, Task
from ....agent.planning.plan_check import CheckedPlan
from .order import in_order

Step = Literal[-1, 1]
"""A place up or down."""


@dataclass(frozen=True, slots=True)
class Draft:
    """`tasks` are all of them, in the order that the person gave them, those in `dropped` as well; a task comes after
    those that it waits for. Only what the planner wanted is in their `depends_on`: what the check added because two
    write the same follows from their order. `start` is what they were at first.
    """

    checked: CheckedPlan
    start: tuple[Task, ...]
    tasks: tuple[Task, ...]
    dropped: frozenset[str] = frozenset()
    before: Draft | None = None

    @staticmethod
    def of(checked: CheckedPlan) -> Draft:
        added = {(each.task, each.on) for each in checked.added}
        tasks = tuple(
            replace(
                task, depends_on=tuple(on for on in task.depends_on if (task.id, on) not in added)
            )
            for task in in_order(checked.plan.tasks)
        )
        return Draft(checked, tasks, tasks)

    @property
    def changed(self) -> bool:
        return bool(self.dropped) or self.tasks != self.start

    @property
    def plan(self) -> Plan:
        """What is to be carried out; the plan itself where nothing was changed."""
        if not self.changed:
            return self.checked.plan
        waits = self.waits
        kept = tuple(
            replace(task, depends_on=waits[task.id])
            for task in self.tasks
            if task.id not in self.dropped
        )
        return replace(self.checked.plan, tasks=kept)

    def __contains__(self, name: str) -> bool:
        return any(task.id == name for task in self.tasks)

    def task(self, name: str) -> Task:
        """Raises KeyError for an id that no task has."""
        return self.tasks[self._at(name)]

    @property
    def waits(self) -> Mapping[str, tuple[str, ...]]:
        """What each task waits for: in the place of what was dropped, what that waited for."""
        wanted = {task.id: task.depends_on for task in self.tasks}
        numbers = self._numbers
        return {
            name: tuple(sorted(self._reached(name, wanted), key=numbers.__getitem__))
            for name in wanted
        }

    @property
    def beside(self) -> Mapping[str, tuple[str, ...]]:
        """What tasks wait for besides, because both write the same and the other comes first."""
        numbers = self._numbers
        found: dict[str, list[str]] = {}
        for each in self.checked.added:
            pair = {each.task, each.on}
            if pair <= numbers.keys() and not pair & self.dropped:
                first, then = sorted(pair, key=numbers.__getitem__)
                found.setdefault(then, []).append(first)
        return {name: tuple(sorted(on, key=numbers.__getitem__)) for name, on in found.items()}

    # --- changes; what changes nothing gives the same draft ---

    def blocked(self, name: str, step: Step) -> str:
        """Why a task can't be moved that way, in a few words; "" if it can."""
        at = self._at(name)
        other = at + step
        if not 0 <= other < len(self.tasks):
            return f"{name} is the {'first' if step < 0 else 'last'}"
        upper, lower = self.tasks[min(at, other)], self.tasks[max(at, other)]
        return f"{lower.id} waits for {upper.id}" if upper.id in lower.depends_on else ""

    def moved(self, name: str, step: Step) -> Draft:
        """With the task one place up or down, where nothing blocks it."""
        if self.blocked(name, step):
            return self
        at = self._at(name)
        tasks = list(self.tasks)
        tasks[at], tasks[at + step] = tasks[at + step], tasks[at]
        return replace(self, tasks=tuple(tasks), before=self)

    def with_brief(self, name: str, brief: str) -> Draft:
        return self._with(name, lambda task: replace(task, brief=brief))

    def with_other_tier(self, name: str) -> Draft:
        return self._with(
            name, lambda task: replace(task, tier="flash" if task.tier == "pro" else "pro")
        )

    def toggled(self, name: str) -> Draft:
        """With the task dropped, or back again."""
        self._at(name)
        return replace(self, dropped=self.dropped ^ {name}, before=self)

    def undone(self) -> Draft:
        """As it was before the last change."""
        return self.before or self

    @property
    def _numbers(self) -> Mapping[str, int]:
        return {task.id: number for number, task in enumerate(self.tasks)}

    def _reached(self, name: str, wanted: Mapping[str, Sequence[str]]) -> set[str]:
        found: set[str] = set()
        looked: set[str] = set()
        left = list(wanted[name])
        while left:
            on = left.pop()
            if on in looked or on not in wanted:
                continue
            looked.add(on)
            if on in self.dropped:
                left += wanted[on]
            else:
                found.add(on)
        return found

    def _with(self, name: str, change: Callable[[Task], Task]) -> Draft:
        at = self._at(name)
        task = change(self.tasks[at])
        if task == self.tasks[at]:
            return self
        return replace(self, tasks=(*self.tasks[:at], task, *self.tasks[at + 1 :]), before=self)

    def _at(self, name: str) -> int:
        for number, task in enumerate(self.tasks):
            if task.id == name:
                return number
        raise KeyError(name)
