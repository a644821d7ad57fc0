"""What a task names, read from its text alone: paths, symbols, stack frames, tests, words. Pure.

Nothing is looked up here: a name is a guess until the tree is asked whether it has it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from ..words import split_words

LONGEST_TASK = 200_000
"""Characters that are read; of a longer text (a pasted log) the first and the last half of this."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A line of a stack trace: where, and in which function (empty where the trace doesn't say). Line 0: unknown."""

    path: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class Task:
    """What a text names. All in the order of first mention, each once.

    `paths` are relative spellings, whole or tails (`core.py`), with `/` between parts. `places` are (path, line) where
    the text says a line. `symbols` are names that look like code, dotted ones as they are written. `tests` are
    (path, name) of tests by their ids. `names` are all other names, any of which may be a symbol's as well as a word.
    `words` counts what is left after the words that say nothing about code.
    """

    paths: tuple[str, ...]
    places: tuple[tuple[str, int], ...]
    symbols: tuple[str, ...]
    frames: tuple[Frame, ...]
    tests: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    words: tuple[tuple[str, int], ...]


_NAME = r"[^\W\d]\w*"
_PATH = re.compile(
    r"(?<![\w/.@-])(?:\.{0,2}/)?(?:[\w.@+\[\]-]+/)*[\w@+\[\]-][\w.@+\[\]-]*\.[A-Za-z][A-Za-z0-9]{0,9}\b"
    r"(?:(?::|#L|, line |\()(?P<line>\d{1,7}))?"
)
_FOLDER = re.compile(r"(?<![\w/.:@-])(?:[\w.@+-]+/)+[\w.@+-]*(?![\w/])")
_TEST = re.compile(rf"(?<![\w/.])([\w./@+-]+\.\w+)((?:::{_NAME}(?:\[[^\]\n]*\])?)+)")
_DOTTED = re.compile(rf"(?<![\w.]){_NAME}(?:(?:\.|::|#){_NAME})+")
_CALL = re.compile(rf"({_NAME})\(")
_TICKED = re.compile(r"`{1,2}([^`\n]{1,200})`{1,2}")
_IDENTIFIER = re.compile(_NAME)
_TELLING = re.compile(r"_*[^\W\d_]+(?:_+\w+)+|[^\W_]*[a-z0-9][A-Z]\w*|__\w+__|[A-Z]+[a-z]+[A-Z]\w*")
"""snake_case, camelCase, CamelCase: spelled as only code is."""
_NO_PATH = re.compile(r"\d+(?:\.\d+)*[a-z]?\d*|(?:e\.g|i\.e|etc)", re.IGNORECASE)

_FRAMES = (
    # Python: File "a/b.py", line 3, in name
    re.compile(r'File "(?P<path>[^"\n]+)", line (?P<line>\d+)(?:, in (?P<function>[\w.<>]+))?'),
    # pytest: a/b.py:3: in name, or a/b.py:3: SomeError
    re.compile(r"^(?P<path>[^\s:]+\.py):(?P<line>\d+):(?: in (?P<function>\w+))?", re.MULTILINE),
    # JavaScript: at Class.name (a/b.js:3:14) and at a/b.js:3:14
    re.compile(
        r"^\s*at (?:(?:async |new )?(?P<function>[^\s()]+)[^()\n]*\()?(?:file://)?"
        r"(?P<path>[^\s():]+\.[cm]?[jt]sx?):(?P<line>\d+)(?::\d+)?\)?",
        re.MULTILINE,
    ),
    # Java, Kotlin, Scala: at org.example.Class.name(Class.java:3)
    re.compile(
        r"^\s*at (?:[\w.@/-]*/)?(?P<function>[\w.$<>]+)\((?P<path>\w+\.(?:java|kt|scala)):(?P<line>\d+)\)",
        re.MULTILINE,
    ),
    # Go: package.(*Type).name(...) and, on the next line, the place
    re.compile(
        r"^(?P<function>[\w./*()-]+)\([^\n]*\)\n\s+(?P<path>\S+\.go):(?P<line>\d+)", re.MULTILINE
    ),
    # Rust: 3: crate::module::name and, on the next line, the place; and the panic's own line
    re.compile(
        r"^\s*\d+: (?:0x[0-9a-f]+ - )?(?P<function>[\w:<>{} ]+)\n\s+at (?P<path>\S+\.rs):(?P<line>\d+)",
        re.MULTILINE,
    ),
    re.compile(r"panicked at (?:'[^\n]*', )?(?P<path>\S+\.rs):(?P<line>\d+)(?P<function>)"),
)

