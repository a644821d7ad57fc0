"""The composition root: builds the collaborators of a run, lets them work, and says what came of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from ..prompts.render import render
from ..tools.errors import PersonError
from ..tools.registry import schemas_json
from .bus import Listener
from .config import Settings
from .context.transcript import Tools, Transcript
from .dispatch import sendable
from .ending import end_session
from .events import MessageCommitted, Routed, SessionResumed, SessionStarted
from .journal import Journal, JournalError, utc_now
from .kit import MAIN, Job, Kit, assemble, version
from .messages import SystemMessage, UserMessage
from .planning.solo import Finish, work_alone
from .planning.timings import read_timings
from .rebuild import rebuilt
from .replay import replay
from .result import RunResult, status_of
from .roles import SOLO
from .store import new_session_id, sessions_folder
from .survey import environment_text, find_place, refuse_impossible_commit
from .v4.catalog import load_catalog


@dataclass(frozen=True, slots=True)
class Start:
    """Everything a run needs from outside. `folder` is where the person stands."""

    folder: Path
    task: str
    settings: Settings
    init: bool = False
    read_only: bool = False
    output_schema: dict[str, JsonValue] | None = None
    commit: bool = False
    branch: str | None = None


async def run(start: Start, listeners: Sequence[Listener], *, stop: asyncio.Event) -> RunResult:
    """Do the task. Ends early, cleanly, when `stop` is set.

    Raises PersonError for what is wrong before the session begins; later faults end the session and are in its result.
    """
    task = sendable(start.task).strip()
    if not task:
        raise PersonError('The task is empty. Say what to do: leadline run "fix the failing test".')
    settings = start.settings
    catalog = load_catalog(settings.catalog)
    route = catalog.role("solo")
    lane = catalog.lane("solo", settings.model_pro, settings.model_flash)
    place = await find_place(start.folder, init=start.init, read_only=start.read_only)
    if start.commit:
        refuse_impossible_commit(place, start.branch)
    mode = "plan" if place.repository is None else settings.mode
    job = Job(
        task, mode, tuple(settings.verify), start.output_schema, start.commit, start.branch, lane
    )
    journal_folder = sessions_folder(settings.home) / new_session_id(utc_now())
    kit = await assemble(
        place, job, settings, catalog, lambda: Journal.create(journal_folder), listeners
    )
    kit.recorder.emit(
        SessionStarted(
            version(),
            str(place.root),
            task,
            mode,
            kit.commands.describe(),
            settings.shown(),
            job.checks_given,
            start.output_schema,
            start.commit,
            start.branch,
        )
    )
    kit.recorder.emit(Routed("solo", lane.model, lane.effort, route.reason))
    transcript = Transcript(MAIN, lane, Tools.of(schemas_json()), SystemMessage(render("system")))
    kit.recorder.emit(MessageCommitted(SystemMessage(render("system"))))
    for message in await _opening(kit, settings):
        kit.recorder.emit(MessageCommitted(message))
        transcript.append(message)
    return await _work(kit, transcript, stop)


async def resume(
    folder: Path, settings: Settings, listeners: Sequence[Listener], *, stop: asyncio.Event
) -> RunResult:
    """Go on with a session that was cut off, or that ended without being done.

    Raises PersonError when there is nothing to go on with.
    """
    journal = Journal.reopen(folder)
    state = replay(journal.events)
    if state.ended and state.ended.status in ("done", "unverified"):
        journal.close()
        raise PersonError(
            f"Session {folder.name} is finished. Start a new one with `leadline run`, "
            f"or look at it with `leadline show {folder.name}`."
        )
    if state.lane is None or len(state.messages) < 2:
        journal.close()
        raise PersonError(
            f"Session {folder.name} was stopped before its task was recorded. Run it again."
        )
    begun = state.started
    place = await find_place(Path(begun.root), init=False, read_only=begun.mode == "plan")
    job = Job(
        begun.task,
        begun.mode,
        begun.checks,
        begun.output_schema if isinstance(begun.output_schema, dict) else None,
        begun.commit,
        begun.branch,
        state.lane,
    )
    kit = await assemble(
        place, job, settings, load_catalog(settings.catalog), lambda: journal, listeners, state
    )
    touched = tuple(item.call.name for item in state.unanswered if item.started and item.mutates)
    kit.recorder.emit(SessionResumed(version(), kit.commands.describe(), touched))
    transcript = rebuilt(kit.recorder, state, state.lane)
    kit.ledger.restore(MAIN, transcript.request(), journal.events)
    return await _work(kit, transcript, stop)


async def _opening(kit: Kit, settings: Settings) -> tuple[UserMessage, ...]:
    """The first messages: where it is, what its part is, what to do."""
    durations = read_timings(kit.project_folder)
    environment = await environment_text(
        kit.place, kit.files, kit.checks, durations, kit.commands, settings.command_seconds
    )
    messages = [
        UserMessage(sendable(environment), "environment"),
        UserMessage(render(SOLO.brief), "brief"),
        UserMessage(render("task", task=kit.job.task), "task"),
    ]
    if kit.job.output_schema is not None:
        schema = json.dumps(kit.job.output_schema, indent=1, ensure_ascii=False)
        messages.append(UserMessage(render("schema_wanted", schema=schema), "harness"))
    return tuple(messages)


async def _work(kit: Kit, transcript: Transcript, stop: asyncio.Event) -> RunResult:
    """Let the one agent work until it is done or `stop` is set, and end the session whatever happens."""
    task = asyncio.create_task(_finish(kit, transcript))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            finish = Finish("interrupted", "Interrupted by the person.")
        else:
            finish = task.result()
        return await end_session(kit.ending(), finish)
    finally:
        stopping.cancel()
        await kit.close()


async def _finish(kit: Kit, transcript: Transcript) -> Finish:
    """The work's end; what only the person can mend ends it too."""
    if kit.steps:
        kit.steps.begin()
    try:
        return await work_alone(kit.loop(transcript), kit.work())
    except JournalError:
        raise
    except PersonError as error:
        return Finish(status_of(error), error.message)
