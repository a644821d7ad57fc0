"""Runs a codemod's script on files, confined, under whatever Python 3 commands have there.

Copied to where commands can read it, so it imports nothing of ours. The script gets texts and gives texts: that it
writes, starts or connects to nothing else is asked for here, so that an honest script is told; a hostile one is held by
the sandbox. What goes out is read as if anybody had written it.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

MAX_CHARS = 5_000_000
_STARTS = ("subprocess.", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "pty.")
_CHANGES = (
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
    "os.chown", "os.utime", "os.setxattr", "os.removexattr", "socket.connect", "socket.bind",
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def guard(event: str, arguments: Any) -> None:
    """Refuses what is no part of turning a text into another."""
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING
    if writes or event.startswith(_STARTS) or event in _CHANGES:
        raise PermissionError(
            f"a codemod's script changes and starts nothing ({event}); return the new text"
        )


def told(error: BaseException) -> str:
    """The error on one line, with the script's line it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == "<script>"]
    if isinstance(error, SyntaxError) and error.filename == "<script>":
        lines.append(error.lineno)
    where = f"line {lines[-1]}: " if lines else ""
    return f"{where}{type(error).__name__}: {error}"[:1000]


def changed(change: Any, path: str, text: str) -> dict[str, object]:
    """What the script made of one file."""
    try:
        new = change(path, text)
        if not isinstance(new, str):
            return {"fault": f"change() returned {type(new).__name__}, not a text"}
        if len(new) > MAX_CHARS:
            return {"fault": f"change() returned more than {MAX_CHARS} characters"}
        new.encode()  # half of a surrogate pair can't be told to anybody
    except BaseException as error:
        return {"fault": told(error)}
    return {"text": None if new == text else new}


def main() -> None:
    me = os.getpid()
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123
        request = json.load(file)
    # What the script prints is of no use to anybody, and must not stand between the answers.
    out = os.fdopen(os.dup(1), "w", encoding="ascii")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)

    def say(**answer: object) -> None:
        if os.getpid() != me:  # a copy of this process that the script has made
            os._exit(0)
        out.write(json.dumps(answer) + "\n")
        out.flush()

    scope: dict[str, Any] = {"__name__": "codemod"}
    sys.addaudithook(guard)
    try:
        exec(compile(request["script"], "<script>", "exec"), scope)
    except BaseException as error:
        say(at=-1, fault=told(error))
        return
    change = scope.get("change")
    if not callable(change):
        say(at=-1, fault="it defines no change(path, text)")
        return
    for at, (path, text) in enumerate(request["files"]):
        say(at=at)
        say(at=at, done=True, **changed(change, path, text))


if __name__ == "__main__":
    main()
