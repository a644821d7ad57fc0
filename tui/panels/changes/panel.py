"""The changes' panel: the files of the session, of a step or of a task, and what was changed in each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Self

from textual import events, getters
from textual.actions import SkipAction
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from ....agent.changes.extent import Chosen, Extent, OfSession, OfStep
from ....agent.changes.reading import Changed, FilePatch, Listing
from ....agent.changes.work import Work
from ....agent.host.wishes import RedoTo, Reject, UndoTo
from ...focus import give_keys
from ...messages import Wished
from ...safe import line
from ...signs import sign
from ...state.changes import Changes
from ...state.reducer import State
from ...text import spelled
from ..panel import Panel, Place
from .diff_view import DiffView
from .editor import edit
from .file_list import FileList
from .keeping import Keeping
from .keys import KEYS
from .looking import Looking, extents_of, line_to_edit, work_of
from .painted import FIRST_LINES, MOST_LINES, Look, Painted, paint
from .turns import Turns
from .words import afterwards, heading, question

BESIDE = 100
"""Columns from which on files and diff are beside each other."""
SPLIT = 100
"""Columns of a diff from which on old and new begin side by side."""
Wish = Reject | UndoTo | RedoTo


class ChangesPanel(Panel):
    """Reads in threads and shows what is there already meanwhile. The tree is changed by wishes alone."""

    DEFAULT_CSS = """
    ChangesPanel { layout: vertical; }
    ChangesPanel > Static { height: 1; width: 1fr; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    ChangesPanel > #changes-told { display: none; height: auto; max-height: 3; text-wrap: wrap; }
    ChangesPanel.-telling > #changes-told { display: block; background: $panel; }
    ChangesPanel > Horizontal, ChangesPanel FileList { width: 1fr; height: 1fr; }
    ChangesPanel DiffView { width: 1fr; height: 1fr; display: none; }
    ChangesPanel.-beside FileList { width: 1fr; max-width: 48; }
    ChangesPanel.-beside DiffView { width: 2fr; display: block; border-left: solid $panel; }
    ChangesPanel.-diff DiffView { display: block; }
    ChangesPanel.-diff FileList { display: none; }
    ChangesPanel.-beside.-diff FileList { display: block; }
    """

    BINDINGS: ClassVar[list[BindingType]] = KEYS

    app: getters.app[App[object]] = getters.app(App)

    def __init__(self) -> None:
        super().__init__()
        self._changes: Changes | None = None
        self._work = Work()
        self._extents: tuple[Extent, ...] = (OfSession(),)
        self._extent: Extent = OfSession()
        self._where: tuple[Path | None, Path] | None = None
        self._looking: Looking | None = None
        self._listing: Listing | None = None
        self._shown: tuple[Changed, FilePatch] | None = None
        self._keeping: Keeping | None = None
        self._most = FIRST_LINES
        self._beside: bool | None = None
        self._asked: Wish | None = None
        self._waits = False
        self._afterwards = ""
        """What is told once the wish that waits has come true."""
        self._lists = Turns(self, self._read_list, self.unheard)
        self._diffs = Turns(self, self._read_diff, self.unheard)
        self._heading = Static(markup=False)
        self._told = Static(id="changes-told", markup=False)
        self._files = FileList(self._how_much)
        self._diff = DiffView()

    def compose(self) -> ComposeResult:
        yield self._heading
        with Horizontal():
            yield self._files
            yield self._diff
        yield self._told

    def focus(self, scroll_visible: bool = True) -> Self:
        """The keys go to the files, or to the diff where that has their place."""
        hidden = self.has_class("-diff") and not self._beside
        give_keys(self._diff if hidden else self._files, scroll_visible)
        return self

    def show(self, state: State) -> None:
        place, changes = self.place, state.changes
        moved = place is not None and (place.folder, place.root) != self._where
        if changes is self._changes and not moved:
            return
        if place is not None and moved:
            self._begin(place)
        self._changes = changes
        self._work = work_of(changes)
        self._extents = extents_of(self._work)
        if self._extent not in self._extents:
            self._extent = OfSession()
        if self._waits:
            self._tell(line(self._afterwards, "$text-success"))
        self._say()
        self._lists.ask()

    def unheard(self, reason: str) -> None:
        """What was wished, or was to be read, came to nothing."""
        self._tell(line(reason, "$error"))

    # --- reading ---

    def _begin(self, place: Place) -> None:
        """Another session."""
        self._where = place.folder, place.root
        self._listing = self._shown = self._looking = self._keeping = None
        self._extent = OfSession()
        self._files.show(())
        self._diff.show(Painted())
        if place.folder is not None:
            self._looking = Looking(place.folder, place.root)
            self._keeping = Keeping(place.folder)

    async def _read_list(self) -> None:
        looking, work, extent = self._looking, self._work, self._extent
        if looking is None:
            return
        found = await asyncio.to_thread(looking.list, work, extent)
        if looking is not self._looking or extent != self._extent:
            return  # another is asked for by now
        if isinstance(found, str):
            self._heading.update(line("The changes can't be read.", "$error"))
            self._tell(line(found, "$error"))
            return
        self._listing = found
        self._files.show(found.files)
        if self._files.file is None:
            self._shown = None
            self._diff.show(Painted())
        self._say()

    async def _read_diff(self) -> None:
        looking, listing, file = self._looking, self._listing, self._files.file
        if looking is None or listing is None or file is None:
            return
        known = self._shown is not None and self._shown[0] is file
        patch = self._shown[1] if self._shown is not None and known else None
        if patch is None:
            found = await asyncio.to_thread(looking.patch, listing, file)
            if isinstance(found, str):
                self._tell(line(found, "$error"))
                return
            patch = found
        kept = self._keeping.folded(file, patch) if self._keeping else frozenset[str]()
        most = self._most if known else FIRST_LINES
        look = Look(file, patch, self._diff.room, self._is_beside(), kept, most)
        painted = await asyncio.to_thread(paint, look)
        if looking is self._looking and file is self._files.file:
            self._shown = file, patch
            self._most = most
            self._diff.show(painted)

    def on_file_list_moved(self, message: FileList.Moved) -> None:
        message.stop()
        if self._diff.display:
            self._diffs.ask()

    def on_file_list_opened(self, message: FileList.Opened) -> None:
        message.stop()
        self.action_open()

    def on_diff_view_resized(self, message: DiffView.Resized) -> None:
        message.stop()
        self._diffs.ask()

    def on_resize(self, event: events.Resize) -> None:
        wide = event.size.width >= BESIDE
        if wide != self.has_class("-beside"):
            self.set_class(wide, "-beside")
            if wide:
                self.call_after_refresh(self._diffs.ask)

    def _is_beside(self) -> bool:
        return self._diff.room >= SPLIT if self._beside is None else self._beside

    # --- moving ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        del parameters
        return self._asked is not None if action in ("yes", "no") else True

    @property
    def _in_diff(self) -> bool:
        return self._diff.has_focus

    def action_move(self, by: int) -> None:
        (self._diff if self._in_diff else self._files).move(by)
        self._perhaps_more()

    def action_page(self, pages: int) -> None:
        if self._in_diff or self.has_class("-beside"):
            self._diff.move(pages * self._diff.page)
            self._perhaps_more()
        else:
            self._files.move(pages * max(1, self._files.size.height - 1))

    def _perhaps_more(self) -> None:
        """Paint all that is ever painted once the cursor comes near the end of what is there."""
        diff = self._diff
        if diff.painted.more and diff.cursor + diff.page >= len(diff.painted.rows):
            self._most = MOST_LINES
            self._diffs.ask()

    def action_open(self) -> None:
        """The diff of the file, or what is in the folder."""
        if self._in_diff or self._files.fold() or self._files.file is None:
            return
        self.add_class("-diff")
        give_keys(self._diff)
        self.call_after_refresh(self._diffs.ask)

    def action_back(self) -> None:
        self._tell(None)
        if not self._in_diff:
            raise SkipAction
        self.remove_class("-diff")
        give_keys(self._files)

    def action_hunk(self, by: int) -> None:
        """The next hunk of the file, or the first of the next file."""
        if self._diff.display and self._diff.move_to_hunk(by):
            return
        self._files.move_to_file(1 if by > 0 else -1)
        if self._diff.display:
            self._diffs.ask()

    def action_extent(self, by: int) -> None:
        at = self._extents.index(self._extent) if self._extent in self._extents else 0
        self._extent = self._extents[(at + by) % len(self._extents)]
        self._tell(None)
        self._say()
        self._lists.ask()

    def action_beside(self) -> None:
        self._beside = not self._is_beside()
        self._diffs.ask()

    # --- keeping and taking back ---

    def _how_much(self, file: Changed) -> str:
        return self._keeping.how_much(file) if self._keeping else ""

    def action_accept(self) -> None:
        """The hunk in hand, or with the files in hand the file."""
        keeping, shown, hunk = self._keeping, self._shown, self._diff.hunk
        if keeping is None:
            return
        if self._in_diff and shown is not None and hunk is not None and shown[1].hunks:
            file, patch = shown
            self._keep(lambda: keeping.turn_hunk(file, patch, hunk))
        elif (file := self._files.file) is not None:
            self._keep(lambda: keeping.turn_files([file]))
            if not self._in_diff:
                self._files.move_to_file(1)

    def action_accept_all(self) -> None:
        keeping, listing = self._keeping, self._listing
        if keeping is not None and listing is not None and listing.files:
            self._keep(lambda: keeping.turn_files(listing.files))

    def _keep(self, turn: Callable[[], None]) -> None:
        self._tell(None)
        try:
            turn()
        except OSError as error:
            self._tell(line(f"This can't be kept on disk: {error.strerror or error}.", "$warning"))
        self._files.refresh()
        self._say()
        if self._diff.display:
            self._diffs.ask()

    def action_reject_hunk(self) -> None:
        shown, hunk = self._shown, self._diff.hunk
        if not self._diff.display:
            self.action_open()
            return
        if shown is None or hunk is None or not shown[1].hunks:
            self.action_reject_file()
        elif hunk < len(shown[1].hunks):
            self._ask_to_reject(shown[0], (hunk,), last=len(shown[1].hunks) == 1)

    def action_reject_file(self) -> None:
        if (file := self._files.file) is not None:
            self._ask_to_reject(file, ())

    def action_reject_all(self) -> None:
        if self._listing is not None and self._listing.files and self._folder is not None:
            self._ask(Reject(self._folder, self._extent))

    def _ask_to_reject(self, file: Changed, hunks: tuple[int, ...], *, last: bool = False) -> None:
        if file.mixed:
            self._tell(
                line("You changed the same lines; take it back in your editor (e).", "$warning")
            )
        elif self._folder is not None:
            chosen = Chosen(file.path, file.mark, hunks)
            self._ask(Reject(self._folder, self._extent, (chosen,)), file, last=last)

    def action_undo(self) -> None:
        """Only what the person took back here; a step of the agents' needs a question."""
        if self._folder is None:
            return
        if self._work.steps and self._work.steps[-1].by == "person":
            self._wish(UndoTo(self._folder))
        else:
            self._tell(line("Nothing of yours to undo; U goes back to a step.", "$text-muted"))

    def action_undo_to(self) -> None:
        """To the step that is shown, or with all of the session, to before it."""
        if self._folder is None or not self._work.steps:
            return
        goal = self._extent.step if isinstance(self._extent, OfStep) else 0
        if goal == len(self._work.steps):
            self._tell(line(f"The tree is at step {goal}; [ goes to earlier ones.", "$text-muted"))
        else:
            self._ask(UndoTo(self._folder, goal))

    def action_redo(self) -> None:
        undone = self._changes.timeline.undone if self._changes else 0
        if undone and self._folder is not None:
            self._wish(RedoTo(self._folder))
        else:
            self._tell(line("There is nothing to redo.", "$text-muted"))

    def action_yes(self) -> None:
        if (asked := self._asked) is not None:
            self._wish(asked)

    def action_no(self) -> None:
        self._tell(None)

    def _ask(self, wish: Wish, file: Changed | None = None, *, last: bool = False) -> None:
        self._tell(question(wish, self._work, file, last=last), wish)

    def _wish(self, wish: Wish) -> None:
        self._tell(line(f"{sign('running')} at it", "$text-muted"))
        self._afterwards = afterwards(wish)
        self._waits = True
        self.post_message(Wished(wish))

    # --- elsewhere ---

    def action_edit(self) -> None:
        file, place = self._files.file, self.place
        if file is None or place is None:
            return
        patch = self._shown[1] if self._shown and self._shown[0] is file else None
        said = edit(self.app, place.root, file.path, line_to_edit(patch, self._diff.hunk))
        self._tell(line(said, "$error") if said else None)

    def action_copy(self) -> None:
        if self._shown is not None:
            text = self._shown[1].text.encode("utf-8", "replace").decode()
            self.app.copy_to_clipboard(text)
            self._tell(line(f"Copied the patch of {spelled(self._shown[0].path)}.", "$text-muted"))

    # --- what is said ---

    @property
    def _folder(self) -> Path | None:
        return self._looking.folder if self._looking else None

    def _tell(self, text: Content | None, asked: Wish | None = None) -> None:
        """One line at the bottom, with or without a question that `asked` is the yes to."""
        self._asked = asked
        self._waits = False
        self.set_class(text is not None, "-telling")
        self._told.update(text or "")
        self.refresh_bindings()

    def _say(self) -> None:
        files = self._listing.files if self._listing else ()
        kept = sum(self._how_much(file) == "all" for file in files)
        undone = self._changes.timeline.undone if self._changes else 0
        self._heading.update(heading(self._extent, self._work, self._listing, kept, undone))
