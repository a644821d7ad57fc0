"""What landed in a session's own tree comes into the person's."""

from __future__ import annotations

from ...tools.git.homecoming import Homecoming
from ...tools.git.names import printable, some
from ..events import Warned
from ..events_plan import BroughtHome
from ..kit import Kit


async def bring_landed_home(kit: Kit, start: str, tree: str) -> tuple[Homecoming, tuple[str, ...]]:
    """Merge what the commit `tree` has since `start`, as one step; with the paths where the person's version stayed."""
    assert kit.steps is not None
    home = await kit.steps.bring_home(start, tree, "the work of the plan")
    conflicts = tuple(printable(each.path) for each in home.conflicts)
    kit.recorder.emit(BroughtHome(tree, conflicts))
    if conflicts:
        kit.recorder.emit(Warned(_met(kit, conflicts, tree)))
    return home, conflicts


def _met(kit: Kit, conflicts: tuple[str, ...], tree: str) -> str:
    assert kit.store is not None
    return (
        f"you changed {some(conflicts)} meanwhile, in the same places as the plan. Your version stayed; the plan's "
        f"is in the commit {tree} of {kit.store.git_dir}."
    )
