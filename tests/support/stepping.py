"""A session without a model: its journal, its steps and its tasks are made by hand, on a real tree."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from leadline.agent.bus import Bus, Recorder
from leadline.agent.changes.extent import Extent, OfSession
from leadline.agent.changes.reading import Changed, FilePatch, Listing, Reader
from leadline.agent.changes.work import Work, work_of
from leadline.agent.events import SessionEnded, SessionStarted
from leadline.agent.events_plan import BroughtHome, Landed
from leadline.agent.history.journal import Journal, read_events
from leadline.agent.history.replay import MAIN
from leadline.agent.planning.landing import Merging
from leadline.agent.planning.merge_queue import Change
from leadline.agent.steps import Steps
from leadline.tests.support.repos import write_files
from leadline.tools.git.clones import Clones
from leadline.tools.git.repository import open_repository
from leadline.tools.git.snapshots import SnapshotStore

Texts = Mapping[str, str | None]
"""File names to contents; None for a file that is deleted."""


def put(root: Path, texts: Texts) -> None:
    write_files(root, {name: text for name, text in texts.items() if text is not None})
    for name, text in texts.items():
        if text is None:
            (root / name).unlink()


@dataclass
class Stepping:
    """A session at work."""

    repo: Path
    folder: Path
    journal: Journal
    recorder: Recorder
    store: SnapshotStore
    steps: Steps
    tree: str = ""
    """The commit that has all that landed."""
    _names: list[str] = field(default_factory=list[str])

    async def step(self, change: Texts | Callable[[], None], *, command: bool = False) -> None:
        """One step: files written by tools, or whatever a command does."""
        paths = () if callable(change) or command else tuple(change)
        await self.steps.before_change(paths, commands=not paths)
        if callable(change):
            change()
        else:
            put(self.repo, change)
        self.recorder.turn += 1
        self.steps.changed()
        await self.steps.settle()

    async def land(self, tasks: Mapping[str, Texts]) -> None:
        """Tasks, each done in a clone of the tree as it is, landed together and brought home."""
        base = await self.steps.now()
        start = self.tree or base.commit
        clones = await Clones.open(self.store.store, self.folder.parents[1] / "work", "s1")
        self.tree = start
        for task, texts in tasks.items():
            clone = await clones.make(
                await self.store.load(base.commit), f"{task}-{len(self._names)}"
            )
            self._names.append(task)
            put(clone.root, texts)
            done = await clones.commit(clone, task)
            merged = await Merging(self.store.store)(
                self.tree, Change(task, base.commit, done.commit)
            )
            assert not isinstance(merged, tuple)
            self.tree = merged.id
        self.recorder.emit(Landed(self.tree, tuple(tasks)))
        await self.steps.bring_home(start, self.tree, "the work of the plan")
        self.recorder.emit(BroughtHome(self.tree, ()))

    async def end(self) -> None:
        await self.steps.close()
        self.recorder.emit(SessionEnded("done", 0, "Did it."))
        self.journal.close()


@asynccontextmanager
async def stepping(repo: Path, home: Path, name: str = "s1") -> AsyncGenerator[Stepping]:
    """A session in which nothing happened yet. It ends with the block, unless it did before."""
    folder = home / "sessions" / name
    journal = Journal.create(folder)
    recorder = Recorder(journal, Bus(), MAIN)
    recorder.emit(
        SessionStarted("1", str(repo), "a task", "auto", "none", {}, (), None, False, None)
    )
    repository = await open_repository(repo)
    store = await SnapshotStore.open(home, repository, name)
    steps = Steps(store, repository, recorder, lambda: False)
    steps.begin(None)
    await steps.settle()
    session = Stepping(repo, folder, journal, recorder, store, steps)
    try:
        yield session
    finally:
        if journal.events and not isinstance(journal.events[-1].body, SessionEnded):
            await session.end()


@dataclass
class Looking:
    """What a person sees of a session's changes."""

    folder: Path
    root: Path
    reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = Reader(self.folder, self.root)

    @property
    def work(self) -> Work:
        return work_of(read_events(self.folder))

    async def list(self, extent: Extent | None = None) -> Listing:
        return await self.reader.list(self.work, extent or OfSession())

    async def names(self, extent: Extent | None = None) -> dict[str, str]:
        return {file.path: file.kind for file in (await self.list(extent)).files}

    async def file(self, path: str, extent: Extent | None = None) -> tuple[Changed, FilePatch]:
        listing = await self.list(extent)
        file = next(file for file in listing.files if file.path == path)
        return file, await self.reader.patch(listing, file)
