"""Commands that are typed in plain mode: `/name rest`. What the full interface has panels for, these tell in lines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from ..control.opening import CHANGEABLE
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


@dataclass(frozen=True, slots=True)
class Command:
    """`rest` names what follows the command, "" for nothing. `do` is given that, and raises PersonError."""

    help: str
    do: Callable[[str, Talk], None]
    rest: str = ""


def carry_out(typed: str, talk: Talk) -> None:
    """Do what a line that begins with `/` says. Raises PersonError."""
    name, rest = [*typed[1:].split(maxsplit=1), "", ""][:2]
    rest = rest.strip()
    command = COMMANDS.get(name or "help")
    if command is None:
        raise PersonError(
            f"There is no /{name}. /help lists what there is; // sends a text that begins so."
        )
    if rest and not command.rest:
        raise PersonError(f"/{name} takes nothing after it.")
    if not rest and command.rest and not command.rest.startswith("["):
        raise PersonError(f"/{name} needs {command.rest} after it.")
    command.do(rest, talk)


def _help(rest: str, talk: Talk) -> None:
    del rest
    for line in HELP:
        talk.lines.line(line)
    for name, command in COMMANDS.items():
        talk.lines.line(f"/{name} {command.rest}".rstrip(), f": {command.help}")


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
    talk.change(UndoTo(_folder(talk), _step(rest)))


def _redo(rest: str, talk: Talk) -> None:
    talk.change(RedoTo(_folder(talk), _step(rest)))


def _stop(rest: str, talk: Talk) -> None:
    del rest
    if not talk.interrupt():
        raise PersonError("Nothing runs that could be stopped.")


def _to(rest: str, talk: Talk) -> None:
    names = {view.task or view.name: view.name for view in talk.state.agents.values()}
    if rest and rest not in names and rest not in names.values():
        known = ", ".join(names) or "no agents"
        raise PersonError(f"Nobody here is called {rest}. There are {known}.")
    talk.speaks_to = names.get(rest, rest) or None
    talk.lines.line(f"to: what you type goes to {rest or 'whom it concerns'}.")


def _set(rest: str, talk: Talk) -> None:
    name, _, value = rest.partition(" ")
    value = value.strip()
    if not value:
        known = ", ".join(CHANGEABLE)
        raise PersonError(
            f"/set needs a setting and its value; - takes it back. Settings: {known}."
        )
    talk.opening = talk.opening.changed(name, value)
    talk.lines.line(f"set: {name} is {value} for what begins or goes on from now on.")


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


def _key(rest: str, talk: Talk) -> None:
    del rest
    talk.ask_key()


def _folder(talk: Talk) -> Path:
    if talk.folder is None:
        raise PersonError("There is no session here yet. Type a task, or /open SESSION.")
    return talk.folder


def _step(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise PersonError(
            f"A step is a number, not {text!r}. /session names them; 0 is before all."
        )
    return int(text)


def _quit(rest: str, talk: Talk) -> None:
    del rest, talk
    raise EOFError


COMMANDS: Mapping[str, Command] = {
    "help": Command("this list", _help),
    "status": Command("what goes on, model, mode, sandbox, money", _status),
    "question": Command("tell again what waits for your answer", lambda _r, talk: talk.ask_again()),
    "leave": Command("leave a question to the model", lambda _r, talk: talk.leave_to_model()),
    "say": Command("speak to who is at work while a question waits", lambda r, t: t.say(r), "TEXT"),
    "to": Command("say things to one agent; alone: to whom it concerns", _to, "[AGENT]"),
    "stop": Command("end what runs, so that it can go on later", _stop),
    "resume": Command("go on with this session", _resume, "[TEXT]"),
    "new": Command("another session", _new, "[TASK]"),
    "refactor": Command(
        "a large task, with many workers at once", lambda r, t: t.submit(r, refactor=True), "TASK"
    ),
    "plan": Command("tell the plan; with a task: plan it and change nothing", _plan, "[TASK]"),
    "workers": Command("what each worker does", _workers),
    "changes": Command("what was changed", _changes),
    "undo": Command("take back the last step, or go back to step N", _undo, "[N]"),
    "redo": Command("bring back what was undone", _redo, "[N]"),
    "cost": Command("money and cache", _cost),
    "session": Command("what happened in this session", _session),
    "sessions": Command(f"the newest {NEWEST} sessions", _sessions),
    "open": Command("take up another session", _open, "SESSION"),
    "fork": Command("go on with a copy of this session", _fork, "TEXT"),
    "export": Command("write this session to a file, .md or .html", _export, "[FILE]"),
    "mode": Command(
        "plan, ask, auto or full, for what begins or goes on from now on",
        lambda rest, talk: _set(f"mode {rest}", talk),
        "MODE",
    ),
    "budget": Command(
        "US dollars that a session may cost",
        lambda rest, talk: _set(f"budget_usd {rest}", talk),
        "USD",
    ),
    "set": Command("another setting, for what begins from now on", _set, "NAME VALUE"),
    "key": Command("give another key", _key),
    "quit": Command("leave; what runs can be resumed", _quit),
}
