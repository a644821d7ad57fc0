"""What the commands of `slash` do in the interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ...agent.host.wishes import Fork, RedoTo, Resume, UndoTo
from ...tools.errors import PersonError
from ..themes import THEMES
from .address import agent_called
from .exporting import export_and_tell
from .slash import checked, step_of

if TYPE_CHECKING:
    from .host import Host
    from .session import SessionControl

Do = Callable[[str, "SessionControl", "Host"], None]
"""Given what was typed after the name. Raises PersonError for what is wrong with it."""


def carry_out(name: str, rest: str, control: SessionControl, host: Host) -> None:
    """Raises PersonError."""
    rest = checked(name, rest, "interface")
    DOES[name](rest, control, host)


def _new(rest: str, control: SessionControl, host: Host) -> None:
    del control
    host.new_tab(rest)


def _refactor(rest: str, control: SessionControl, host: Host) -> None:
    del host
    control.submit(rest, refactor=True)


def _plan(rest: str, control: SessionControl, host: Host) -> None:
    del host
    if rest:
        control.submit(rest, plan_only=True)
    else:
        control.pane.open("plan")


def _resume(rest: str, control: SessionControl, host: Host) -> None:
    if control.folder is None:
        host.open_sessions()
    elif control.feed.running:
        raise PersonError("This session is under way; there is nothing to go on with.")
    else:
        control.go_on(Resume(control.folder, rest), rest)


def _fork(rest: str, control: SessionControl, host: Host) -> None:
    del host
    folder = _folder(control)
    if control.feed.running:
        raise PersonError("This session is under way; stop it first, or wait until it ends.")
    control.go_on(Fork(folder, rest), rest)


def _undo(rest: str, control: SessionControl, host: Host) -> None:
    del host
    control.send(UndoTo(_folder(control), step_of(rest)))


def _redo(rest: str, control: SessionControl, host: Host) -> None:
    del host
    control.send(RedoTo(_folder(control), step_of(rest)))


def _set(rest: str, control: SessionControl, host: Host) -> None:
    control.opening, said = control.opening.told(rest)
    control.pane.status.before(control.opening.settings())
    host.opens_by(control.opening)
    host.told(said)


def _setting(name: str) -> Do:
    def do(rest: str, control: SessionControl, host: Host) -> None:
        _set(f"{name} {rest}", control, host)

    return do


def _panel(name: str) -> Do:
    def do(rest: str, control: SessionControl, host: Host) -> None:
        del rest, host
        control.pane.open(name)

    return do


def _theme(rest: str, control: SessionControl, host: Host) -> None:
    del control
    if rest not in THEMES:
        raise PersonError(f"There is no theme {rest}. Themes are {', '.join(THEMES)}.")
    host.choose_theme(rest)


def _to(rest: str, control: SessionControl, host: Host) -> None:
    control.speak_to(agent_called(control.state, rest))
    host.told(f"what you type goes to {rest}" if rest else "what you type goes to whom it concerns")


def _export(rest: str, control: SessionControl, host: Host) -> None:
    folder = _folder(control)
    host.told("writing it ...")
    control.pane.run_worker(export_and_tell(folder, rest, control.opening, host))


def _folder(control: SessionControl) -> Path:
    if control.folder is None:
        raise PersonError("There is no session here yet. Type a task, or open one with F7.")
    return control.folder


DOES: Mapping[str, Do] = {
    "help": lambda _rest, _control, host: host.open_help(),
    "to": _to,
    "stop": lambda _rest, control, _host: control.interrupt(),
    "resume": _resume,
    "new": _new,
    "refactor": _refactor,
    "plan": _plan,
    "workers": _panel("workers"),
    "changes": _panel("changes"),
    "undo": _undo,
    "redo": _redo,
    "cost": _panel("cost"),
    "session": _panel("session"),
    "sessions": lambda _rest, _control, host: host.open_sessions(),
    "fork": _fork,
    "export": _export,
    "mode": _setting("mode"),
    "budget": _setting("budget_usd"),
    "set": _set,
    "theme": _theme,
    "key": lambda _rest, control, _host: control.ask_key(),
    "vim": lambda _rest, _control, host: host.switch_vim(),
    "close": lambda _rest, _control, host: host.close_tab(),
    "quit": lambda _rest, _control, host: host.leave(),
}
