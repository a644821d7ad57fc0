"""What keeps a codemod from being run, whatever the tree holds. Pure."""

from __future__ import annotations

import difflib
import json
import posixpath
import re
from collections.abc import Iterator

from ..git.names import printable
from ..globs import glob_pattern
from ..paths import is_git_internal
from ..text import clipped, is_well_formed
from .metavars import is_bare, unknown
from .model import RULE_LANGUAGES, Codemod, Rule

MAX_PATHS = 50
MAX_RULES = 20
MAX_PATH = 500
MAX_TEXT = 20_000
"""Characters of a script, and of all parts of a rule together."""
_MAX_NODES = 200
"""Brackets in a rule object: what looks through it goes as deep as it nests."""
WILDCARD = re.compile(r"\*+|\?|\[[^\]/]+\]|\{[^{}]*,[^{}]*\}")
_MAX_WILDCARDS = 4
"""Of one glob: the time that matching takes grows with the power of their number."""


def codemod_faults(codemod: Codemod) -> Iterator[str]:
    """Sentences that say what to change."""
    if not codemod.paths:
        yield "`paths` is empty; name the files, folders or globs where it looks."
    if len(codemod.paths) > MAX_PATHS:
        yield f"`paths` has {len(codemod.paths)} entries; at most {MAX_PATHS} are allowed. Name folders."
    for path in codemod.paths[:MAX_PATHS]:
        yield from _path_faults(path)
    if codemod.rules and codemod.script:
        yield "it has `rules` and a `script`; send one of both."
    if not codemod.rules and not codemod.script.strip():
        yield "it has neither `rules` nor a `script`; send one of both."
    if len(codemod.rules) > MAX_RULES:
        yield f"it has {len(codemod.rules)} rules; at most {MAX_RULES} are allowed."
    for number, rule in enumerate(codemod.rules[:MAX_RULES], 1):
        for fault in _rule_faults(rule):
            yield f"rule {number}: {fault}"
    yield from _text_faults("`script`", codemod.script)


def _path_faults(path: str) -> Iterator[str]:
    shown = f"the path `{printable(clipped(path, 100))}`"
    if not path.strip() or len(path) > MAX_PATH or not path.isprintable():
        yield f"{shown} is empty, too long or not printable; write one plain path per entry."
        return
    if path.startswith(("/", "~")) or ".." in path.split("/"):
        yield f"{shown} is not inside the project; write it from the project's root, without `..`."
    if is_git_internal(path):
        yield f"{shown} lies in .git, which no codemod may change."
    if len(WILDCARD.findall(path)) > _MAX_WILDCARDS:
        yield f"{shown} has too many wildcards; name files or folders."
    elif WILDCARD.search(path):
        try:
            glob_pattern(posixpath.normpath(path))
        except ValueError:
            yield f"{shown} is no glob; name files or folders."


def _rule_faults(rule: Rule) -> Iterator[str]:
    if rule.language not in RULE_LANGUAGES:
        near = difflib.get_close_matches(rule.language[:40].casefold(), RULE_LANGUAGES, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(RULE_LANGUAGES)}."
        yield f"no rules can be made for the language `{_shown(rule.language)}`; {hint}"
    if rule.pattern and rule.rule is not None:
        yield "it has a `pattern` and a `rule`; send one of both, a rule object may hold patterns."
    if not rule.pattern.strip() and not rule.rule:
        yield "it has no `pattern`; write the code it looks for, with `$A` for any node."
    elif rule.rule is None and is_bare(rule.pattern):
        yield "its `pattern` matches everything; write some fixed code into it."
    try:
        shape = json.dumps(rule.rule, ensure_ascii=False)
    except RecursionError:
        shape = "{" * (_MAX_NODES + 1)
    if shape.count("{") + shape.count("[") > _MAX_NODES:
        yield f"its `rule` has more than {_MAX_NODES} parts; make several rules of it."
        return
    whole = rule.pattern + rule.rewrite + shape
    yield from _text_faults("it", whole)
    missing = unknown(rule)
    if missing:
        names = ", ".join(f"${_shown(name)}" for name in missing[:5])
        yield f"its rewrite has {names}, which it matches nothing by; use the pattern's own names."


def _text_faults(what: str, text: str) -> Iterator[str]:
    if len(text) > MAX_TEXT:
        yield f"{what} has {len(text):,} characters; at most {MAX_TEXT:,} are allowed."
    elif "\0" in text or not is_well_formed(text):
        yield f"{what} has a NUL or half of a surrogate pair, which no text can have."


def _shown(text: str) -> str:
    return printable(clipped(text, 60))
