"""Commands that are typed: `/name rest`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...agent.host.wishes import Fork, Resume
from ...tools.errors import PersonError
from ..themes import THEMES
from .exporting import export_and_tell
from .opening import CHANGEABLE

if TYPE_CHECKING:
    from .host import Host
    from .session import SessionControl

Do = Callable[[str, "SessionControl", "Host"], None]
"""Given what was typed after the name. Raises PersonError for what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Slash:
    """`rest` names what follows the command, "" for nothing."""

    help: str
    do: Do
    rest: str = ""

    @property
    def needs(self) -> bool:
        """Whether it does nothing alone."""
        return bool(self.rest) and not self.rest.startswith("[")


def carry_out(name: str, rest: str, control: SessionControl, host: Host) -> None:
    """Raises PersonError."""
    slash = COMMANDS.get(name)
    if slash is None:
        raise PersonError(
            f"There is no /{name}. / alone lists what there is; // sends a text that begins so."
        )
    if rest and not slash.rest:
        raise PersonError(f"/{name} takes nothing after it.")
    slash.do(rest.strip(), control, host)


def _new(rest: str, control: SessionControl, host: Host) -> None:
    del control
    host.new_tab(rest)


def _refactor(rest: str, control: SessionControl, host: Host) -> None:
    del host
    control.submit(_needed(rest, "/refactor needs a task."), refactor=True)


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
    if control.folder is None:
        raise PersonError("There is no session here yet that could be copied.")
    if control.feed.running:
        raise PersonError("This session is under way; stop it first, or wait until it ends.")
    control.go_on(
        Fork(control.folder, _needed(rest, "/fork needs a text: what the copy shall do.")), rest
    )


def _set(rest: str, control: SessionControl, host: Host) -> None:
    name, _, value = rest.partition(" ")
    if not value.strip():
        known = ", ".join(CHANGEABLE)
        raise PersonError(
            f"/set needs a setting and its value; - takes it back. Settings: {known}."
        )
    control.opening = control.opening.changed(name, value.strip())
    control.pane.status.before(control.opening.settings())
    host.opens_by(control.opening)
    host.told(f"{name} is {value.strip()} for what begins or goes on from now on")


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
        raise PersonError(f"Themes are {', '.join(THEMES)}.")
    host.choose_theme(rest)


def _to(rest: str, control: SessionControl, host: Host) -> None:
    names = {view.task or view.name: view.name for view in control.state.agents.values()}
    if rest and rest not in names and rest not in names.values():
        raise PersonError(
            f"Nobody here is called {rest}. There are {', '.join(names) or 'no agents'}."
        )
    control.speak_to(names.get(rest, rest) or None)
    host.told(f"what you type goes to {rest}" if rest else "what you type goes to whom it concerns")


def _export(rest: str, control: SessionControl, host: Host) -> None:
    if control.folder is None:
        raise PersonError("There is no session here yet that could be exported.")
    host.told("writing it ...")
    control.pane.run_worker(export_and_tell(control.folder, rest, control.opening, host))


def _needed(rest: str, why: str) -> str:
    if not rest:
        raise PersonError(why)
    return rest


COMMANDS: Mapping[str, Slash] = {
    "help": Slash("keys and commands", lambda _r, _c, host: host.open_help()),
    "new": Slash("another session, in a tab", _new, "[TASK]"),
    "refactor": Slash("a large task, with many workers at once", _refactor, "TASK"),
    "plan": Slash("the plan; with a task: plan it and change nothing", _plan, "[TASK]"),
    "workers": Slash("the workers", _panel("workers")),
    "changes": Slash("what was changed: look, reject, undo", _panel("changes")),
    "cost": Slash("money and cache", _panel("cost")),
    "session": Slash("the transcript", _panel("session")),
    "sessions": Slash("all sessions", lambda _r, _c, host: host.open_sessions()),
    "resume": Slash("go on with this session", _resume, "[TEXT]"),
    "fork": Slash("go on with a copy of this session", _fork, "TEXT"),
    "export": Slash("write this session to a file, .md or .html", _export, "[FILE]"),
    "stop": Slash(
        "end what runs, so that it can go on later", lambda _r, control, _h: control.interrupt()
    ),
    "to": Slash("say things to one agent; alone: to whom it concerns", _to, "[AGENT]"),
    "mode": Slash(
        "plan, ask, auto or full, for what begins or goes on from now on", _setting("mode"), "MODE"
    ),
    "budget": Slash("US dollars that a session may cost", _setting("budget_usd"), "USD"),
    "set": Slash("another setting, for what begins from now on", _set, "NAME VALUE"),
    "theme": Slash(", ".join(THEMES), _theme, "NAME"),
    "key": Slash("give another key", lambda _r, control, _h: control.ask_key()),
    "vim": Slash("vim keys in the composer, on or off", lambda _r, _c, host: host.switch_vim()),
    "close": Slash("close this tab", lambda _r, _c, host: host.close_tab()),
    "quit": Slash("leave; what runs can be resumed", lambda _r, _c, host: host.leave()),
}


def described() -> Mapping[str, str]:
    """Each command with what follows it, and its help."""
    return {f"{name} {each.rest}".rstrip(): each.help for name, each in COMMANDS.items()}


def alone() -> Mapping[str, str]:
    """Those that do something with nothing after them, and their help."""
    return {name: each.help for name, each in COMMANDS.items() if not each.needs}