_EMPTY = """
    a about above after again all allow allows also although always am an and another any anything
    are as at authored avoid back be because been before being below better between both but by call
    can cannot case cases cause caused causes change changed changes check close closed closes co
    code com come comes commit correct correctly could current currently did do does doesn doing don
    done during each either else ensure especially even every example exist existing expect expected
    explicitly fail failed failing fails feature few first fix fixed fixes fixing follow following
    for found from fully get gets github give given gives go good got had handle handled handles
    handling happen has have having he hence her here hi how however http https i if implement
    implemented improve improved in incorrect incorrectly instead into introduce is isn issue issues
    it its itself just keep know last less let like ll look looks made make makes making many may me
    mention might minor more most much must my need needed needs never new no non not nothing now
    occur of off old on once one only onto or other others otherwise our out over own patch perhaps
    please possible pr previous previously problem proper properly pull put rather re really refs
    regression related remove removed removes return returned returns right run s same see seem
    seems several shall she should show shows signed simple simply since so some something sometimes
    still such support sure t take than that the their them then there these they thing things this
    those though thus to too try trying two unexpected unless until up update updated upon us use
    used useful uses using usually various ve very via want wants was way we well were what when
    where whether which while who why will wish with within without won work working works would
    wrong www yes yet you your
"""
_EMPTY_WORDS = frozenset(_EMPTY.split())
"""Words that say nothing of code in any project; what is merely common in one is weighed by the tree."""


def read_task(text: str) -> Task:
    """What `text` names. Any text will do, also an empty one."""
    if len(text) > LONGEST_TASK:
        text = f"{text[: LONGEST_TASK // 2]}\n{text[-LONGEST_TASK // 2 :]}"
    frames = _frames(text)
    tests = _tests(text)
    paths, places = _paths(text)
    runs = [run for run in _IDENTIFIER.findall(text) if run.lower() not in _EMPTY_WORDS]
    paths = dict.fromkeys([*(frame.path for frame in frames), *(path for path, _ in tests), *paths])
    return Task(
        tuple(paths),
        tuple(dict.fromkeys(places)),
        tuple(dict.fromkeys(_symbols(text, frames, tests))),
        frames,
        tests,
        tuple(dict.fromkeys(runs)),
        tuple(Counter(word for run in runs for word in split_words(run)).items()),
    )


def _frames(text: str) -> tuple[Frame, ...]:
    found: dict[tuple[int, int], Frame] = {}
    for pattern in _FRAMES:
        for match in pattern.finditer(text):
            place = Frame(_plain(match["path"]), _number(match["line"]), match["function"] or "")
            found.setdefault(match.span("path"), place)
    return tuple(dict.fromkeys(found[span] for span in sorted(found)))


def _tests(text: str) -> tuple[tuple[str, str], ...]:
    found = (
        (_plain(match[1]), match[2].partition("[")[0].removeprefix("::").replace("::", "."))
        for match in _TEST.finditer(text)
    )
    return tuple(dict.fromkeys(found))


def _paths(text: str) -> tuple[list[str], list[tuple[str, int]]]:
    paths: list[str] = []
    places: list[tuple[str, int]] = []
    for match in _PATH.finditer(text):
        end = match.start("line") if match["line"] else match.end()
        spelled = re.sub(r"(?::|#L|, line |\()$", "", text[match.start() : end])
        if _NO_PATH.fullmatch(spelled):
            continue
        paths.append(_plain(spelled))
        if match["line"]:
            places.append((paths[-1], _number(match["line"])))
    paths += [_plain(match[0]) for match in _FOLDER.finditer(text)]
    return paths, places


def _plain(path: str) -> str:
    """With `/` between parts and without what can't be part of a path in the tree at its beginning."""
    return re.sub(r"^(?:[A-Za-z]:)?(?:\.{0,2}/+)+", "", path.replace("\\", "/"))


def _number(digits: str) -> int:
    return int(digits) if len(digits) < 10 else 0


def _symbols(text: str, frames: tuple[Frame, ...], tests: tuple[tuple[str, str], ...]) -> list[str]:
    found: list[str] = []
    for ticked in _TICKED.findall(text):
        found += _DOTTED.findall(ticked)
        found += [name for name in _IDENTIFIER.findall(ticked) if len(name) > 1]
    found += _DOTTED.findall(text)
    found += _CALL.findall(text)
    found += [name for name in _IDENTIFIER.findall(text) if _TELLING.fullmatch(name)]
    found += [frame.function for frame in frames if frame.function]
    found += [name for _, name in tests]
    return [re.sub("::|#", ".", name) for name in found]
