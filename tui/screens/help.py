"""Keys and commands, as they are in force: what config has bound anew is shown as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from ..safe import line
from ..text import pad

KEYS = 29
"""Columns for keys and commands."""
ABOUT = 25
"""Columns for what a key does."""


class HelpScreen(ModalScreen[None]):
    """`groups` are bindings by what they are for, `commands` what can be typed, with their help."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll {
        width: 100%; max-width: 84; height: 90%; padding: 0 1; background: $panel; border: round $primary;
    }
    HelpScreen > VerticalScroll { scrollbar-size-vertical: 1; }
    HelpScreen Static { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "close", "close", id="help.close"),
        Binding("j", "down", "down", show=False, id="help.down"),
        Binding("k", "up", "up", show=False, id="help.up"),
        Binding("ctrl+q", "app.quit", "quit", show=False),
    ]

    def __init__(
        self, groups: Mapping[str, Iterable[Binding]], commands: Mapping[str, str]
    ) -> None:
        super().__init__()
        self._groups = groups
        self._commands = commands

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(Content("\n").join(self._lines()))

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_close(self) -> None:
        self.dismiss(None)

    def action_down(self) -> None:
        self.query_one(VerticalScroll).scroll_down()

    def action_up(self) -> None:
        self.query_one(VerticalScroll).scroll_up()

    def _lines(self) -> Iterable[Content]:
        for name, bindings in self._groups.items():
            yield line(name, "bold $primary")
            for keys, about, ids in _told(bindings):
                yield (
                    line(keys).pad_right(max(1, KEYS - len(keys)))
                    + line(about).pad_right(max(1, ABOUT - len(about)))
                    + line(ids, "$text-muted")
                )
            yield Content("")
        yield line("commands", "bold $primary")
        for name, about in self._commands.items():
            yield Content(pad(f"/{name} ", KEYS)) + line(about, "$text-muted")


def own_bindings(place: DOMNode, keys: Mapping[str, str]) -> tuple[Binding, ...]:
    """Those that we have given this place and what is in it, each once; `keys` has for ids what config has bound."""
    nodes: list[DOMNode] = [place]
    if isinstance(place, Widget):
        nodes += place.query("*")
    found: dict[str, Binding] = {}
    for node in nodes:
        for each in type(node).BINDINGS:
            if isinstance(each, Binding) and each.id is not None:
                again = keys.get(each.id)
                found[each.id] = (
                    each if again is None else replace(each, key=again, key_display=None)
                )
    return tuple(found.values())


def _told(bindings: Iterable[Binding]) -> Iterable[tuple[str, str, str]]:
    """Keys, what they do, and the ids by which config binds them anew; several for the same stand together."""
    keys: dict[str, list[str]] = {}
    ids: dict[str, list[str]] = {}
    for binding in bindings:
        keys.setdefault(binding.description, []).append(binding.key_display or binding.key)
        ids.setdefault(binding.description, []).append(binding.id or "")
    return [(", ".join(keys[about]), about, ", ".join(ids[about])) for about in keys if about]
