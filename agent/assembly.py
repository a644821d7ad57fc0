"""Putting together what one session works with."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from pydantic import JsonValue

from ..tools.code.checker import Checker
from ..tools.commands import SandboxedCommands
from ..tools.git.snapshots import SnapshotStore
from ..tools.git.survey import Limits as SnapshotLimits
from ..tools.paths import close_off, remove_abandoned
from ..tools.sandbox.base import Sandbox
from ..tools.sandbox.detect import choose_sandbox
from .agents import Agent
from .budget import Budget, Limits
from .bus import Bus, Listener, Recorder
from .clonework import surroundings
from .codebase import Codebase
from .context.packing import pack_budget
from .history.journal import Journal
from .history.replay import MAIN, Replayed, talk_of
from .kit import Job, Kit, prices_of
from .planning.baseline import CloneBaseline, Surroundings
from .roles import PLANNER
from .settings.config import Settings
from .settings.keys import with_kept_keys
from .steps import Steps
from .survey import Place, checks_of, code_source, list_files
from .upkeep import Terms, Upkeep
from .v4.catalog import Catalog
from .v4.client import V4Client
from .v4.ledger import Ledger
from .v4.link import Connecting
from .v4.profiles import endpoint, load_profiles
from .v4.retry import Limits as AnswerLimits
from .v4.throttle import Throttle


async def assemble(
    place: Place,
    job: Job,
    settings: Settings,
    catalog: Catalog,
    journal_of: Callable[[], Journal],
    listeners: Sequence[Listener],
    connecting_to: Connecting,
    earlier: Replayed | None = None,
) -> Kit:
    """Put a session together: connecting, looking at the place and finding a sandbox happen at once.

    Raises PersonError before the journal is opened for everything that can be known by then.
    """
    fits = output_check(job.output_schema)
    environ = with_kept_keys(os.environ, settings.home)
    where = endpoint(load_profiles(), settings.profile, environ, settings.base_url)
    connecting = connecting_to(where)
    ground = await _ground(place, job, settings, journal_of, listeners)
    kept = await _keeping(ground)
    throttle, limits = Throttle(), AnswerLimits(first_delta_seconds=settings.first_token_seconds)
    ledger = Ledger(catalog, priced=where.profile.list_prices)
    code = Codebase(code_source(place, settings.home, ground.files), ground.recorder)
    budget = pack_budget(catalog.resolve(job.lane.model), settings.pack_tokens)
    if budget:  # else the first tool that asks begins it
        code.begin()
    terms = Terms(job.task, budget, settings.max_turns, prices_of(ledger, job.lane.model))
    lead = await _lead(ground, code, terms, earlier)
    if job.person is not None:
        ground.bus.subscribe(job.person.listen)
        job = replace(job, consult=job.person.consult(lead.recorder))
    return Kit(
        job=job,
        place=place,
        files=ground.files,
        checks=checks_of(place, ground.files, job.checks_given) if ground.writable else (),
        settings=settings,
        catalog=catalog,
        journal=ground.journal,
        bus=ground.bus,
        recorder=ground.recorder,
        commands=ground.commands,
        ledger=ledger,
        throttle=throttle,
        client=V4Client(where, catalog, throttle, ledger, connecting, limits),
        store=kept.store,
        steps=kept.steps,
        budget=_budget(settings, ground.journal),
        code=code,
        around=kept.around,
        lead=lead,
        baseline=kept.baseline,
        pack_budget=budget,
        fits=fits,
        checker=Checker(),
    )


@dataclass(frozen=True, slots=True)
class _Ground:
    """What all agents of a session stand on. `commands` run in the person's tree, which they may change if it is
    `writable`; `recorder` is for what no agent alone does."""

    place: Place
    job: Job
    settings: Settings
    sandbox: Sandbox
    files: tuple[str, ...]
    writable: bool
    journal: Journal
    bus: Bus
    recorder: Recorder
    commands: SandboxedCommands


async def _ground(
    place: Place,
    job: Job,
    settings: Settings,
    journal_of: Callable[[], Journal],
    listeners: Sequence[Listener],
) -> _Ground:
    setting = "off" if job.mode == "full" else settings.sandbox
    with suppress(OSError):  # what can't be written is told of by whoever needs it
        close_off(settings.home, place.root)
    sandbox, files = await asyncio.gather(choose_sandbox(setting, place.root), list_files(place))
    writable = job.mode != "plan" and place.repository is not None
    if writable:
        abandoned = remove_abandoned(place.root, files)
        files = tuple(path for path in files if path not in abandoned)
    journal = journal_of()
    bus = _bus(listeners)
    recorder = Recorder(journal, bus, MAIN, talk_of(journal.events, MAIN).turn)
    commands = _commands(place, job, settings, sandbox, journal.folder, may_write=writable)
    return _Ground(place, job, settings, sandbox, files, writable, journal, bus, recorder, commands)


async def _lead(ground: _Ground, code: Codebase, terms: Terms, earlier: Replayed | None) -> Agent:
    """The agent that begins: the one that works alone, or a planner, which only looks."""
    job, seen = ground.job, dict(earlier.seen) if earlier else {}
    recorder, commands, mode = ground.recorder, ground.commands, job.mode
    if job.lead is PLANNER:
        turn = earlier.turn if earlier else 0
        recorder = Recorder(ground.journal, ground.bus, PLANNER.name, turn)
        commands, mode = await _looking(ground), "plan"
    upkeep = Upkeep(code, recorder, seen, terms)
    inbox = job.reach.inbox(recorder.agent)
    return Agent(job.lead, job.lane, recorder, commands, mode, seen, upkeep, inbox)


async def _looking(ground: _Ground) -> SandboxedCommands:
    """Commands of who only looks: confined also where others are not."""
    place, settings, sandbox = ground.place, ground.settings, ground.sandbox
    if ground.job.mode == "full":
        sandbox = await choose_sandbox(settings.sandbox, place.root)
    folder = ground.journal.folder / PLANNER.name
    return _commands(place, ground.job, settings, sandbox, folder, may_write=False)


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


async def _keeping(ground: _Ground) -> _Kept:
    repository, settings, journal = ground.place.repository, ground.settings, ground.journal
    if repository is None or not ground.writable:
        return _Kept()
    limits = SnapshotLimits(untracked_file=settings.snapshot_file_mb << 20)
    store = await SnapshotStore.open(settings.home, repository, journal.session, limits)
    steps = Steps(store, repository, ground.recorder, ground.commands.jobs_running)
    network = _has_network(settings, ground.job)
    around = surroundings(repository.root, settings, journal, store.store, ground.sandbox, network)
    return _Kept(store, steps, around, CloneBaseline(around, lambda: steps.first, ground.recorder))


def _bus(listeners: Sequence[Listener]) -> Bus:
    bus = Bus()
    for listener in listeners:
        bus.subscribe(listener)
    return bus


def _has_network(settings: Settings, job: Job) -> bool:
    return settings.network or job.mode == "full"


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
