"""Messages and tools in the form the chat completions API takes. Pure, and stable to the byte.

Only fields that reach the prompt are sent. `content` is never null and `reasoning_content` is sent with every
assistant message that has it: a missing one degrades the model and breaks the prefix, a null content is a 400.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..messages import AssistantMessage, Message, SystemMessage, ToolMessage, UserMessage

Wire = dict[str, Any]


def wire_message(message: Message) -> Wire:
    """One message as the API takes it, its keys always in the same order."""
    match message:
        case SystemMessage(text):
            return {"role": "system", "content": text}
        case UserMessage(text):
            return {"role": "user", "content": text}
        case ToolMessage(call_id, text):
            return {"role": "tool", "tool_call_id": call_id, "content": text}
        case AssistantMessage():
            wire: Wire = {"role": "assistant", "content": message.text}
            if message.reasoning is not None:
                wire["reasoning_content"] = message.reasoning
            if message.tool_calls:
                wire["tool_calls"] = [
                    {
                        "id": call.id,
                        "type": "function",
                        "function": {"name": call.name, "arguments": call.arguments_json},
                    }
                    for call in message.tool_calls
                ]
            return wire


def wire_messages(messages: Iterable[Message]) -> list[Wire]:
    return [wire_message(message) for message in messages]


def canonical(wire: Wire) -> bytes:
    """The bytes that digests are made of."""
    return json.dumps(wire, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
