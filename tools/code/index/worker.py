"""Parses files in a process of its own, for `workers`: `python -I -m leadline.tools.code.index.worker`.

Takes batches of paths, answers each file with what it is and what is known of it, and each batch with the inverted
lists of its files. What is sent are plain bytes (`packed`): nothing that a hostile file does to this process can
make the parent run anything. A crash or a file that takes too long ends the process; the parent knows which it was.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping
from typing import BinaryIO

from ...limits import limit_self
from ..extract import extract
from ..model import NOTHING_KNOWN, FileFacts
from ..words import count_words
from .content import Content, Reader
from .packed import LENGTH, pack_parts, pack_references, pack_symbols, unpack_parts
from .postings import Builder

CPU_SECONDS = 20
"""For one file. A file of the largest size takes less than a second."""

_MEMORY = 4 << 30
_NOTHING = (pack_symbols(NOTHING_KNOWN), pack_references(NOTHING_KNOWN))


class _Batch:
    """What is collected over the files of one batch. Only new contents count, each once."""

    def __init__(self) -> None:
        self.members = 0
        self._defs, self._refs, self._words = Builder(), Builder(), Builder()

    def add(self, facts: FileFacts, words: Mapping[str, int]) -> None:
        member = self.members
        self.members += 1
        self._defs.add(member, Counter(symbol.name for symbol in facts.symbols))
        self._refs.add(member, Counter(reference.name for reference in facts.references))
        self._words.add(member, words)

    def pack(self) -> tuple[bytes, bytes, bytes]:
        return self._defs.pack(), self._refs.pack(), self._words.pack()


def main() -> int:
    gc.disable()  # what is made for one file goes with it; looking for cycles takes a tenth of the time
    source, target = sys.stdin.buffer, sys.stdout.buffer
    seen: set[tuple[str, str | None]] = set()
    while True:
        head = source.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return 0  # the parent is done, or gone
        root, *paths = unpack_parts(source.read(LENGTH.unpack(head)[0]))
        batch = _Batch()
        with Reader(os.fsdecode(root)) as reader:
            for path in paths:
                limit_self(_MEMORY, CPU_SECONDS)
                _send(target, _one(reader.inspect(os.fsdecode(path)), batch, seen))
        _send(target, (json.dumps({"members": batch.members}).encode(), *batch.pack()))


def _one(
    content: Content | None, batch: _Batch, seen: set[tuple[str, str | None]]
) -> tuple[bytes, ...]:
    """The answer for one file: what it is, and unless it is left out or was met before, what is known of it."""
    if content is None:
        return (b'{"state": "gone"}',)
    header: dict[str, object] = {
        "stamp": content.stamp,
        "size": content.size,
        "blob": content.blob,
        "language": content.language,
        "left_out": content.left_out,
    }
    if content.text is None:
        return (json.dumps(header | {"state": "left out"}).encode(),)
    if (content.blob, content.language) in seen:
        return (json.dumps(header | {"state": "seen"}).encode(),)
    seen.add((content.blob, content.language))
    facts = NOTHING_KNOWN
    fault = ""
    if content.language is not None:
        try:
            facts = extract(content.language, content.text.encode("utf-8", "replace"))
        except (
            Exception
        ) as error:  # whatever a grammar or query does to one file, it costs only that
            fault = type(error).__name__
    batch.add(facts, count_words(content.text))
    packed = _NOTHING if facts is NOTHING_KNOWN else (pack_symbols(facts), pack_references(facts))
    return (json.dumps(header | {"state": "parsed", "fault": fault}).encode(), *packed)


def _send(target: BinaryIO, parts: tuple[bytes, ...]) -> None:
    data = pack_parts(parts)
    target.write(LENGTH.pack(len(data)))
    target.write(data)
    target.flush()


if __name__ == "__main__":
    sys.exit(main())
