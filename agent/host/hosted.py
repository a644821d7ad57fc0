"""Sessions that run beside an interface, in a thread of their own: wishes in, events out.

The interface never waits for the agents' loop, and the loop never for the interface. Whoever shows a session holds one
of these, and closes it; the session comes to a point then from where it can be resumed.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from ..changes.wished import AT_WORK, carry_out
from ..dispatch import sendable
from ..history.forking import fork_session
from ..reach import Reach
from ..result import RunResult
from ..session import Start, resume, run
from .desk import Desk
from .outbox import Broken, Closed, Ended, Outbox, Told, Unheard
from .wishes import (
    Answer,
    Close,
    Fork,
    Interrupt,
    RedoTo,
    Reject,
    Resume,
    Steer,
    Submit,
    UndoTo,
    Wish,
)

FAULT = "something went wrong inside Leadline"


class StrayCancelError(Exception):
    """A task was cancelled that nobody means to cancel."""


def _nothing() -> None:
    pass


def _cancelled(stray: asyncio.CancelledError) -> StrayCancelError:
    """As a fault that can be told, with where it came from."""
    fault = StrayCancelError(str(stray) or "cancelled")
    fault.__cause__ = stray
    return fault


@dataclass(slots=True)
class _UnderWay:
    """The session that runs now."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    desk: Desk = field(default_factory=Desk)
    reach: Reach = field(default_factory=Reach)


