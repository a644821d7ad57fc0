"""The tests of JavaScript, TypeScript, Go and Rust files, read by rules over lines.

A test reaches from the line that opens it to the next one that opens a test or a group; lines that
are comments do not count, so a test that was commented out is gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .weakening_case import Case, Claim, Mark

MAX_TEXT = 1_000_000


@dataclass(frozen=True, slots=True)
class _Language:
    """How tests look in one language. `opens` finds a test and has its name in group `name`."""

    opens: re.Pattern[str]
    group: re.Pattern[str]
    """Opens something that holds tests, or ends one: what it says is no part of a test."""
    skips: tuple[tuple[re.Pattern[str], str], ...]
    asserts: re.Pattern[str]
    loose: re.Pattern[str]
    """Those of the assertions that pin nothing down."""
    trivial: re.Pattern[str]
    repeats: re.Pattern[str]
    """One assertion may stand for many: a loop, a table, a helper that is handed the test."""
    before_opening: re.Pattern[str]
    """Lines above the opening that belong to the test (attributes)."""


_JS = _Language(
    opens=re.compile(
        r"(?<![\w.])(?:it|test|specify|[xf]it|xtest|xspecify)"
        r"(?:\.(?:only|skip|todo|failing|fails|concurrent|sequential))*"
        r"(?:\.each\b.*?\))?\(\s*(?P<quote>['\"`])(?P<name>.*?)(?P=quote)"
    ),
    group=re.compile(
        r"^\s*(?:[xf]?describe|suite|[x]?context)\b|^\s*(?:before|after)(?:Each|All)?\("
    ),
    skips=(
        (
            re.compile(
                r"(?<![\w.])(?:it|test|describe|suite|context|specify)(?:\.\w+)*?"
                r"\.(?:skip|skipIf|runIf)\b|(?<![\w.])(?:xit|xtest|xdescribe|xcontext|xspecify)\("
                r"|\b(?:this|t|ctx|context)\.skip\(|[{,]\s*skip:\s*(?!false)"
            ),
            "skip added",
        ),
        (
            re.compile(
                r"(?<![\w.])(?:it|test|describe|suite|context|specify)(?:\.\w+)*?\.only\b"
                r"|(?<![\w.])(?:fit|fdescribe)\("
            ),
            "`only` added, so the other tests are left out",
        ),
        (
            re.compile(
                r"(?<![\w.])(?:it|test|describe|suite|specify)(?:\.\w+)*?\.todo\b|[{,]\s*todo:\s*(?!false)"
            ),
            "todo added",
        ),
        (
            re.compile(r"(?<![\w.])(?:it|test)(?:\.\w+)*?\.(?:fails|failing)\b"),
            "expected failure added",
        ),
    ),
    asserts=re.compile(
        r"\bexpect\s*\(|\bassert\b(?:\.\w+)*\s*\(|\.should\b|"
        r"\bt\.(?:is|not|like|ok|pass|fail|true|false|truthy|falsy|same|match|regex|notOk|equal|rejects"
        r"|(?:not)?[tT]hrows\w*|(?:not)?[dD]eepEqual|strictEqual|strictSame)\("
    ),
    loose=re.compile(
        r"\.(?:toBeTruthy|toBeFalsy|toBeDefined|toBeUndefined|toBeInstanceOf|toBeGreaterThan\w*"
        r"|toBeLessThan\w*)\(|\.not\.to|\bassert(?:\.ok)?\s*\((?!.*===)|expect\.any(?:thing)?\("
        r"|\bassert\.not\w+\(|\bt\.(?:not|ok|truthy|falsy|pass)\("
    ),
    trivial=re.compile(
        r"\bexpect\(\s*(?P<a>[\w.'\"]+)\s*\)\.(?:toBe|toEqual|toStrictEqual|to\.equal|to\.be)"
        r"\(\s*(?P=a)\s*\)|\bexpect\(true\)\.toBeTruthy\(|\bassert(?:\.ok)?\(\s*(?:true|1)\s*[,)]"
        r"|\bassert\.\w*[eE]qual\(\s*(?P<b>[\w.'\"]+)\s*,\s*(?P=b)\s*[,)]"
    ),
    repeats=re.compile(r"\.each\b|\bforEach\(|\bfor\s*(?:await\s*)?\("),
    before_opening=re.compile(r"(?!)"),
)
_GO = _Language(
    opens=re.compile(
        r"^func (?P<name>(?:Test|Fuzz|Example)\w*)\(|\bt\.Run\(\s*(?P<quote>[\"`])(?P<sub>.*?)(?P=quote)"
    ),
    group=re.compile(r"^func |^(?:var|type|const)\b"),
    skips=((re.compile(r"\bt\.Skip(?:f|Now)?\("), "skip added"),),
    asserts=re.compile(
        r"\b[tb]\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)\(|\b(?:assert|require|is|qt)\.\w+\("
        r"|(?<![\w.])\w+\([tb][,)]"
    ),
    loose=re.compile(
        r"\b(?:assert|require)\.(?:NotNil|NotEmpty|True|False|NoError|NotEqual|Greater\w*|Less\w*)\("
    ),
    trivial=re.compile(
        r"\b(?:assert|require)\.True\(t,\s*true\b|\bif false\s*\{"
        r"|\b(?:assert|require)\.Equal\(t,\s*(?P<a>[\w.\"]+)\s*,\s*(?P=a)\s*[,)]"
    ),
    repeats=re.compile(r"\brange\b|(?<![\w.])\w+\([tb][,)]"),
    before_opening=re.compile(r"(?!)"),
)
_RUST = _Language(
    opens=re.compile(r"^\s*(?:pub )?(?:async )?fn (?P<name>\w+)"),
    group=re.compile(r"^\s*(?:pub )?(?:mod|struct|enum|impl|trait|use|const|static)\b"),
    skips=(
        (re.compile(r"^\s*#\[ignore\b|^\s*#\[cfg_attr\(.*\bignore\b"), "skip added"),
        (re.compile(r"^\s*#\[should_panic\b"), "a panic is now expected"),
        (re.compile(r"^\s*#\[cfg\((?:any\(\)|FALSE|false)\)\]"), "compilation switched off"),
    ),
    asserts=re.compile(r"\b(?:debug_)?assert\w*!|\bpanic!|\bunreachable!|\bprop_assert\w*!"),
    loose=re.compile(r"\bassert(?:_ne|_matches)?!\s*\((?!.*==)"),
    trivial=re.compile(
        r"\bassert!\(\s*true\s*[,)]|\bassert_eq!\(\s*(?P<a>[\w.\"]+)\s*,\s*(?P=a)\s*[,)]"
    ),
    repeats=re.compile(r"\bfor\b.*\bin\b|\bproptest!"),
    before_opening=re.compile(r"^\s*#\["),
)
_BY_SUFFIX = {
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"), _JS),
    ".go": _GO,
    ".rs": _RUST,
}
_LITERAL = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|(?<![\w.])-?\d[\d_]*(?:\.\d+)?")
_EXPECTATION = re.compile(r"\b(?:want|expected|expect)\w*\s*[:=]")
_CLOSE_TO = re.compile(r"\.toBeCloseTo\([^,()]+(?:\([^()]*\))?[^,()]*,\s*(\d+)\s*\)")
_MAX_LINE = 1_000


def line_cases(path: str, text: str) -> list[Case] | None:
    """The tests of a file; None when its language is not known here, or it is too large."""
    language = _BY_SUFFIX.get(path[path.rfind(".") :])
    if language is None or len(text) > MAX_TEXT:
        return None
    return list(_cases(path, language, list(_code(text))))


def _code(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are no comment, with their numbers; comments that end a line stay."""
    inside = False
    for at, line in enumerate(text.splitlines(), 1):
        start = line.lstrip()
        if inside or start.startswith("/*"):
            inside = "*/" not in line
        elif not start.startswith("//"):
            yield at, line[:_MAX_LINE]


