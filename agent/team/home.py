"""What landed in a session's own tree comes into the person's."""

from __future__ import annotations

from collections.abc import Iterator

from ...tools.git.homecoming import Homecoming
from ...tools.git.merging import ConflictKind
from ...tools.git.names import printable, some
from ...tools.git.repository import Operation, Repository, checked_out, open_repository
from ..events import Warned
from ..events_plan import BroughtHome
from ..history.replay import replay
from ..kit import Kit


async def bring_landed_home(kit: Kit, start: str, tree: str) -> tuple[Homecoming, tuple[str, ...]]:
    """Merge what the commit `tree` has since `start`, as one step; with the paths where the person's version stayed."""
    assert kit.steps is not None
    home = await kit.steps.bring_home(start, tree, "the work of the plan")
    conflicts = tuple(printable(each.path) for each in home.conflicts)
    kit.recorder.emit(BroughtHome(tree, conflicts))
    now = await open_repository(kit.place.root)
    for text in (*_met(kit, home, tree), *_where(kit, now)):
        kit.recorder.emit(Warned(text))
    return home, conflicts


def _where(kit: Kit, now: Repository) -> Iterator[str]:
    """What is to be known of the place where it came, if that is not the one where the work began."""
    before = replay(kit.journal.events).started
    if now.operation is Operation.REBASE:
        yield (
            "a rebase is in progress: `git rebase --abort` would throw away what the plan changed, too. "
            "`leadline undo` and then `leadline redo` would bring it back."
        )
        return
    here = checked_out(now)
    if before.checked_out not in ("", here):
        yield (
            f"this work began on {before.checked_out}, and {here} is checked out now: that is where it came."
        )


def _met(kit: Kit, home: Homecoming, tree: str) -> Iterator[str]:
    assert kit.store is not None
    stayed = f"stayed; the plan's is in the commit {tree} of {kit.store.git_dir}."
    unknown = [each.path for each in home.conflicts if each.kind is ConflictKind.UNKNOWN]
    changed = [each.path for each in home.conflicts if each.kind is not ConflictKind.UNKNOWN]
    if changed:
        yield (
            f"you changed {some(changed)} meanwhile, in the same places as the plan. Your version {stayed}"
        )
    if unknown:
        yield (
            f"the plan made {some(unknown)} where you have something that no snapshot holds and no undo could bring "
            f"back. Yours {stayed}"
        )
