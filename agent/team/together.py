"""A plan of several tasks, from its first worker to the person's tree: done, proven, reviewed, brought home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...tools.checks.model import Check
from ...tools.errors import PersonError
from ...tools.git.snapshot import Snapshot
from ...tools.registry import schemas_json
from ..bus import Published, Recorder
from ..context.transcript import Lane, Tools
from ..events import BudgetReached, Event, Status, UsageReported, Warned
from ..events_plan import PlanProposed, WorkerBegan
from ..history.journal import JournalError
from ..history.replay import talk_of
from ..kit import Kit
from ..lanes import lane_of, route
from ..messages import Message
from ..planning.engine import Prefix
from ..planning.forecast import next_try
from ..planning.landing import checks_of_whole
from ..planning.plan import Plan
from ..planning.plan_check import CheckedPlan
from ..planning.prefixes import PRIME, Prefixes
from ..planning.purse import PLANNING, SharedPurse, try_cost
from ..planning.record import PlanRun, PlansRecord, plans_of
from ..planning.replanner import plan_anew
from ..planning.review import mending_plan
from ..planning.schedule import Schedule
from ..planning.scheduler import Postponed, no_replan
from ..planning.solo import Finish, Proof
from ..planning.verify import Verdict
from ..roles import PLANNER
from ..v4.facts import Rung
from ..v4.failures import RejectedError
from .crew import Crew, gather_crew
from .foresight import ground_of
from .home import bring_landed_home
from .lead import Lead
from .reviewing import reviewed_by
from .takeover import primed_prefixes


async def work_together(kit: Kit, lead: Lead) -> Finish | str:
    """Carry out the session's plan with its workers; or why they can't work side by side here, for the person."""
    assert kit.steps is not None
    assert kit.store is not None
    record = plans_of(kit.journal.events)
    first = record.runs[0]
    base = await (kit.store.load(first.base) if first.base else kit.steps.now())
    prefixes = _prefixes(kit, lead)
    ground = ground_of(kit, first.checked.plan)
    purse = SharedPurse(
        kit.settings.budget_usd,
        lambda order: try_cost(ground, order, primed=prefixes.has(order.rung)),
        lambda: next_try(ground, _planning_rung(kit)),
    )
    purse.replay(kit.journal.events)
    kit.bus.subscribe(_Spending(kit, purse, lead.name, _tasks_of(kit.journal.events)))
    kit.budget.held = lambda: purse.held
    seen = talk_of(kit.journal.events, lead.name).seen
    crew = await gather_crew(kit, base, prefixes, purse, seen)
    if isinstance(crew, str):
        return crew
    try:
        return await _Whole(kit, lead, crew, base).done(record)
    finally:
        await crew.close()


def _planning_rung(kit: Kit) -> Rung:
    """What the planner works with, as if it were a worker that goes on with what it knows."""
    tier = "pro" if kit.catalog.role(PLANNER.name).model == "pro" else "flash"
    return Rung(tier, kit.lead.lane.effort, 1)


def _tasks_of(events: Sequence[Event]) -> dict[str, str]:
    """The tasks of the workers that there were; one that goes on in this run says nothing of it again."""
    return {event.agent: event.body.task for event in events if isinstance(event.body, WorkerBegan)}


def _prefixes(kit: Kit, lead: Lead) -> Prefixes:
    def recorder(name: str) -> Recorder:
        return Recorder(kit.journal, kit.bus, name)

    def routed(speaker: Recorder, lane: Lane) -> None:
        route(speaker, kit.ledger, "prime", lane, "read once what its workers share")

    return Prefixes(
        lead.prefix(),
        lead.name,
        lead.head,
        Tools.of(schemas_json()),
        lambda rung: lane_of(kit.catalog, kit.settings, rung.tier, rung.effort),
        kit.client,
        recorder,
        routed,
        lambda lane: kit.catalog.resolve(lane.model).store_seconds,
        _same_head(primed_prefixes(kit), lead.head),
    )


def _same_head(primed: Mapping[str, Prefix], head: Sequence[Message]) -> Mapping[str, Prefix]:
    """Those that begin as agents begin now: the planner may have got a new pack since."""
    return {name: prefix for name, prefix in primed.items() if prefix.messages[: len(head)] == head}


@dataclass(slots=True)
class _Spending:
    """Tells purse and budget what is spent, by whom: `tasks` has what each worker is at work on. A listener of the
    bus."""

    kit: Kit
    purse: SharedPurse
    planner: str
    tasks: dict[str, str]

    def __call__(self, published: Published) -> None:
        if not isinstance(published, Event):
            return
        body, agent = published.body, published.agent
        if isinstance(body, WorkerBegan):
            self.tasks[agent] = body.task
        if isinstance(body, UsageReported):
            self.purse.note(body, PLANNING if agent == self.planner else self.tasks.get(agent, ""))
            if agent in self.tasks or agent.startswith(f"{PRIME}-"):  # others count it themselves
                self.kit.budget.spent += body.cost


@dataclass(frozen=True, slots=True)
class _Whole:
    """The rest of a session whose plan has workers. Each step looks first whether an earlier run has made it."""

    kit: Kit
    lead: Lead
    crew: Crew
    base: Snapshot

    async def done(self, record: PlansRecord) -> Finish:
        plan_run = await self._carried_out(record.runs[0])
        if self._all_done(plan_run):
            mending = await self._mending(record, plan_run)
            if mending is not None:
                await self._carried_out(mending)
        return await self._home()

    async def _carried_out(self, run: PlanRun) -> PlanRun:
        """The run at its end, or as far as the money went."""
        if run.ended is None or run.ended.left:
            anew = self._plan_anew if run.proposed.source in ("planner", "edited") else no_replan
            record = plans_of(self.kit.journal.events)
            tree = record.tree or self.base.commit
            ended = await self.crew.run(run, tree, record.begun, anew)
            if ended.out_of_money and self.crew.purse.budget is not None:
                self.kit.recorder.emit(self._no_money())
        runs = plans_of(self.kit.journal.events).runs
        return next(each for each in runs if each.number == run.number)

    async def _plan_anew(
        self, schedule: Schedule, task: str, evidence: str
    ) -> CheckedPlan | Postponed | None:
        lead = self.lead
        try:
            checked = await plan_anew(lead.loop, lead.guard, schedule, task, evidence)
        except RejectedError as error:
            # The fault of the planner's conversation alone, such as its length: what others do goes on.
            self.kit.recorder.emit(
                Warned(f"nothing was planned in the place of {task}: {error.message}")
            )
            return None
        if isinstance(checked, CheckedPlan):
            self.kit.recorder.emit(PlanProposed(checked, "", "replan"))
        return checked

    def _no_money(self) -> BudgetReached:
        purse = self.crew.purse
        text = f"${purse.spent:.4f} of ${purse.budget or 0:.4f} are spent; no further task fits."
        return BudgetReached("budget", text)

    @staticmethod
    def _all_done(run: PlanRun) -> bool:
        return run.ended is not None and run.ended.done == len(run.checked.plan.tasks)

    async def _mending(self, record: PlansRecord, run: PlanRun) -> PlanRun | None:
        """What the checks or the reviewer found in the whole, as a plan of its own; None if it can be handed over."""
        if len(record.runs) > 1:
            return record.runs[1]
        if record.reviewed is not None and record.reviewed.ok:
            return None
        plan = run.checked.plan
        verdict = await self.crew.prove(run.tree, self._checks())
        findings = verdict.text if verdict.red else await self._reviewed(record, plan, run.tree)
        if findings is None:
            return None
        self.kit.recorder.emit(PlanProposed(mending_plan(plan, findings), "", "review"))
        return plans_of(self.kit.journal.events).runs[-1]

    async def _reviewed(self, record: PlansRecord, plan: Plan, tree: str) -> str | None:
        """What the reviewer wants mended."""
        word = record.reviewed
        if word is None:
            try:
                found = await reviewed_by(self.kit, self.crew, plan, self.base, tree)
            except JournalError:
                raise
            except PersonError as error:
                # The work is done and proven: it is not held back for want of a word on it.
                found = error.message
            if isinstance(found, str):
                self.kit.recorder.emit(Warned(f"the change was not reviewed: {found}"))
                return None
            word = found
            self.kit.recorder.emit(word)
        return None if word.ok else word.text

    # --- home ---

    async def _home(self) -> Finish:
        """Merge what landed into the person's tree, prove it there, and say what came of it all."""
        record = plans_of(self.kit.journal.events)
        tree = record.tree or self.base.commit
        start = record.home.commit if record.home else self.base.commit
        if tree == start and record.home is None:
            return Finish(self._status(record, None, ()), self._summary(record))
        home, conflicts = await bring_landed_home(self.kit, start, tree)
        verdict = await self.crew.prove(home.after.commit, self._checks())
        proof = Proof(verdict, home.after) if verdict.evidence else None
        return Finish(self._status(record, verdict, conflicts), self._summary(record), proof)

    def _checks(self) -> tuple[Check, ...]:
        """Every check there is: the project's, the plan's, those of tasks that are done."""
        run = plans_of(self.kit.journal.events).runs[0]
        done = {task for task, now in run.progress.items() if now.state == "done"}
        return checks_of_whole(self.kit.checks, run.checked.plan, done)

    def _status(
        self, record: PlansRecord, verdict: Verdict | None, conflicts: tuple[str, ...]
    ) -> Status:
        if conflicts:
            return "conflict"
        if any(run.ended is not None and run.ended.left for run in record.runs):
            return "limit"
        if not all(map(self._all_done, record.runs)) or (verdict is not None and verdict.red):
            return "not_done"
        return "done" if verdict is not None and verdict.green else "unverified"

    def _summary(self, record: PlansRecord) -> str:
        """What a person is told: the goal, and each task that is not done, or done without a change, and why."""
        run = record.runs[0]
        lines = [run.checked.plan.goal]
        for each in record.runs:
            for task in each.checked.plan.tasks:
                now = each.progress.get(task.id)
                if now is not None and now.state in ("failed", "skipped"):
                    lines.append(f"- {task.id} ({task.title}) {now.state}: {now.reason}")
                elif now is None or now.state != "done":
                    lines.append(f"- {task.id} ({task.title}) was not started or not ended")
                elif now.reason:
                    lines.append(f"- {task.id} ({task.title}) is done, but {now.reason}")
        if record.reviewed is not None:
            word = "The reviewer" if record.reviewed.ok else "The reviewer wanted mended"
            lines.append(f"{word}: {record.reviewed.text}")
        return "\n".join(lines)
