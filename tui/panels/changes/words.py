"""What the changes' panel says. Pure."""

from __future__ import annotations

from textual.content import Content

from ....agent.changes.extent import Extent, OfSession, OfStep, OfTask
from ....agent.changes.reading import Changed, Listing
from ....agent.changes.work import Work
from ....agent.host.wishes import RedoTo, Reject, UndoTo, Wish
from ...columns import beside
from ...safe import line
from ...signs import sign
from ...text import spelled

CAN_UNDO = "u brings it back"


def name_of(extent: Extent, work: Work) -> str:
    match extent:
        case OfSession():
            return "whole session"
        case OfStep(number):
            step = next((step for step in work.steps if step.step == number), None)
            return f"step {number} of {len(work.steps)}" + (f", {step.label}" if step else "")
        case OfTask(task):
            return f"task {task}"


def heading(extent: Extent, work: Work, listing: Listing | None, kept: int, undone: int) -> Content:
    """Which part is shown, and how much it is. `undone` are the steps that a redo could bring back."""
    name = line(name_of(extent, work), "bold")
    turn = beside(
        [
            line(f"{undone:,} undone (Y)" if undone else "", "$text-warning"),
            line("[ ] other parts" if work.steps else "", "$text-muted"),
        ],
        "  ",
    )
    if listing is None or listing.extent != extent:
        return beside([name, line("reading...", "$text-muted"), turn], "  ")
    files = listing.files
    if not files:
        return beside([name, line("no changes", "$text-muted"), turn], "  ")
    added = sum(file.added or 0 for file in files)
    removed = sum(file.removed or 0 for file in files)
    return beside(
        [
            name,
            line(f"{len(files):,} {'file' if len(files) == 1 else 'files'}"),
            line(f"+{added:,}", "$text-success"),
            line(f"-{removed:,}", "$text-error"),
            line(f"{sign('ok')} {kept:,} kept" if kept else "", "$text-success"),
            turn,
        ],
        "  ",
    )


def question(
    wish: Reject | UndoTo | RedoTo, work: Work, file: Changed | None, last: bool
) -> Content:
    """What the person is asked before it is done. `last` tells that a hunk is the file's only one."""
    match wish:
        case UndoTo(_, step):
            goal = "before the first change" if not step else f"step {step}"
            ask = f"Undo to {goal}? Y brings it back"
        case RedoTo():
            ask = "Redo?"
        case Reject(_, extent, chosen):
            what = f"all of {name_of(extent, work)}"
            if chosen and file is not None:
                name = spelled(file.path)
                what = name if not chosen[0].hunks else f"this hunk of {name}"
                if chosen[0].hunks and last and (file.moved or file.mode_changed):
                    what += ", its last, and with it its name or mode"
            ask = f"Take back {what}? {CAN_UNDO}"
    return line(f"{sign('ask')} y/n {ask}", "bold $warning")


def afterwards(wish: Wish) -> str:
    """What is told when it is done."""
    match wish:
        case Reject(chosen=chosen):
            what = spelled(chosen[0].path) if chosen else "all of it"
            return (
                f"Took back {'a hunk of ' if chosen and chosen[0].hunks else ''}{what}; {CAN_UNDO}."
            )
        case UndoTo(_, step):
            where = (
                f", to step {step}" if step else ", to before the first change" if step == 0 else ""
            )
            return f"Undone{where}; Y brings it back."
        case RedoTo():
            return "Brought back."
        case _:
            return ""
