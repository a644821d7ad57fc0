"""What one session works with, put together in one place and closed in one place."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

from pydantic import JsonValue

from ..tools.checks.model import Check
from ..tools.code.checker import Checker
from ..tools.commands import SandboxedCommands
from ..tools.git.repository import Repository
from ..tools.git.snapshots import SnapshotStore
from ..tools.git.survey import Limits as SnapshotLimits
from ..tools.paths import folder_key, remove_abandoned
from ..tools.permissions import Mode
from ..tools.registry import TOOLS, schemas
from ..tools.sandbox.base import Sandbox
from ..tools.sandbox.detect import choose_sandbox
from .agents import Agent
from .asking.allowed import session_rules
from .asking.approvals import Approver, Asker, Nobody
from .asking.consult import Consult, NoConsult
from .asking.person import Person
from .budget import Budget, Limits
from .bus import Bus, Listener, Recorder
from .clonework import surroundings
from .codebase import Codebase
from .context.packing import pack_budget
from .context.repacking import Prices
from .context.transcript import Lane, Transcript
from .dispatch import Dispatcher, Workplace
from .ending import Ending
from .events import Way
from .history.journal import Journal, utc_now
from .history.replay import MAIN, Replayed, talk_of
from .idle import nothing_changed, nothing_to_keep
from .loop import Loop
from .planning.baseline import CloneBaseline, Surroundings
from .planning.plan import Plan
from .planning.solo import Work
from .planning.timings import keep_timings
from .reach import Reach
from .roles import PLANNER, SOLO, Role
from .settings.config import Settings
from .settings.keys import with_kept_keys
from .steps import Steps
from .survey import Place, checks_of, code_source, list_files
from .upkeep import Terms, Upkeep
from .v4.catalog import Catalog
from .v4.client import V4Client
from .v4.ledger import Ledger
from .v4.link import start_connecting
from .v4.profiles import endpoint, load_profiles
from .v4.retry import Limits as AnswerLimits
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

    def loop(self, agent: Agent, transcript: Transcript) -> Loop:
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
        return _prices(self.ledger, lane.model)

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


async def assemble(
    place: Place,
    job: Job,
    settings: Settings,
    catalog: Catalog,
    journal_of: Callable[[], Journal],
    listeners: Sequence[Listener],
    earlier: Replayed | None = None,
) -> Kit:
    """Put a session together: connecting, looking at the place and finding a sandbox happen at once.

    Raises PersonError before the journal is opened for everything that can be known by then.
    """
    fits = output_check(job.output_schema)
    environ = with_kept_keys(os.environ, settings.home)
    where = endpoint(load_profiles(), settings.profile, environ, settings.base_url)
    connecting = start_connecting(where)
    setting = "off" if job.mode == "full" else settings.sandbox
    sandbox, files = await asyncio.gather(choose_sandbox(setting, place.root), list_files(place))
    writable = job.mode != "plan" and place.repository is not None
    if writable:
        abandoned = remove_abandoned(place.root, files)
        files = tuple(path for path in files if path not in abandoned)
    journal = journal_of()
    bus = _bus(listeners)
    recorder = Recorder(journal, bus, MAIN, talk_of(journal.events, MAIN).turn)
    commands = _commands(place, job, settings, sandbox, journal.folder, may_write=writable)
    kept = _Kept()
    if place.repository is not None and writable:
        network = _has_network(settings, job)
        at = place.repository
        kept = await _keeping(at, settings, journal, recorder, commands, sandbox, network=network)
    throttle, limits = Throttle(), AnswerLimits(first_delta_seconds=settings.first_token_seconds)
    ledger = Ledger(catalog, priced=where.profile.list_prices)
    code = Codebase(code_source(place, settings.home, files), recorder)
    budget = pack_budget(catalog.resolve(job.lane.model), settings.pack_tokens)
    if budget:  # else the first tool that asks begins it
        code.begin()
    seen = dict(earlier.seen) if earlier else {}
    speaker, looking, mode = recorder, commands, job.mode
    if job.lead is PLANNER:
        speaker = Recorder(journal, bus, PLANNER.name, earlier.turn if earlier else 0)
        # Who only looks is confined also where others are not.
        eyes = await choose_sandbox(settings.sandbox, place.root) if job.mode == "full" else sandbox
        own = journal.folder / PLANNER.name
        looking, mode = _commands(place, job, settings, eyes, own, may_write=False), "plan"
    terms = Terms(job.task, budget, settings.max_turns, _prices(ledger, job.lane.model))
    upkeep = Upkeep(code, speaker, seen, terms)
    inbox = job.reach.inbox(speaker.agent)
    lead = Agent(job.lead, job.lane, speaker, looking, mode, seen, upkeep, inbox)
    if job.person is not None:
        bus.subscribe(job.person.listen)
        job = replace(job, consult=job.person.consult(speaker))
    return Kit(
        job=job,
        place=place,
        files=files,
        checks=checks_of(place, files, job.checks_given) if writable else (),
        settings=settings,
        catalog=catalog,
        journal=journal,
        bus=bus,
        recorder=recorder,
        commands=commands,
        ledger=ledger,
        throttle=throttle,
        client=V4Client(where, catalog, throttle, ledger, connecting, limits),
        store=kept.store,
        steps=kept.steps,
        budget=_budget(settings, journal),
        code=code,
        around=kept.around,
        lead=lead,
        baseline=kept.baseline,
        pack_budget=budget,
        fits=fits,
        checker=Checker(),
    )


def _commands(
    place: Place, job: Job, settings: Settings, sandbox: Sandbox, folder: Path, *, may_write: bool
) -> SandboxedCommands:
    """A runner on the person's tree."""
    return SandboxedCommands(
        sandbox,
        place.root,
        folder,
        leadline_home=settings.home,
        writable=may_write,
        network=_has_network(settings, job),
        default_seconds=settings.command_seconds,
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    """What keeps the person's tree; nothing of it where nothing may be changed."""

    store: SnapshotStore | None = None
    steps: Steps | None = None
    around: Surroundings | None = None
    baseline: CloneBaseline | None = None


async def _keeping(
    repository: Repository,
    settings: Settings,
    journal: Journal,
    recorder: Recorder,
    commands: SandboxedCommands,
    sandbox: Sandbox,
    *,
    network: bool,
) -> _Kept:
    limits = SnapshotLimits(untracked_file=settings.snapshot_file_mb << 20)
    store = await SnapshotStore.open(settings.home, repository, journal.session, limits)
    steps = Steps(store, repository, recorder, commands.jobs_running)
    around = surroundings(repository.root, settings, journal, store.store, sandbox, network)
    return _Kept(store, steps, around, CloneBaseline(around, lambda: steps.first, recorder))


def _bus(listeners: Sequence[Listener]) -> Bus:
    bus = Bus()
    for listener in listeners:
        bus.subscribe(listener)
    return bus


def _has_network(settings: Settings, job: Job) -> bool:
    return settings.network or job.mode == "full"


def _prices(ledger: Ledger, model: str) -> Callable[[], Prices]:
    """What input costs at the moment it is asked."""

    def prices() -> Prices:
        price = ledger.price(model, utc_now())
        return Prices(price.hit, price.miss, price.peak)

    return prices


def _budget(settings: Settings, journal: Journal) -> Budget:
    """The limits, with what an earlier run of the session has used of them already."""
    limits = Limits(settings.budget_usd, settings.max_minutes, settings.max_turns)
    budget = Budget(limits, monotonic)
    budget.replay(journal.events)
    return budget


def output_check(schema: dict[str, JsonValue] | None) -> Callable[[JsonValue], str | None] | None:
    """What judges the answer that `--output-schema` asks for."""
    if schema is None:
        return None
    # Imported here because few runs need it and every run would wait for it.
    from .schema import fitting

    return fitting(schema)
