"""One child process that parses (`worker`), as its parent sees it: asked by frames, heard as its answers come."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeGuard

from .content import Stamp
from .packed import LENGTH, SpoiltError, pack_parts, unpack_parts
from .store import COLUMNS, Column

_COMMAND = (sys.executable, "-I", "-m", f"{__package__}.worker")
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
_MOST_FRAME = 256_000_000
_CHUNK = 1 << 20

State: TypeAlias = Literal["parsed", "seen", "left out", "gone", "failed"]
_STATES: tuple[State, ...] = ("parsed", "seen", "left out", "gone")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a child says of a file; see `content.Content`.

    `symbols` and `references` are packed, and there only if it was parsed. "seen": the same content was parsed before
    by this child. "failed": parsing it ends a child; nothing else is known. `fault` names what the extractor tripped
    over.
    """

    path: str
    state: State
    stamp: Stamp | None = None
    size: int = 0
    blob: str = ""
    language: str | None = None
    left_out: str | None = None
    fault: str = ""
    symbols: bytes = b""
    references: bytes = b""


@dataclass(frozen=True, slots=True)
class Batch:
    """The files of a batch and the packed inverted lists of those that were parsed, in their order."""

    files: tuple[Parsed, ...]
    lists: Mapping[Column, bytes]


class Child:
    """A child at work on files below `root`. What it says is checked: it has read hostile text."""

    def __init__(self, root: str) -> None:
        """Raises OSError."""
        self._root = os.fsencode(root)
        self._process = subprocess.Popen(
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=_ENVIRONMENT,
            start_new_session=True,
        )
        assert self._process.stdin
        assert self._process.stdout
        self._input = self._process.stdin
        self.output = self._process.stdout.fileno()
        self._buffer = bytearray()
        self._heard = time.monotonic()
        self.paths: Sequence[str] = ()
        """The batch it is at, none when it has nothing to do."""
        self.done: list[Parsed] = []
        """Its answers to the first of them."""

    def ask(self, paths: Sequence[str]) -> None:
        """Gives an idle child a batch. That it has died shows when it is heard."""
        self.paths, self.done = paths, []
        self._heard = time.monotonic()
        if paths:
            data = pack_parts((self._root, *map(os.fsencode, paths)))
            with suppress(BrokenPipeError):
                self._input.write(LENGTH.pack(len(data)) + data)
                self._input.flush()

    def hear(self, on_file: Callable[[], None]) -> Batch | None:
        """Reads what is there; the batch, if that was the end of it. Raises EOFError and SpoiltError."""
        chunk = os.read(self.output, _CHUNK)
        if not chunk:
            raise EOFError
        self._heard = time.monotonic()
        self._buffer += chunk
        while (frame := self._frame()) is not None:
            if len(self.done) == len(self.paths):
                head, *lists = unpack_parts(frame, 4)
                parsed = sum(file.state == "parsed" for file in self.done)
                if _header(head).get("members") != parsed or self._buffer:
                    raise SpoiltError("another batch than was asked for")
                return Batch(tuple(self.done), dict(zip(COLUMNS, lists, strict=True)))
            self.done.append(_parsed(self.paths[len(self.done)], frame))
            on_file()
        return None

    def silent_seconds(self) -> float:
        return time.monotonic() - self._heard

    def end(self) -> None:
        """Kills it, if it is still there, and takes its leave."""
        self._process.kill()
        with suppress(OSError):
            self._input.close()
        assert self._process.stdout
        self._process.stdout.close()
        self._process.wait()

    def _frame(self) -> bytes | None:
        """The next whole frame of what was read."""
        if len(self._buffer) < LENGTH.size:
            return None
        length = LENGTH.unpack_from(self._buffer)[0]
        if length > _MOST_FRAME:
            raise SpoiltError(f"a frame of {length:,} bytes")
        end = LENGTH.size + length
        if len(self._buffer) < end:
            return None
        frame = bytes(memoryview(self._buffer)[LENGTH.size : end])
        del self._buffer[:end]
        return frame


def _header(data: bytes) -> dict[str, object]:
    try:
        found: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SpoiltError(str(error)) from None
    if not isinstance(found, dict):
        raise SpoiltError("a header that is no object")
    return {str(key): value for key, value in found.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _parsed(path: str, frame: bytes) -> Parsed:
    head, *facts = unpack_parts(frame)
    header = _header(head)
    state: State | None = next((each for each in _STATES if each == header.get("state")), None)
    if state is None or len(facts) != (2 if state == "parsed" else 0):
        raise SpoiltError("an answer of another form")
    if state == "gone":
        return Parsed(path, state)
    language, left_out = header.get("language"), header.get("left_out")
    blob, size, fault = header.get("blob"), header.get("size"), header.get("fault", "")
    if not (isinstance(blob, str) and isinstance(fault, str) and isinstance(size, int)):
        raise SpoiltError("a header of another form")
    if not (_is_optional(language) and _is_optional(left_out)):
        raise SpoiltError("a header of another form")
    stamp = _stamp(header.get("stamp"))
    return Parsed(path, state, stamp, size, blob, language, left_out, fault, *facts)


def _is_optional(value: object) -> TypeGuard[str | None]:
    return value is None or isinstance(value, str)


def _stamp(value: object) -> Stamp | None:
    match value:
        case None:
            return None
        case [int(size), int(mtime), int(ctime), int(inode)]:
            return size, mtime, ctime, inode
        case _:
            raise SpoiltError("a time of another form")
