"""Codemods and their reports in words, for the model and for people. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ..files import plural
from ..git.names import printable
from ..text import clipped
from .model import Codemod, CodemodReport, Rule

MAX_LISTED = 40
"""Paths of one kind."""
MAX_CODE = 100


def codemod_lines(codemod: Codemod, most: int = MAX_CODE) -> list[str]:
    """What it does, a line for each rule with at most so many characters of its code a side; of a script only how long
    it is."""
    if codemod.script:
        return [f"a script of {plural(len(codemod.script.splitlines()), 'line')}"]
    return [_rule(rule, most) for rule in codemod.rules]


def places(codemod: Codemod) -> str:
    return ", ".join(printable(path) for path in codemod.paths)


def _rule(rule: Rule, most: int) -> str:
    found = rule.pattern if rule.rule is None else json.dumps(rule.rule, ensure_ascii=False)
    new = f"`{_code(rule.rewrite, most)}`" if rule.rewrite else "nothing"
    return f"{printable(rule.language)}: `{_code(found, most)}` becomes {new}"


def _code(text: str, most: int) -> str:
    return printable(clipped(text, most))


def report_text(report: CodemodReport) -> str:
    """The report for the model: what changed, what is left to look at, and a few diffs if nothing was written."""
    lines = [_head(report)]
    if len(report.rule_matches) > 1 or report.rule_matches == (0,):
        lines += [_counted(number, count) for number, count in enumerate(report.rule_matches, 1)]
    lines += _listed((f"{each.path}: {each.matches}" for each in report.changed), "")
    lines += _listed((f"{each.path}: {each.reason}" for each in report.kept), "left as they are")
    lines += _listed(report.unmatched, "no match, though the pattern's words are there")
    lines += _listed(
        report.unparsed, "may have matches that were missed, the parser makes no sense of a part"
    )
    if report.left_out:
        lines.append(
            f"not looked at: {plural(report.left_out, 'file')}, vendored, generated, binary or very large"
        )
    if not report.applied and report.samples:
        lines += ["", *report.samples]
    return "\n".join(lines)


def _counted(number: int, count: int) -> str:
    if count == 0:
        return f"rule {number}: no match; a pattern has to be a whole piece of code by itself"
    return f"rule {number}: {count:,} match{'es' if count > 1 else ''}"


def _head(report: CodemodReport) -> str:
    files = plural(len(report.changed), "file")
    of = f"of {report.looked_at:,} looked at"
    if report.applied:
        return f"wrote {files} {of}"
    return f"dry run, nothing written; would change {files} {of}"


def _listed(items: Iterable[str], title: str) -> list[str]:
    every = [printable(item) for item in items]
    if not every:
        return []
    left = len(every) - MAX_LISTED
    more = [f"and {left:,} more"] if left > 0 else []
    if not title:
        return every[:MAX_LISTED] + more
    return [f"{title} ({len(every):,}):", *every[:MAX_LISTED], *more]
