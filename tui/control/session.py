"""What one pane's session is told and what becomes of what it tells."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from textual.message import Message

from ...agent.history.journal import JournalError, read_events
from ...agent.history.sessions import running
from ...agent.history.store import sessions_folder
from ...agent.host.wishes import (
    Close,
    Fork,
    Interrupt,
    RedoTo,
    Reject,
    Resume,
    Steer,
    UndoTo,
    Wish,
)
from ...agent.session import Start
from ...agent.v4.catalog import load_catalog
from ...tools.errors import PersonError
from ...tools.paths import folder_key
from ...tools.sandbox.environment import holds_secret
from ..completions import ProjectCompletions
from ..feed import LOOKING_ON, Feed
from ..messages import AgentOpened, PanelOpened, SteerAsked, Wished
from ..pane import FIRST, SessionPane
from ..panels.changes.panel import ChangesPanel
from ..panels.cost.panel import CostPanel
from ..panels.panel import Panel, Place
from ..panels.plan.panel import PlanPanel
from ..panels.session.panel import TranscriptPanel
from ..panels.workers.panel import WorkersPanel
from ..state.reducer import State, Waiting
from ..text import one_line
from ..widgets.approval.panel import ApprovalPanel
from ..widgets.composer.choices import Command
from ..widgets.composer.composer import Composer
from ..widgets.composer.history import History
from . import slash
from .address import LOOKS_ON, at_rest, hearers, hears, queued, while_running
from .commands import carry_out
from .frames import Frames
from .host import Host
from .key import is_key_missing, set_elsewhere, try_and_keep, welcome_to
from .opening import Opening
from .own_shell import OwnShell
from .telling import Telling

TICK = 1.0
"""Seconds between two of what only the clock changes."""


class SessionControl:
    """Owns the session of a pane: at most one at a time, also after one another."""

    def __init__(self, pane: SessionPane, opening: Opening, host: Host) -> None:
        self.opening = opening
        self.pane = pane
        self.feed = Feed(opening.last_settings().home, Frames(pane, self._take).wake)
        self.transcript = TranscriptPanel()
        self.changes = ChangesPanel()
        self.panels: Mapping[str, Panel] = {
            FIRST: self.transcript,
            "plan": PlanPanel(),
            "workers": WorkersPanel(),
            "changes": self.changes,
            "cost": CostPanel(),
        }
        self.approvals = ApprovalPanel()
        self.approvals.way_in = "F9"
        self.shell = OwnShell(pane, opening.folder)
        self.speaks_to: str | None = None
        self._host = host
        self._telling = Telling(self, host)

    async def begin(self) -> None:
        settings, root = self.opening.last_settings(), self.opening.root
        self._placed(None)
        self.pane.status.before(settings, root)
        models = load_catalog(settings.catalog).models
        self.pane.status.windows = {name: model.context for name, model in models.items()}
        composer = self.pane.composer
        composer.commands = [
            Command(name, each.help, each.needs)
            for name, each in slash.offered("interface").items()
        ]
        composer.completions = ProjectCompletions(self.opening.folder, settings.home)
        composer.history = History(settings.home / "projects" / folder_key(root), holds_secret)
        await self.pane.attach(self, self.panels, (self.shell.output, self.approvals))
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
                self.shell.run(line)
            case Composer.Interrupted():
                if not self.shell.drop():
                    self._back_or_stop()
            case _:
                pass

    def command(self, name: str, rest: str = "") -> None:
        try:
            carry_out(name, rest, self, self._host)
        except PersonError as error:
            self._telling.failed(error.message, f"/{name} {rest}".rstrip())

    def say(self, text: str) -> None:
        """A task, or a word to who is at work, or how to go on with what has ended. What the person's last shell line
        printed goes with it."""
        if self.feed.looking_on:
            self._telling.failed(LOOKING_ON, text)
            return
        text = self.shell.with_text(text)
        self.transcript.edge(1)
        if self.feed.running:
            for agent in self._hearers():
                self.send(Steer(text, agent))
            return
        self.open_agent("")
        if self.folder is not None:
            self.go_on(Resume(self.folder, text), text)
        else:
            self.submit(text)

    def submit(self, text: str, *, refactor: bool = False, plan_only: bool = False) -> None:
        """Begin a session with this task. Raises PersonError where one is under way."""
        if self.feed.running:
            raise PersonError("A session is under way here: /stop ends it, /new begins another.")
        try:
            start = self.opening.start(text, "refactor" if refactor else None, plan_only=plan_only)
        except PersonError as error:
            self._telling.failed(error.message, text)
            return
        self._telling.typed = text
        self._placed(None)
        self.feed.submit(start)
        self.show()

    def go_on(self, wish: Resume | Fork, typed: str = "") -> None:
        """Go on with a session that has ended or was cut off, or with a copy of it, also while it is at work."""
        if self.feed.looking_on and isinstance(wish, Resume):
            self._telling.failed(LOOKING_ON, typed)
            return
        start = self._start_again(typed)
        if start is not None:
            self._telling.typed = typed
            self.feed.go_on(start, wish)
            if isinstance(wish, Fork):
                self._placed(None)
            self.show()

    def ask_key(self) -> None:
        """Help to get a key working."""
        self.pane.run_worker(self._welcome())

    async def _welcome(self) -> None:
        settings = self.opening.last_settings()
        welcome = await welcome_to(settings, self.opening.root)
        self._host.welcome(welcome, self._keep_key)

    async def _keep_key(self, key: str) -> None:
        settings = self.opening.last_settings()
        await try_and_keep(settings, key)
        if variable := set_elsewhere(settings, self.opening.environ):
            self._host.told(
                f"{variable} is set to another key: at the next start that wins, so unset it.",
                bad=True,
            )

    async def look_at(self, folder: Path) -> bool:
        """Show a session as its journal has it; whether it could be read."""
        # Asked first: where it has ended by then, all is in the journal.
        elsewhere = await asyncio.to_thread(running, folder)
        try:
            events = await asyncio.to_thread(read_events, folder)
        except JournalError as error:
            self._host.told(error.message, bad=True)
            return False
        # In a thread too: what a long session has takes longer than anybody's typing can wait.
        await asyncio.to_thread(self.feed.show, events, at_rest=not elsewhere)
        if elsewhere:
            self.feed.look_on(folder)
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
            self._host.told("say what the copy is to do")

    def send(self, wish: Wish) -> None:
        if self.feed.looking_on:
            self._telling.refused(wish)
        elif isinstance(wish, Reject | UndoTo | RedoTo):
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
            self._telling.failed(error.message, typed)
            return None

    def interrupt(self) -> None:
        """Bring what runs to an end from where it can go on."""
        if not self.feed.running:
            self.speaks_to = None
            self.show()
            if self.feed.looking_on:
                self._host.told("this session runs in another process: stop it there", bad=True)
            return
        self.feed.send(Interrupt())
        self._host.told("stopping; then say how to go on, or /resume")

    def open_agent(self, agent: str) -> None:
        """Show what this agent says and does in the session's panel, and say to it what is typed; "": the lead."""
        self.transcript.agent = agent
        self.pane.status.agent = agent
        self.speaks_to = agent or None
        self.pane.open(FIRST)
        self.show()

    def _back_or_stop(self) -> None:
        """Out of the transcript of one agent; in the session's own there is nothing to leave but what runs."""
        if self.transcript.agent:
            self.open_agent("")
        else:
            self.interrupt()

    def _hearers(self) -> tuple[str, ...]:
        """Who hears what is typed now."""
        if self.speaks_to is not None and hears(self.state, self.speaks_to):
            return (self.speaks_to,)
        return hearers(self.state)

    def speak_to(self, agent: str | None) -> None:
        """What is typed goes to this agent alone, which is shown; None: to whom it concerns."""
        self.open_agent(agent or "")

    def begin_close(self) -> None:
        """Ask for the end that `close` waits for."""
        self.feed.send(Close())

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
        if self.feed.looking_on:
            status = "another process is at work on it"
        else:
            status = header.ended.status if header.ended else "cut off"
        return f"{one_line(header.task)[:60]}: {status}. `leadline open {header.session}` shows it again."

    # --- what happens ---

    @property
    def state(self) -> State:
        return self.feed.state

    @property
    def asked(self) -> Waiting:
        """What waits for the person here."""
        return {} if self.feed.looking_on else self.state.waiting

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
        self.approvals.show(self.asked)
        self._show_composer(state)

    def _show_composer(self, state: State) -> None:
        composer = self.pane.composer
        composer.show_queue(queued(state, self.feed.queue))
        if self.feed.running:
            composer.show_state(
                "steer", while_running(state, self._hearers(), self.transcript.agent)
            )
        elif self.feed.looking_on:
            composer.show_state("task", LOOKS_ON)
        else:
            composer.show_state("task", at_rest(has_session=self.folder is not None))

    def _take(self) -> bool:
        """Take over what the session told; whether there is more."""
        beside, more = self.feed.take()
        if self.folder is None and self.state.header.session:
            home = self.opening.last_settings().home
            self._placed(sessions_folder(home) / self.state.header.session)
        for told in beside:
            self._telling.hear(told)
        self._telling.settle()
        self._telling.call_person()
        self.show()
        return more

    def _tick(self) -> None:
        if self.feed.running or self.feed.looking_on:
            self.show()

    def _placed(self, folder: Path | None) -> None:
        root = Path(self.state.header.root) if self.state.header.root else self.opening.root
        place = Place(root, self.opening.last_settings(), folder)
        for panel in self.panels.values():
            panel.place = place
