"""Names that Python code uses and nothing defines: missing imports, misspellings. By pyflakes; nothing is run.

Only what is sure counts, because a false alarm costs more turns than a missed fault: nothing is said of files that make
names at run time, of annotations in quotes, of lines whose author has silenced such messages, or of what pyflakes
itself leaves open (star imports, handlers of NameError, conditional definitions).
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from pyflakes.checker import Checker
from pyflakes.messages import UndefinedName

MAX_CHARS = 120_000
"""Of a file; pyflakes reads about half a million characters a second, and somebody waits."""

_SOMETIMES_BUILT_IN = frozenset(
    [
        *("reveal_type", "reveal_locals", "get_ipython", "_"),
        *("ExceptionGroup", "BaseExceptionGroup", "PythonFinalizationError"),
    ]
)
"""Defined by newer versions of Python, by type checkers, or by programs such as IPython and gettext."""

_MADE_AT_RUN_TIME = re.compile(
    r"(?<![\w.])exec(?:file)?\s*\(|__builtins__|\bsys\.modules\[__name__\]"
    r"|\b(?:globals|vars|locals)\(\)\s*(?:\.(?:update|setdefault)\b|\[[^]\n]*\]\s*=(?!=))"
)
_SILENCED_FILE = re.compile(
    r"^[ \t]*#[ \t]*(?:flake8[:=][ \t]*noqa[ \t]*$|ruff:[ \t]*noqa\b"
    r"|pylint:[ \t]*(?:skip-file|disable=.*(?:undefined-variable|E0602)))",
    re.IGNORECASE | re.MULTILINE,
)
_SILENCED_LINE = re.compile(
    r"#[ \t]*(?:noqa\b|(?:type|pyright|ty):[ \t]*ignore\b|pylint:[ \t]*disable=)", re.IGNORECASE
)
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class NameFault:
    """A name that nothing defines, and a line (1-based) that uses it."""

    name: str
    line: int


def name_faults(path: str, source: str) -> tuple[NameFault, ...] | None:
    """The undefined names of a file, once for each use; None where there is no telling.

    `path` is where it lies, since a package's `__init__.py` knows names that others don't.
    """
    if len(source) > MAX_CHARS or _MADE_AT_RUN_TIME.search(source) or _SILENCED_FILE.search(source):
        return None
    try:
        tree = ast.parse(source)
        found = Checker(tree, filename=path, withDoctest=False).messages
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    undefined = [
        message
        for message in found
        if isinstance(message, UndefinedName) and message.message_args[0] not in _SOMETIMES_BUILT_IN
    ]
    if not undefined:
        return ()
    quoted = _quoted(tree)
    lines = _LINE_END.split(source)
    return tuple(
        NameFault(str(message.message_args[0]), message.lineno)
        for message in sorted(undefined, key=lambda item: (item.lineno, item.col))
        if (message.lineno, message.col) not in quoted
        and not _SILENCED_LINE.search(lines[message.lineno - 1])
    )


def new_name_faults(path: str, before: str | None, after: str) -> tuple[NameFault, ...]:
    """The names that `after` leaves undefined and `before` did not, each at its first use."""
    faults = name_faults(path, after)
    if not faults:
        return ()
    old = (name_faults(path, before) if before is not None else None) or ()
    known = frozenset(fault.name for fault in old)
    first: dict[str, NameFault] = {}
    for fault in faults:
        if fault.name not in known:
            first.setdefault(fault.name, fault)
    return tuple(first.values())


def _quoted(tree: ast.AST) -> frozenset[tuple[int, int]]:
    """Where plain strings begin: what pyflakes finds in an annotation in quotes, it reports there."""
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    return frozenset(
        (node.lineno, node.col_offset)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside
    )