def _cases(path: str, language: _Language, lines: Sequence[tuple[int, str]]) -> Iterator[Case]:
    outside: list[tuple[int, str]] = []
    block: list[tuple[int, str]] = []
    name = ""
    parent = ""
    for at, line in lines:
        opening = language.opens.search(line)
        if opening is None and not language.group.match(line):
            (block if name else outside).append((at, line))
            continue
        attributes = _take_attributes(language, block if name else outside)
        if name:
            yield _case(path, language, name, block)
        name, block = "", []
        if opening and _is_test(language, attributes):
            own = opening["name"]
            sub = opening["sub"] if language is _GO else None
            parent = own or parent
            name = f"{parent}/{sub}" if sub is not None else own
            block = [*attributes, (at, line)]
        else:
            outside += [*attributes, (at, line)]
    if name:
        yield _case(path, language, name, block)
    marks = tuple(_marks(language, outside))
    yield Case(path, "a group of tests", 1, "", marks, is_test=False)


def _take_attributes(language: _Language, held: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The attribute lines that directly precede an opening, taken out of what came before."""
    taken: list[tuple[int, str]] = []
    while held and (language.before_opening.match(held[-1][1])):
        taken.insert(0, held.pop())
    return taken


def _is_test(language: _Language, attributes: Sequence[tuple[int, str]]) -> bool:
    if language is not _RUST:
        return True
    return any(
        re.match(r"\s*#\[(?:\w+::)*(?:test|rstest|test_case)\b", line) for _, line in attributes
    )


def _case(path: str, language: _Language, name: str, block: Sequence[tuple[int, str]]) -> Case:
    text = [line for _, line in block]
    opening = next((n for n, line in enumerate(text) if language.opens.search(line)), 0)
    asserting = [(at, line) for at, line in block if language.asserts.search(line)]
    real = [line for _, line in asserting if not language.trivial.search(line)]
    claims = [
        Claim(at, _LITERAL.sub("LITERAL", line.strip()), line.strip())
        for at, line in block[opening + 1 :]
        if language.asserts.search(line) or _EXPECTATION.search(line)
    ]
    return Case(
        path=path,
        name=name,
        line=block[opening][0],
        body="\n".join("".join(line.split()) for line in text[opening + 1 :]) or text[opening],
        marks=tuple(_marks(language, block)),
        asserts=sum(len(language.asserts.findall(line)) for line in real),
        exact=sum(not language.loose.search(line) for line in real),
        repeats=any(language.repeats.search(line) for line in text),
        claims=tuple(claims),
        tolerances=tuple(
            (at, 10.0 ** -min(int(close[1]), 50))
            for at, line in block
            for close in _CLOSE_TO.finditer(line)
        ),
    )


def _marks(language: _Language, block: Sequence[tuple[int, str]]) -> Iterator[Mark]:
    for at, line in block:
        for pattern, what in language.skips:
            if pattern.search(line):
                yield Mark(at, what)
        if language.trivial.search(line):
            yield Mark(at, "an assertion that cannot fail")
