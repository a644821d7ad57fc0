"""What a scenario can see of a request: the conversation, and nothing the server remembers."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Part(_Loose):
    type: str = "text"
    text: str = ""


class _Function(_Loose):
    name: str


class _WireCall(_Loose):
    id: str
    function: _Function


class _WireMessage(_Loose):
    role: str
    content: str | list[_Part] | None = None
    tool_calls: list[_WireCall] | None = None
    tool_call_id: str | None = None

    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n\n".join(part.text for part in self.content)
        return self.content or ""


class _WireTool(_Loose):
    function: _Function


class WireBody(_Loose):
    """The part of a chat completions body that a scenario or the cache looks at; the converter checked the rest."""

    model: str
    messages: list[_WireMessage]
    tools: list[_WireTool] | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A tool's result and the name of the tool it answers, "" if the call is not in the conversation."""

    tool: str
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """An answer of the model as the client sent it back."""

    text: str
    call_ids: tuple[str, ...]
    tools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    model: str
    thinking: bool
    last_role: str
    system: str
    users: tuple[str, ...]
    answers: tuple[Said, ...]
    results: tuple[Result, ...]
    new_results: tuple[Result, ...]
    """Results that came after the newest answer, in the order sent."""
    offered: frozenset[str]
    """Names of the tools the request offers."""


def conversation_of(body: WireBody, model: str, thinking: bool) -> Conversation:
    """`model` is the canonical id; `thinking` whether the converter turned thinking on."""
    names: dict[str, str] = {}
    users: list[str] = []
    system: list[str] = []
    answers: list[Said] = []
    results: list[Result] = []
    older = 0
    for message in body.messages:
        if message.role == "assistant":
            calls = message.tool_calls or []
            names.update((call.id, call.function.name) for call in calls)
            answers.append(
                Said(
                    message.text(),
                    tuple(call.id for call in calls),
                    tuple(call.function.name for call in calls),
                )
            )
            older = len(results)
        elif message.role == "tool":
            results.append(Result(names.get(message.tool_call_id or "", ""), message.text()))
        elif message.role == "user":
            users.append(message.text())
        elif message.role == "system":
            system.append(message.text())
    return Conversation(
        model=model,
        thinking=thinking,
        last_role=body.messages[-1].role,
        system="\n\n".join(system),
        users=tuple(users),
        answers=tuple(answers),
        results=tuple(results),
        new_results=tuple(results[older:]),
        offered=frozenset(tool.function.name for tool in body.tools or []),
    )
