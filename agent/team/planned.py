"""A session with a planner: a plan, a word of the person's on it, the work of its tasks, and one look at the whole.

    plan -> questions -> forecast -> in place (one task) | crew (several) -> all checks -> reviewer -> home

Each stage begins with what the journal says of it, so that a session which was cut off goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext

from ...prompts.render import render
from ...tools.code.model import CodeTree
from ...tools.errors import Exit, PersonError, ToolError
from ..context.transcript import Transcript
from ..events import Warned
from ..events_plan import Forecasted, PlanProposed
from ..kit import Kit
from ..opening import ready
from ..planning.plan_check import CheckedPlan, PlanFaults, check_plan
from ..planning.planner import answers_text, assumed, make_plan
from ..planning.record import PlansRecord, plans_of
from ..planning.solo import Finish
from ..replay import Replayed
from .ahead import clear_ahead, laying_out
from .foresight import foretold, waited
from .inplace import began_in_place, work_in_place
from .lead import Lead
from .together import work_together


class PlanRefusedError(PersonError):
    """A person's plan that can't be run."""


async def work_planned(kit: Kit, state: Replayed, transcript: Transcript) -> Finish:
    """Plan and carry out, from wherever the session stands. `transcript` is the planner's."""
    lead = await _planner(kit, state, transcript)
    surely_many = kit.job.way == "refactor" and not kit.job.plan_only
    async with laying_out(kit) if surely_many else nullcontext():
        stopped = await _planned(kit, lead)
    if stopped is not None:
        await clear_ahead(kit)
        return stopped
    first = plans_of(kit.journal.events).runs[0]
    if len(first.checked.plan.tasks) == 1 and first.base is None:
        await clear_ahead(kit)
        return await work_in_place(kit, lead, first.checked.plan)
    finish = await work_together(kit, lead)
    if isinstance(finish, str):
        kit.recorder.emit(
            Warned(f"one agent does the whole plan in the work tree itself: {finish}")
        )
        return await work_in_place(kit, lead, first.checked.plan)
    return finish


async def _planned(kit: Kit, lead: Lead) -> Finish | None:
    """A plan, and leave to carry it out; or how the session ends without."""
    record = plans_of(kit.journal.events)
    if record.last is None:
        proposed = await _propose(kit, lead)
        if isinstance(proposed, Finish):
            return proposed
        kit.recorder.emit(proposed)
        record = plans_of(kit.journal.events)
    return await _approved(kit, record)


async def _planner(kit: Kit, state: Replayed, transcript: Transcript) -> Lead:
    """The planner with what it was told; a run that is past planning adds nothing to it."""
    if plans_of(kit.journal.events).last is None:
        transcript = await ready(kit, state, transcript)
        asked = kit.job.plan is None and state.tools_digest is None
        if kit.job.way == "refactor" and asked:
            loop = kit.loop(kit.lead, transcript)
            loop.say(render("refactor", workers=str(kit.job.workers)), "harness")
    return Lead(
        kit.loop(kit.lead, transcript),
        _find_tree(kit),
        tuple(check.command for check in kit.checks),
    )


def _find_tree(kit: Kit) -> Callable[[], Awaitable[CodeTree]]:
    async def find() -> CodeTree:
        try:
            return await kit.code.tree()
        except ToolError as error:
            raise PersonError(
                f"A plan can't be checked without the index. {error.message} Try again, or use --solo.",
                Exit.NOT_DONE,
            ) from error

    return find


# --- the plan ---


async def _propose(kit: Kit, lead: Lead) -> PlanProposed | Finish:
    """The person's plan, or the planner's with the answers to its questions."""
    if kit.job.plan is not None:
        found = check_plan(kit.job.plan, await lead.find_tree(), lead.known_checks)
        if isinstance(found, PlanFaults):
            faults = "\n".join(f"- {fault}" for fault in found.faults)
            raise PlanRefusedError(f"The plan can't be run as it is:\n{faults}", Exit.USAGE)
        return PlanProposed(assumed(found), "", "person")
    told: dict[str, str] = {}
    while True:
        found = await make_plan(lead.loop, lead.find_tree, lead.known_checks)
        if isinstance(found, Finish):
            return found
        questions = found.checked.plan.open_questions
        answers = await kit.job.consult.answers(questions) if questions and not told else None
        if answers is None:
            return PlanProposed(assumed(found.checked, told), found.summary, "planner")
        told = dict(zip(questions, answers, strict=True))
        lead.loop.say(answers_text(tuple(told.items())), "person")


async def _approved(kit: Kit, record: PlansRecord) -> Finish | None:
    """Tell what it will take, and wait for a word and for cheaper hours; None to go on."""
    assert record.last is not None
    if record.runs[0].base is not None or began_in_place(kit):
        return None
    checked: CheckedPlan = record.last.checked
    forecast = foretold(kit, checked.plan)
    kit.recorder.emit(Forecasted(forecast))
    if kit.job.plan_only:
        return Finish("planned", record.last.proposed.summary or checked.plan.goal)
    if not await kit.job.consult.approve(checked, forecast):
        return Finish("interrupted", "The plan was not started: you said no.")
    if kit.job.defer:
        await waited(kit)
    return None
