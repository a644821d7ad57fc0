"""What is told of one task, and of the plan as a whole, in full. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from textual.content import Content

from ....agent.events import Evidence
from ....agent.headless import evidence_line
from ....agent.headless_plan import codemod_line, forecast_line
from ....agent.planning.plan import Plan, Task
from ....agent.planning.plan_check import AddedDependency, Fault
from ....tools.codemods.told import codemod_lines, places
from ...safe import content, line
from ...signs import Sign, sign
from ...state.plan import PlanView, Proofs, TaskRow
from .rows import PLANNED, TIERS, progress, standing, times

_MUTED = "$text-muted"


def of_task(row: TaskRow, waits: Sequence[str], plan: PlanView, effort: str) -> Content:
    """`waits` are the tasks that this one comes after; `effort` is that of who works on it, "" before anybody does."""
    task = row.task
    return _joined(
        [
            line(f"{task.id}: {task.title}", "bold"),
            _standing(row, effort, begun=_has_begun(plan)),
            *_told("Why", row.reason),
            *_faults([fault for fault in plan.faults if fault.task == task.id]),
            *_told("Brief", task.brief),
            *_short("May write", row.held.entries),
            *_short("After", waits),
            *_reasons(task, plan.proposed.checked.added if plan.proposed else ()),
            *_codemod(row),
            *_checks(task, row.proofs),
            *_told("What its worker was told of the last refusal", row.refusal),
        ]
    )


def of_whole(plan: PlanView, shown: Plan) -> Content:
    """`shown` is the plan as it is, or as the person has it by now."""
    checked = plan.proposed.checked if plan.proposed else None
    parts = [content(shown.goal, "bold")]
    parts += [line(progress(plan.rows))] if _has_begun(plan) else []
    parts += _faults(plan.faults)
    parts += _told("You wanted another plan", plan.declined)
    parts += _told("Summary", plan.proposed.summary if plan.proposed else "")
    if plan.forecast is not None:
        parts.append(line(_capital(forecast_line(plan.forecast))))
    parts += _listed("Open questions", shown.open_questions)
    parts += _listed("Assumed", shown.assumptions)
    parts += _proofs("Checks at the end", shown.checks, plan.whole)
    if checked is not None:
        parts += _short("To be made", checked.new_paths)
        parts += _listed("Checks of the plan's own", checked.own_checks)
    if plan.reviewed is not None:
        word = "is content" if plan.reviewed.ok else "sends work back"
        parts += _told(f"The reviewer {word}", plan.reviewed.text or "No more was said.")
    parts += _listed("Earlier plans", [_earlier(each) for each in plan.earlier])
    return _joined(parts)


def _earlier(plan: PlanView) -> str:
    goal = plan.proposed.checked.plan.goal if plan.proposed else ""
    return f"{goal} ({progress(plan.rows)})"


def _has_begun(plan: PlanView) -> bool:
    return plan.started is not None or bool(plan.board.states)


def _standing(row: TaskRow, effort: str, *, begun: bool) -> Content:
    mark, word, style = standing(row) if begun else PLANNED
    parts = [f"{TIERS[row.task.tier]}{' at first' if row.rungs else ''}"]
    parts += [f"moved up {times(row.rungs)}"] if row.rungs else []
    parts += [f"refused {times(row.bounces)}"] if row.bounces else []
    parts += [f"{row.agent}, {effort}" if effort else row.agent] if row.agent else []
    return Content.styled(f"{sign(mark)} {word}", style) + line(f"; {'; '.join(parts)}", _MUTED)


def _reasons(task: Task, added: Iterable[AddedDependency]) -> Iterator[Content]:
    """Why an order was given to two tasks that the planner gave none."""
    for each in added:
        if task.id in (each.task, each.on):
            other = each.on if each.task == task.id else each.task
            yield line(f"One after the other with {other}: {each.reason}", _MUTED)


def _codemod(row: TaskRow) -> Iterator[Content]:
    codemod = row.task.codemod
    if codemod is None:
        return
    yield from _listed(f"Codemod in {places(codemod)}", codemod_lines(codemod))
    yield line(codemod_line(row.codemod) if row.codemod else "codemod: not carried out yet", _MUTED)


def _checks(task: Task, proofs: Proofs) -> list[Content]:
    found = _proofs("Checks", task.checks, proofs)
    return found if task.checks else _told("No check", task.no_check_reason)


def _proofs(title: str, commands: Sequence[str], proofs: Proofs) -> list[Content]:
    """The checks with what came of them; also those that ran without being the plan's."""
    every = [*commands, *(command for command in proofs if command not in commands)]
    if not every:
        return []
    return [line(title, "bold"), *(_proof(command, proofs.get(command)) for command in every)]


def _proof(command: str, evidence: Evidence | None) -> Content:
    mark: Sign = "waiting"
    style = _MUTED
    text = f"{command}: not run yet"
    if evidence is not None:
        good = evidence.green or evidence.no_worse
        mark, style = ("ok", "$success") if good else ("failed", "$error")
        text = evidence_line(evidence)
    return _item(mark, text, sign_style=style)


def _item(mark: Sign, text: str, style: str = "", sign_style: str = "") -> Content:
    return Content.styled(f"  {sign(mark)} ", sign_style or style) + line(text, style)


def _faults(faults: Sequence[Fault]) -> list[Content]:
    if not faults:
        return []
    found = [line("Your last try can't be run:", "bold $error")]
    return [*found, *(_item("warn", str(fault), "$error") for fault in faults)]


def _told(title: str, text: str) -> list[Content]:
    return [line(title, "bold"), content(text)] if text.strip() else []


def _short(title: str, items: Sequence[str]) -> list[Content]:
    return [Content.styled(f"{title}: ", "bold") + line(", ".join(items))] if items else []


def _listed(title: str, items: Sequence[str]) -> list[Content]:
    if not items:
        return []
    return [line(title, "bold"), *(_item("bullet", item) for item in items)]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _joined(parts: Sequence[Content]) -> Content:
    return Content("\n").join(parts)
