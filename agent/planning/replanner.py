"""Planning anew what could not be done: the planner puts others in the place of one task, the rest stays."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from itertools import count

from ...prompts.render import render
from ...tools.sent_plan import SentPlan
from ..events import BudgetReached
from ..loop import Claimed, Loop
from .guard import PlanGuard, plan_of
from .plan import Plan, Task, WriteSet
from .plan_check import CheckedPlan
from .planner import MOST_SENT_BACK, last_sent
from .schedule import ENDED, Schedule
from .scheduler import Postponed

MOST_STEM = 36
"""Characters of an id that gets a number, so that it keeps to the most that an id may have."""


async def plan_anew(
    loop: Loop, guard: PlanGuard, schedule: Schedule, stuck: str, evidence: str
) -> CheckedPlan | Postponed | None:
    """The plan with others in the place of the stuck task, or None if the planner gives up.

    Only what has not ended has to get past the guard; what has ended stays as it was.
    """
    task = next(each for each in schedule.plan.tasks if each.id == stuck)
    reason = schedule.of(stuck).reason
    loop.say(
        render("replan", id=task.id, title=task.title, reason=reason, evidence=evidence), "harness"
    )
    with guard.within(partial(_in_place_of, schedule, stuck)):
        checked = await _sent_anew(loop, guard)
    return _with_ended(schedule, checked) if isinstance(checked, CheckedPlan) else checked


async def _sent_anew(loop: Loop, guard: PlanGuard) -> CheckedPlan | Postponed | None:
    before = len(loop.transcript.messages)
    for _ in range(MOST_SENT_BACK + 1):
        end = await loop.run()
        if isinstance(end, BudgetReached):
            return Postponed()
        if not isinstance(end, Claimed) or end.claim.claim == "not_done":
            return None
        sent = last_sent(loop.transcript.messages[before:])
        if isinstance(sent, SentPlan) and not sent.tasks:
            return None
        if isinstance(sent, SentPlan):
            checked = await guard.check(plan_of(sent))
            if isinstance(checked, CheckedPlan):
                return checked
            sent = str(checked)
        loop.say(render("plan_faults", faults=sent) if sent else render("plan_missing"), "harness")
    return None


def _in_place_of(schedule: Schedule, stuck: str, sent: Plan) -> Plan:
    """What is still to be done, the tasks that were sent where the stuck one was. What waited for it waits for all of
    them."""
    plan, ended = schedule.plan, _ended(schedule)
    old = next(task for task in plan.tasks if task.id == stuck)
    new = _named_apart(sent.tasks, {task.id for task in plan.tasks}, ended)
    ids = [task.id for task in new]
    tasks: list[Task] = []
    for task in plan.tasks:
        if task.id == stuck:
            tasks += (replace(each, depends_on=(*each.depends_on, *old.depends_on)) for each in new)
        elif task.id not in ended:
            after = [name for name in task.depends_on if name != stuck]
            after += ids if stuck in task.depends_on else []
            tasks.append(replace(task, depends_on=tuple(after)))
    left = [
        replace(task, depends_on=tuple(name for name in task.depends_on if name not in ended))
        for task in tasks
    ]
    return replace(plan, tasks=tuple(left), open_questions=())


def _named_apart(new: Sequence[Task], known: Collection[str], ended: Collection[str]) -> list[Task]:
    """With other ids for those that are called as one that has ended: each would be taken for that one, and be done
    before it began."""
    taken = {name.casefold() for name in (*known, *(task.id for task in new))}
    names: dict[str, str] = {}
    for task in new:
        if task.id.casefold() in {name.casefold() for name in ended}:
            stem = task.id[:MOST_STEM]
            free = (f"{stem}-{number}" for number in count(2))
            names[task.id] = next(name for name in free if name.casefold() not in taken)
            taken.add(names[task.id].casefold())
    return [
        replace(
            task,
            id=names.get(task.id, task.id),
            depends_on=tuple(names.get(name, name) for name in task.depends_on),
        )
        for task in new
    ]


def _with_ended(schedule: Schedule, checked: CheckedPlan) -> CheckedPlan:
    """The whole plan again, what has ended first, as nothing that has ended waits for what has not."""
    ended = _ended(schedule)
    rows: list[tuple[Task, WriteSet]] = [
        (task, held)
        for task, held in zip(schedule.plan.tasks, schedule.write_sets, strict=True)
        if task.id in ended
    ]
    rows += zip(checked.plan.tasks, checked.write_sets, strict=True)
    plan = replace(checked.plan, tasks=tuple(task for task, _ in rows))
    return replace(checked, plan=plan, write_sets=tuple(held for _, held in rows))


def _ended(schedule: Schedule) -> frozenset[str]:
    pairs = zip(schedule.plan.tasks, schedule.progress, strict=True)
    return frozenset(task.id for task, now in pairs if now.state in ENDED)
