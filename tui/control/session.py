"""What one pane's session is told and what becomes of what it tells."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextvars import copy_context
from pathlib import Path
from typing import Literal

from textual.message import Message
from textual.worker import Worker

from ...agent.journal import JournalError, read_events
from ...agent.outbox import Broken, Ended, Unheard
from ...agent.session import Start
from ...agent.sessions import running
from ...agent.store import sessions_folder
from ...agent.v4.catalog import load_catalog
from ...agent.wishes import Answer, Fork, Interrupt, RedoTo, Reject, Resume, Steer, UndoTo, Wish
from ...tools.errors import PersonError
from ...tools.paths import folder_key
from ...tools.sandbox.detect import choose_sandbox
from ...tools.sandbox.environment import holds_secret
from ..completions import ProjectCompletions
from ..feed import Beside, Feed
from ..messages import AgentOpened, PanelOpened, SteerAsked, Wished
from ..pane import FIRST, SessionPane
from ..panels.panel import Panel, Place
from ..panels.session.panel import TranscriptPanel
from ..screens.welcome import Welcome
from ..state.reducer import State
from ..text import one_line
from ..widgets.approval.panel import ApprovalPanel
from ..widgets.composer.choices import Command
from ..widgets.composer.composer import Composer
from ..widgets.composer.history import History
from ..widgets.shell_output import ShellOutput
from . import slash
from .address import hearers, name_of
from .host import Host
from .key import address, is_key_missing, keep, key_variable, try_key
from .opening import Opening
from .panels import new_panels
from .shell_line import ShellRun, run_line

FRAME = 0.08
"""Seconds between two paintings of what happens: enough for text that flows, and little of a core for 64 agents."""
TICK = 1.0
"""Seconds between two of what only the clock changes."""


class SessionControl:
    """Owns the session of a pane: at most one at a time, also after one another."""

    def __init__(self, pane: SessionPane, opening: Opening, host: Host) -> None:
        self.opening = opening
        self.pane = pane
        self.feed = Feed(opening.settings().home, self._wake)
        self.transcript = TranscriptPanel()
        self.panels: Mapping[str, Panel] = {FIRST: self.transcript, **new_panels()}
        self.approvals = ApprovalPanel()
        self.approvals.way_in = "F9"
        self.shell = ShellOutput()
        self._shell_work: Worker[None] | None = None
        self._shell_run: ShellRun | None = None
        self.speaks_to: str | None = None
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()
        """In which Textual knows its app; the session's thread has none of it."""
        self._due = False
        self._asked = 0
        self._typed = ""

    async def begin(self) -> None:
        settings, root = self.opening.settings(), self.opening.root
        self._placed(None)
        self.pane.status.before(settings, root)
        models = load_catalog(settings.catalog).models
        self.pane.status.windows = {name: model.context for name, model in models.items()}
        composer = self.pane.composer
        composer.commands = [Command(name, each.help) for name, each in slash.COMMANDS.items()]
        composer.completions = ProjectCompletions(self.opening.folder, settings.home)
        composer.history = History(settings.home / "projects" / folder_key(root), holds_secret)
        await self.pane.attach(self, self.panels, (self.shell, self.approvals))
        self.pane.set_interval(TICK, self._tick)
        if is_key_missing(settings, self.opening.environ):
            self.ask_key()

    # --- what the person wants ---

    def heard(self, message: Message) -> None:
        match message:
            case Wished(wish=wish):
                self.send(wish)
            case AgentOpened(agent=agent):
                self.open_agent(agent)
            case SteerAsked(agent=agent):
                self.speak_to(agent)
            case PanelOpened(name=name):
                self.pane.open(name)
            case Composer.Sent(text=text):
                self.say(text)
            case Composer.Command(name=name, rest=rest):
                self.command(name, rest)
            case Composer.ShellLine(command=line):
                self._run_line(line)
            case Composer.Interrupted():
                if not self._drop_line():
                    self.interrupt()
            case _:
                pass

    def command(self, name: str, rest: str = "") -> None:
        try:
            slash.carry_out(name, rest, self, self._host)
        except PersonError as error:
            self._failed(error.message, f"/{name} {rest}".rstrip())

    def say(self, text: str) -> None:
        """A task, or a word to who is at work, or how to go on with what has ended. What the person's last shell line
        printed goes with it."""
        if self._shell_run is not None and self._shell_run.code is not None:
            text = f"{text}\n\n{self._shell_run.told}"
            self._drop_line()
        if self.feed.running:
            for agent in (self.speaks_to,) if self.speaks_to else hearers(self.state):
                self.send(Steer(text, agent))
        elif self.folder is not None:
            self.go_on(Resume(self.folder, text), text)
        else:
            self.submit(text)

    def submit(self, text: str, *, refactor: bool = False, plan_only: bool = False) -> None:
        """Begin a session with this task."""
        try:
            start = self.opening.start(text, "refactor" if refactor else None, plan_only=plan_only)
        except PersonError as error:
            self._failed(error.message, text)
            return
        self._typed = text
        self._placed(None)
        self.feed.submit(start)
        self.show()

    def go_on(self, wish: Resume | Fork, typed: str = "") -> None:
        """Go on with a session that has ended or was cut off, or with a copy of it."""
        start = self._start_again(typed)
        if start is not None:
            self._typed = typed
            self.feed.go_on(start, wish)
            if isinstance(wish, Fork):
                self._placed(None)
            self.show()

    def ask_key(self) -> None:
        """Help to get a key working."""
        self.pane.run_worker(self._welcome())

    async def _welcome(self) -> None:
        settings = self.opening.settings()
        setting = "off" if settings.mode == "full" else settings.sandbox
        sandbox = await choose_sandbox(setting, self.opening.root)

        async def keep_it(key: str) -> None:
            await try_key(settings, key)
            keep(settings, key)

        where = Welcome(
            key_variable(settings),
            address(settings),
            str(settings.home / "keys"),
            settings.mode,
            sandbox.describe(settings.network),
        )
        self._host.welcome(where, keep_it)

    async def look_at(self, folder: Path) -> bool:
        """Show a session as its journal has it; whether it could be read."""
        try:
            events = await asyncio.to_thread(read_events, folder)
        except JournalError as error:
            self._host.told(error.message, bad=True)
            return False
        elsewhere = await asyncio.to_thread(running, folder)
        self.feed.show(events, at_rest=not elsewhere)
        if elsewhere:
            self._host.told(
                "Another process is at work on this session; what it does is not shown here.",
                bad=True,
            )
        self._placed(folder)
        self.show()
        return True

    def begin_as(self, how: Literal["open", "resume", "fork"]) -> None:
        """What a person wants of the session that is looked at now."""
        if self.folder is None or how == "open":
            return
        if how == "resume":
            self.go_on(Resume(self.folder))
        else:
            self.pane.composer.restore("/fork ")

    def send(self, wish: Wish) -> None:
        if isinstance(wish, Reject | UndoTo | RedoTo):
            start = self._start_again("")
            if start is not None:
                self.feed.change(start, wish)
        else:
            self.feed.send(wish)
        self.show()

    def _start_again(self, typed: str) -> Start | None:
        """By what settings the session that is shown goes on."""
        try:
            return self.opening.start(self.state.header.task or "-")
        except PersonError as error:
            self._failed(error.message, typed)
            return None

    def interrupt(self) -> None:
        """Bring what runs to an end from where it can go on."""
        if not self.feed.running:
            self.speaks_to = None
            self.show()
            return
        self.feed.send(Interrupt())
        self._host.told("stopping; then say how to go on, or /resume")

    def open_agent(self, agent: str) -> None:
        """Show what this agent says and does in the session's panel."""
        self.transcript.agent = agent
        self.pane.status.agent = agent
        self.pane.open(FIRST)

    def speak_to(self, agent: str | None) -> None:
        """What is typed goes to this agent alone; None: to whom it concerns."""
        self.speaks_to = agent
        self.pane.open(FIRST)
        self.show()

    def close(self) -> None:
        """End what runs at a point from where it can go on; what happened until then is in the state."""
        self.feed.close()
        more = True
        while more:
            _, more = self.feed.take()

    def last_word(self) -> str:
        """How the session ended, and how to come back to it; "" for none."""
        header = self.state.header
        if not header.session:
            return ""
        status = header.ended.status if header.ended else "cut off"
        return f"{one_line(header.task)[:60]}: {status}. `leadline open {header.session}` shows it again."

    # --- the person's own shell ---

    def _run_line(self, command: str) -> None:
        self._drop_line()
        self._shell_work = self.pane.run_worker(self._running(command))

    async def _running(self, command: str) -> None:
        await run_line(command, self.opening.folder, self._show_line)

    def _show_line(self, run: ShellRun) -> None:
        self._shell_run = run
        self.shell.show(run.command, run.output.text, run.ending, over=run.code is not None)

    def _drop_line(self) -> bool:
        """End it, or forget what it printed; whether there was one."""
        if self._shell_run is None:
            return False
        if self._shell_work is not None:
            self._shell_work.cancel()
        self._shell_run, self._shell_work = None, None
        self.shell.hide()
        return True

    # --- what happens ---

    @property
    def state(self) -> State:
        return self.feed.state

    @property
    def folder(self) -> Path | None:
        """Where the session's journal is; None before there is one."""
        place = self.panels[FIRST].place
        return None if place is None else place.folder

    def on_shown(self, panel: str) -> None:
        self.panels[panel].show(self.state)

    def show(self) -> None:
        """Paint what is to be seen."""
        if not self.pane.display or not self.pane.is_mounted:
            return
        state = self.state
        if shown := self.panels.get(self.pane.shown):
            shown.show(state)
        self.pane.status.show(state)
        self.approvals.show(state.waiting)
        self._show_composer(state)

    def _show_composer(self, state: State) -> None:
        composer = self.pane.composer
        composer.show_queue([each.text for each in self.feed.queue])
        if not self.feed.running:
            if self.folder is None:
                composer.show_state("task", "starts a session")
            else:
                composer.show_state("task", "goes on with this session; /new begins another")
            return
        to = (self.speaks_to,) if self.speaks_to else hearers(state)
        whom = name_of(state, to[0]) if len(to) == 1 else f"all {len(to)} at work"
        composer.show_state("steer", f"goes to {whom}; Esc stops")

    def _wake(self) -> None:
        """On the session's thread. Raises RuntimeError when the interface is gone, as it has to."""
        self._loop.call_soon_threadsafe(self._woken, context=self._context)

    def _woken(self) -> None:
        if not self._due:
            self._due = True
            self.pane.set_timer(FRAME, self._take)

    def _take(self) -> None:
        self._due = False
        beside, more = self.feed.take()
        if self.folder is None and self.state.header.session:
            home = self.opening.settings().home
            self._placed(sessions_folder(home) / self.state.header.session)
        for told in beside:
            self._told(told)
        self._call_person()
        self.show()
        if more:
            self._due = True
            self.pane.set_timer(FRAME / 8, self._take)

    def _tick(self) -> None:
        if self.feed.running:
            self.show()

    def _told(self, told: Beside) -> None:
        match told:
            case Ended(result):
                self._host.called(self.pane, f"ended: {result.status}")
            case Broken(PersonError() as fault):
                self._failed(fault.message, self._typed)
            case Broken(fault):
                self._failed(f"something went wrong inside Leadline: {fault!r}", self._typed)
            case Unheard(wish, reason):
                self._host.told(reason, bad=True)
                if isinstance(wish, Steer):
                    self.pane.composer.restore(wish.text)
                elif isinstance(wish, Answer):
                    self.approvals.unheard(wish)

    def _call_person(self) -> None:
        """When more waits for the person than before."""
        waiting = len(self.state.waiting)
        if waiting > self._asked:
            self._host.called(self.pane, "a question waits for you")
            if not self.pane.composer.text:
                self.approvals.offer_focus()
        self._asked = waiting

    def _failed(self, message: str, typed: str) -> None:
        self._host.told(message, bad=True)
        if typed:
            self.pane.composer.restore(typed)

    def _placed(self, folder: Path | None) -> None:
        root = Path(self.state.header.root) if self.state.header.root else self.opening.root
        place = Place(root, self.opening.settings(), folder)
        for panel in self.panels.values():
            panel.place = place
