"""A plain client for the rehearsal endpoint: what goes over the wire, unpolished."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from leadline.agent.rehearsal import RehearsalServer

NAMES = ("read", "write", "edit", "search", "shell", "update_plan", "report", "ask")
TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"The {name} tool.",
            "parameters": {"type": "object", "properties": {}},
        },
    }
    for name in NAMES
]


@dataclass(slots=True)
class Answered:
    """An answer as received: `lines` without blank ones, `chunks` the JSON of the data lines."""

    status: int
    headers: dict[str, str]
    text: str = ""
    lines: list[str] = field(default_factory=list[str])
    chunks: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    broken: bool = False
    """The connection ended before the answer did."""

    @property
    def done(self) -> bool:
        return "data: [DONE]" in self.lines

    @property
    def error(self) -> dict[str, Any]:
        return json.loads(self.text)["error"]

    @property
    def deltas(self) -> list[dict[str, Any]]:
        return [choice["delta"] for chunk in self.chunks for choice in chunk["choices"]]

    def joined(self, key: str) -> str:
        return "".join(delta.get(key) or "" for delta in self.deltas)

    @property
    def finish(self) -> str | None:
        found = [c["finish_reason"] for chunk in self.chunks for c in chunk["choices"]]
        return next((reason for reason in found if reason), None)

    @property
    def usage(self) -> dict[str, Any]:
        return next(chunk["usage"] for chunk in self.chunks if chunk.get("usage"))

    @property
    def calls(self) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        for delta in self.deltas:
            for part in delta.get("tool_calls") or ():
                if "id" in part:
                    assert part["index"] == len(made)
                    made.append(
                        {"id": part["id"], "type": "function", "function": part["function"]}
                    )
                else:
                    made[part["index"]]["function"]["arguments"] += part["function"]["arguments"]
        return made

    def message(self) -> dict[str, Any]:
        """The assistant message a client sends back."""
        message: dict[str, Any] = {"role": "assistant", "content": self.joined("content")}
        message["reasoning_content"] = self.joined("reasoning_content")
        if self.calls:
            message["tool_calls"] = self.calls
        return message


class Client:
    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def ask(
        self,
        server: RehearsalServer,
        messages: list[dict[str, Any]],
        *,
        path: str = "/chat/completions",
        key: str = "sk-test",
        **fields: Any,
    ) -> Answered:
        body = {
            "model": "deepseek-flash",
            "messages": messages,
            "tools": TOOLS,
            "stream": True,
            **fields,
        }
        return await self.send(server, json.dumps(body).encode(), path=path, key=key)

    async def send(
        self,
        server: RehearsalServer,
        body: bytes,
        *,
        path: str = "/chat/completions",
        key: str = "sk-test",
    ) -> Answered:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        url = server.base_url + path
        async with self._http.post(url, data=body, headers=headers) as response:
            answer = Answered(response.status, dict(response.headers))
            try:
                async for line in response.content:
                    answer.text += line.decode()
            except aiohttp.ClientPayloadError:
                answer.broken = True
        answer.lines = [line for line in answer.text.splitlines() if line]
        answer.chunks = [
            json.loads(line.removeprefix("data: "))
            for line in answer.lines
            if line.startswith("data: {")
        ]
        return answer

    async def get(self, server: RehearsalServer, path: str) -> dict[str, Any]:
        headers = {"Authorization": "Bearer sk-test"}
        async with self._http.get(server.base_url + path, headers=headers) as response:
            assert response.status == 200
            return await response.json()


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as http:
        yield Client(http)


@pytest.fixture
def tools() -> list[dict[str, Any]]:
    return TOOLS
