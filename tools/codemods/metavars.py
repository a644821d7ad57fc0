"""Metavariables in patterns and rewrites, and the fixed words beside them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import cast

from .model import Rule

_VARIABLE = re.compile(r"(\$\$\$|\$\$?)([A-Z][A-Z0-9_]*)(?![A-Za-z0-9_])")
_ANY_VARIABLE = re.compile(r"\$+(?:[A-Z_][A-Z0-9_]*)?(?![A-Za-z0-9_])")
_WORD = re.compile(r"[^\W\d]\w*")
_TOKEN = re.compile(r"\w+")
_RELATIONS = ("inside", "has", "precedes", "follows")
_MOST_ALTERNATIVES = 50
_DOLLAR_IS_CODE = frozenset(("bash", "php"))
"""Where `$NAME` in a rewrite may be code, if the pattern has no such metavariable."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A metavariable in a rewrite; `several` for `$$$NAME`."""

    name: str
    several: bool


def parts(rewrite: str, known: frozenset[str]) -> tuple[str | Variable, ...]:
    """The rewrite, cut into plain text and the metavariables among `known`. No two texts follow each other."""
    found: list[str | Variable] = []
    at = 0
    for match in _VARIABLE.finditer(rewrite):
        if match[2] not in known:
            continue
        found += [rewrite[at : match.start()], Variable(match[2], match[1] == "$$$")]
        at = match.end()
    return tuple(part for part in (*found, rewrite[at:]) if part != "")


def captured(rule: Rule) -> frozenset[str]:
    """The metavariables that a match of the rule may give."""
    return frozenset(name for text in _texts(_matcher(rule)) for name in _names(text))


def unknown(rule: Rule) -> tuple[str, ...]:
    """The metavariables of the rewrite that no match gives, in their order."""
    if rule.language in _DOLLAR_IS_CODE:
        return ()
    known = captured(rule)
    return tuple(dict.fromkeys(name for name in _names(rule.rewrite) if name not in known))


def is_bare(pattern: str) -> bool:
    """Whether the pattern has no fixed part at all, so that everything matches."""
    return not _ANY_VARIABLE.sub("", pattern).strip()


def telling_words(rule: Rule) -> tuple[frozenset[str], ...]:
    """Sets of words: a text without all words of any of them holds nothing that a pattern of the rule says.

    Empty where the rule has no fixed words.
    """
    return tuple(words for words in _words(_matcher(rule)) if words)


def mentions(text: str, alternatives: tuple[frozenset[str], ...]) -> bool:
    """Whether the text has all words of one of the sets."""
    if not alternatives:
        return False
    words = set(_TOKEN.findall(text))
    return any(each <= words for each in alternatives)


def _matcher(rule: Rule) -> Mapping[str, object]:
    return {"pattern": rule.pattern} if rule.rule is None else rule.rule


def _names(text: str) -> list[str]:
    return [match[2] for match in _VARIABLE.finditer(text)]


def _texts(value: object) -> list[str]:
    """All texts in a value of JSON."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            found.append(each)
        elif isinstance(each, Mapping):
            waiting += cast("Mapping[str, object]", each).values()
        elif isinstance(each, list):
            waiting += cast("list[object]", each)
    return found


def _words(matcher: object) -> list[frozenset[str]]:
    """The alternatives of words that a rule object's patterns hold; what says nothing gives one empty set."""
    if not isinstance(matcher, Mapping):
        return [frozenset()]
    given = cast("Mapping[str, object]", matcher)
    found = [[_fixed(given.get("pattern"))]]
    found += [_words(given[key]) for key in _RELATIONS if key in given]
    every = given.get("all")
    found += [_words(each) for each in cast("list[object]", every)] if _is_list(every) else []
    some = given.get("any")
    if _is_list(some):
        found.append([words for each in cast("list[object]", some) for words in _words(each)])
    alternatives = [frozenset[str]()]
    for group in found:
        alternatives = [one | other for one, other in product(alternatives, group)]
        if len(alternatives) > _MOST_ALTERNATIVES:
            return [frozenset()]
    return list(dict.fromkeys(alternatives))


def _fixed(pattern: object) -> frozenset[str]:
    if isinstance(pattern, Mapping):
        # The selector takes a part of the context: what lies around it need not be in a file.
        return frozenset()
    return (
        frozenset(_WORD.findall(_ANY_VARIABLE.sub(" ", pattern)))
        if isinstance(pattern, str)
        else frozenset()
    )


def _is_list(value: object) -> bool:
    return isinstance(value, list)
