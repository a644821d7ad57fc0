"""Planning anew what could not be done: the planner puts others in the place of one task, the rest stays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from ...prompts.render import render
from ...tools.code.model import CodeTree
from ...tools.update_plan import SentPlan
from ..loop import Claimed, Loop
from .plan import Plan, Task, WriteSet
from .plan_check import CheckedPlan, check_plan
from .planner import MOST_SENT_BACK, last_sent, plan_of
from .schedule import ENDED, Schedule


async def plan_anew(
    loop: Loop,
    find_tree: Callable[[], Awaitable[CodeTree]],
    known_checks: Sequence[str],
    schedule: Schedule,
    stuck: str,
    evidence: str,
) -> CheckedPlan | None:
    """The plan with others in the place of the stuck task, or None if the planner gives up or meets a bound.

    Only what has not ended is held against the tree that `find_tree` gives; what has ended stays as it was.
    """
    task = next(each for each in schedule.plan.tasks if each.id == stuck)
    reason = schedule.of(stuck).reason
    loop.say(
        render("replan", id=task.id, title=task.title, reason=reason, evidence=evidence), "harness"
    )
    before = len(loop.transcript.messages)
    for _ in range(MOST_SENT_BACK + 1):
        end = await loop.run()
        if not isinstance(end, Claimed) or end.claim.claim == "not_done":
            return None
        sent = last_sent(loop.transcript.messages[before:])
        if isinstance(sent, SentPlan) and not sent.tasks:
            return None
        if isinstance(sent, SentPlan):
            wanted = _in_place_of(schedule, stuck, plan_of(sent).tasks)
            checked = check_plan(wanted, await find_tree(), known_checks)
            if isinstance(checked, CheckedPlan):
                return _with_ended(schedule, checked)
            sent = str(checked)
        loop.say(render("plan_faults", faults=sent) if sent else render("plan_missing"), "harness")
    return None


def _in_place_of(schedule: Schedule, stuck: str, new: Sequence[Task]) -> Plan:
    """What is still to be done, the new tasks where the stuck one was. What waited for it waits for all of them."""
    plan = schedule.plan
    old = next(task for task in plan.tasks if task.id == stuck)
    ended = _ended(schedule)
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
