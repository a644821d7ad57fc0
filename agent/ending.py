"""The end of a session: the last snapshot, the patch, the commit if one was asked for, and the result."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from time import monotonic

from ..tools.checks.model import FileChange
from ..tools.errors import PersonError
from ..tools.git.commit import Commit, commit_paths
from ..tools.git.names import some
from ..tools.git.repository import Repository
from ..tools.git.snapshot import Snapshot
from ..tools.git.snapshots import SnapshotStore
from .bus import Recorder
from .events import SessionEnded, Warned
from .history.journal import Journal, JournalError
from .outcome import bill, models, notes, task_results, turns
from .planning.record import plans_of
from .planning.solo import Finish
from .result import EXIT_CODES, RunResult, status_of
from .steps import Steps

ATTRIBUTION = "Assisted-by: Leadline"
"""The trailer of commits."""

MOST_COMPARED = 2_000_000
"""Bytes of a changed file that is looked through for weakened tests."""

_WIDTH = 72
"""Columns of a commit's message, by git's own habit."""
_WRAPPER = textwrap.TextWrapper(_WIDTH, break_long_words=False, break_on_hyphens=False)


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
    last: Snapshot | None = None


async def end_session(ending: Ending, finish: Finish) -> RunResult:
    """Record the end and put the result together. A commit that can't be made changes the status, not the tree.

    Nor is what came of the session lost with a tree that can't be looked at any more.
    """
    change, finish = await _looked_at(ending, finish)
    commit: Commit | None = None
    if ending.commit and change.paths and finish.status in ("done", "unverified"):
        finish, commit = await _commit(ending, finish, change)
    elif ending.commit and finish.status == "conflict":
        ending.recorder.emit(Warned("The commit was not made, because a conflict is left for you."))
    ending.recorder.emit(SessionEnded(finish.status, EXIT_CODES[finish.status], finish.summary))
    events = ending.journal.events
    record = plans_of(events)
    plan = record.runs[0].checked.plan if record.runs else None
    return RunResult(
        session=ending.journal.session,
        status=finish.status,
        exit_code=EXIT_CODES[finish.status],
        summary=finish.summary,
        patch=change.patch,
        changed=change.paths,
        evidence=finish.proof.verdict.evidence if finish.proof else (),
        notes=notes(events, change.files),
        bill=bill(events),
        models=models(events),
        sandbox=ending.sandbox,
        turns=turns(events),
        seconds=round(monotonic() - ending.started, 3),
        commit=commit.commit if commit else None,
        branch=commit.branch if commit else None,
        output=finish.output,
        plan=plan,
        tasks=task_results(events, record),
        assumptions=plan.assumptions if plan else (),
    )


async def _looked_at(ending: Ending, finish: Finish) -> tuple[_Change, Finish]:
    try:
        change = await _change(ending)
        return change, await _still_proven(ending, finish, change.last)
    except JournalError:
        raise
    except PersonError as error:
        if finish.summary != error.message:
            ending.recorder.emit(Warned(error.message))
        if finish.status in ("done", "unverified"):
            finish = replace(finish, status=status_of(error))
        return _Change(), finish


async def _change(ending: Ending) -> _Change:
    """What the session's steps changed, against the person's state before it; what others changed is left out."""
    if ending.steps is None or ending.store is None:
        return _Change()
    last = await ending.steps.now()
    before = ending.steps.first
    paths = await ending.steps.changed_paths()
    if before is None or not paths:
        return _Change(last=last)
    store = ending.store
    files = [
        FileChange(
            path,
            _text(await store.read_file(before, path)),
            _text(await store.read_file(last, path)),
        )
        for path in paths
    ]
    patch = (await store.diff(before, last, paths)).decode("utf-8", "surrogateescape")
    return _Change(patch, paths if patch else (), tuple(files), last)


def _text(data: bytes | None) -> str | None:
    return None if data is None else data[:MOST_COMPARED].decode("utf-8", "replace")


async def _still_proven(ending: Ending, finish: Finish, last: Snapshot | None) -> Finish:
    """Proof holds for the tree it was made on. Files that the checks left are no part of it; one that was known and has
    changed since is."""
    if finish.status != "done" or finish.proof is None or last is None or ending.store is None:
        return finish
    since = await ending.store.changed_paths(finish.proof.snapshot, last)
    changed = [change.path for change in since if change.before is not None]
    if not changed:
        return finish
    text = f"changed while the checks ran, so they say nothing of it: {some(changed)}"
    ending.recorder.emit(Warned(text))
    return replace(finish, status="unverified")


async def _commit(ending: Ending, finish: Finish, change: _Change) -> tuple[Finish, Commit | None]:
    assert ending.repository is not None
    paths = change.paths
    message = _message(finish.summary)
    trailer = ATTRIBUTION if ending.attribution else None
    try:
        made = await commit_paths(
            ending.repository, tuple(paths), message, branch=ending.branch, trailer=trailer
        )
    except PersonError as error:
        ending.recorder.emit(Warned(f"The commit was not made. {error.message}"))
        return replace(finish, status="conflict"), None
    if made.unsigned:
        text = "Your configuration signs commits; Leadline can't use your key, so this one is unsigned."
        ending.recorder.emit(Warned(text))
    if made.ignored:
        text = f"Not committed, because git ignores them: {some(made.ignored)}."
        ending.recorder.emit(Warned(text))
    await _tell_of_staged(ending, change)
    return finish, made


async def _tell_of_staged(ending: Ending, change: _Change) -> None:
    """A commit by path takes the place of what the person had staged at its paths."""
    assert ending.store is not None
    if change.last is None or change.last.staged is None:
        return
    replaced = await ending.store.unstaged(change.last)
    if replaced:
        show = f"git --git-dir={ending.store.git_dir} show {change.last.staged[:12]}:PATH"
        text = (
            f"you had something else of {some(replaced)} staged, and the commit took its place. That is kept, and "
            f"`{show}` prints it."
        )
        ending.recorder.emit(Warned(text))


def _message(summary: str) -> str:
    """The commit's message: a first line that is short enough for a subject, else one cut from it above all of it."""
    summary = summary.strip()
    subject, _, rest = summary.partition("\n")
    if len(subject) <= _WIDTH:
        return f"{subject}\n\n{_wrapped(rest.strip())}".strip()
    sentence = subject.partition(". ")[0]
    subject = textwrap.shorten(sentence, _WIDTH, placeholder="...")
    return f"{subject}\n\n{_wrapped(summary)}"


def _wrapped(text: str) -> str:
    """Prose in lines as git shows them well; what begins with a blank may be code and stays as it is."""
    lines = (
        line if len(line) <= _WIDTH or line[0].isspace() else _WRAPPER.fill(line)
        for line in text.splitlines()
    )
    return "\n".join(lines)
