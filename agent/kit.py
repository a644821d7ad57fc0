"""What one session works with, made by `assembly`, closed in one place."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from pydantic import JsonValue

from ..tools.checks.model import Check
from ..tools.code.checker import Checker
from ..tools.commands import SandboxedCommands
from ..tools.git.snapshots import SnapshotStore
from ..tools.paths import folder_key
from ..tools.permissions import Mode
from ..tools.registry import TOOLS, schemas
from ..tools.sent_plan import LookAtPlan
from .agents import Agent
from .asking.allowed import session_rules
from .asking.approvals import Approver, Asker, Nobody
from .asking.consult import Consult, NoConsult
from .asking.person import Person
from .budget import Budget
from .bus import Bus, Recorder
from .codebase import Codebase
from .context.repacking import Prices
from .context.transcript import Lane, Transcript
from .dispatch import Dispatcher, Workplace
from .ending import Ending
from .events import Way
from .history.journal import Journal, utc_now
from .history.replay import MAIN, talk_of
from .idle import nothing_changed, nothing_to_keep
from .loop import Loop
from .planning.baseline import CloneBaseline, Surroundings
from .planning.plan import Plan
from .planning.solo import Work
from .planning.timings import keep_timings
from .reach import Reach
from .roles import PLANNER, SOLO, Role
from .settings.config import Settings
from .steps import Steps
from .survey import Place
from .upkeep import Terms, Upkeep
from .v4.catalog import Catalog
from .v4.client import V4Client
from .v4.ledger import Ledger
from .v4.throttle import Throttle


def version() -> str:
    return importlib.metadata.version("leadline")


@dataclass(frozen=True, slots=True)
class Job:
    """What the person wants of a session, whether it begins or goes on.

    `lane` is that of the agent which begins: the one that works alone, or the planner. `workers` is how many may be at
    work at once; `plan` is one of the person's own, in place of a planner's. With `defer` work waits for cheaper hours.
    `person` is who approves calls, if anybody, and is asked in place of `consult`; `reach` gives agents their inboxes.
    """

    task: str
    mode: Mode
    checks_given: tuple[str, ...]
    output_schema: dict[str, JsonValue] | None
    commit: bool
    branch: str | None
    lane: Lane
    way: Way = "solo"
    workers: int = 0
    plan_only: bool = False
    plan: Plan | None = None
    defer: bool = False
    consult: Consult = field(default_factory=NoConsult)
    person: Person | None = None
    reach: Reach = field(default_factory=Reach)

    @property
    def lead(self) -> Role:
        """The role of the agent that begins."""
        return SOLO if self.way == "solo" else PLANNER


@dataclass(slots=True)
class Kit:
    """The collaborators of one session. `steps` and `store` are None where nothing may be changed.

    `lead` is the agent that begins; `commands` are those that may change the person's tree, where anything may;
    `checker` is for all agents of the session.
    """

    job: Job
    place: Place
    files: tuple[str, ...]
    checks: tuple[Check, ...]
    settings: Settings
    catalog: Catalog
    journal: Journal
    bus: Bus
    recorder: Recorder
    commands: SandboxedCommands
    ledger: Ledger
    throttle: Throttle
    client: V4Client
    store: SnapshotStore | None
    steps: Steps | None
    budget: Budget
    code: Codebase
    around: Surroundings | None
    lead: Agent
    baseline: CloneBaseline | None
    pack_budget: int
    fits: Callable[[JsonValue], str | None] | None
    checker: Checker
    hands: list[Agent] = field(default_factory=list[Agent])
    started: float = field(default_factory=monotonic)

    @property
    def project_folder(self) -> Path:
        """Where Leadline keeps what it learned of this repository."""
        return self.settings.home / "projects" / folder_key(self.place.root)

    def loop(
        self, agent: Agent, transcript: Transcript, look_at_plan: LookAtPlan | None = None
    ) -> Loop:
        """`look_at_plan` is for who plans, see ToolContext."""
        changes = agent.mode != "plan" and self.steps is not None
        place = Workplace(
            self.place.root,
            agent.commands,
            agent.mode,
            agent.commands.confined,
            self.steps.before_change if self.steps and changes else nothing_to_keep,
            agent.commands.outputs,
            self.code,
            self.settings.syntax_errors == "refuse",
            agent.upkeep.touched,
            checker=self.checker,
            command_seconds=self.settings.command_seconds,
            look_at_plan=look_at_plan,
        )
        dispatcher = Dispatcher(
            TOOLS, schemas(), agent.role, place, self._approver(agent), agent.recorder, agent.seen
        )
        return Loop(
            transcript,
            self.client,
            dispatcher,
            agent.recorder,
            self.budget,
            agent.inbox,
            self.steps.changed if self.steps and changes else nothing_changed,
            agent.upkeep,
        )

    def _approver(self, agent: Agent) -> Approver:
        """Raises PersonError where it can't be known what the person has allowed before."""
        if self.job.person is None:
            return Nobody()
        confinement = agent.commands.describe()
        rules = session_rules(self.journal.events)
        asker = Asker(agent.name, confinement, self.project_folder, rules)
        return self.job.person.approver(asker)

    def hand(self, name: str, lane: Lane) -> Agent:
        """The agent of this name that carries out a plan on the person's tree itself, in its own lane."""
        talk = talk_of(self.journal.events, name)
        recorder = (
            self.recorder if name == MAIN else Recorder(self.journal, self.bus, name, talk.turn)
        )
        seen = dict(talk.seen)
        terms = Terms(self.job.task, self.pack_budget, self.settings.max_turns, self.prices(lane))
        upkeep = Upkeep(self.code, recorder, seen, terms)
        inbox = self.job.reach.inbox(name)
        agent = Agent(SOLO, lane, recorder, self.commands, self.job.mode, seen, upkeep, inbox)
        self.hands.append(agent)
        return agent

    def prices(self, lane: Lane) -> Callable[[], Prices]:
        """What input costs in this lane at the moment it is asked."""
        return prices_of(self.ledger, lane.model)

    def work(self) -> Work:
        return Work(
            root=self.place.root,
            checks=self.checks,
            rounds=self.settings.verify_rounds,
            commands=self.commands,
            steps=self.steps,
            recorder=self.recorder,
            keep_timings=lambda times: keep_timings(self.project_folder, times),
            fits=self.fits,
            baseline=self.baseline,
        )

    def ending(self) -> Ending:
        return Ending(
            self.journal,
            self.recorder,
            self.place.repository,
            self.store,
            self.steps,
            self.commands.describe(),
            self.started,
            self.job.commit,
            self.job.branch,
            self.settings.attribution,
        )

    async def aclose(self) -> None:
        """End what the session started: commands, connections, the journal."""
        for agent in (self.lead, *self.hands):
            await agent.close()
        await self.code.close()
        await self.commands.close()
        if self.baseline:
            await self.baseline.close()
        if self.steps:
            await self.steps.close()
        await self.client.close()
        self.checker.close()
        self.journal.close()


def prices_of(ledger: Ledger, model: str) -> Callable[[], Prices]:
    """What input costs at the moment it is asked."""

    def prices() -> Prices:
        price = ledger.price(model, utc_now())
        return Prices(price.hit, price.miss, price.peak)

    return prices
