"""Getting a plan from the model: the loop in the planner's role, told what keeps its plan from being run.

The plan is read from the transcript, so a resumed session finds what was sent before it was stopped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...prompts.render import render
from ...tools.codemods.model import Codemod
from ...tools.codemods.told import codemod_lines, places
from ...tools.errors import ToolError
from ...tools.registry import schemas
from ...tools.sent_plan import SentPlan, sent_plan
from ...tools.update_plan import UPDATE_PLAN, UpdatePlanParams
from ..loop import Claimed, Loop
from ..messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from ..parameters import as_meant
from ..v4.values import is_tree
from .guard import PlanGuard, plan_of
from .plan import Plan, Task
from .plan_check import CheckedPlan
from .solo import Finish, cut_short

MOST_SENT_BACK = 3
"""How often a report is answered by what its plan lacks."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan that can be run; `summary` is the planner's report. Open questions are left to the caller."""

    checked: CheckedPlan
    summary: str


@dataclass(frozen=True, slots=True)
class _Lacking:
    """`message` is for the model, `reason` for the person if it was the last try."""

    message: str
    reason: str


async def make_plan(loop: Loop, guard: PlanGuard, wanted: str = "") -> Planned | Finish:
    """Run the loop, which has the planner's role, until it reports a plan that can be run, gives up, or meets a bound.

    The plan is the last one in the transcript, so more can be said to the same loop (`answers_text`) before another
    call. It has to get past the guard once more, whatever was said to the call: the tree may be another one by now.
    `wanted` is what the person said last that they want, if that is not the task: what was sent before was for
    something else. A planner that insists on an empty plan has answered without a change: "unverified".
    """
    sent_back = 0
    knows_of_empty = False  # what it means to send no tasks, by plan_missing or plan_empty
    while True:
        end = await loop.run()
        if not isinstance(end, Claimed):
            return cut_short(end)
        claim = end.claim
        if claim.claim == "not_done":
            return Finish("permission" if end.denied else "not_done", claim.summary)
        sent = last_sent(_since(wanted, loop.transcript.messages))
        is_empty = isinstance(sent, SentPlan) and not sent.tasks
        if is_empty and knows_of_empty:
            return Finish("unverified", claim.summary)
        knows_of_empty = is_empty or sent is None
        judged = await _judged(sent, guard)
        if isinstance(judged, CheckedPlan):
            return Planned(judged, claim.summary)
        if sent_back == MOST_SENT_BACK:
            return Finish(
                "not_done", f"The planner came to no plan that can be run. {judged.reason}"
            )
        sent_back += 1
        loop.say(judged.message, "harness")


def _since(wanted: str, messages: Sequence[Message]) -> Sequence[Message]:
    """What was said after the person said this; all where they did not."""
    for number in range(len(messages) - 1, -1, -1):
        if messages[number] == UserMessage(wanted, "person"):
            return messages[number:]
    return messages


async def _judged(sent: SentPlan | str | None, guard: PlanGuard) -> CheckedPlan | _Lacking:
    if sent is None:
        return _Lacking(render("plan_missing"), "It sent none.")
    if isinstance(sent, str):
        return _Lacking(render("plan_faults", faults=sent), sent)
    if not sent.tasks:
        return _Lacking(render("plan_empty"), "The last one had no tasks.")
    found = await guard.check(plan_of(sent))
    if isinstance(found, CheckedPlan):
        return found
    return _Lacking(render("plan_faults", faults=str(found)), str(found))


# --- what was sent ---


def last_sent(messages: Sequence[Message]) -> SentPlan | str | None:
    """The plan that the model sent last, or what was said of it if it was not taken; None if there is none."""
    results: dict[str, ToolMessage] = {}
    for message in reversed(messages):
        if isinstance(message, ToolMessage):
            results[message.call_id] = message
        elif isinstance(message, AssistantMessage):
            for call in reversed(message.tool_calls):
                found = _sent(call, results.get(call.id))
                if found is not None:
                    return found
    return None


def _sent(call: ToolCall, result: ToolMessage | None) -> SentPlan | str | None:
    if call.name != UPDATE_PLAN.name or result is None:
        return None
    try:
        arguments: object = json.loads(call.arguments_json)
        if not is_tree(arguments) or "plan" not in arguments:
            return None
        mended, _ = as_meant(arguments, UpdatePlanParams, schemas()[UPDATE_PLAN.name])
        params = UpdatePlanParams.model_validate(mended)
        if not result.ok:
            return result.text
        return None if params.plan is None else sent_plan(params.plan)
    except (ValueError, RecursionError, ToolError):
        return result.text


# --- questions, and what a worker is told ---


def assumed(checked: CheckedPlan, told: Mapping[str, str] | None = None) -> CheckedPlan:
    """The plan where nobody is asked any more. `told` has answers that a question stands beside all the same; any other
    question says what is assumed without one, and that is taken."""
    plan, told = checked.plan, told or {}
    taken = (
        f"{question} You said: {told[question]}" if question in told else f"Not asked: {question}"
        for question in plan.open_questions
    )
    plan = replace(plan, open_questions=(), assumptions=(*plan.assumptions, *taken))
    return replace(checked, plan=plan)


def _listed(texts: Sequence[str]) -> str:
    """One text as it is, several as a list."""
    if len(texts) > 1:
        return "".join(f"\n- {text}" for text in texts)
    return texts[0] if texts else "nothing"


def answers_text(answers: Sequence[tuple[str, str]]) -> str:
    """What the planner is told when the person has answered its questions: pairs of question and answer."""
    told = "\n".join(f"- {question}\n  {answer}" for question, answer in answers)
    return render("plan_answers", answers=told)


def task_text(plan: Plan, task: Task) -> str:
    """The message that gives a worker its task, after everything that all workers share."""
    return render(
        "worker_task",
        id=task.id,
        title=task.title,
        goal=plan.goal,
        assumptions=_listed(plan.assumptions),
        brief=task.brief,
        codemod=_codemod_text(task.codemod),
        paths=", ".join(task.paths),
        checks="; ".join(f"`{check}`" for check in task.checks)
        or f"no command ({task.no_check_reason})",
    )


def _codemod_text(codemod: Codemod | None) -> str:
    if codemod is None:
        return "nothing"
    return f"{'; '.join(codemod_lines(codemod))} (a codemod, in {places(codemod)})"
