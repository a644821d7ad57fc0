"""The person's index, changed as git changes it: under `index.lock`, whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import Exit, PersonError


class IndexLock:
    """Holds `index.lock` and a scratch copy of the index to change.

    `prepare` puts the changed copy in the lock file, so that `publish` has nothing left to do that could fail
    for want of room. Without `publish` the index stays as it was.
    """

    def __init__(self, git_dir: Path) -> None:
        self._index = git_dir / "index"
        self._lock = git_dir / "index.lock"
        self._held = False

    def __enter__(self) -> Self:
        try:
            os.close(os.open(self._lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        except FileExistsError:
            raise PersonError(
                f"Nothing was committed: another git command is at work in this repository ({self._lock} is"
                " there). Wait for it, or remove that file if none is running.",
                Exit.CONFLICT,
            ) from None
        self._held = True
        self._folder = tempfile.TemporaryDirectory(prefix="leadline-")
        if self._index.exists():
            # With its time, by which git knows what it has to read again.
            shutil.copy2(self._index, self.scratch)
        return self

    @property
    def scratch(self) -> Path:
        return Path(self._folder.name) / "index"

    def prepare(self) -> None:
        """Copies the scratch index into the lock file, with the permissions of the index."""
        times = self.scratch.stat()
        with self._lock.open("wb") as file:
            file.write(self.scratch.read_bytes())
            file.flush()
            os.fsync(file.fileno())
        if self._index.exists():
            self._lock.chmod(stat.S_IMODE(self._index.stat().st_mode))
        os.utime(self._lock, ns=(times.st_atime_ns, times.st_mtime_ns))

    def publish(self) -> None:
        self._lock.replace(self._index)
        self._held = False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._folder.cleanup()
        if self._held:
            self._lock.unlink(missing_ok=True)
