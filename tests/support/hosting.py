"""A session beside a test: the test's loop has the endpoint, a thread of its own has the session."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar
from unittest.mock import patch

from leadline.agent.bus import Live
from leadline.agent.events import ApprovalAsked, Body, Event
from leadline.agent.history.store import sessions_folder
from leadline.agent.host.hosted import HostedSession
from leadline.agent.host.outbox import Broken, Closed, Ended, Told, Unheard
from leadline.agent.host.wishes import Answer, Close, Resume, Scope, Wish
from leadline.agent.result import RunResult
from leadline.agent.session import Start
from leadline.agent.settings.config import Settings, load_settings
from leadline.tests.e2e.conftest import Stage
from leadline.tests.support.laws import each_start_has_one_end

B = TypeVar("B")
MOST = 1000


@dataclass
class Watched:
    """A session, and all that it has told so far. What does not come within a test's time fails it."""

    session: HostedSession
    settings: Settings
    told: list[Told] = field(default_factory=list[Told])

    def send(self, *wishes: Wish) -> None:
        for wish in wishes:
            self.session.send(wish)

    async def until(self, ready: Callable[[], Any]) -> None:
        while not ready():
            new = await asyncio.to_thread(self.session.take, MOST, 1.0)
            self.told += new
            broken = [item.fault for item in new if isinstance(item, Broken)]
            if broken and not ready():
                raise broken[0]

    def bodies(self, kind: type[B], agent: str | None = None) -> list[B]:
        """Of everything that was told, in its order."""
        items = (item for item in self.told if isinstance(item, Event | Live))
        return [
            item.body
            for item in items
            if isinstance(item.body, kind) and agent in (None, item.agent)
        ]

    async def body(self, kind: type[B], number: int = 1) -> B:
        """The one with this number, as soon as it is there."""
        await self.until(lambda: len(self.bodies(kind)) >= number)
        return self.bodies(kind)[number - 1]

    async def seen(self, fits: Callable[[Body, str], bool]) -> Event | Live:
        """The first event that fits, as soon as it is there."""
        found: list[Event | Live] = []

        def look() -> bool:
            items = (item for item in self.told if isinstance(item, Event | Live))
            found.extend(item for item in items if fits(item.body, item.agent))
            return bool(found)

        await self.until(look)
        return found[0]

    async def answer(
        self, number: int, *, allowed: bool = True, text: str = "", scope: Scope = "once"
    ) -> str:
        """Answer the question with this number; what it was."""
        await self.body(ApprovalAsked, number)
        asked = [
            item
            for item in self.told
            if isinstance(item, Event) and isinstance(item.body, ApprovalAsked)
        ][number - 1]
        assert isinstance(asked.body, ApprovalAsked)
        self.send(Answer(asked.agent, asked.body.call_id, allowed, text, scope))
        return asked.body.question

    async def ended(self, number: int = 1) -> RunResult:
        def ends() -> list[Ended]:
            return [item for item in self.told if isinstance(item, Ended)]

        await self.until(lambda: len(ends()) >= number)
        return ends()[number - 1].result

    async def closed(self) -> None:
        self.send(Close())
        await self.until(lambda: any(isinstance(item, Closed) for item in self.told))

    def unheard(self) -> list[Unheard]:
        return [item for item in self.told if isinstance(item, Unheard)]

    def starts_and_ends_hold(self) -> None:
        """For the session by itself as well, where this is the first run of it that is watched here."""
        events = self.durable()
        if any(event["body"]["kind"] == "session_resumed" for event in events):
            kinds = ("session_started", "session_ended")
            events = [event for event in events if event["body"]["kind"] not in kinds]
        each_start_has_one_end(events)

    def durable(self) -> list[dict[str, Any]]:
        """The events as they stand in a journal."""
        return [asdict(item) for item in self.told if isinstance(item, Event)]

    def resume(self, session: str) -> Resume:
        return Resume(sessions_folder(self.settings.home) / session)


@asynccontextmanager
async def hosted(
    stage: Stage,
    flags: Mapping[str, object] | None = None,
    wake: Callable[[], None] = lambda: None,
    **start: Any,
) -> AsyncGenerator[Watched]:
    """A session in this place. It takes its key from this process's environment, so it is there meanwhile."""
    variables = {name: value for name, value in stage.env.items() if name.startswith("LEADLINE_")}
    settings = load_settings(flags or {}, variables, None, None)
    with patch.dict(os.environ, DEEPSEEK_API_KEY=stage.env["DEEPSEEK_API_KEY"]):
        session = HostedSession(Start(stage.repo, "", settings, **start), wake)
        try:
            yield Watched(session, settings)
        finally:
            await asyncio.to_thread(session.close)
