"""Rules on one text: what they match and the text after it. Pure, but ast-grep can crash: see `child`.

A match that lies in another one counts where a metavariable of the outer one has it; what the outer one replaces as
fixed text is gone. So one pass is enough, and it ends also for a rule whose result it would match again.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from ast_grep_py import Config, SgNode, SgRoot

from ..text import Text
from .metavars import Variable, captured, parts
from .model import Rule
from .template import HELD, Piece, filled, indent_of_line

MAX_CHARS = 5_000_000
"""Of a new text: a metavariable that a rewrite has twice doubles what is nested in it, again and again."""

_CONTENT = re.compile("string|heredoc|template_literal")
"""Kinds of nodes whose lines are content."""


class RuleError(Exception):
    """ast-grep does not take a rule; the message is its own, on one line."""


class TooLargeError(Exception):
    """The new text would have more than `MAX_CHARS` characters."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """`matches` counts what was replaced, by rule. `unparsed`: a part of the old text makes no sense to the parser."""

    text: Text
    matches: tuple[int, ...]
    unparsed: bool


def check_rule(rule: Rule) -> None:
    """Raises RuleError for a rule that no text could be searched with."""
    _find(SgRoot("", rule.language).root(), rule)


def rewritten(text: Text, language: str, rules: Sequence[Rule]) -> Rewritten:
    """The text after those of the rules that are about its language, each on the result of those before it.

    Every byte outside of the matches is kept. Raises RuleError and TooLargeError.
    """
    unparsed = SgRoot(text.lf, language).root().find(kind="ERROR") is not None
    matches: list[int] = []
    for rule in rules:
        changes, count = _changes(text.lf, rule) if rule.language == language else ([], 0)
        matches.append(count)
        text = text.replaced(changes) if changes else text
    return Rewritten(text, tuple(matches), unparsed)


def _changes(text: str, rule: Rule) -> tuple[list[tuple[int, int, str]], int]:
    root = SgRoot(text, rule.language).root()
    found = _find(root, rule)
    if not found:
        return [], 0
    filler = _Filler(_held(root, text), found, parts(rule.rewrite, captured(rule)))
    new = [
        (start, end, filler.match(number).replace(HELD, "\n"))
        for number, start, end in filler.outermost(0, len(text), 0)
    ]
    return [each for each in new if text[each[0] : each[1]] != each[2]], len(filler.counted)


def _find(root: SgNode, rule: Rule) -> list[SgNode]:
    """The matches by their places, outer ones before those in them."""
    matcher: Mapping[str, object] = {"pattern": rule.pattern} if rule.rule is None else rule.rule
    try:
        # What shape a rule object has is for ast-grep to say.
        found = root.find_all(cast(Config, {"rule": matcher}))
    except Exception as error:  # it raises plain ones
        raise RuleError(_words_of(error)) from None
    return sorted(found, key=lambda node: (_span(node)[0], -_span(node)[1]))


def _words_of(error: Exception) -> str:
    """What ast-grep says itself: the causes, without where in its code that was."""
    said = str(error).partition("Stack backtrace")[0]
    causes = re.findall(r"^\s*\d+: (.*(?:\n(?!\s*\d+: ).*)*)", said, re.MULTILINE)
    return " ".join("; ".join(causes or [said]).split())


def _span(node: SgNode) -> tuple[int, int]:
    place = node.range()
    return place.start.index, place.end.index


def _held(root: SgNode, text: str) -> str:
    """The text with `HELD` for each line end that is content."""
    pieces: list[str] = []
    kept = 0
    waiting = [root]
    spans: list[tuple[int, int]] = []
    while waiting:
        node = waiting.pop()
        place = node.range()
        if place.start.line == place.end.line:
            continue
        if _CONTENT.search(node.kind()):
            spans.append(_span(node))
        else:
            waiting += node.children()
    for start, end in sorted(spans):
        pieces += (text[kept:start], text[start:end].replace("\n", HELD))
        kept = end
    return "".join((*pieces, text[kept:]))


class _Filler:
    """Makes the new texts of matches. `counted` are those that were made, by number."""

    def __init__(
        self, text: str, found: Sequence[SgNode], template: Sequence[str | Variable]
    ) -> None:
        self._text = text
        self._found = found
        self._spans = [_span(node) for node in found]
        self._starts = [start for start, _ in self._spans]
        self._template = template
        self._made: dict[int, str] = {}
        self.counted: set[int] = set()

    def outermost(self, start: int, end: int, first: int) -> list[tuple[int, int, int]]:
        """The matches from number `first` on that lie in a span and in no other: number, start and end."""
        found: list[tuple[int, int, int]] = []
        at = start
        for number in range(max(first, bisect_left(self._starts, start)), len(self._spans)):
            begins, ends = self._spans[number]
            if begins >= end:
                break
            if begins >= at and ends <= end:
                found.append((number, begins, ends))
                at = max(ends, begins + 1)  # an empty match can't be found twice
        return found

    def match(self, number: int) -> str:
        if number not in self._made:
            self.counted.add(number)
            indent = indent_of_line(self._text, self._spans[number][0])
            new = filled(self._template, indent, lambda variable: self._piece(number, variable))
            if len(new) > MAX_CHARS:
                raise TooLargeError
            self._made[number] = new
        return self._made[number]

    def _piece(self, number: int, variable: Variable) -> Piece:
        node = self._found[number]
        nodes = [node.get_match(variable.name)] if not variable.several else []
        nodes = [each for each in nodes if each] or node.get_multiple_matches(variable.name)
        if not nodes:
            return Piece("", "")
        start, end = _span(nodes[0])[0], _span(nodes[-1])[1]
        first, last = self._spans[number]
        text = self._text
        begins, ends = start, end
        while begins > first and text[begins - 1].isspace():
            begins -= 1
        while ends < last and text[ends].isspace():
            ends += 1
        return Piece(
            self._inner(start, end, number + 1),
            indent_of_line(text, start),
            text[begins:start],
            text[begins - 1] if begins > first else "",
            text[end:ends],
            text[ends] if ends < last else "",
        )

    def _inner(self, start: int, end: int, first: int) -> str:
        pieces: list[str] = []
        kept = start
        for number, begins, ends in self.outermost(start, end, first):
            pieces += (self._text[kept:begins], self.match(number))
            kept = ends
        return "".join((*pieces, self._text[kept:end]))
