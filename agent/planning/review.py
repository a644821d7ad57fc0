"""The reviewer: one look at the whole change by the planner's model, which may send work back once."""

from __future__ import annotations

from dataclasses import dataclass

from ...prompts.render import render
from ...tools.text import clipped
from ..events_plan import Reviewed
from ..loop import Claimed, Loop
from .plan import Area, Plan, Task, write_set
from .plan_check import CheckedPlan

MOST_DIFF = 240_000
"""Characters of the diff that the reviewer is given, about 60,000 tokens; the rest can be read in the files."""
MEND = "mend"
"""The id of the task that mends what a review or the checks at the end found."""


@dataclass(frozen=True, slots=True)
class Unreviewed:
    """No word was had: the reviewer met a bound, or went round in circles."""

    reason: str


async def review(loop: Loop, task: str, plan: Plan, patch: str) -> Reviewed | Unreviewed:
    """The word of the reviewer, whose role the loop has, on a change that does the task by this plan."""
    parts = [f"- {each.id}: {each.title}" for each in plan.tasks]
    shown = patch if len(patch) <= MOST_DIFF else _cut(patch)
    loop.say(
        render("review_task", task=task, goal=plan.goal, tasks="\n".join(parts), diff=shown), "task"
    )
    end = await loop.run()
    if not isinstance(end, Claimed):
        return Unreviewed(f"the reviewer did not come to an end: {end}")
    return Reviewed(end.claim.claim == "done", end.claim.summary)


def _cut(patch: str) -> str:
    """As many whole files of the patch as there is room for, and the names of the others."""
    files = patch.split("\ndiff --git ")
    kept: list[str] = []
    size = 0
    while files and (size := size + len(files[0])) <= MOST_DIFF:
        kept.append(files.pop(0))
    names = [clipped(each.split("\n", 1)[0], 200) for each in files]
    head = "\ndiff --git ".join(kept)
    return f"{head}\n\nNot shown for its length; read these files themselves:\n" + "\n".join(names)


def mending_plan(plan: Plan, findings: str) -> CheckedPlan:
    """A plan of one task that mends what was found in the work of another plan, wherever that is."""
    task = Task(
        MEND,
        "Mend what was found in the whole",
        render("mend_brief", findings=findings),
        ("./",),
        (),
        plan.checks,
        "" if plan.checks else "the plan has no checks; those of its tasks are run at the end",
    )
    everywhere = write_set([Area("", "folder")])
    mending = Plan(plan.goal, (task,), plan.checks, (), plan.assumptions)
    return CheckedPlan(mending, (everywhere,))
