"""The keys of the changes' panel. Of two with the same key the first counts that can be used at the moment."""

from __future__ import annotations

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding("y", "yes", "yes", id="changes.yes"),
    Binding("enter", "open", "diff", id="changes.open"),
    Binding("r", "reject_hunk", "take back hunk", id="changes.reject_hunk"),
    Binding("R", "reject_file", "take back file", id="changes.reject_file"),
    Binding("u", "undo", "undo that", id="changes.undo"),
    Binding("a", "accept", "keep", id="changes.accept"),
    Binding("n,escape", "no", "no", id="changes.no"),
    Binding("n", "hunk(1)", "next hunk", id="changes.next_hunk"),
    Binding("p,N", "hunk(-1)", "previous hunk", id="changes.previous_hunk"),
    Binding("left_square_bracket", "extent(-1)", "previous part", id="changes.previous_part"),
    Binding("right_square_bracket", "extent(1)", "next part", id="changes.next_part"),
    Binding("d", "beside", "side by side", id="changes.beside"),
    Binding("A", "accept_all", "keep all", id="changes.accept_all"),
    Binding("X", "reject_all", "take back all", id="changes.reject_all"),
    Binding("U", "undo_to", "undo to here", id="changes.undo_to"),
    Binding("Y", "redo", "redo a step", id="changes.redo"),
    Binding("e", "edit", "edit", id="changes.edit"),
    Binding("c", "copy", "copy patch", id="changes.copy"),
    Binding("escape", "back", "files", show=False, id="changes.back"),
    Binding("down,j", "move(1)", "down", show=False, id="changes.down"),
    Binding("up,k", "move(-1)", "up", show=False, id="changes.up"),
    Binding("pagedown,space", "page(1)", "page down", show=False, id="changes.page_down"),
    Binding("pageup", "page(-1)", "page up", show=False, id="changes.page_up"),
    Binding("home,g", "move(-10000000)", "first", show=False, id="changes.first"),
    Binding("end,G", "move(10000000)", "last", show=False, id="changes.last"),
]
