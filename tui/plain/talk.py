"""A session that is talked with line by line: what was typed becomes wishes, and what it tells becomes lines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ...agent.history.journal import read_events
from ...agent.history.sessions import running
from ...agent.history.store import sessions_folder
from ...agent.host.outbox import Broken, Ended, Unheard
from ...agent.host.wishes import Answer, Fork, Interrupt, RedoTo, Resume, Steer, UndoTo
from ...agent.result import RunResult
from ...agent.session import Start
from ...tools.errors import Exit, PersonError
from ..commands.summary import FILES_LISTED, SENTENCES, Summary, diffstat
from ..control.address import hearers, name_of
from ..control.fault import why, why_not
from ..control.key import is_refused
from ..control.opening import Opening
from ..control.shell_line import ShellRun, run_line
from ..feed import LOOKING_ON, Beside, Feed, Left
from ..state.blocks import Approval
from ..state.reducer import State
from ..text import clean, one_line, visible
from ..widgets.approval.asking import answer_of, kind_of
from . import asking
from .lines import Lines
from .telling import Teller


class Talk:
    """`wake` is called from another thread when there is something to `take`, and a question `rings` the bell. Methods
    that do what the person wants raise PersonError for what can't be."""

    def __init__(
        self,
        opening: Opening,
        lines: Lines,
        wake: Callable[[], None],
        ask_key: Callable[[], None],
        is_typing: Callable[[], bool],
        *,
        rings: bool,
    ) -> None:
        self.opening = opening
        self.lines = lines
        self.ask_key = ask_key
        self.speaks_to: str | None = None
        self.code = int(Exit.DONE)
        """Of the newest session that came to an end."""
        self.feed = Feed(opening.settings().home, wake, Teller(lines))
        self.came_midway = False
        """Whether a question came while the person was typing something else: that is no answer to it."""
        self._is_typing = is_typing
        self._rings = rings
        self._folder: Path | None = None
        self._shown: tuple[str, str] | None = None
        self._settled: frozenset[tuple[str, str]] = frozenset()
        """Questions whose answer is on its way, or another process's to give."""
        self._shell_run: ShellRun | None = None

    @property
    def state(self) -> State:
        return self.feed.state

    @property
    def folder(self) -> Path | None:
        """Where the session's journal is; None before there is one."""
        if self._folder is None and self.state.header.session:
            self._folder = sessions_folder(self.feed.home) / self.state.header.session
        return self._folder

    @property
    def asked(self) -> Approval | None:
        """The question that was told, and waits for its answer."""
        return self.state.waiting.get(self._shown) if self._shown else None

    # --- what the person wants ---

    def heard(self, text: str, *, unread: bool) -> None:
        """A text without a command's sign; `unread` is whether its writer began it before the question was told."""
        if self.feed.running and (approval := self.asked) is not None:
            if unread:
                self._unclear("a question came while you typed this", approval)
            else:
                self._answered(approval, text)
        elif text.strip().casefold() in asking.ANSWERS:
            self.lines.line("unclear: no question waits. Nothing was done; /say sends the word.")
        else:
            self.say(text)

    def say(self, text: str) -> None:
        """A task, or a word to who is at work, or how to go on with what has ended. What the person's last shell line
        printed goes with it."""
        self._refuse_looking_on()
        if self._shell_run is not None:
            text = f"{text}\n\n{self._shell_run.told}"
        if self.feed.running:
            to = (self.speaks_to,) if self.speaks_to else hearers(self.state)
            for agent in to:
                self.feed.send(Steer(text, agent))
            names = ", ".join(name_of(self.state, agent) for agent in to)
            self.lines.line(f"queued: {names} reads it after the present turn.")
        elif self.folder is not None:
            self.go_on(Resume(self.folder, text))
        else:
            self.submit(text)
        self._shell_run = None

    def submit(self, text: str, *, refactor: bool = False, plan_only: bool = False) -> None:
        """Begin a session with this task."""
        self.refuse_at_work()
        start = self.opening.start(text, "refactor" if refactor else None, plan_only=plan_only)
        self.new()
        self.feed.submit(start)

    def go_on(self, wish: Resume | Fork) -> None:
        """Go on with a session that has ended or was cut off, or with a copy of it."""
        self.refuse_at_work()
        if isinstance(wish, Resume):
            self._refuse_looking_on()
        self.feed.go_on(self._start_again(), wish)
        if isinstance(wish, Fork):
            self._folder = None

    def change(self, wish: UndoTo | RedoTo) -> None:
        """Take back what the session did, or bring it back."""
        self.refuse_at_work()
        self._refuse_looking_on()
        self.feed.change(self._start_again(), wish)

    def new(self) -> None:
        """What is typed next begins a session of its own."""
        self.refuse_at_work()
        self.feed.forget()
        self.speaks_to = None
        self._folder = self._shown = None

    def look_at(self, folder: Path) -> None:
        """Take a session up as its journal has it."""
        self.new()
        elsewhere = running(
            folder
        )  # asked first: where it has ended by then, all is in the journal
        self.feed.show(read_events(folder), at_rest=not elsewhere)
        self._folder = folder
        if elsewhere:
            self.lines.fitted(f"session {folder.name}: ", self.state.header.task)
            self.lines.line(f"next: {LOOKING_ON} What happens is told.")
            self.feed.look_on(folder)
            return
        ended = self.state.header.ended
        how = SENTENCES[ended.status] if ended else "It was cut off."
        self.lines.fitted(f"session {folder.name}: {how} ", self.state.header.task)
        self.lines.line("next: type how to go on, or /resume. /session tells what happened.")

    def interrupt(self) -> bool:
        """Bring what runs to an end from where it can go on; whether anything ran here."""
        if self.feed.running:
            self.feed.send(Interrupt())
            self.lines.line("stopping: it can go on later. Ctrl-C once more leaves.")
        return self.feed.running

    def leave_to_model(self) -> None:
        """The question that waits is the model's to answer."""
        approval = self.asked
        if approval is None or kind_of(approval) != "question":
            raise PersonError("No question waits that could be left to the model.")
        self._settle(answer_of(approval, "leave"))

    def ask_again(self) -> None:
        if self.asked is None:
            raise PersonError("No question waits.")
        asking.tell(self.asked, self.state.plan, self.lines)

    def refuse_at_work(self) -> None:
        if self.feed.running:
            raise PersonError(
                "The session is under way. /stop ends it, so that it can go on later."
            )

    def _refuse_looking_on(self) -> None:
        if self.feed.looking_on:
            raise PersonError(LOOKING_ON)

    def _start_again(self) -> Start:
        return self.opening.start(self.state.header.task or "-")

    def _answered(self, approval: Approval, typed: str) -> None:
        match asking.answer(approval, typed):
            case asking.Unclear(why):
                self._unclear(why, approval)
            case Answer() as given:
                self._settle(given)

    def _unclear(self, why: str, approval: Approval) -> None:
        self.lines.line(f"unclear: {why}. Nothing was done.")
        self.lines.line(asking.HOW[kind_of(approval)])
        self.lines.line("help: /question tells it again, /say TEXT speaks to who is at work.")

    def _settle(self, given: Answer) -> None:
        self.feed.send(given)
        self._settled |= {(given.agent, given.call_id)}
        self._shown = None

    # --- the person's own shell ---

    def run_line(self, command: str) -> None:
        """Run it and tell what it prints. Interrupted, it is ended."""
        printed = _Printed(self.lines)

        def told(run: ShellRun) -> None:
            self._shell_run = run
            printed.more(run)

        self._shell_run = None
        if not command.strip():
            self.lines.line("shell: what was printed last is not told to the model.")
            return
        try:
            asyncio.run(run_line(command, self.opening.folder, told))
        except KeyboardInterrupt:
            self._shell_run = None
            self.lines.line("shell: stopped.")
        else:
            self.lines.line(
                "shell: its output goes along with what you say next; ! alone drops it."
            )

    # --- what happens ---

    def take(self) -> bool:
        """Tell what happened since; whether there is more to take at once."""
        beside, more = self.feed.take()
        for told in beside:
            self._told(told)
        if not more:
            self._ask_next()
        return more

    def close(self) -> None:
        """Bring what runs to a point from where it can go on, wait for that and tell of it."""
        self.feed.close()
        while self.take():
            pass
        if self.folder is not None:
            name = self.folder.name
            self.lines.line(f"left: `leadline open --plain {name}` takes session {name} up again.")

    def _ask_next(self) -> None:
        """One question at a time, so that an answer is never taken for another's."""
        waiting = self.state.waiting
        self._settled &= waiting.keys()
        if self.feed.looking_on:
            for key in waiting.keys() - self._settled:
                self.lines.fitted("asked where it runs: ", visible(one_line(waiting[key].question)))
            self._settled |= waiting.keys()
        if not self.feed.running or self.asked is not None:
            return
        self._shown = next((key for key in waiting if key not in self._settled), None)
        if self.asked is not None:
            self.came_midway = self._is_typing()
            asking.tell(self.asked, self.state.plan, self.lines)
            if self._rings:
                self.lines.ring()

    def _told(self, told: Beside) -> None:
        match told:
            case Ended(result):
                self._ended(result)
            case Left():
                self.lines.rest()
                self.lines.line(
                    "next: the other process has ended. Type how to go on here, or /resume."
                )
            case Broken(fault):
                known = isinstance(fault, PersonError)
                self.code = int(fault.exit_code if known else Exit.NOT_DONE)
                self.lines.rest()
                self.lines.paragraph(f"failed: {one_line(why(fault, self.opening))}")
            case Unheard(wish, reason, fault):
                self.lines.paragraph(f"not done: {why_not(fault, reason, self.opening)}")
                if isinstance(wish, Answer):
                    self._settled -= {(wish.agent, wish.call_id)}
                if isinstance(wish, Steer):
                    self.lines.fitted("not read: ", wish.text)

    def _ended(self, result: RunResult) -> None:
        self.code = int(result.exit_code)
        self.speaks_to = self._shown = None
        self.lines.rest()
        changes = tuple(diffstat(result.patch))
        Summary(self.lines).show(replace(result, patch=""), ways_back=False)
        for each in changes[:FILES_LISTED]:
            count = "binary" if each.binary else f"{each.added} added, {each.removed} removed"
            self.lines.line(f"changed: {each.path}, {count}")
        if len(changes) > FILES_LISTED:
            self.lines.line(f"changed: {len(changes) - FILES_LISTED} more files")
        if is_refused(result):
            self.lines.line("next: /key gives another key.")
        ways = "/changes shows the change, /undo 0 takes it back. " if result.changed else ""
        self.lines.line(f"next: {ways}Type how to go on, or /new for another session.")


class _Printed:
    """What a command prints, a whole line at a time: a part of an escape sequence would not be known as one."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._chars = 0
        self._rest = ""

    def more(self, run: ShellRun) -> None:
        new = run.output.since(self._chars)
        if new is None:
            self._lines.line("shell: a part of its output is left out here")
            new = run.output.text
        self._chars = run.output.chars
        *whole, self._rest = f"{self._rest}{new}".split("\n")
        for line in whole:
            self._lines.line("out | ", line)
        if run.code is not None:
            if clean(self._rest).strip():
                self._lines.line("out | ", self._rest)
            self._lines.line(f"shell: {run.ending}")
