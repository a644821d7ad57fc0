"""What one session works with, put together in one place and closed in one place."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from pydantic import JsonValue

from ..tools.checks.model import Check
from ..tools.commands import SandboxedCommands
from ..tools.git.clones import Clone
from ..tools.git.snapshots import SnapshotStore
from ..tools.git.survey import Limits as SnapshotLimits
from ..tools.paths import folder_key, remove_abandoned
from ..tools.permissions import Mode
from ..tools.registry import TOOLS, schemas
from ..tools.sandbox.base import Sandbox
from ..tools.sandbox.detect import choose_sandbox
from .approvals import Nobody
from .budget import Budget, Limits
from .bus import Bus, Listener, Recorder
from .codebase import Codebase
from .config import Settings
from .context.packing import pack_budget
from .context.repacking import Prices
from .context.transcript import Lane, Transcript
from .dispatch import Dispatcher, Workplace
from .ending import Ending
from .journal import Journal, utc_now
from .loop import Loop
from .planning.baseline import CloneBaseline, Surroundings
from .planning.solo import Work
from .planning.timings import keep_timings
from .replay import Replayed
from .roles import SOLO
from .steps import Steps
from .survey import Place, checks_of, code_source, list_files
from .upkeep import Terms, Upkeep
from .v4.catalog import Catalog
from .v4.client import V4Client
from .v4.ledger import Ledger
from .v4.link import Connection, start_connecting
from .v4.profiles import Endpoint, endpoint, load_profiles
from .v4.retry import Limits as AnswerLimits
from .v4.throttle import Throttle

CLONES = "clones"
"""Below a session's folder: private clones and what commands in them keep, all gone at its end."""

MAIN = "main"
"""The name of the one agent of a run."""


def version() -> str:
    return importlib.metadata.version("leadline")


@dataclass(frozen=True, slots=True)
class Job:
    """What the person wants of a session, whether it begins or goes on."""

    task: str
    mode: Mode
    checks_given: tuple[str, ...]
    output_schema: dict[str, JsonValue] | None
    commit: bool
    branch: str | None
    lane: Lane


@dataclass(slots=True)
class Kit:
    """The collaborators of one session. `steps` and `store` are None where nothing may be changed."""

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
    client: V4Client
    store: SnapshotStore | None
    steps: Steps | None
    budget: Budget
    seen: dict[str, str]
    code: Codebase
    upkeep: Upkeep
    baseline: CloneBaseline | None
    pack_budget: int
    fits: Callable[[JsonValue], str | None] | None
    inbox: asyncio.Queue[str] = field(default_factory=asyncio.Queue[str])
    started: float = field(default_factory=monotonic)

    @property
    def project_folder(self) -> Path:
        """Where Leadline keeps what it learned of this repository."""
        return self.settings.home / "projects" / folder_key(self.place.root)

    def loop(self, transcript: Transcript) -> Loop:
        place = Workplace(
            self.place.root,
            self.commands,
            self.job.mode,
            self.commands.confined,
            self.steps.before_change if self.steps else _nothing_to_keep,
            self.commands.outputs,
            self.code,
            self.settings.syntax_errors == "refuse",
            self.upkeep.touched,
        )
        dispatcher = Dispatcher(TOOLS, schemas(), SOLO, place, Nobody(), self.recorder, self.seen)
        return Loop(
            transcript,
            self.client,
            dispatcher,
            self.recorder,
            self.budget,
            self.inbox,
            self.steps.changed if self.steps else _nothing_changed,
            self.upkeep,
        )

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
        await self.upkeep.close()
        await self.code.close()
        await self.commands.close()
        if self.baseline:
            await self.baseline.close()
        if self.steps:
            await self.steps.close()
        await self.client.close()
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
    where = endpoint(load_profiles(), settings.profile, os.environ, settings.base_url)
    connecting = start_connecting(where)
    setting = "off" if job.mode == "full" else settings.sandbox
    sandbox, files = await asyncio.gather(choose_sandbox(setting, place.root), list_files(place))
    writable = job.mode != "plan" and place.repository is not None
    if writable:
        abandoned = remove_abandoned(place.root, files)
        files = tuple(path for path in files if path not in abandoned)
    journal = journal_of()
    bus = _bus(listeners)
    recorder = Recorder(journal, bus, MAIN, earlier.turn if earlier else 0)
    commands = SandboxedCommands(
        sandbox,
        place.root,
        journal.folder,
        leadline_home=settings.home,
        writable=writable,
        network=_has_network(settings, job),
        default_seconds=settings.command_seconds,
    )
    store, steps, baseline = None, None, None
    if place.repository is not None and writable:
        limits = SnapshotLimits(untracked_file=settings.snapshot_file_mb << 20)
        store = await SnapshotStore.open(settings.home, place.repository, journal.session, limits)
        steps = Steps(store, place.repository, recorder, commands.jobs_running)
        baseline = _baseline(place, job, settings, store, steps, recorder, journal, sandbox)
    ledger = Ledger(catalog, priced=where.profile.list_prices)
    code = Codebase(code_source(place, settings.home, files), recorder)
    seen = dict(earlier.seen) if earlier else {}
    budget = pack_budget(catalog.resolve(job.lane.model), settings.pack_tokens)
    if budget:  # else the first tool that asks begins it
        code.begin()
    terms = Terms(job.task, budget, settings.max_turns, _prices(ledger, job.lane.model))
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
        client=_client(where, catalog, ledger, connecting, settings),
        store=store,
        steps=steps,
        budget=_budget(settings, journal),
        seen=seen,
        code=code,
        upkeep=Upkeep(code, recorder, seen, terms),
        baseline=baseline,
        pack_budget=budget,
        fits=fits,
    )


