"""The interface's app: sessions in tabs. It knows no agent; `control/` does, and is loaded when one can type."""

from __future__ import annotations

import asyncio
import importlib
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from ..tools.errors import Exit
from .driver import TerminalApp
from .focus import is_done_at_once
from .messages import AgentOpened, SessionChosen
from .pane import FIRST, SessionPane
from .preferences import Preferences
from .safe import line
from .tabs import SessionTabs
from .terminal import clipboard_sequences, notice_sequence
from .text import one_line
from .themes import THEMES, chosen_theme
from .widgets.status.key_hints import KeyHints

if TYPE_CHECKING:
    from .control.opening import Opening
    from .control.session import SessionControl
    from .welcome import Welcome

PANELS = ("session", "plan", "workers", "changes", "cost")
TWICE = 2.0
"""Seconds within which a second Ctrl-C means to leave."""
TITLE = 24
"""Columns of a tab's title."""


class LeadlineApp(TerminalApp):
    """Returns an exit code. `prepare` is called in a thread as soon as one can type: it says where sessions begin, and
    raises what keeps any from beginning, which is in `fault` then. `task` begins one at once, `look_at` shows one."""

    TITLE = "Leadline"

    CSS = """
    Screen:inline { height: 80vh; min-height: 8; border: none; }
    /* What is told for a moment stands above what is typed. */
    Screen.-tall ToastRack { margin-bottom: 4; }
    Toast { width: auto; max-width: 75%; padding: 0 1; }
    """

    VERTICAL_BREAKPOINTS = [(0, "-low"), (12, "-tall")]  # noqa: RUF012 -- as the base class has it

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark", "help", "help", key_display="f1", id="app.help"),
        *(
            Binding(f"f{number}", f"panel('{name}')", name, id=f"app.{name}")
            for number, name in enumerate(PANELS, 2)
        ),
        Binding("f7", "sessions", "sessions", id="app.sessions"),
        Binding("f9", "answer", "answer what waits", show=False, id="app.answer"),
        Binding("f8", "next_tab", "next tab", show=False, id="app.next_tab"),
        Binding("ctrl+t", "new_tab", "new tab", show=False, id="app.new_tab"),
        Binding("ctrl+c", "stop", "copy, or stop", show=False, priority=True, id="app.stop"),
        Binding(
            "ctrl+z", "suspend_process", "to the shell, fg returns", show=False, id="app.suspend"
        ),
        Binding("ctrl+q", "quit", "quit", show=False, priority=True, id="app.quit"),
    ]

    def __init__(
        self,
        prepare: Callable[[], Opening],
        preferences: Preferences,
        *,
        task: str = "",
        look_at: Path | None = None,
    ) -> None:
        super().__init__()
        self.fault: Exception | None = None
        self.opening: Opening | None = None
        self.controls: dict[SessionPane, SessionControl] = {}
        self.preferences = preferences
        self._prepare = prepare
        self._first_task = task
        self._look_at = look_at
        self.tabs = SessionTabs(vim=preferences.vim)
        self._stopped_at = 0.0
        self._pressed: Callable[[], object] | None = None
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = chosen_theme(preferences.theme)
        self.set_keymap(dict(preferences.keys))

    def compose(self) -> ComposeResult:
        yield self.tabs
        yield KeyHints()

    async def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGHUP, signal.SIGTERM):
                loop.add_signal_handler(number, self.exit, int(Exit.INTERRUPTED))
        self.pane.composer.focus()
        self.call_after_refresh(self._load)

    # --- what comes after the first frame ---

    def _load(self) -> None:
        threading.Thread(target=self._load_control, name="load", daemon=True).start()

    def _load_control(self) -> None:
        """Import all that knows of the agent, in a thread, while the person begins to type."""
        try:
            importlib.import_module(".control.session", __package__)
            opening = self._prepare()
            opening.settings()
        except Exception as fault:  # the person hears of it when the screen is theirs again
            self.fault = fault
            self.call_from_thread(self.exit, int(Exit.USAGE))
            return
        self.call_from_thread(self._begin, opening)

    async def _begin(self, opening: Opening) -> None:
        self.opening = opening
        for pane in self.tabs:
            await self._bring_to_life(pane)
        control = self.controls[self.pane]
        if self._look_at is not None:
            await control.look_at(self._look_at)
        if self._first_task:
            control.say(self._first_task)
        self._do_what_was_early()
        self.set_interval(1.0, self._title_tabs)

    async def _bring_to_life(self, pane: SessionPane) -> None:
        from .control.session import SessionControl  # loaded by then, see `_load_control`

        assert self.opening is not None
        control = SessionControl(pane, self.opening, self)
        self.controls[pane] = control
        await control.begin()

    # --- panes ---

    @property
    def pane(self) -> SessionPane:
        """The pane that is to be seen."""
        return self.tabs.pane

    def on_session_tabs_turned(self, event: SessionTabs.Turned) -> None:
        if control := self.controls.get(event.pane):
            control.show()

    def _title_tabs(self) -> None:
        for pane, control in self.controls.items():
            task = one_line(control.state.header.task) or "new"
            mark = "? " if control.state.waiting else "* " if control.feed.running else ""
            self.tabs.title(pane, line(f"{mark}{task}"[:TITLE]))

    # --- what controls ask for: `control.host.Host` ---

    def told(self, text: str, *, bad: bool = False) -> None:
        severity = "warning" if bad else "information"
        self.notify(one_line(text), severity=severity, timeout=10 if bad else 4, markup=False)

    def called(self, pane: SessionPane, why: str) -> None:
        control = self.controls[pane]
        about = one_line(control.state.header.task)[:60]
        sequence = notice_sequence(self.preferences.notify, f"Leadline: {why}: {about}")
        if sequence and self._driver is not None:
            self._driver.write(sequence)
        if pane is not self.pane:
            self.told(f"{about}: {why}")

    def new_tab(self, task: str = "") -> None:
        self.run_worker(self._new_tab(task), exclusive=False)

    async def _new_tab(self, task: str) -> None:
        pane = await self.tabs.add()
        if self.opening is not None:
            await self._bring_to_life(pane)
            if task:
                self.controls[pane].say(task)
            self._do_what_was_early()

    def opens_by(self, opening: Opening) -> None:
        self.opening = opening

    def close_tab(self) -> None:
        control = self.controls.get(self.pane)
        if control is None or len(self.controls) == 1:
            self.leave()
        elif control.feed.running:
            self.told(
                "This session is under way: stop it first (Esc), or leave with ctrl+q.", bad=True
            )
        else:
            self.run_worker(self._close_tab(self.pane))

    async def _close_tab(self, pane: SessionPane) -> None:
        control = self.controls.pop(pane)
        await asyncio.to_thread(control.close)
        await self.tabs.remove_pane(pane)

    def open_sessions(self) -> None:
        self.action_sessions()

    def open_help(self) -> None:
        self.action_help()

    def welcome(self, welcome: Welcome, keep: Callable[[str], Awaitable[None]]) -> None:
        from .screens.welcome import WelcomeScreen  # few people need it, and once

        def done(kept: bool | None) -> None:
            self.told("the key works and is kept" if kept else "/key asks again for a key")
            self.pane.composer.focus()

        self.push_screen(WelcomeScreen(welcome, keep), done)

    def choose_theme(self, name: str) -> None:
        self.theme = name

    def switch_vim(self) -> None:
        self.told(f"vim keys are {'on' if self.tabs.switch_vim() else 'off'}")

    def leave(self) -> None:
        self.exit(int(Exit.DONE))

    @property
    def is_at_work(self) -> bool:
        return any(control.feed.running for control in self.controls.values())

    def close_sessions(self) -> None:
        """Once the terminal is left: bring all that runs to a point from where it can go on."""
        for control in self.controls.values():  # all at once, before the first is waited for
            control.begin_close()
        for control in self.controls.values():
            control.close()

    def last_words(self) -> Iterable[str]:
        """What a person should know of the sessions that were open, once they have left."""
        for control in self.controls.values():
            if word := control.last_word():
                yield word

    # --- keys ---

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            self.app_focus = True  # as Textual does with what is pressed
            if await is_done_at_once(self, event):
                return
        await super().on_event(event)

    def on_key(self, event: events.Key) -> None:
        """What was typed before anything could take it is not lost."""
        if (
            self.focused is None
            and event.is_printable
            and event.character
            and not self.screen.is_modal
        ):
            self.pane.composer.area.insert(event.character)
            self.pane.composer.focus()

    def _is_early(self, action: Callable[[], object]) -> bool:
        """Whether it can't be done yet. It is then, as soon as it can: of several the last."""
        early = not self.pane.is_alive
        if early:
            self._pressed = action
        return early

    def _do_what_was_early(self) -> None:
        action, self._pressed = self._pressed, None
        if action is not None:
            action()

    def action_panel(self, name: str) -> None:
        if self.screen.is_modal or self._is_early(lambda: self.action_panel(name)):
            return
        while len(self.screen_stack) > 1:  # what lies over the panel, such as the list of sessions
            self.pop_screen()
        pane = self.pane
        if name == pane.shown == FIRST:  # from the transcript of one of many to the session's own
            pane.post_message(AgentOpened(""))
        pane.open(name)

    def action_sessions(self) -> None:
        if self._is_early(self.action_sessions) or self.opening is None:
            return
        from .screens.sessions import SessionsScreen  # heavy, and loaded by then

        if isinstance(self.screen, SessionsScreen):
            return
        screen = SessionsScreen(self.opening.last_settings().home, self.opening.root)
        self.push_screen(screen, self._chosen)

    def _chosen(self, chosen: SessionChosen | None) -> None:
        if chosen is not None:
            self.run_worker(self._open_session(chosen))

    async def _open_session(self, chosen: SessionChosen) -> None:
        """In the tab where it is open already, in this one where it has none yet, else in another."""
        pane = self.pane
        for other, control in self.controls.items():
            if control.folder == chosen.folder and chosen.how != "fork":
                self.tabs.turn_to(other)
                if not control.feed.running:
                    control.begin_as(chosen.how)
                return
        if self.controls[pane].folder is not None or self.controls[pane].feed.running:
            pane = await self.tabs.add()
            assert self.opening is not None
            await self._bring_to_life(pane)
        control = self.controls[pane]
        if await control.look_at(chosen.folder):
            control.begin_as(chosen.how)
        self._do_what_was_early()

    def action_help(self) -> None:
        """Every key that does something here and now, and in each panel."""
        if self._is_early(self.action_help):
            return
        from .control import slash  # loaded by then, see `_load_control`
        from .screens.help import HelpScreen, own_bindings

        pane = self.pane
        places = {"everywhere": self, "while typing": pane.composer, **pane.panels}
        keys = self.preferences.keys
        groups = {name: own_bindings(place, keys) for name, place in places.items()}
        self.push_screen(HelpScreen(groups, slash.described()))

    def action_answer(self) -> None:
        """The keys go to the question that waits, also while something is typed."""
        if control := self.controls.get(self.pane):
            control.approvals.offer_focus()

    def action_next_tab(self) -> None:
        self.tabs.turn_on()

    def action_new_tab(self) -> None:
        self.new_tab()

    def action_stop(self) -> None:
        """Ctrl-C: copy what is marked, else stop what runs; twice, leave."""
        marked = self.screen.get_selected_text() or self.pane.composer.area.selected_text
        if marked:
            self.copy_to_clipboard(marked)
            self.screen.clear_selection()
            return
        again = time.monotonic() - self._stopped_at < TWICE
        self._stopped_at = time.monotonic()
        control = self.controls.get(self.pane)
        if again:
            self.leave()
        elif control is not None and control.feed.running:
            control.interrupt()
        else:
            self.told("ctrl+c once more leaves")

    async def action_quit(self) -> None:
        self.leave()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers: what can be typed with nothing after it, and themes."""
        del screen
        if not self.controls:
            return
        from .control import slash  # loaded by then, see `_load_control`

        control = self.controls[self.pane]
        for name, what in slash.alone().items():
            yield SystemCommand(name, what, lambda name=name: control.command(name))
        for name in THEMES:
            yield SystemCommand(f"theme {name}", "", lambda name=name: self.choose_theme(name))

    # --- the terminal ---

    def copy_to_clipboard(self, text: str) -> None:
        super().copy_to_clipboard(text)
        if self._driver is not None:
            for sequence in clipboard_sequences(text):
                self._driver.write(sequence)
        self.told("copied")

    def _fatal_error(self) -> None:
        """Textual would print a traceback with the values of variables, which can hold a key."""
        self.fault = self._exception
        self._close_messages_no_wait()
