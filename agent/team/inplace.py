"""A plan carried out on the person's tree itself, by one agent after the other.

That is how a plan of one task is done, and any plan where clones can't be had. The first agent has the model that the
plan names; if its work stays refused, the next rung of the ladder goes on with the tree as it is. A Pro agent knows all
that the planner knows, because its transcript begins with the planner's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ...prompts.render import render
from ...tools.registry import schemas_json
from ..context.transcript import Tools
from ..dispatch import sendable
from ..events import Event, MessageCommitted
from ..events_plan import Forked, TaskMoved
from ..history.rebuild import rebuilt
from ..history.replay import MAIN, replay, works_in_place
from ..kit import Kit
from ..lanes import lane_of, route
from ..opening import say_mode
from ..planning.engine import Prefix
from ..planning.landing import checks_of_whole
from ..planning.plan import Plan
from ..planning.planner import task_text
from ..planning.record import since_said
from ..planning.schedule import State, unchanged
from ..planning.solo import Finish, Work, work_alone
from ..roles import SOLO
from ..v4.facts import Rung
from .anew import news, wanted
from .lead import Lead


def began_in_place(kit: Kit) -> bool:
    """Whether an agent has been told of its part on the person's tree, in the plan that there is now."""
    return bool(_hands(since_said(kit.journal.events)))


def _hands(events: Sequence[Event]) -> frozenset[str]:
    """The agents that were told of a part on the person's tree."""
    return frozenset(
        event.agent
        for event in events
        if works_in_place(event.agent) and isinstance(event.body, MessageCommitted)
    )


async def work_in_place(kit: Kit, lead: Lead, plan: Plan) -> Finish:
    """The finish of the last agent that had a try; the ones before it were refused."""
    tier = "pro" if any(task.tier == "pro" for task in plan.tasks) else "flash"
    rungs = kit.catalog.rungs()[tier]
    names = _names(kit, len(rungs))
    hands = _hands(since_said(kit.journal.events))
    tried = [number for number, name in enumerate(names) if name in hands]
    checks = checks_of_whole(kit.checks, plan, {task.id for task in plan.tasks})
    untouched = partial(_untouched, kit) if kit.steps is not None else None
    work = replace(kit.work(), checks=checks, untouched=untouched)
    finish: Finish | None = None
    _moved(kit, plan, "running", "")
    for number in range(tried[-1] if tried else 0, len(rungs)):
        reason = finish.summary if finish else ""
        finish = await _try(kit, lead, plan, work, rungs[number], names[number], reason)
        if finish.status != "not_done":
            break
    assert finish is not None
    if finish.unchanged:
        _moved(kit, plan, "done", unchanged(finish.summary))
        return replace(finish, summary=f"It changed nothing: {finish.summary}")
    if finish.status in ("done", "unverified"):
        _moved(kit, plan, "done", "")
    elif finish.status == "not_done":
        _moved(kit, plan, "failed", finish.summary)
    return finish


async def _untouched(kit: Kit) -> bool:
    """Whether the tree is as it was before the work on the plan that there is now, by the steps so far. What the person
    changed between two of them counts as well."""
    assert kit.steps is not None
    assert kit.store is not None
    await kit.steps.settle()
    events = kit.journal.events
    earlier = events[: len(events) - len(since_said(events))]
    began = replay(earlier).timeline.at if earlier else 0
    steps = replay(events).timeline.done[began:]
    if not steps:
        return True
    before, after = await kit.store.load(steps[0].before), await kit.store.load(steps[-1].after)
    return before.tree == after.tree


def _names(kit: Kit, count: int) -> list[str]:
    """Of the agents that have a try, one after the other; those of earlier plans of the session had others."""
    events = kit.journal.events
    before = len(_hands(events[: len(events) - len(since_said(events))]))
    numbers = range(before + 1, before + count + 1)
    return [MAIN if number == 1 else f"{MAIN}-{number}" for number in numbers]


def _moved(kit: Kit, plan: Plan, state: State, reason: str) -> None:
    """All of it is one piece of work here."""
    for task in plan.tasks:
        kit.recorder.emit(TaskMoved(task.id, state, 0, 0, reason))


async def _try(
    kit: Kit, lead: Lead, plan: Plan, work: Work, rung: Rung, name: str, refused: str
) -> Finish:
    """One agent's work to its end; `refused` says why the one before it was not done."""
    lane = lane_of(kit.catalog, kit.settings, rung.tier, rung.effort)
    agent = kit.hand(name, lane)
    state = replay(kit.journal.events, name)
    if state.messages:
        transcript = rebuilt(agent.recorder, state, lane)
        kit.ledger.restore(name, transcript.request(), kit.journal.events)
        loop = kit.loop(agent, transcript)
        say_mode(kit, loop)
        return await work_alone(loop, work, state.claim)
    prefix, delta = lead.prefix(), None
    if prefix is None or prefix.lane != lane:
        prefix = Prefix(lead.name, lane, lead.head, Tools.of(schemas_json()).digest)
        delta = await news(kit)
    agent.recorder.emit(Forked(prefix.agent, len(prefix.messages)))
    reason = "the work of the rung below was refused" if refused else _reason(kit, rung)
    route(agent.recorder, kit.ledger, SOLO.name, lane, reason)
    transcript = prefix.begin(name, Tools.of(schemas_json()))
    loop = kit.loop(agent, transcript)
    say_mode(kit, loop)
    if delta is not None:
        loop.say(sendable(delta), "delta")
    loop.say(render(SOLO.brief), "brief")
    loop.say(sendable(_task(kit, plan)), "task")
    if refused:
        loop.say(sendable(render("taken_over", reason=refused)), "harness")
    return await work_alone(loop, work)


def _reason(kit: Kit, rung: Rung) -> str:
    if rung.tier == "pro":
        return "the plan says that this task needs thought"
    return kit.catalog.role("worker").reason


def _task(kit: Kit, plan: Plan) -> str:
    """The person's task as the planner understood it."""
    tasks = "\n\n".join(task_text(plan, task) for task in plan.tasks)
    return render("planned_task", task=wanted(kit), tasks=tasks)
