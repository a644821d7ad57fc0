"""The composition root: builds the collaborators of a run, lets them work, and says what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from pydantic import JsonValue

from ..tools.errors import Exit, PersonError
from ..tools.git.repository import checked_out
from .asking.consult import Consult, NoConsult
from .asking.person import Person
from .assembly import assemble
from .bus import Bus, Listener, Published
from .context.transcript import Lane, Transcript
from .dispatch import sendable
from .ending import end_session
from .events import (
    Event,
    RequestSent,
    SessionResumed,
    SessionStarted,
    Way,
)
from .gone import require_folder
from .history.journal import Journal, JournalError, utc_now
from .history.rebuild import rebuilt
from .history.replay import MAIN, Replayed, replay
from .history.store import new_session_id, sessions_folder
from .kit import Job, Kit, version
from .lanes import lane_of, route
from .modes import mode_of, mode_to_go_on_in
from .opening import ready, say_mode, say_unsaid
from .planning.plan import Plan
from .planning.solo import Finish, work_alone
from .reach import Reach, read_inbox
from .result import RunResult, status_of
from .roles import PLANNER, SOLO, lead_of
from .settings.config import Settings
from .steps import Earlier
from .survey import find_place, refuse_impossible_commit
from .team.planned import work_planned
from .v4.catalog import Catalog, load_catalog
from .v4.facts import Tier
from .v4.link import Connecting, start_connecting


@dataclass(frozen=True, slots=True)
class Start:
    """Everything a run needs from outside. `folder` is where the person stands.

    `solo` is the tier of one who works alone, None for the catalog's; `workers` is how many may be at work at once, 0
    for as many as the settings say. `plan` is one of the person's own; with `plan_only` the session ends with the plan.
    With `defer` the work waits for cheaper hours. `consult` is asked before work begins; `person`, where there is one,
    is in its place, and approves calls. `reach` is how agents are spoken to meanwhile;
    `connecting` begins to connect to the endpoint.
    """

    folder: Path
    task: str
    settings: Settings
    init: bool = False
    read_only: bool = False
    output_schema: dict[str, JsonValue] | None = None
    commit: bool = False
    branch: str | None = None
    way: Way = "solo"
    solo: Tier | None = None
    workers: int = 0
    plan: Plan | None = None
    plan_only: bool = False
    defer: bool = False
    consult: Consult = field(default_factory=NoConsult)
    person: Person | None = None
    reach: Reach = field(default_factory=Reach)
    connecting: Connecting = start_connecting


async def run(start: Start, listeners: Sequence[Listener], *, stop: asyncio.Event) -> RunResult:
    """Do the task. Ends early, cleanly, when `stop` is set.

    Raises PersonError for what is wrong before the session begins; later faults end the session and are in its result.
    """
    task = sendable(start.task).strip()
    if not task:
        raise PersonError('The task is empty. Say what to do: leadline run "fix the failing test".')
    settings = start.settings
    catalog = load_catalog(settings.catalog)
    place = await find_place(start.folder, init=start.init, read_only=start.read_only)
    if start.commit:
        await refuse_impossible_commit(place, start.branch)
    job = Job(
        task=task,
        mode="plan" if start.read_only or place.repository is None else settings.mode,
        checks_given=tuple(settings.verify),
        output_schema=start.output_schema,
        commit=start.commit,
        branch=start.branch,
        lane=_lane(start, catalog),
        way=start.way,
        workers=start.workers or settings.workers,
        plan_only=start.plan_only,
        plan=start.plan,
        defer=start.defer,
        consult=start.consult,
        person=start.person,
        reach=start.reach,
    )
    folder = sessions_folder(settings.home) / new_session_id(utc_now())
    kit = await assemble(
        place, job, settings, catalog, lambda: Journal.create(folder), listeners, start.connecting
    )
    async with aclosing(kit):
        kit.recorder.emit(
            SessionStarted(
                version(),
                str(place.root),
                task,
                job.mode,
                kit.commands.describe(),
                settings.shown(),
                job.checks_given,
                job.output_schema,
                job.commit,
                job.branch,
                job.way,
                job.workers,
                job.plan_only,
                checked_out(place.repository) if place.repository is not None else "",
            )
        )
        return await _go_on(kit, replay(kit.journal.events), stop)


def _lane(start: Start, catalog: Catalog) -> Lane:
    """That of the agent which begins."""
    settings = start.settings
    role = SOLO if start.way == "solo" else PLANNER
    if start.way == "solo" and start.solo is not None:
        return lane_of(catalog, settings, start.solo, catalog.role(role.name).effort)
    return catalog.lane(role.name, settings.model_pro, settings.model_flash)


async def resume(
    folder: Path,
    settings: Settings,
    listeners: Sequence[Listener],
    *,
    stop: asyncio.Event,
    consult: Consult | None = None,
    person: Person | None = None,
    reach: Reach | None = None,
    more: str = "",
    connecting: Connecting = start_connecting,
) -> RunResult:
    """Go on with a session that was cut off, wherever that was, or that ended without being done. With `more`, which is
    what the person wants next, with any: its transcript goes on with that.

    A plan that was not begun yet needs a word of `consult`, as in the run that made it; where that run was to end with
    the plan, it is carried out now. `person`, `reach` and `connecting`: see Start.

    The mode is that of the run before, or the one that the person says for this one by a flag.

    Raises PersonError when there is nothing to go on with.
    """
    journal = Journal.reopen(folder)
    more = sendable(more).strip()
    try:
        state = _state_of(journal, more)
        start = Start(
            folder,
            more,
            settings,
            consult=consult or NoConsult(),
            person=person,
            reach=reach or Reach(),
            connecting=connecting,
        )
        kit = await _assembled_again(journal, state, start, listeners)
    except BaseException:
        journal.close()  # else the session counts as under way for as long as this process lives
        raise
    async with aclosing(kit):
        cut = tuple(item.call.name for item in state.unanswered if item.started and item.mutates)
        kit.recorder.emit(
            SessionResumed(version(), kit.commands.describe(), cut, more, kit.job.mode)
        )
        if more:
            kit.budget.begin_anew()
        return await _go_on(kit, state, stop)


def _state_of(journal: Journal, more: str) -> Replayed:
    """Where the session stands, with what the person wants next. Raises PersonError when it is finished."""
    lead = lead_of(replay(journal.events).started.way)
    state = replay(journal.events, MAIN if lead is SOLO else lead.name)
    if state.ended and state.ended.status in ("done", "unverified") and not more:
        raise PersonError(
            f"Session {journal.session} is finished. Say what is to be done next with `leadline resume "
            f'{journal.session} --say "TEXT"`, or look at it with `leadline show {journal.session}`.'
        )
    if more:
        state = replace(state, unsaid=(*state.unsaid, more), claim=None)
    return state


async def _assembled_again(
    journal: Journal, state: Replayed, start: Start, listeners: Sequence[Listener]
) -> Kit:
    """The session's collaborators, as its journal and `start` have it; the task of that is what is wanted next."""
    begun, settings, lead = state.started, start.settings, lead_of(state.started.way)
    mode = mode_to_go_on_in(mode_of(journal.events), begun.way, settings)
    catalog = load_catalog(settings.catalog)
    require_folder(Path(begun.root), Exit.USAGE)
    place = await find_place(Path(begun.root), init=False, read_only=mode == "plan")
    schema = begun.output_schema
    job = Job(
        task=begun.task,
        mode=mode,
        checks_given=begun.checks,
        output_schema=schema if isinstance(schema, dict) else None,
        commit=begun.commit,
        branch=begun.branch,
        lane=state.lane or catalog.lane(lead.name, settings.model_pro, settings.model_flash),
        way=begun.way,
        workers=_workers(begun, settings),
        plan_only=begun.plan_only
        and (bool(start.task) or not (state.ended and state.ended.status == "planned")),
        consult=start.consult,
        person=start.person,
        reach=start.reach,
    )
    return await assemble(
        place, job, settings, catalog, lambda: journal, listeners, start.connecting, state
    )


