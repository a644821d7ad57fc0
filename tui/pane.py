"""One session's pane: its panels above, what waits for the person, the composer, and the line that always tells.

An early module: it is there before anything of the agent is loaded, so that one can type at once. What it does with
what is typed is decided by its `Control`, which comes later; until then it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from .messages import AgentOpened, PanelOpened, SteerAsked, Wished
from .widgets.composer.composer import Composer
from .widgets.status.status_line import StatusLine

if TYPE_CHECKING:
    from .panels.panel import Panel

FIRST = "session"


class Control(Protocol):
    """What a pane tells of, and what it is shown by."""

    def heard(self, message: Message) -> None:
        """What the composer or a panel tells."""
        ...

    def on_shown(self, panel: str) -> None:
        """Another panel has come to be seen."""
        ...


class SessionPane(Vertical):
    """`panels` are there once a control is. Names of panels: session, plan, workers, changes, cost."""

    DEFAULT_CSS = """
    SessionPane { height: 1fr; width: 1fr; }
    SessionPane > ContentSwitcher { height: 1fr; }
    SessionPane > ContentSwitcher > * { height: 1fr; width: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "compose", "back to typing", show=False, id="pane.compose"),
        Binding("pageup", "scroll(-1)", "page up", show=False, id="pane.page_up"),
        Binding("pagedown", "scroll(1)", "page down", show=False, id="pane.page_down"),
        Binding("home", "edge(-1)", "to the beginning", show=False, id="pane.first"),
        Binding("end", "edge(1)", "to the end, and follow", show=False, id="pane.last"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name for it
        super().__init__(id=id)
        self.composer = Composer()
        self.status = StatusLine()
        self.panels: Mapping[str, Panel] = {}
        self._switcher = ContentSwitcher()
        self._control: Control | None = None
        self._kept: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self._switcher
        yield self.composer
        yield self.status

    async def attach(
        self, control: Control, panels: Mapping[str, Panel], above_composer: Sequence[Widget]
    ) -> None:
        """Bring the pane to life: what was typed so far is told now."""
        for name, panel in panels.items():
            panel.id = name
            panel.display = False  # the switcher only hides what it knew from its beginning
        self.panels = panels
        await self._switcher.mount(*panels.values())
        self._switcher.current = FIRST
        await self.mount_all(above_composer, before=self.composer)
        self._control = control
        for message in self._kept:
            control.heard(message)
        self._kept.clear()
        control.on_shown(FIRST)

    @property
    def is_alive(self) -> bool:
        """Whether there are panels, and who decides what is done with what is typed."""
        return self._control is not None

    @property
    def shown(self) -> str:
        """The name of the panel that is to be seen; "" before there is any."""
        return self._switcher.current or ""

    def open(self, name: str) -> None:
        """Show this panel, with the keys going to it; the session's is there to be read while one types."""
        if self._control is None:
            return
        self._switcher.current = name
        if name == FIRST:
            self.composer.focus()
        else:
            self.panels[name].focus()
        self._control.on_shown(name)

    def action_scroll(self, pages: int) -> None:
        """While one types, the panel above is still read."""
        if panel := self.panels.get(self.shown):
            panel.page(pages)

    def action_edge(self, step: int) -> None:
        if panel := self.panels.get(self.shown):
            panel.edge(step)

    def action_compose(self) -> None:
        """Escape in a panel leads to the session's, and there to the composer."""
        if self.shown != FIRST:
            self.open(FIRST)
        self.composer.focus()

    def on_composer_sent(self, message: Composer.Sent) -> None:
        self._tell(message)

    def on_composer_command(self, message: Composer.Command) -> None:
        self._tell(message)

    def on_composer_shell_line(self, message: Composer.ShellLine) -> None:
        self._tell(message)

    def on_composer_interrupted(self, message: Composer.Interrupted) -> None:
        self._tell(message)

    def on_wished(self, message: Wished) -> None:
        self._tell(message)

    def on_agent_opened(self, message: AgentOpened) -> None:
        self._tell(message)

    def on_panel_opened(self, message: PanelOpened) -> None:
        self._tell(message)

    def on_steer_asked(self, message: SteerAsked) -> None:
        self._tell(message)

    def _tell(self, message: Message) -> None:
        message.stop()
        if self._control is None:
            self._kept.append(message)
        else:
            self._control.heard(message)
