"""The list above the composer: it lies over what is there, so nothing moves when it comes and goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.content import Content
from textual.widget import Widget

from ...safe import line
from ...signs import sign
from ...text import display_width, fit, one_line
from .choices import Completion

LEAST_ROWS = 2
"""With room for less than these nothing is shown: what is covered is worth more."""


class Popup(Widget, can_focus=False):
    """`chosen` is called when a choice is clicked on."""

    DEFAULT_CSS = """
    Popup {
        overlay: screen;
        display: none;
        height: auto;
        width: 1fr;
        max-width: 100;
        background: $panel;
        color: $foreground;
    }
    """

    def __init__(self, chosen: Callable[[], None]) -> None:
        super().__init__()
        self._chosen = chosen
        self._choices: tuple[Completion, ...] = ()
        self._at = 0
        self._rows = 0

    @property
    def shown(self) -> bool:
        return bool(self._choices)

    @property
    def choice(self) -> Completion | None:
        return self._choices[self._at] if self._choices else None

    @property
    def place(self) -> int:
        """Of the choice among those that were given."""
        return self._at

    def offer(self, choices: Sequence[Completion], room: int) -> None:
        """Show these, where there is room above for enough of them; the first is chosen, or what was chosen before."""
        before = self.choice
        if room < min(LEAST_ROWS, len(choices)):
            choices = ()
        self._choices = tuple(choices)
        self._at = self._choices.index(before) if before in self._choices else 0
        self._rows = min(len(self._choices), room)
        self.display = bool(self._choices)
        if self._choices:
            self.styles.offset = (0, -self._rows)
            self.refresh(layout=True)

    def close(self) -> None:
        if self._choices:
            self._choices = ()
            self._at = 0
            self.display = False

    def move(self, step: int) -> None:
        """Choose another one, from the last on to the first."""
        self._at = (self._at + step) % len(self._choices)
        self.refresh()

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        del container, viewport, width
        return self._rows

    def render(self) -> Content:
        first = self._first()
        rows = self._choices[first : first + self._rows]
        return Content("\n").join(
            self._row(choice, first + row == self._at) for row, choice in enumerate(rows)
        )

    def _first(self) -> int:
        """Of the rows that are shown: so that the choice is among them."""
        return max(0, min(self._at - self._rows + 1, len(self._choices) - self._rows))

    def _row(self, choice: Completion, chosen: bool) -> Content:
        width = max(1, self.size.width - 2)
        label = fit(one_line(choice.label), width)
        left = width - display_width(label) - 2
        detail = fit(one_line(choice.detail), left) if left > 3 else ""
        mark = Content.styled(sign("cursor"), "$primary") if chosen else Content(" ")
        return Content.assemble(
            mark,
            Content(" "),
            line(label, "bold $text-primary" if chosen else ""),
            Content("  "),
            line(detail, "$text-muted"),
        )

    def on_click(self, event: events.Click) -> None:
        row = self._first() + event.y
        if row < len(self._choices):
            event.stop()
            self._at = row
            self._chosen()
