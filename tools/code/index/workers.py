"""Has files parsed by child processes, as many as there are cores, and hands on what they find, batch by batch.

A child that crashes, hangs or talks nonsense costs the file it was at, and only after that file alone did the same to
two more; the others of its batch are done anew.
"""

from __future__ import annotations

import os
import selectors
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import cast

from .child import Batch, Child, Parsed
from .packed import SpoiltError

_BYTES_PER_CHILD = 400_000
"""A second child pays from about here on: starting one takes as long as parsing this."""

_BATCH_BYTES = (256_000, 8_000_000)
_BATCH_FILES = 2048
_SILENT_SECONDS = 120.0
_LOOK_SECONDS = 5.0
_MOST_DEATHS = 100
_MOST_DEATHS_AT_ONCE = 20
"""In a row, before the first answer."""


Take = Callable[[Batch], None]
OnFile = Callable[[], None]


class WorkersError(Exception):
    """No child can be started, or none lives long enough to do anything."""


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def parse_files(root: str, files: Sequence[tuple[str, int]], take: Take, on_file: OnFile) -> None:
    """Parses files, paths relative to `root` with sizes in bytes; `take` gets each batch as it is done.

    `on_file` is called as a child answers for a file. Raises WorkersError; what was taken until then holds.
    """
    work = _Work(files)
    most = min(cores(), len(files), 1 + work.bytes // _BYTES_PER_CHILD)
    children: set[Child] = set()
    with selectors.DefaultSelector() as selector:
        try:
            while True:
                while len(children) < most and (paths := work.next(most)):
                    child = _start(root, paths)
                    children.add(child)
                    selector.register(child.output, selectors.EVENT_READ, child)
                if not children:
                    break
                ready = {cast(Child, key.data) for key, _ in selector.select(_LOOK_SECONDS)}
                for child in sorted(children, key=lambda each: each.output):
                    over = (
                        not _listen(child, work, take, on_file, most)
                        if child in ready
                        else (child.silent_seconds() > _SILENT_SECONDS)
                    )
                    if over:
                        selector.unregister(child.output)
                        children.discard(child)
                        child.end()
                        work.put_back(child)
        finally:
            for child in children:
                child.end()
    if work.failed:
        take(Batch(tuple(Parsed(path, "failed") for path in work.failed), {}))


def _start(root: str, paths: list[str]) -> Child:
    try:
        child = Child(root)
    except OSError as error:
        raise WorkersError(error.strerror or str(error)) from error
    child.ask(paths)
    return child


def _listen(child: Child, work: _Work, take: Take, on_file: OnFile, most: int) -> bool:
    """Takes what the child has to say; False if it will say nothing more."""
    try:
        batch = child.hear(on_file)
    except (SpoiltError, EOFError):
        return False
    if batch is None:
        return True
    take(batch)
    work.deaths_at_once = 0
    paths = work.next(most)
    child.ask(paths)
    return bool(paths)


class _Work:
    """What is still to be done, in batches that get smaller towards the end, so that all children end at once."""

    def __init__(self, files: Sequence[tuple[str, int]]) -> None:
        self._files = deque(files)
        self._again: deque[list[str]] = deque()
        self._deaths: Counter[str] = Counter()
        self.bytes = sum(size for _, size in files)
        self._ended = 0
        self.failed: list[str] = []
        self.deaths_at_once = 0

    def next(self, children: int) -> list[str]:
        """The paths of the next batch; none when nothing waits."""
        if self._again:
            return self._again.popleft()
        least, most = _BATCH_BYTES
        room = max(least, min(most, self.bytes // (2 * children)))
        paths: list[str] = []
        while self._files and len(paths) < _BATCH_FILES and room > 0:
            path, size = self._files.popleft()
            paths.append(path)
            room -= size
            self.bytes -= size
        return paths

    def put_back(self, child: Child) -> None:
        """Shares out what a child that ended had not done. Raises WorkersError if that goes on and on."""
        paths, at = list(child.paths), len(child.done)
        if not paths:
            return
        self._ended += 1
        self.deaths_at_once = 0 if at else self.deaths_at_once + 1
        if self._ended > _MOST_DEATHS or self.deaths_at_once > _MOST_DEATHS_AT_ONCE:
            raise WorkersError("the processes started for it end before they are done")
        if len(paths) > 1:
            # It died over one file or, if it had answered for all, over the batch as a whole.
            half = len(paths) // 2
            shares = (paths[:at], paths[at : at + 1], paths[at + 1 :])
            whole = (paths[:half], paths[half:])
            self._again.extend(share for share in (shares if at < len(paths) else whole) if share)
            return
        self._deaths[paths[0]] += 1
        if self._deaths[paths[0]] > 1:
            self.failed.append(paths[0])
        else:
            self._again.append(paths)