class HostedSession:
    """One session at a time, as `start` says; its task comes with each Submit.

    `send` and `take` may be called from any thread. `wake` is called from the session's thread when there is something
    to take after there was nothing; it must not block. When it raises, the interface is gone: that is a Close.
    """

    def __init__(self, start: Start, wake: Callable[[], None] = _nothing) -> None:
        self._start = start
        self._wake = wake
        self._outbox = Outbox(self._awake)
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._now: _UnderWay | None = None
        self._working: asyncio.Task[None] | None = None
        self._changing: set[asyncio.Task[None]] = set()
        self._tree = asyncio.Lock()
        """Held by whoever changes the person's tree: a session, or a wish about what one changed."""
        # As a daemon it ends with a process whose interface died without closing it: then it is as after a kill.
        self._thread = threading.Thread(target=self._run_loop, name="session", daemon=True)
        self._thread.start()

    def __enter__(self) -> HostedSession:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, wish: Wish) -> None:
        """Say what the person wants, and return at once. What can't be done comes back as Unheard."""
        try:
            self._loop.call_soon_threadsafe(self._hear, wish)
        except RuntimeError:  # the loop is closed
            self._unheard(wish, "the session is closed")

    def begin_by(self, start: Start) -> None:
        """What is wished from now on begins, or goes on, as `start` says."""
        with suppress(RuntimeError):  # the loop is closed: `send` says so
            self._loop.call_soon_threadsafe(self._begin_by, start)

    def take(self, most: int, seconds: float) -> list[Told]:
        """What happened since, oldest first and `most` at most; when nothing has, what does within so many seconds."""
        return self._outbox.take(most, seconds)

    def close(self) -> None:
        """End what runs and return when nothing does any more. What was told by then can still be taken."""
        self.send(Close())
        self._thread.join()

    # --- on the session's thread ---

    def _run_loop(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._until_closed())
        finally:
            self._outbox.put(Closed())

    async def _until_closed(self) -> None:
        await self._closing.wait()
        if self._now is not None:
            self._now.stop.set()
        if self._working is not None:
            await asyncio.wait({self._working})
        if self._changing:
            await asyncio.wait(self._changing)

    def _begin_by(self, start: Start) -> None:
        self._start = start

    def _hear(self, wish: Wish) -> None:
        if isinstance(wish, Close):
            self._closing.set()
        elif self._closing.is_set():
            self._unheard(wish, "the session is closed")
        elif isinstance(wish, Submit | Resume | Fork):
            self._begin(wish)
        elif isinstance(wish, Reject | UndoTo | RedoTo):
            self._change(wish)
        elif self._now is None:
            self._unheard(wish, "no session is under way")
        else:
            reason = _told(self._now, wish)
            if reason is not None:
                self._unheard(wish, reason)

    def _begin(self, wish: Submit | Resume | Fork) -> None:
        if self._now is not None:
            self._unheard(wish, "a session is under way")
            return
        now = self._now = _UnderWay()
        self._working = self._loop.create_task(self._work(now, self._session(now, wish)))

    def _session(
        self, now: _UnderWay, wish: Submit | Resume | Fork
    ) -> Coroutine[Any, Any, RunResult]:
        match wish:
            case Submit(task):
                return self._new(now, task)
            case Resume(folder, more):
                return self._old(now, folder, more)
            case Fork(folder, more):
                return self._forked(now, folder, more)

    def _new(self, now: _UnderWay, task: str) -> Coroutine[Any, Any, RunResult]:
        start = replace(self._start, task=task, person=now.desk, reach=now.reach)
        return run(start, [self._outbox.put], stop=now.stop)

    async def _forked(self, now: _UnderWay, folder: Path, more: str) -> RunResult:
        new = await asyncio.to_thread(fork_session, folder, more)
        return await self._old(now, new, more)

    def _old(self, now: _UnderWay, folder: Path, more: str) -> Coroutine[Any, Any, RunResult]:
        return resume(
            folder,
            self._start.settings,
            [self._outbox.put],
            stop=now.stop,
            person=now.desk,
            reach=now.reach,
            more=more,
        )

    async def _work(self, now: _UnderWay, session: Coroutine[Any, Any, RunResult]) -> None:
        try:
            async with self._tree:
                end: Ended | Broken = Ended(await session)
        except Exception as fault:  # whatever it is, the interface lives on and tells of it
            end = Broken(fault)
        except asyncio.CancelledError as stray:  # nobody cancels this task, so it is a fault, too
            end = Broken(_cancelled(stray))
        self._now = None
        for agent, text in now.reach.unread():
            self._unheard(Steer(text, agent), "the agent ended before it could read it")
        self._outbox.put(end)

    def _change(self, wish: Reject | UndoTo | RedoTo) -> None:
        if self._now is not None:
            self._unheard(wish, AT_WORK)
            return
        changing = self._loop.create_task(self._changed(wish))
        self._changing.add(changing)
        changing.add_done_callback(self._changing.discard)

    async def _changed(self, wish: Reject | UndoTo | RedoTo) -> None:
        try:
            async with self._tree:
                reason = await carry_out(wish, [self._outbox.put])
        except Exception as fault:  # as in `_work`
            self._unheard(wish, FAULT, fault)
            return
        except asyncio.CancelledError as stray:
            self._unheard(wish, FAULT, _cancelled(stray))
            return
        if reason is not None:
            self._unheard(wish, reason)

    def _unheard(self, wish: Wish, reason: str, fault: Exception | None = None) -> None:
        if not isinstance(wish, Close):
            self._outbox.put(Unheard(wish, reason, fault))

    def _awake(self) -> None:
        try:
            self._wake()
        except (
            Exception
        ):  # of the interface's: it is no fault of the session, and must not end it midway
            self._wake = _nothing
            with suppress(RuntimeError):  # the loop is closed already
                self._loop.call_soon_threadsafe(self._closing.set)


def _told(now: _UnderWay, wish: Steer | Interrupt | Answer) -> str | None:
    """Pass the wish on; why it came to nothing, if it did."""
    match wish:
        case Steer(text, agent):
            if not text.strip():
                return "it says nothing"
            now.reach.inbox(agent).put_nowait(sendable(text))
        case Interrupt(agent, give_up):
            if agent is None:
                now.stop.set()
            elif not now.reach.stop(agent, give_up=give_up):
                return "no such worker is at work now"
        case Answer():
            return now.desk.answer(wish)
    return None
