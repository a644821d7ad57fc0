"""A client at a real HTTP endpoint, with its events, waits and clock in the test's hands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from aiohttp import web
from leadline.agent.context.transcript import Lane, Tools, Transcript
from leadline.agent.events import Body
from leadline.agent.messages import SystemMessage, UserMessage
from leadline.agent.v4.client import V4Client
from leadline.agent.v4.exchange import Answer
from leadline.agent.v4.ledger import Ledger
from leadline.agent.v4.retry import Limits
from leadline.agent.v4.throttle import Throttle

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = "sk-0123456789abcdef"

SCHEMAS: dict[str, dict[str, Any]] = {
    "read": {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "limit": {"type": "integer"},
            "whole": {"type": "boolean"},
        },
        "required": ["path"],
    },
    "shell": {
        "type": "object",
        "properties": {"command": {"type": "string"}, "timeout": {"type": "number"}},
        "required": ["command"],
    },
}

TOOLS = Tools.of(
    json.dumps(
        [
            {
                "type": "function",
                "function": {"name": name, "description": name, "parameters": schema},
            }
            for name, schema in SCHEMAS.items()
        ]
    )
)

B = TypeVar("B")


@dataclass
class Bench:
    """One client and what it did. `sleeps` are the waits it asked for; none of them takes time."""

    client: V4Client
    ledger: Ledger
    throttle: Throttle
    events: list[Body] = field(default_factory=list[Body])
    sleeps: list[float] = field(default_factory=list[float])

    async def ask(self, transcript: Transcript) -> Answer:
        """Send the transcript, append the answer to it."""
        answer = await self.client.answer(transcript.request(), self.events.append)
        transcript.append(answer.message)
        return answer

    def all(self, kind: type[B]) -> list[B]:
        return [event for event in self.events if isinstance(event, kind)]


class MakeBench(Protocol):
    def __call__(
        self,
        base_url: str,
        limits: Limits | None = None,
        *,
        profile: str = "deepseek",
        key: str = KEY,
        throttle: Throttle | None = None,
        now: Callable[[], datetime] = ...,
    ) -> Bench: ...


def new_transcript(
    text: str = "Fix the bug.", lane: Lane | None = None, system: str = "You are a coding agent."
) -> Transcript:
    lane = lane or Lane("deepseek-flash", "high")
    transcript = Transcript("main", lane, TOOLS, SystemMessage(system))
    transcript.append(UserMessage(text, "task"))
    return transcript


Handler = Callable[[web.Request, web.StreamResponse], Awaitable[None]]


@dataclass
class RawServer:
    """Plays what the rehearsal endpoint can't: exact bytes, exact silences. One handler answers one request."""

    handlers: list[Handler] = field(default_factory=list[Handler])
    bodies: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    base_url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        self.headers.append(dict(request.headers))
        handler = self.handlers.pop(0)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        try:
            await handler(request, response)
        except (asyncio.CancelledError, ConnectionResetError):
            self.ended.set()
            raise
        return response

    def lines(self, *data: str) -> None:
        """Answer the next request with these events."""
        self.raw("".join(f"data: {line}\n\n" for line in data).encode())

    def raw(self, *pieces: bytes) -> None:
        async def handler(request: web.Request, response: web.StreamResponse) -> None:
            await response.prepare(request)
            for piece in pieces:
                await response.write(piece)
            await response.write_eof()

        self.handlers.append(handler)

    def status(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
        async def handler(request: web.Request, response: web.StreamResponse) -> None:
            response.set_status(status)
            response.headers.update(headers or {})
            await response.prepare(request)
            await response.write(body.encode())

        self.handlers.append(handler)


def chunk(
    delta: dict[str, Any] | None = None,
    finish: str | None = None,
    usage: dict[str, Any] | None = None,
    model: str = "deepseek-flash",
) -> str:
    body: dict[str, Any] = {
        "id": "1",
        "object": "chat.completion.chunk",
        "model": model,
        "choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}],
    }
    if usage is not None:
        body["usage"] = usage
    return json.dumps(body)