def _bus(listeners: Sequence[Listener]) -> Bus:
    bus = Bus()
    for listener in listeners:
        bus.subscribe(listener)
    return bus


def _has_network(settings: Settings, job: Job) -> bool:
    return settings.network or job.mode == "full"


def _baseline(
    place: Place,
    job: Job,
    settings: Settings,
    store: SnapshotStore,
    steps: Steps,
    recorder: Recorder,
    journal: Journal,
    sandbox: Sandbox,
) -> CloneBaseline:
    """What the checks say of the tree before the first change, in a clone that commands see in the tree's place."""

    def commands(able: Sandbox, clone: Clone, carried: tuple[Path, ...]) -> SandboxedCommands:
        return SandboxedCommands(
            able,
            clone.root,
            journal.folder / "commands" / clone.name,
            leadline_home=settings.home,
            writable=True,
            network=_has_network(settings, job),
            default_seconds=settings.command_seconds,
            cache=journal.folder / CLONES / "cache" / clone.name,
            shown_at=place.root if able.can_mount else None,
            carried=carried if able.can_mount else (),
            borrowed=clone.borrowed,
            git_writable=True,
        )

    folder = journal.folder / CLONES
    around = Surroundings(place.root, folder, journal.session, store.store, sandbox, commands)
    return CloneBaseline(around, lambda: steps.first, recorder)


def _prices(ledger: Ledger, model: str) -> Callable[[], Prices]:
    """What input costs at the moment it is asked."""

    def prices() -> Prices:
        price = ledger.price(model, utc_now())
        return Prices(price.hit, price.miss, price.peak)

    return prices


def _client(
    where: Endpoint,
    catalog: Catalog,
    ledger: Ledger,
    connecting: asyncio.Future[Connection],
    settings: Settings,
) -> V4Client:
    limits = AnswerLimits(first_delta_seconds=settings.first_token_seconds)
    return V4Client(where, catalog, Throttle(), ledger, connecting, limits)


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


async def _nothing_to_keep(paths: tuple[str, ...], *, commands: bool) -> None:
    del paths, commands


def _nothing_changed() -> None:
    pass
