"""Panes in tabs: one is to be seen; with a second one a row of tabs comes above them."""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import ContentSwitcher, Tab, Tabs

from .pane import SessionPane
from .safe import line


class SessionTabs(Vertical):
    """Begins with one pane, which is there with the first frame."""

    DEFAULT_CSS = """
    SessionTabs { height: 1fr; }
    SessionTabs > Tabs { display: none; }
    SessionTabs.-many > Tabs { display: block; }
    SessionTabs > ContentSwitcher { height: 1fr; }
    """

    class Turned(Message):
        """Another pane has come to be seen."""

        def __init__(self, pane: SessionPane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, *, vim: bool) -> None:
        super().__init__()
        self._vim = vim
        self._numbers = 0
        self._first = self._new()
        self._switcher = ContentSwitcher(self._first, initial=self._first.id)

    def compose(self) -> ComposeResult:
        yield self._switcher

    def __iter__(self) -> Iterator[SessionPane]:
        yield from self._switcher.query_children(SessionPane) if self.is_mounted else (self._first,)

    @property
    def pane(self) -> SessionPane:
        """The one that is to be seen."""
        current = self._switcher.current
        return next((each for each in self if each.id == current), self._first)

    async def add(self) -> SessionPane:
        """Another one, which is then to be seen."""
        pane = self._new()
        await self._switcher.add_content(pane, set_current=True)
        if (tabs := self._tabs) is not None:
            await tabs.add_tab(Tab(line("new"), id=pane.id))
            tabs.active = pane.id or ""
        else:  # one pane alone needs none, and without them it is there sooner
            named = [Tab(line("new"), id=each.id) for each in self]
            await self.mount(Tabs(*named, active=pane.id), before=0)
        self.add_class("-many")
        pane.composer.focus()
        return pane

    async def remove_pane(self, pane: SessionPane) -> None:
        """There must be another one."""
        if (tabs := self._tabs) is not None:
            await tabs.remove_tab(pane.id or "")
            self.set_class(tabs.tab_count > 1, "-many")
        await pane.remove()

    def turn_to(self, pane: SessionPane) -> None:
        if (tabs := self._tabs) is not None:
            tabs.active = pane.id or ""

    def turn_on(self) -> None:
        """To the next one, and from the last to the first."""
        if (tabs := self._tabs) is not None:
            tabs.action_next_tab()

    def title(self, pane: SessionPane, title: Content) -> None:
        for tab in self.query(Tab):
            if tab.id == pane.id:
                tab.label = title

    def switch_vim(self) -> bool:
        """Vim's keys on or off in all of them and those to come; whether they are on now."""
        self._vim = not self._vim
        for pane in self:
            pane.composer.vim = self._vim
        return self._vim

    def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        event.stop()
        self._switcher.current = event.tab.id
        pane = self.pane
        pane.composer.focus()
        self.post_message(self.Turned(pane))

    @property
    def _tabs(self) -> Tabs | None:
        return next(iter(self.query_children(Tabs)), None)

    def _new(self) -> SessionPane:
        self._numbers += 1
        pane = SessionPane(id=f"pane-{self._numbers}")
        pane.composer.vim = self._vim
        return pane
