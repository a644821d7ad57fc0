"""Where a request stops being a continuation of the one before it, to the byte. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ..context.transcript import Lane, Request, Tools
from ..events_requests import Segment
from ..messages import Message, SystemMessage, UserMessage
from .wire import canonical, wire_message


@dataclass(frozen=True, slots=True)
class Sent:
    """What a request said, as far as it reaches the prompt.

    `broken` is for a request known by its digests alone: how these messages differ from it, "" if they do not.
    """

    lane: Lane
    tools: Tools
    messages: tuple[Message, ...]
    broken: str = ""


def common_messages(one: tuple[Message, ...], other: tuple[Message, ...]) -> int:
    """How many messages two conversations have in common at their start."""
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left is not right and left != right:
            return index
    return min(len(one), len(other))


def difference(before: Sent, request: Request) -> str:
    """Why `request` does not begin with all of `before`: the segment and its first differing byte. "" if it does.

    Offsets count bytes of the segment's messages in their canonical form, as the segment's digest does.
    """
    if before.broken:
        return before.broken
    if before.lane != request.lane:
        return "the model, the effort or thinking changed inside a transcript"
    if before.tools.digest != request.tools.digest:
        offset = _differs_at(before.tools.json.encode(), request.tools.json.encode())
        return f"segment tools differs from byte {offset}"
    index = common_messages(before.messages, request.messages)
    if index == len(before.messages):
        return ""
    lost = before.messages[index]
    name = _segment(lost)
    offset = sum(len(_bytes(m)) for m in before.messages[:index] if _segment(m) == name)
    if index < len(request.messages):
        offset += _differs_at(_bytes(lost), _bytes(request.messages[index]))
    return f"segment {name} differs from byte {offset}"


def changed_since(
    segments: tuple[Segment, ...], messages: tuple[Message, ...], tools: Tools
) -> str:
    """The first segment of an earlier request whose digest these messages and tools do not have, "" if all agree."""
    parts: dict[str, bytes] = {}
    for message in messages:
        name = _segment(message)
        parts[name] = parts.get(name, b"") + _bytes(message)
    digests = {name: hashlib.sha256(part).hexdigest() for name, part in parts.items()}
    digests["tools"] = tools.digest
    for segment in segments:
        if digests.get(segment.name) != segment.digest:
            return (
                f"segment {segment.name} differs from what was sent before the session was resumed"
            )
    return ""


def _bytes(message: Message) -> bytes:
    return canonical(wire_message(message))


def _differs_at(one: bytes, other: bytes) -> int:
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return index
    return min(len(one), len(other))


def _segment(message: Message) -> str:
    if isinstance(message, SystemMessage):
        return "system"
    if isinstance(message, UserMessage) and message.origin in ("pack", "instructions"):
        return message.origin
    return "history"
