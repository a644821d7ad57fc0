"""What a session's journal says of its work on the person's tree, and where a task's work is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...tools.git.objects import checked_id
from ...tools.git.run import Place, run_git
from ...tools.git.store import Store
from ..events import Event, SnapshotTaken
from ..events_plan import BroughtHome, Landed
from ..history.replay import Replayed, replay

_MOST = 2000
"""Commits of one landing that are looked at."""


@dataclass(frozen=True, slots=True)
class Work:
    """`steps` are those that the tree has. `landings` are commits and the tasks whose work came with each; it is in
    the person's tree once it was brought `home`."""

    steps: tuple[SnapshotTaken, ...] = ()
    landings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    home: bool = False

    @property
    def tasks(self) -> tuple[str, ...]:
        """Those whose work landed, in that order."""
        return tuple(dict.fromkeys(task for _, tasks in self.landings for task in tasks))


def work_of(events: Sequence[Event], state: Replayed | None = None) -> Work:
    """What the events say; `state` is what `replay` makes of them, where that is known already."""
    state = state or replay(events)
    landed = (event.body for event in events if isinstance(event.body, Landed))
    return Work(
        state.steps[: state.timeline.at],
        tuple((body.commit, body.tasks) for body in landed),
        any(isinstance(event.body, BroughtHome) for event in events),
    )


@dataclass(frozen=True, slots=True)
class Landing:
    """The trees, as commits, right before and right after a task's work came."""

    before: str
    after: str


async def landings_of(store: Store, work: Work, task: str) -> tuple[Landing, ...]:
    """Where the task's work came in, first to last; more than once where it was mended later."""
    found: list[Landing] = []
    for commit, tasks in work.landings:
        if task in tasks:
            found += await _in_chain(store, commit, task, tasks)
    return tuple(found)


async def _in_chain(store: Store, commit: str, task: str, tasks: Iterable[str]) -> list[Landing]:
    """Tasks that landed together are commits one on the other, see `planning.landing.Merging`."""
    form = ("--first-parent", f"--max-count={_MOST}", "--format=%H %P%x00%s")
    place = Place(store.path, git_dir=store.path)
    log = await run_git(place, "log", *form, checked_id(commit), "--")
    subjects = {f"Land {each}" for each in tasks}
    found: list[Landing] = []
    for line in log.line.splitlines():
        ids, _, subject = line.partition("\0")
        after, *parents = ids.split(" ")
        if subject not in subjects or not parents:
            break
        if subject == f"Land {task}":
            found.insert(0, Landing(parents[0], after))
    return found
