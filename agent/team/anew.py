"""A planned session to which the person says more: what was planned before is settled, then there is a new plan."""

from __future__ import annotations

from collections.abc import Sequence

from ...prompts.render import render
from ...tools.code.model import CodeTree
from ...tools.git.snapshot import Snapshot
from ..context.deltas import changed_paths, changes, delta_text
from ..dispatch import sendable
from ..events import Event, SessionEnded
from ..history.replay import Replayed
from ..kit import Kit
from ..loop import Loop
from ..opening import say_mode, say_unsaid
from ..outcome import task_results
from ..planning.record import PlansRecord, plans_of, since_said
from ..result import TaskResult
from .home import bring_landed_home

MOST_REPORT = 600
"""Characters of a worker's report that the planner is told; it can look at the work itself."""


async def tell_more(kit: Kit, state: Replayed, planner: Loop) -> None:
    """Tell the planner what the person wants now, and before it what came of the last plan."""
    earlier = plans_of(kit.journal.events).earlier
    if state.unsaid and earlier is not None and earlier.runs:
        await _settle(kit, earlier)
        planner.say(sendable(_account(kit.journal.events, earlier)), "harness")
    say_mode(kit, planner)
    say_unsaid(planner, state)


async def _settle(kit: Kit, earlier: PlansRecord) -> None:
    """Bring home what landed before the plan was left: it is proven, and the person may go back by `undo`."""
    base = earlier.runs[0].base
    start = earlier.home.commit if earlier.home else base
    if kit.steps is not None and start is not None and earlier.tree not in ("", start):
        await bring_landed_home(kit, start, earlier.tree)


def _account(events: Sequence[Event], earlier: PlansRecord) -> str:
    before = events[: len(events) - len(since_said(events))]
    ends = [event.body.status for event in before if isinstance(event.body, SessionEnded)]
    tasks = "\n".join(map(_task_line, task_results(before, earlier)))
    return render("plan_over", status=ends[-1] if ends else "interrupted", tasks=tasks)


def _task_line(task: TaskResult) -> str:
    """One task, and in a few words what is known of it."""
    state = task.state if task.state in ("done", "failed", "skipped") else "not ended"
    why = f" ({task.reason})" if task.reason else ""
    report = task.report.strip()[:MOST_REPORT]
    return f"- {task.id}, {task.title}: {state}{why}" + (f". {report}" if report else "")


def wanted(kit: Kit) -> str:
    """What the person wants now, for an agent that does not know the session."""
    said = plans_of(kit.journal.events).said
    if not said:
        return kit.job.task
    return render("task_after", now=said[-1], earlier="\n\n".join((kit.job.task, *said[:-1])))


async def packed_tree(kit: Kit) -> Snapshot | None:
    """The tree that the session's pack is of, where it has changed it since for what the person wanted before; else
    None."""
    if kit.steps is None or not kit.pack_budget or not plans_of(kit.journal.events).said:
        return None
    await kit.steps.settle()
    return kit.steps.first


async def news(kit: Kit) -> str | None:
    """What has changed since the session's pack was made, for an agent of the person's tree that begins with it."""
    packed = await packed_tree(kit)
    before = await code_of(kit, packed) if packed is not None else None
    if before is None:
        return None
    now = await kit.code.tree()
    return delta_text(changes(before, now, changed_paths(before, now)))


async def code_of(kit: Kit, snapshot: Snapshot) -> CodeTree | None:
    """What the index knows of a stored tree; None where that can't be told."""
    repository = kit.place.repository
    # The index names contents by SHA-1.
    if kit.store is None or repository is None or repository.object_format != "sha1":
        return None
    return await kit.code.unharmed(kit.code.older(await kit.store.files(snapshot)))
