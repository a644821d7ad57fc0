"""The body of a chat completions request. Pure: the same request gives the same bytes.

Always the tools, never `tool_choice`, never a developer role: dropping the tools or forcing a choice would render
another prompt (DeepSeek API, "context caching" and "tool calls").
"""

from __future__ import annotations

import json

from ..context.transcript import Lane, Request
from .facts import Model
from .profiles import Profile
from .values import Tree, whole
from .wire import Wire, wire_messages

_SMALLEST_CAP = 1_024
_MARGIN = 1_024
_BYTES_PER_TOKEN = 3
"""Fewer than code or prose has, so that the guess of a prompt is rather too big: too small a one is a 400."""


def request_body(request: Request, profile: Profile, model: Model, max_tokens: int) -> Tree:
    """The body as a JSON object, its keys always in the same order."""
    messages = wire_messages(request.messages)
    if profile.reasoning_to != "reasoning_content":
        messages = [_renamed(message, profile.reasoning_to) for message in messages]
    return {
        "model": profile.served_name(request.lane.model),
        "messages": [whole(message) for message in messages],
        "tools": json.loads(request.tools.json),
        "max_tokens": max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
        **_thinking(request.lane, profile, model),
    }


def max_tokens_for(model: Model, known_tokens: int, new_bytes: int) -> int:
    """How long an answer may get: the model's cap, or the room the prompt leaves when that is less.

    `known_tokens` is the part of the prompt that the service counted before, `new_bytes` the rest in UTF-8.
    """
    prompt = known_tokens + new_bytes // _BYTES_PER_TOKEN
    room = model.context - prompt - _MARGIN
    return max(_SMALLEST_CAP, min(model.answer_cap, model.max_output, room))


def _renamed(message: Wire, name: str) -> Wire:
    return {name if key == "reasoning_content" else key: item for key, item in message.items()}


def _thinking(lane: Lane, profile: Profile, model: Model) -> Tree:
    match profile.thinking:
        case "deepseek" if lane.thinking:
            return {"thinking": {"type": "enabled"}, "reasoning_effort": lane.effort}
        case "deepseek":
            return {"thinking": {"type": "disabled"}}
        case "template" if lane.thinking:
            effort = _effort_number(model, lane.effort)
            return {"chat_template_kwargs": {"thinking": True, "reasoning_effort": effort}}
        case "template":
            return {"chat_template_kwargs": {"thinking": False}}
        case "openrouter" if lane.thinking:
            return {"reasoning": {"enabled": True, "effort": lane.effort}}
        case "openrouter":
            return {"reasoning": {"enabled": False}}


def _effort_number(model: Model, effort: str) -> int | str:
    """The number the API itself would put into the prompt, for models whose effort is one; else the word."""
    numbers: dict[str, int] = {str(word): number for word, number in model.effort_numbers.items()}
    return numbers.get(effort, effort)
