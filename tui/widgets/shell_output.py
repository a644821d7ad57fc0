"""What a shell line of the person's prints: a few rows above the composer."""

from __future__ import annotations

from textual.widgets import Static

from ..safe import content, line
from ..signs import sign
from ..text import clean

ROWS = 8
MOST_COMMAND = 200
"""Characters of a command that are shown: what it prints needs the room."""


class ShellOutput(Static):
    """Hidden while there is nothing. Shows the last rows; what goes with the next message is said."""

    DEFAULT_CSS = """
    ShellOutput { display: none; height: auto; max-height: 11; padding: 0 1; background: $surface; }
    ShellOutput.-shown { display: block; }
    """

    def show(self, command: str, output: str, ending: str, *, over: bool) -> None:
        rows = [row for row in clean(output).split("\n") if row.strip()]
        hint = "goes with your next message; Esc drops it" if over else "Esc ends it"
        head = (
            line(f"$ {command[:MOST_COMMAND]}", "bold")
            + "  "
            + line(f"{ending}; {hint}", "$text-muted")
        )
        more = f"{sign('more')} {len(rows) - ROWS} rows above\n" if len(rows) > ROWS else ""
        self.update(head + "\n" + content(more + "\n".join(rows[-ROWS:])))
        self.add_class("-shown")

    def hide(self) -> None:
        self.remove_class("-shown")
        self.update("")
