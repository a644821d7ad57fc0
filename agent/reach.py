"""The agents of a session by name: what is said to each, and how its work is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .loop import Loop

T = TypeVar("T")


def read_inbox(loop: Loop) -> bool:
    """Say what the person wrote before the loop begins, which it would read after a turn; whether there was any."""
    found = not loop.inbox.empty()
    while not loop.inbox.empty():
        loop.say(loop.inbox.get_nowait(), "person")
    return found


@dataclass(frozen=True, slots=True)
class Stopped:
    """The person ended the work; `give_up` says that nobody shall try it again."""

    give_up: bool


@dataclass(slots=True)
class Reach:
    """All of it belongs to the session's thread. What is said to an agent that has not begun waits for it."""

    _inboxes: dict[str, asyncio.Queue[str]] = field(default_factory=dict[str, "asyncio.Queue[str]"])
    _at_work: dict[str, asyncio.Task[Any]] = field(default_factory=dict[str, "asyncio.Task[Any]"])
    _stopped: dict[str, Stopped] = field(default_factory=dict[str, Stopped])

    def inbox(self, agent: str) -> asyncio.Queue[str]:
        """Always the same one for a name, also where another try or run goes on with it."""
        return self._inboxes.setdefault(agent, asyncio.Queue())

    def unread(self) -> Iterator[tuple[str, str]]:
        """Take out what no agent has read: agents and texts."""
        for agent, inbox in self._inboxes.items():
            while not inbox.empty():
                yield agent, inbox.get_nowait()

    def stop(self, agent: str, *, give_up: bool) -> bool:
        """End what `unless_stopped` does for this agent; whether there was anything to end."""
        work = self._at_work.get(agent)
        if work is None or work.done():
            return False
        self._stopped[agent] = Stopped(give_up)
        work.cancel()
        return True

    async def unless_stopped(self, agent: str, work: Coroutine[Any, Any, T]) -> T | Stopped:
        """Do the work, which must leave nothing running when it is cancelled."""
        task = asyncio.ensure_future(work)
        self._at_work[agent] = task
        try:
            # Not awaited as it is: a cancellation of the caller must not be taken for one by the person.
            await asyncio.wait({task})
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                task.exception()  # the caller goes for another reason; nobody else is left to hear of this one
            raise
        finally:
            del self._at_work[agent]
            stopped = self._stopped.pop(agent, None)
        # What had ended by then, well or not, did so before the person's word came.
        return stopped if stopped is not None and task.cancelled() else task.result()
