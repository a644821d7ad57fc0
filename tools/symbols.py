"""What the model gets of questions about symbols: paths with lines that `read` takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from .code.lookup import (
    MAX_SUBTYPES,
    TYPES,
    Derived,
    Keep,
    Use,
    Uses,
    Wanted,
    find_definitions,
    find_inherited,
    find_overrides,
    find_subtypes,
    find_uses,
    near_names,
    wanted,
)
from .code.model import CodeTree, Place, Symbol
from .code.noise import NOISE
from .files import plural
from .git.names import printable
from .text import clipped

Question = Literal["definition", "references", "callers", "implementations"]

MAX_LINES = 200
MAX_CHARS = 24_000
MAX_LINE_CHARS = 200
MAX_SIGNATURE_CHARS = 300
_NAMED = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """`lines` answer the question; `left` says what more there is, in words, or is empty."""

    lines: tuple[str, ...]
    left: str = ""


def answer(tree: CodeTree, question: Question, text: str, keep: Keep) -> str:
    """The answer to a question about the symbol that `text` names, as far as it lies in paths that `keep` takes."""
    asked = wanted(tree, text)
    if not asked.name:
        return "`pattern` is the name of a symbol here, such as `load` or `Class.load`"
    found = _ANSWERS[question](tree, asked, keep)
    text = _fitted(found) if found.lines else _nothing(tree, question, asked)
    return f"{text}{_unindexed(tree, question, asked)}"


def lines_of(symbol: Symbol) -> str:
    """A symbol's lines as `read` takes them."""
    same = symbol.first == symbol.last
    return str(symbol.first) if same else f"{symbol.first}-{symbol.last}"


def declaration(symbol: Symbol) -> str:
    """A symbol's signature, or its kind and name where it has none."""
    said = symbol.signature or f"{symbol.kind} {symbol.name}"
    return clipped(said, MAX_SIGNATURE_CHARS)


def _definition(tree: CodeTree, asked: Wanted, keep: Keep) -> Answer:
    places = [place for place in find_definitions(tree, asked) if keep(place.path)]
    if places:
        return Answer(tuple(map(_place, places)))
    inherited = [place for place in find_inherited(tree, asked) if keep(place.path)]
    if not inherited:
        return Answer(())
    return Answer((f"{asked} is inherited:", *map(_place, inherited)))


def _place(place: Place) -> str:
    symbol = place.symbol
    owner = symbol.qualified.removesuffix(symbol.name).rstrip(".")
    inside = f" (in {owner})" if owner else ""
    doc = f"\n  {clipped(symbol.doc, MAX_LINE_CHARS)}" if symbol.doc else ""
    return f"{printable(place.path)}:{lines_of(symbol)} {declaration(symbol)}{inside}{doc}"


def _references(tree: CodeTree, asked: Wanted, keep: Keep) -> Answer:
    uses = find_uses(tree, asked, keep, MAX_LINES)
    lines: list[str] = []
    for path, group in _by_path(uses.uses):
        texts = (tree.text(path) or "").split("\n")
        kinds = {use.reference.line: use.reference.kind for use in reversed(group)}
        lines.append(printable(path))
        for number in sorted(kinds):
            text = texts[number - 1] if number <= len(texts) else ""
            lines.append(f"{number} {kinds[number]}: {clipped(text, MAX_LINE_CHARS)}".rstrip())
    return Answer(tuple(lines), _beyond(uses))


def _callers(tree: CodeTree, asked: Wanted, keep: Keep) -> Answer:
    uses = find_uses(tree, asked, keep, MAX_LINES * 4)
    calls = [use for use in uses.uses if use.reference.kind == "call"]
    lines: list[str] = []
    for path, group in _by_path(calls):
        lines.append(printable(path))
        for inside, around in _by_caller(group):
            at = ", ".join(str(n) for n in sorted({use.reference.line for use in around}))
            lines.append(f"{_caller(inside)}: {at}")
    return Answer(tuple(lines), _beyond(uses))


def _by_caller(uses: Sequence[Use]) -> list[tuple[Symbol | None, list[Use]]]:
    groups: dict[Symbol | None, list[Use]] = {}
    for use in uses:
        groups.setdefault(use.inside, []).append(use)
    return list(groups.items())


def _caller(symbol: Symbol | None) -> str:
    return f"{lines_of(symbol)} {symbol.qualified}" if symbol else "outside of functions"