def _workers(begun: SessionStarted, settings: Settings) -> int:
    """As many as before, unless the person says something else now."""
    return begun.workers if settings.origin("workers") == "default" else settings.workers


async def _go_on(kit: Kit, state: Replayed, stop: asyncio.Event) -> RunResult:
    """Bring the transcript to where the next request can be sent, and work from there."""
    lane = kit.job.lane
    if state.lane is None and kit.job.plan is None:
        role = kit.lead.role.name
        route(kit.lead.recorder, kit.ledger, role, lane, kit.catalog.role(role).reason)
    transcript = rebuilt(kit.lead.recorder, state, lane)
    if state.tools_digest is not None:
        kit.ledger.restore(kit.lead.name, transcript.request(), kit.journal.events)
    beside = [partial(kit.code.count_ahead, kit.pack_budget), kit.lead.upkeep.look]
    if kit.steps:
        begin = partial(kit.steps.begin, _earlier(state))
        beside.append(begin)
        if _needs_no_request(kit.job, state):
            begin()
    _beside_requests(kit.bus, beside)
    return await _work(kit, state, transcript, stop)


def _needs_no_request(job: Job, state: Replayed) -> bool:
    """Whether the session may need its tree stored before its lead's next request, or without one: a claim is proven
    first, a plan that is there is carried out, and clones for many are laid out ahead."""
    plans = job.way != "solo"
    resumed = plans and bool(state.messages)
    return state.claim is not None or job.plan is not None or resumed or job.way == "refactor"


