"""The reviewer: one look at the whole change by the planner's model, which may send work back once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...prompts.render import render
from ...tools.text import clipped
from ..events_plan import Reviewed
from ..loop import Claimed, Loop
from .plan import Area, Plan, Task, write_set
from .plan_check import CheckedPlan
from .solo import cut_short

MOST_DIFF = 240_000
"""Characters of the diff that the reviewer is given, about 60,000 tokens; the rest can be read in the files."""
_FILE, _BINARY = "\ndiff --git ", "\nGIT binary patch\n"
"""Lines of a patch that are no line of a file."""
MEND = "mend"
"""The id of the task that mends what a review or the checks at the end found."""


@dataclass(frozen=True, slots=True)
class Unreviewed:
    """No word was had: the reviewer met a bound, or went round in circles."""

    reason: str


async def review(
    loop: Loop, task: str, plan: Plan, notes: Mapping[str, str], patch: str
) -> Reviewed | Unreviewed:
    """The word of the reviewer, whose role the loop has, on a change that does the task by this plan. `notes` are what
    should be known of tasks, by their ids."""
    parts = [
        f"- {each.id}: {each.title}" + (f" ({notes[each.id]})" if each.id in notes else "")
        for each in plan.tasks
    ]
    diff = shown(patch)
    loop.say(
        render("review_task", task=task, goal=plan.goal, tasks="\n".join(parts), diff=diff), "task"
    )
    end = await loop.run()
    if not isinstance(end, Claimed):
        return Unreviewed(cut_short(end).summary)
    return Reviewed(end.claim.claim == "done", end.claim.summary)


def shown(patch: str) -> str:
    """Of a patch all files that there is room for, each whole but for binary content, and the names of the others."""
    kept: list[str] = []
    left: list[str] = []
    size = 0
    for file in f"\n{patch}".split(_FILE)[1:]:
        text, binary, _ = file.partition(_BINARY)
        text += "\nBinary" if binary else ""
        if size + len(text) <= MOST_DIFF:
            kept.append(text)
            size += len(text)
        else:
            left.append(clipped(text.split("\n", 1)[0], 200))
    parts = [_FILE.join(("", *kept)).strip()] if kept else []
    if left:
        names = "\n".join(left)
        parts.append(f"Not shown for its length; read these files themselves:\n{names}")
    return "\n\n".join(parts)


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
