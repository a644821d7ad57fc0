"""What a courier and the program say to each other: frames of bytes, and errors as values."""

from __future__ import annotations

import asyncio
import json
import struct
from dataclasses import dataclass
from enum import IntEnum

from ...tools.errors import PersonError
from .failures import (
    ContextOverflowError,
    NoBalanceError,
    RejectedError,
    TransientError,
    WrongKeyError,
)
from .values import as_tree

_HEAD = struct.Struct("!IBI")
_FOR_PEOPLE = {
    kind.__name__: kind
    for kind in (PersonError, RejectedError, ContextOverflowError, WrongKeyError, NoBalanceError)
}
_TRANSIENT = TransientError.__name__


class Kind(IntEnum):
    """Of a frame. The program says the first three, the courier the rest."""

    ENDPOINT = 0
    SEND = 1
    LEAVE = 2
    OPENED = 3
    PIECE = 4
    END = 5
    FAILED = 6


@dataclass(frozen=True, slots=True)
class Frame:
    """`number` is the request's."""

    number: int
    kind: Kind
    data: bytes = b""


def packed(frame: Frame) -> bytes:
    return _HEAD.pack(frame.number, frame.kind, len(frame.data)) + frame.data


async def read_frame(reader: asyncio.StreamReader) -> Frame | None:
    """The next one; None when the other side is gone."""
    try:
        number, kind, length = _HEAD.unpack(await reader.readexactly(_HEAD.size))
        return Frame(number, Kind(kind), await reader.readexactly(length))
    except (asyncio.IncompleteReadError, OSError):
        return None


def told(error: Exception) -> bytes:
    """An error of `Connection.send`, for the other side."""
    if isinstance(error, TransientError):
        return _json(_TRANSIENT, error.reason, error.retry_after, error.busy)
    if isinstance(error, PersonError):
        return _json(type(error).__name__, error.message)
    return _json("", f"{type(error).__name__}: {error}")


def heard(data: bytes) -> Exception:
    """The error that `told` made this of."""
    tree = as_tree(json.loads(data))
    kind, text = str(tree["kind"]), str(tree["text"])
    if kind == _TRANSIENT:
        wait = tree["wait"]
        seconds = wait if isinstance(wait, int | float) else None
        return TransientError(text, seconds, busy=tree["busy"] is True)
    made = _FOR_PEOPLE.get(kind)
    return made(text) if made else RuntimeError(text)


def _json(kind: str, text: str, wait: float | None = None, busy: bool = False) -> bytes:
    return json.dumps({"kind": kind, "text": text, "wait": wait, "busy": busy}).encode()