def _beside_requests(bus: Bus, beginnings: Sequence[Callable[[], None]]) -> None:
    """What can wait until the model reads a request does: nobody waits for it then.

    So the tree is stored with the first one: no call of the model can change anything before, as `before_change` waits
    for it. Each of `beginnings` knows what to do when it is called again.
    """

    def listen(published: Published) -> None:
        if isinstance(published, Event) and isinstance(published.body, RequestSent):
            for begin in beginnings:
                begin()

    bus.subscribe(listen)


def _earlier(state: Replayed) -> Earlier | None:
    """Where the steps of an earlier run ended; None if it did not get as far as storing the first."""
    if state.first is None:
        return None
    return Earlier(state.first.commit, state.timeline, state.unsettled, state.homing)


async def _work(
    kit: Kit, state: Replayed, transcript: Transcript, stop: asyncio.Event
) -> RunResult:
    """Let the one agent work until it is done or `stop` is set, and end the session whatever happens."""
    task = asyncio.create_task(_finish(kit, state, transcript))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait(
            {task, stopping},
            timeout=kit.budget.seconds_left(),
            return_when=asyncio.FIRST_COMPLETED,
        )
        late = not task.done() and not stop.is_set()
    finally:
        stopping.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    if not task.cancelled():
        return await end_session(kit.ending(), task.result())
    if late:
        limit = kit.budget.minutes_over()
        kit.recorder.emit(limit)
        return await end_session(kit.ending(), Finish("limit", limit.text))
    return await end_session(kit.ending(), Finish("interrupted", "Interrupted by the person."))


async def _finish(kit: Kit, state: Replayed, transcript: Transcript) -> Finish:
    """The work's end; what only the person can mend ends it too."""
    try:
        if kit.job.way != "solo":
            return await work_planned(kit, state, transcript)
        loop = kit.loop(kit.lead, await ready(kit, state, transcript))
        say_mode(kit, loop)
        say_unsaid(loop, state)
        claim = None if read_inbox(loop) else state.claim
        return await work_alone(loop, kit.work(), claim)
    except JournalError:
        raise
    except PersonError as error:
        return Finish(status_of(error), error.message)
