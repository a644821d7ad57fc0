"""The console script: picks a command, loads its module, and turns every end into one line and an exit code.

Each command is a module of `commands/`, imported by name once it is chosen. That is the one place where Leadline defers
an import: `leadline --help` has to come at once, and most commands need neither the model's client nor git.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from types import ModuleType
from typing import NoReturn, TextIO

from ..tools.errors import Exit, PersonError
from .text import one_line

COMMANDS: dict[str, str] = {
    "open": "the terminal interface; `leadline` alone opens it too",
    "run": "do a task in this repository and prove the result",
    "refactor": "do a large task with many workers at once",
    "resume": "go on with a session that was stopped",
    "sessions": "list sessions",
    "show": "what happened in a session",
    "cost": "what a session cost, and what the cache saved",
    "stats": "what each rung of the ladder solved and cost in this work tree",
    "diff": "what a session changed",
    "undo": "take back what a session changed",
    "redo": "bring back what undo took",
    "map": "show what the model gets of this repository, and why",
    "serve": "the terminal interface in a browser on this machine",
    "config": "show each setting and where it came from",
    "demo": "watch a bug being fixed in a small repository",
}
"""Each command, which is its module's name too, and its help. A module has `arguments(parser)` and
`execute(parsed) -> int`."""

TALKING = frozenset({"run", "refactor", "resume"})
"""Those that soon send a request: what sends it is loaded beside them, in a process of its own."""

VERSION = "version"
FAILURE = "failure"
INTERFACE = "open"
COURIER = "courier"
EPILOG = """\
exit codes: 0 done and verified, 1 not done, 2 wrong usage or configuration, 3 done but not verified,
4 something was not allowed, 5 a limit was reached, 6 model not available, 7 conflict, 130 interrupted
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, like all other errors."""

    def error(self, message: str) -> NoReturn:
        raise PersonError(f"{message}. `{self.prog} --help` tells what there is.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Returns its exit code; never raises and never prints a traceback."""
    _open_streams()
    _forget_relative_paths(os.environ.get("PYTHONPATH", ""))
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _guarded(arguments)
    except KeyboardInterrupt:  # once more, while it was told how the command ended
        code = Exit.INTERRUPTED
    # Python flushes once more when it ends; what goes wrong then would change the exit code behind our back.
    fault = _settle(sys.stdout)
    if fault is not None and code == Exit.DONE:
        code = _failed((), f"the output can't be written: {fault.strerror}.", Exit.NOT_DONE)
    _settle(sys.stderr)
    return code


def _forget_relative_paths(python_path: str) -> None:
    """Import nothing from where the person stands: with `PYTHONPATH=.` a repository's `pydantic/` would run in here."""
    if not python_path:
        return
    with contextlib.suppress(FileNotFoundError):  # the folder is gone, and has nothing to import
        parts = [part for part in python_path.split(os.pathsep) if not os.path.isabs(part)]  # noqa: PTH117
        relative = {os.path.abspath(part) for part in parts}  # noqa: PTH100
        sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) not in relative]  # noqa: PTH100


def _guarded(arguments: list[str]) -> int:
    try:
        return _run(arguments)
    except PersonError as error:
        return _failed(arguments, error.message, error.exit_code)
    except KeyboardInterrupt:
        return _failed(arguments, "interrupted.", Exit.INTERRUPTED)
    except BrokenPipeError:
        return Exit.DONE  # whoever read our output has seen enough
    except Exception as error:  # the last resort: nobody else is left to hear of it
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            what = error.filename or "the output"
            return _failed(
                arguments,
                f"{what} can't be written: {error.strerror}. Free some space and try again.",
                Exit.NOT_DONE,
            )
        saved = _module(FAILURE).save_crash(error, os.environ)
        return _failed(arguments, f"something went wrong inside Leadline. {saved}", Exit.NOT_DONE)


def _run(arguments: list[str]) -> int:
    chosen = arguments[0] if arguments else ""
    if chosen == "--version":
        return _module(VERSION).execute()
    if not arguments and (interface := _module(INTERFACE)).is_possible():
        return interface.execute_plainly()
    helps = not {"-h", "--help"}.isdisjoint(arguments)
    with (
        _module(COURIER).courier() if chosen in TALKING and not helps else nullcontext() as courier
    ):
        return _execute(chosen, arguments, courier)


def _execute(chosen: str, arguments: list[str], courier: object) -> int:
    parser = _parser(chosen)
    parser.set_defaults(courier=courier)
    if not arguments:
        parser.print_help()
        return Exit.USAGE
    try:
        parsed = parser.parse_args(arguments)
    except SystemExit as end:  # --help was printed
        return int(end.code or 0)
    if parsed.command != chosen:
        parser.error("the command comes first")
    return _module(chosen).execute(parsed)


def _parser(chosen: str) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="leadline",
        description="A coding agent for the terminal, with DeepSeek V4.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    for name, summary in COMMANDS.items():
        each = commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        if name == chosen:
            _module(name).arguments(each)
    if chosen.startswith("-") and chosen not in ("-h", "--help"):
        parser.error("the command comes first, then its options, as in `leadline open --plain`")
    if chosen and not chosen.startswith("-") and chosen not in COMMANDS:
        parser.error(f'there is no command {chosen!r}; a task is given as `leadline run "TASK"`')
    return parser


def _module(name: str) -> ModuleType:
    gc.disable()  # all that is loaded stays: to look through it for garbage takes a tenth of the start
    try:
        return importlib.import_module(f".commands.{name}", __package__)
    finally:
        gc.enable()


def _failed(arguments: Sequence[str], message: str, code: Exit) -> int:
    """Say what went wrong on stderr and, where JSON was asked for, as a result on stdout."""
    with contextlib.suppress(OSError, ValueError):
        print(f"leadline: {one_line(message)}", file=sys.stderr, flush=True)
    if "--json" in arguments:
        with contextlib.suppress(OSError, ValueError):
            _module(FAILURE).print_result(message, code)
    return code


def _open_streams() -> None:
    """Make sure that 0, 1 and 2 are taken, and that no character can stop an output.

    A descriptor that was closed at the start would be given to the next file that is opened, and what is meant for
    people would end up in a journal.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = _usable(sys.stdout)
    sys.stderr = _usable(sys.stderr)


def _usable(stream: TextIO | None) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    return stream


def _settle(stream: TextIO) -> OSError | None:
    """Flush, and let go of what can't be written any more. Returns why not, unless the reader just had enough."""
    fault: OSError | None = None
    try:
        stream.flush()
    except BrokenPipeError:
        pass
    except OSError as error:
        fault = error
    except ValueError:  # closed
        return None
    else:
        return None
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
    return fault