def _implementations(tree: CodeTree, asked: Wanted, keep: Keep) -> Answer:
    places = find_definitions(tree, asked) or find_inherited(tree, asked)
    types = any(place.symbol.kind in TYPES for place in places)
    if not types and any(place.symbol.kind in ("method", "property") for place in places):
        overrides = [place for place in find_overrides(tree, asked) if keep(place.path)]
        return Answer(tuple(map(_place, overrides)))
    if places and not types:
        return Answer(())
    derived = find_subtypes(tree, [asked.name])
    shown = [_subtype(tree, item, asked.name) for item in derived if keep(item.path)]
    left = f"more than {MAX_SUBTYPES} in all" if len(derived) == MAX_SUBTYPES else ""
    return Answer(tuple(shown), left)


def _subtype(tree: CodeTree, derived: Derived, name: str) -> str:
    symbol = derived.symbol
    by = "" if derived.base == name else f" (by {derived.base})"
    if symbol is not None:
        return f"{printable(derived.path)}:{lines_of(symbol)} {declaration(symbol)}{by}"
    texts = (tree.text(derived.path) or "").split("\n")
    text = texts[derived.line - 1] if derived.line <= len(texts) else ""
    return f"{printable(derived.path)}:{derived.line} {clipped(text, MAX_LINE_CHARS)}{by}"


def _by_path(uses: Iterable[Use]) -> list[tuple[str, list[Use]]]:
    groups: dict[str, list[Use]] = {}
    for use in uses:
        groups.setdefault(use.path, []).append(use)
    return list(groups.items())


def _beyond(uses: Uses) -> str:
    """What was not looked into, by file."""
    if not uses.beyond:
        return ""
    count = sum(number for _, number in uses.beyond)
    named = ", ".join(f"{printable(path)} {number}" for path, number in uses.beyond[:_NAMED])
    more = ", ..." if len(uses.beyond) > _NAMED else ""
    return f"{count} more references in {plural(len(uses.beyond), 'file')} ({named}{more})"


def _fitted(found: Answer) -> str:
    """As many lines as there is room for, and what was left out."""
    shown: list[str] = []
    room = MAX_CHARS
    for line in found.lines[:MAX_LINES]:
        room -= len(line) + 1
        if room < 0:
            break
        shown.append(line)
    cut = len(found.lines) - len(shown)
    left = [plural(cut, "more line")] if cut else []
    left += [found.left] if found.left else []
    if left:
        shown.append(f"{'; '.join(left)}; narrow it with `path` or `glob`")
    return "\n".join(shown)


def _nothing(tree: CodeTree, question: Question, asked: Wanted) -> str:
    """Why there is no answer, and what there is instead."""
    anywhere = _ANSWERS[question](tree, asked, _anywhere).lines
    if anywhere:
        return f"none there; elsewhere:\n{_some(anywhere)}"
    known = find_definitions(tree, asked) or find_inherited(tree, asked)
    uses = find_uses(tree, asked, _anywhere, 1).uses
    if known or (uses and not asked.owners):
        return _unanswered(question, asked, known, uses)
    namesakes = find_definitions(tree, Wanted(asked.name)) if asked.owners else ()
    if namesakes:
        return f"no {asked} is known; {asked.name} is:\n{_some(list(map(_place, namesakes)))}"
    near = near_names(tree, asked.name)
    hint = f"near it: {', '.join(near)}" if near else "it may be found as text, without `symbol`"
    return f"no symbol is called {asked}; {hint}"


def _unanswered(
    question: Question, asked: Wanted, known: Sequence[Place], uses: Sequence[Use]
) -> str:
    """That the name is known, but nothing that was asked about it."""
    if question == "definition":
        return f"{asked} is used but not defined in this tree"
    if question == "implementations":
        what = f"a {known[0].symbol.kind}" if known else "not defined in this tree"
        return f"none: {asked} is {what}, and nothing here is derived from it"
    if question == "callers" and uses:
        use = uses[0]
        return f"no call is known, but other references, as at {printable(use.path)}:{use.reference.line}"
    return f"nothing refers to {asked}, which is defined at {printable(known[0].path)}:{lines_of(known[0].symbol)}"


def _unindexed(tree: CodeTree, question: Question, asked: Wanted) -> str:
    """That references to a name are not kept, where it is also one that a language of the tree brings itself."""
    if question not in ("references", "callers"):
        return ""
    common = {language for language, names in NOISE.items() if asked.name in names}
    there = sorted(common.intersection(str(file.language) for file in tree.files.values()))
    if not there:
        return ""
    return f"\n{asked.name} is too common in {', '.join(there)} to be kept; search for it as text"


def _some(lines: Sequence[str]) -> str:
    more = [f"and {plural(len(lines) - _NAMED, 'more line')}"] if len(lines) > _NAMED else []
    return "\n".join([*lines[:_NAMED], *more])


def _anywhere(_path: str) -> bool:
    return True


_ANSWERS: dict[Question, Callable[[CodeTree, Wanted, Keep], Answer]] = {
    "definition": _definition,
    "references": _references,
    "callers": _callers,
    "implementations": _implementations,
}
