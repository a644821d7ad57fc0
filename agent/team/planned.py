"""A session with a planner: a plan, a word of the person's on it, the work of its tasks, and one look at the whole.

    plan -> questions -> forecast -> in place (one task) | crew (several) -> all checks -> reviewer -> home

Each stage begins with what the journal says of it, so that a session which was cut off goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import replace

from ...prompts.render import render
from ...tools.code.model import CodeTree
from ...tools.errors import Exit, PersonError, ToolError
from ..asking.consult import Approved, Declined
from ..context.transcript import Transcript
from ..dispatch import sendable
from ..events import Warned
from ..events_plan import EditRefused, Forecasted, PlanDeclined, PlanProposed
from ..history.replay import Replayed
from ..kit import Kit
from ..opening import ready
from ..planning.guard import PlanGuard
from ..planning.plan import Plan
from ..planning.plan_check import PlanFaults
from ..planning.plan_text import show_plan
from ..planning.planner import answers_text, assumed, make_plan
from ..planning.record import PlanRun, plans_of
from ..planning.solo import Finish
from .ahead import clear_ahead, laying_out
from .anew import tell_more
from .foresight import foretold, waited
from .inplace import began_in_place, work_in_place
from .lead import Lead
from .together import work_together

MOST_DECLINED = 3
"""How often the planner is asked for another plan."""


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
    while True:
        record = plans_of(kit.journal.events)
        last = record.last
        if last is None or record.wanted:
            proposed = await _propose(kit, lead)
            if isinstance(proposed, Finish):
                return proposed
            kit.recorder.emit(proposed)
            continue
        if record.runs[0].begun or began_in_place(kit):
            return None
        kit.recorder.emit(Forecasted(foretold(kit, last.checked.plan)))
        if kit.job.plan_only:
            return Finish("planned", last.proposed.summary or last.checked.plan.goal)
        word = await _word(kit, lead, last)
        if isinstance(word, Approved):
            break
        if not word.reason or record.declined == MOST_DECLINED or lead.prefix() is None:
            why = f": {word.reason}" if word.reason else "."
            return Finish("interrupted", f"The plan was not started: you said no{why}")
        lead.loop.say(render("plan_declined", reason=word.reason), "person")
        kit.recorder.emit(PlanDeclined(word.reason))
    if kit.job.defer:
        await waited(kit)
    return None


async def _planner(kit: Kit, state: Replayed, transcript: Transcript) -> Lead:
    """The planner with what it was told; a run that is past planning adds nothing to it."""
    record = plans_of(kit.journal.events)
    if record.last is None or record.wanted:
        transcript = await ready(kit, state, transcript)
        asked = kit.job.plan is None and state.tools_digest is None
        if kit.job.way == "refactor" and asked:
            loop = kit.loop(kit.lead, transcript)
            loop.say(render("refactor", workers=str(kit.job.workers)), "harness")
        await tell_more(kit, state, kit.loop(kit.lead, transcript))
    guard = PlanGuard(_find_tree(kit), tuple(check.command for check in kit.checks))
    return Lead(kit.loop(kit.lead, transcript, guard.look), guard)


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
        found = await lead.guard.check(kit.job.plan)
        if isinstance(found, PlanFaults):
            faults = "\n".join(f"- {fault}" for fault in found.faults)
            raise PlanRefusedError(f"The plan can't be run as it is:\n{faults}", Exit.USAGE)
        return PlanProposed(assumed(found), "", "person")
    told: dict[str, str] = {}
    wanted = "".join(plans_of(kit.journal.events).said[-1:])
    while True:
        found = await make_plan(lead.loop, lead.guard, wanted)
        if isinstance(found, Finish):
            return found
        questions = found.checked.plan.open_questions
        answers = await kit.job.consult.answers(questions) if questions and not told else None
        if answers is None:
            return PlanProposed(assumed(found.checked, told), found.summary, "planner")
        told = dict(zip(questions, answers, strict=True))
        lead.loop.say(answers_text(tuple(told.items())), "person")


async def _word(kit: Kit, lead: Lead, run: PlanRun) -> Approved | Declined:
    """The person's word on the plan. As they changed it, it has taken the place of this one by then."""
    checked = run.checked
    if _goes_without_saying(kit, checked.plan):
        return Approved()
    forecast = foretold(kit, checked.plan)
    while True:
        word = await kit.job.consult.approve(checked, forecast)
        if isinstance(word, Declined) or word.plan in (None, checked.plan):
            return word
        found = await lead.guard.check(word.plan)
        if isinstance(found, PlanFaults):
            kit.recorder.emit(EditRefused(found))
            continue
        _take_up(kit, lead, run, PlanProposed(assumed(found), run.proposed.summary, "edited"))
        return word


def _take_up(kit: Kit, lead: Lead, run: PlanRun, edited: PlanProposed) -> None:
    if run.proposed.source == "person":
        edited = replace(edited, source="person")
    else:
        # Should a task have to be planned anew, its planner has to know which it is.
        text = render("plan_edited", plan=show_plan(edited.checked))
        lead.loop.say(sendable(text), "person")
    kit.recorder.emit(edited)
    kit.recorder.emit(Forecasted(foretold(kit, edited.checked.plan)))


def _goes_without_saying(kit: Kit, plan: Plan) -> bool:
    """Whether the plan is no more than what one agent would do without one, in a mode that lets it."""
    return len(plan.tasks) == 1 and kit.job.way != "refactor" and kit.job.mode in ("auto", "full")
