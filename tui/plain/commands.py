"""What the commands of `control.slash` do in plain mode: what the full interface has panels for, they tell in lines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ...agent.history.journal import read_events
from ...agent.history.sessions import summaries
from ...agent.history.store import find_session
from ...agent.history.timetravel import diff
from ...agent.host.wishes import Fork, RedoTo, Resume, UndoTo
from ...agent.v4.cost import cost_report
from ...tools.errors import PersonError
from ..amounts import share, short, usd
from ..branch import branch_of
from ..commands.sessions import local_time
from ..commands.show import tell
from ..control.address import agent_called
from ..control.slash import checked, offered, step_of
from ..doing import WORDS
from ..export.file import export
from ..text import one_line
from ..widgets.status.facts import Facts, facts_before, facts_of
from . import asking
from .patch import told

if TYPE_CHECKING:
    from .talk import Talk

NEWEST = 20
HELP = (
    "type: a task begins a session. While it runs, what you type is queued for who is at work.",
    "lines: a line that ends with \\ goes on in the next; three quotes begin and end a block.",
    "shell: !COMMAND runs in your own shell, unconfined.",
    "stop: Ctrl-C stops the session, twice leaves. Ctrl-D on an empty line leaves.",
)


Do = Callable[[str, "Talk"], None]
"""Given what was typed after the name. Raises PersonError for what is wrong with it."""


def carry_out(typed: str, talk: Talk) -> None:
    """Do what a line that begins with `/` says. Raises PersonError."""
    name, rest = [*typed[1:].split(maxsplit=1), "", ""][:2]
    name = name or "help"
    rest = checked(name, rest, "lines")
    DOES[name](rest, talk)


def _help(rest: str, talk: Talk) -> None:
    del rest
    for line in HELP:
        talk.lines.line(line)
    for name, slash in offered("lines").items():
        talk.lines.line(f"/{name} {slash.rest}".rstrip(), f": {slash.help}")


def _new(rest: str, talk: Talk) -> None:
    if rest:
        talk.submit(rest)
    else:
        talk.new()
        talk.lines.line("new: what you type next begins another session.")


def _plan(rest: str, talk: Talk) -> None:
    if rest:
        talk.submit(rest, plan_only=True)
    else:
        asking.tell_plan(talk.state.plan, talk.lines)
        for row in talk.state.plan.rows:
            why = f", {row.reason}" if row.reason else ""
            talk.lines.line(f"task {row.task.id}: {row.state}{why}")


def _workers(rest: str, talk: Talk) -> None:
    del rest
    for view in talk.state.workers:
        doing = talk.state.doing(view.name)
        about = f": {doing.about}" if doing.about else ""
        head = f"worker {view.task}: {usd(view.usd)}, {WORDS[doing.doing].alone}"
        talk.lines.fitted(f"{head}", about)
    if not talk.state.workers:
        talk.lines.line("workers: there are none.")


def _changes(rest: str, talk: Talk) -> None:
    del rest
    patch = asyncio.run(diff(_folder(talk)))
    if not patch:
        talk.lines.line("changes: there are none.")
        return
    for word, line in told(patch):
        talk.lines.exact(f"{word} ", line)


def _cost(rest: str, talk: Talk) -> None:
    del rest
    for line in cost_report(read_events(_folder(talk))).table().rstrip("\n").split("\n"):
        talk.lines.line(line)


def _session(rest: str, talk: Talk) -> None:
    del rest
    tell(read_events(_folder(talk)), talk.lines)


def _sessions(rest: str, talk: Talk) -> None:
    del rest
    for each in islice(summaries(talk.opening.settings().home), NEWEST):
        head = f"{each.session}: {local_time(each.at)}, {each.status}, {usd(each.usd)}, "
        talk.lines.fitted(head, each.title)


def _open(rest: str, talk: Talk) -> None:
    talk.look_at(find_session(talk.opening.settings().home, rest))


def _resume(rest: str, talk: Talk) -> None:
    talk.go_on(Resume(_folder(talk), rest))


def _fork(rest: str, talk: Talk) -> None:
    talk.go_on(Fork(_folder(talk), rest))


def _export(rest: str, talk: Talk) -> None:
    talk.lines.line(f"written: {export(_folder(talk), talk.opening.folder, rest)}")


def _undo(rest: str, talk: Talk) -> None:
    talk.change(UndoTo(_folder(talk), step_of(rest)))


def _redo(rest: str, talk: Talk) -> None:
    talk.change(RedoTo(_folder(talk), step_of(rest)))


def _stop(rest: str, talk: Talk) -> None:
    del rest
    if not talk.interrupt():
        where = " Stop it where it runs." if talk.feed.looking_on else ""
        raise PersonError(f"Nothing runs here that could be stopped.{where}")


def _to(rest: str, talk: Talk) -> None:
    talk.speaks_to = agent_called(talk.state, rest)
    talk.lines.line(f"to: what you type goes to {rest or 'whom it concerns'}.")


def _set(rest: str, talk: Talk) -> None:
    talk.opening, said = talk.opening.told(rest)
    talk.lines.line(f"set: {said}.")


def _status(rest: str, talk: Talk) -> None:
    del rest
    branch = branch_of(talk.opening.root)
    if talk.folder is None:
        facts = facts_before(talk.opening.settings(), branch)
    else:
        facts = facts_of(talk.state, talk.speaks_to or "", branch, {}, datetime.now(UTC))
    for line in _fact_lines(facts):
        talk.lines.line(line)
    if talk.folder is not None:
        talk.lines.line(f"session: {talk.folder.name}")


def _fact_lines(facts: Facts) -> list[str]:
    effort = f", effort {facts.effort}" if facts.effort else ""
    budget = f" of {usd(facts.budget)}" if facts.budget is not None else ""
    rows = [
        ("activity", facts.activity),
        ("model", f"{facts.model}{effort}"),
        ("mode", facts.mode),
        ("sandbox", facts.sandbox),
        ("branch", facts.branch),
        ("spent", f"{usd(facts.spent)}{budget}"),
        ("cache", "" if facts.share is None else f"{share(facts.share)} of what was read"),
        ("context", f"{short(facts.context)} tokens" if facts.context else ""),
    ]
    return [f"{word}: {one_line(text)}" for word, text in rows if text]


def _folder(talk: Talk) -> Path:
    if talk.folder is None:
        raise PersonError("There is no session here yet. Type a task, or /open SESSION.")
    return talk.folder


def _quit(rest: str, talk: Talk) -> None:
    del rest, talk
    raise EOFError


DOES: Mapping[str, Do] = {
    "help": _help,
    "status": _status,
    "question": lambda _rest, talk: talk.ask_again(),
    "leave": lambda _rest, talk: talk.leave_to_model(),
    "say": lambda rest, talk: talk.say(rest),
    "to": _to,
    "stop": _stop,
    "resume": _resume,
    "new": _new,
    "refactor": lambda rest, talk: talk.submit(rest, refactor=True),
    "plan": _plan,
    "workers": _workers,
    "changes": _changes,
    "undo": _undo,
    "redo": _redo,
    "cost": _cost,
    "session": _session,
    "sessions": _sessions,
    "open": _open,
    "fork": _fork,
    "export": _export,
    "mode": lambda rest, talk: _set(f"mode {rest}", talk),
    "budget": lambda rest, talk: _set(f"budget_usd {rest}", talk),
    "set": _set,
    "key": lambda _rest, talk: talk.ask_key(),
    "quit": _quit,
}
