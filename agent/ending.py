"""The end of a session: the last snapshot, the patch, the commit if one was asked for, and the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic

from ..tools.checks.model import FileChange
from ..tools.errors import PersonError
from ..tools.git.commit import commit_paths
from ..tools.git.repository import Repository
from ..tools.git.snapshots import SnapshotStore
from .bus import Recorder
from .events import SessionEnded, Warned
from .journal import Journal
from .outcome import bill, models, notes
from .planning.solo import Finish
from .result import EXIT_CODES, RunResult
from .steps import Steps

ATTRIBUTION = "Assisted-by: Leadline"
"""The trailer of commits."""

MOST_COMPARED = 2_000_000
"""Bytes of a changed file that is looked through for weakened tests."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What the end needs. `repository` and `steps` are None where nothing could be changed."""

    journal: Journal
    recorder: Recorder
    repository: Repository | None
    store: SnapshotStore | None
    steps: Steps | None
    sandbox: str
    started: float
    commit: bool
    branch: str | None
    attribution: bool


@dataclass(frozen=True, slots=True)
class _Change:
    patch: str = ""
    paths: tuple[str, ...] = ()
    files: tuple[FileChange, ...] = ()
    tree: str = ""


async def end_session(ending: Ending, finish: Finish) -> RunResult:
    """Record the end and put the result together. A commit that can't be made changes the status, not the tree."""
    change = await _change(ending)
    finish = _still_proven(ending.recorder, finish, change.tree)
    commit: str | None = None
    if ending.commit and change.paths and finish.status in ("done", "unverified"):
        finish, commit = await _commit(ending, finish, change.paths)
    ending.recorder.emit(SessionEnded(finish.status, EXIT_CODES[finish.status], finish.summary))
    events = ending.journal.events
    return RunResult(
        session=ending.journal.session,
        status=finish.status,
        exit_code=EXIT_CODES[finish.status],
        summary=finish.summary,
        patch=change.patch,
        changed=change.paths,
        evidence=finish.verdict.evidence if finish.verdict else (),
        notes=notes(events, change.files),
        bill=bill(events),
        models=models(events),
        sandbox=ending.sandbox,
        turns=ending.recorder.turn,
        seconds=round(monotonic() - ending.started, 3),
        commit=commit,
        output=finish.output,
    )


async def _change(ending: Ending) -> _Change:
    """The whole change of the session, against the person's state before it."""
    if ending.steps is None or ending.store is None or ending.steps.first is None:
        return _Change()
    last = await ending.steps.now("end")
    if ending.steps.first.tree == last.tree:
        return _Change(tree=last.tree)
    store = ending.store
    before, after = await store.load(ending.steps.first.commit), await store.load(last.commit)
    paths = tuple(change.path for change in await store.changed_paths(before, after))
    files = [
        FileChange(
            path,
            _text(await store.read_file(before, path)),
            _text(await store.read_file(after, path)),
        )
        for path in paths
    ]
    patch = await store.diff(before, after)
    return _Change(patch.decode("utf-8", "surrogateescape"), paths, tuple(files), last.tree)


def _text(data: bytes | None) -> str | None:
    return None if data is None else data[:MOST_COMPARED].decode("utf-8", "replace")


def _still_proven(recorder: Recorder, finish: Finish, tree: str) -> Finish:
    """Proof holds for the tree it was made on; someone may have changed a file meanwhile."""
    if finish.status != "done" or finish.verdict is None:
        return finish
    if all(item.tree == tree for item in finish.verdict.evidence):
        return finish
    recorder.emit(
        Warned("Files changed while the checks ran, so they say nothing of the final tree.")
    )
    return replace(finish, status="unverified")


async def _commit(
    ending: Ending, finish: Finish, paths: Sequence[str]
) -> tuple[Finish, str | None]:
    assert ending.repository is not None
    subject, _, rest = finish.summary.strip().partition("\n")
    message = f"{_shortened(subject)}\n\n{rest.strip()}".strip()
    trailer = ATTRIBUTION if ending.attribution else None
    try:
        made = await commit_paths(
            ending.repository, tuple(paths), message, branch=ending.branch, trailer=trailer
        )
    except PersonError as error:
        ending.recorder.emit(Warned(f"Nothing was committed: {error.message}"))
        return replace(finish, status="conflict"), None
    if made.unsigned:
        text = "Your configuration signs commits; Leadline can't use your key, so this one is unsigned."
        ending.recorder.emit(Warned(text))
    if made.ignored:
        text = f"Not committed, because git ignores them: {', '.join(made.ignored)}."
        ending.recorder.emit(Warned(text))
    return finish, made.commit


def _shortened(subject: str) -> str:
    return subject if len(subject) <= 72 else f"{subject[:69].rstrip()}..."
