"""The table of commands that are typed, `/name rest`: what each says of itself, what follows it, and where it is there.

What they do is in `commands` for the interface, and in `plain.commands` for lines only. Neither knows a command that is
not here, and a test holds that each does all that are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ...tools.errors import PersonError

Where = Literal["interface", "lines"]
_THERE: Mapping[Where, str] = {"interface": "the full interface", "lines": "plain mode"}


@dataclass(frozen=True, slots=True)
class Slash:
    """`rest` names what follows the command, in brackets where it may be left out, "" for nothing. `only` is where it
    is there, None for everywhere."""

    name: str
    help: str
    rest: str = ""
    only: Where | None = None

    @property
    def needs(self) -> bool:
        """Whether it does nothing alone."""
        return bool(self.rest) and not self.rest.startswith("[")


_ALL = (
    Slash("help", "commands and keys"),
    # The interface has a line that always tells it, and a panel for what is asked.
    Slash("status", "what goes on, model, mode, sandbox, money", only="lines"),
    Slash("question", "tell again what waits for your answer", only="lines"),
    Slash("leave", "leave a question to the model", only="lines"),
    Slash("say", "speak to who is at work while a question waits", "TEXT", only="lines"),
    Slash("to", "say things to one agent; alone: to whom it concerns", "[AGENT]"),
    Slash("stop", "end what runs, so that it can go on later"),
    Slash("resume", "go on with this session", "[TEXT]"),
    Slash("new", "another session; with a task it begins at once", "[TASK]"),
    Slash("refactor", "a large task, with many workers at once", "TASK"),
    Slash("plan", "the plan; with a task: plan it and change nothing", "[TASK]"),
    Slash("workers", "what each worker does"),
    Slash("changes", "what was changed"),
    Slash("undo", "take back the last step, or go back to step N", "[N]"),
    Slash("redo", "bring back what was undone", "[N]"),
    Slash("cost", "money and cache"),
    Slash("session", "what happened in this session"),
    Slash("sessions", "sessions there are, the newest first"),
    Slash("open", "take up another session", "SESSION", only="lines"),
    Slash("fork", "go on with a copy of this session", "TEXT"),
    Slash("export", "write this session to a file, .md or .html", "[FILE]"),
    Slash("mode", "plan, ask, auto or full, for what begins or goes on from now on", "MODE"),
    Slash("budget", "US dollars that a session may cost", "USD"),
    Slash("set", "another setting, for what begins from now on", "NAME VALUE"),
    Slash("theme", "how it looks: dark, light, contrast or none", "NAME", only="interface"),
    Slash("key", "give another key"),
    Slash("vim", "vim keys in the composer, on or off", only="interface"),
    Slash("close", "close this tab", only="interface"),
    Slash("quit", "leave; what runs can be resumed"),
)
TABLE: Mapping[str, Slash] = {each.name: each for each in _ALL}


def offered(where: Where) -> Mapping[str, Slash]:
    """Those that are there, by name."""
    return {name: each for name, each in TABLE.items() if each.only in (None, where)}


def checked(name: str, rest: str, where: Where) -> str:
    """What follows the command, cleaned. Raises PersonError where there is no such command here, or where it takes
    nothing or something else."""
    slash, rest = TABLE.get(name), rest.strip()
    if slash is None:
        raise PersonError(
            f"There is no /{name}. /help lists what there is; // sends a text that begins so."
        )
    if slash.only not in (None, where):
        raise PersonError(f"/{name} is for {_THERE[slash.only]}. /help lists what there is here.")
    if rest and not slash.rest:
        raise PersonError(f"/{name} takes nothing after it: {slash.help}.")
    if slash.needs and not rest:
        raise PersonError(f"/{name} needs {slash.rest} after it: {slash.help}.")
    return rest


def step_of(text: str) -> int | None:
    """The step that /undo and /redo are told, None for none. Raises PersonError."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise PersonError(f"A step is a number, not {text!r}: 0 is before the first change.")
    return int(text)


def described() -> Mapping[str, str]:
    """Each of the interface's with what follows it, and its help."""
    return {
        f"{name} {each.rest}".rstrip(): each.help for name, each in offered("interface").items()
    }


def alone() -> Mapping[str, str]:
    """Those of the interface that do something with nothing after them, and their help."""
    return {name: each.help for name, each in offered("interface").items() if not each.needs}
