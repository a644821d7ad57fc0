"""What a worker's claim is worth: the paths that it changed, and the task's checks, run by Leadline in the clone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ...prompts.render import render
from ...tools.checks.model import Check
from ...tools.errors import Exit, PersonError
from ...tools.git.clones import Clone
from ...tools.git.merging import Labels
from ...tools.git.names import some
from ...tools.git.objects import tree_changes
from ...tools.git.run import CONTENT_GONE, GitError
from ...tools.git.survey import LeftOut, Reason
from ...tools.slots import Commands
from ..bus import Recorder
from ..events import Evidence
from .bounds import outside, outside_text
from .doubts import Doubt, doubts_of
from .markers import marked_paths
from .plan import Task, WriteSet
from .scheduler import Done, Refused
from .shop import Shop
from .verify import verify

LABELS = Labels(ours="what others have landed", base="before both", theirs="your work")


@dataclass(frozen=True, slots=True)
class Work:
    """What is claimed to be done: the clone, the commit that its changes are counted from, and what its worker says of
    it. `asked` are the doubts that the worker was told of before."""

    clone: Clone
    base: str
    said: str
    commands: Commands
    recorder: Recorder
    asked: Collection[Doubt]


@dataclass(frozen=True, slots=True)
class Doubted:
    """No check contradicts the claim, but these are to be answered first."""

    doubts: Mapping[Doubt, str]


Judged = Done | Refused | Doubted


async def judged(
    shop: Shop, task: Task, write_set: WriteSet, work: Work
) -> tuple[Judged, tuple[Evidence, ...]]:
    """What becomes of the claim, and the checks that were run for it. No command of the worker's may run meanwhile."""
    try:
        committed = await shop.clones.commit(work.clone, task.title)
    except (PersonError, OSError) as error:
        _require_content(error)
        text = render("not_taken", reason=str(error))
        return Refused(text, f"its work could not be stored: {error}"), ()
    changes = await tree_changes(shop.store, work.base, committed.commit)
    beside = outside(write_set, (change.path for change in changes))
    if beside:
        text = outside_text(write_set, beside)
        return Refused(text, f"it changed {some(beside)}, which is not its to write"), ()
    left = [left for left in committed.left_out if _is_lost(left, write_set)]
    if left:
        paths = some(each.path for each in left)
        reason = f"{paths} can't be taken: {left[0].reason.value}"
        return Refused(render("not_taken", reason=f"{reason}."), reason), ()
    # Files of a merge of ours: what it marked is no text of anybody's.
    merged = work.clone.base != work.base
    marked = await marked_paths(shop.store, changes, LABELS) if merged else ()
    if marked:
        text = render("markers_left", paths=some(marked))
        return Refused(text, f"it left conflict markers in {some(marked)}"), ()
    checks = [Check(command, "given", "given") for command in task.checks]
    verdict = await verify(
        checks, work.clone.root, committed.tree, work.commands, work.recorder, shop.baseline
    )
    if verdict.red:
        text = render("checks_failed", evidence=verdict.text)
        return Refused(text, "its checks are red"), verdict.evidence
    if doubts := doubts_of(verdict, unchanged=not changes, asked=work.asked):
        return Doubted(doubts), verdict.evidence
    return Done(work.base, committed.commit, None if changes else work.said), verdict.evidence


def _is_lost(left: LeftOut, write_set: WriteSet) -> bool:
    """Whether a file of the worker's is in its clone alone, where its checks see it and nobody else ever will."""
    return left.reason in (Reason.TOO_LARGE, Reason.UNREADABLE) and write_set.covers(left.path)


def _require_content(error: Exception) -> None:
    """Raises PersonError where git failed for want of what the store borrows: no worker can mend that."""
    said = error.result.stderr if isinstance(error, GitError) and error.result else ""
    if "invalid object" in said or "missing blob" in said:
        raise PersonError(CONTENT_GONE, Exit.NOT_DONE) from error
