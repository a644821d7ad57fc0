"""Does a map made from a fix's message hold what the fix changed?

For fixing commits of real histories: the tree at the parent, the message as the task, an output of so many tokens from
each contender, and one judge (`quality_judge`) for all. It needs clones (`--repos`), and for Aider's part an
interpreter whose environment has aider-chat (`--aider`); what a baseline gave is kept in `--cache`, not made again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

from . import quality_plain
from .quality_aider import Aider
from .quality_commits import Fix, Split, find_fixes
from .quality_judge import plain_lines, read_output, share, shown
from .quality_leadline import Leadline
from .quality_trees import Tree, count_each, held, keep_text, kept_text, move_tree, read_texts
from .quality_truth import changed_symbols

CONTENDERS = ("leadline", "aider", "search", "whole")
BUDGETS = (8_192, 32_768, 131_072)
VERSION = 1
"""Of what the baselines are; a new one makes them anew."""


@dataclass(frozen=True, slots=True)
class Options:
    repos: tuple[Path, ...]
    cache: Path
    split: Split
    commits: int
    budgets: tuple[int, ...]
    contenders: tuple[str, ...]
    aider: Path | None
    jobs: int
    out: Path | None


@dataclass(frozen=True, slots=True)
class Score:
    """What one output was found to tell, as shares: of the files that it names, and of which it says more than the
    path; of the symbols that it shows, and that it shows by more than their name. None where the fix changed no symbol
    of the parent."""

    repo: str
    commit: str
    contender: str
    budget: int
    files: float
    opened: float
    symbols: float | None
    more: float | None
    tokens: int


def parse(arguments: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="leadline.tests.bench quality", description=__doc__)
    parser.add_argument("--repos", nargs="+", type=Path, required=True, help="clones with history")
    parser.add_argument("--cache", type=Path, required=True, help="folder for trees and outputs")
    parser.add_argument("--split", choices=get_args(Split), default="all")
    parser.add_argument("--commits", type=int, default=10, help="fixes of each clone and split")
    parser.add_argument("--budgets", nargs="+", type=int, default=list(BUDGETS))
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--aider", type=Path, help="a Python that has aider-chat installed")
    parser.add_argument("--jobs", type=int, default=2, help="clones worked on at a time")
    parser.add_argument("--out", type=Path, help="write each score to this file, one JSON a line")
    given = parser.parse_args(arguments)
    return Options(
        tuple(given.repos),
        given.cache,
        given.split,
        given.commits,
        tuple(given.budgets),
        tuple(given.contenders),
        given.aider,
        given.jobs,
        given.out,
    )


async def measure(arguments: Sequence[str]) -> str:
    options = parse(arguments)
    if "aider" in options.contenders and options.aider is None:
        raise SystemExit("Aider's part needs --aider PYTHON, or leave it out with --contenders.")
    scores: list[Score] = []
    fixes = 0
    with ProcessPoolExecutor(options.jobs) as pool:
        for found, number in pool.map(score_repository, [(options, r) for r in options.repos]):
            scores += found
            fixes += number
    if options.out is not None:
        lines = (json.dumps(asdict(score)) + "\n" for score in scores)
        options.out.write_text("".join(lines), encoding="utf-8")
    return "\n".join(
        [
            f"{fixes} fixes of {len(options.repos)} projects, split {options.split}",
            "",
            *table(scores),
            "",
            *by_repository(scores),
        ]
    )


def score_repository(work: tuple[Options, Path]) -> tuple[list[Score], int]:
    """The scores of one clone's fixes, and how many fixes there were."""
    options, clone = work
    scores: list[Score] = []
    makers = Makers(options)
    try:
        fixes = find_fixes(clone, options.split, options.commits)
        with held(clone, options.cache):
            for fix in fixes:
                scores += score_fix(makers, clone, fix)
        print(f"  {clone.name}: {len(fixes)} fixes", file=sys.stderr, flush=True)
    finally:
        makers.close()
    return scores, len(fixes)


def score_fix(makers: Makers, clone: Path, fix: Fix) -> list[Score]:
    tree = move_tree(clone, makers.options.cache, fix)
    symbols = changed_symbols(clone, fix.parent, fix.commit, fix.changed)
    known = frozenset(tree.files)
    sources = {
        path: plain_lines((tree.root / path).read_text(encoding="utf-8", errors="replace"))
        for path in {symbol.path for symbol in symbols}
    }
    scores: list[Score] = []
    for contender in makers.options.contenders:
        for budget, text in makers.outputs(contender, tree).items():
            sections = read_output(text, known)
            found = [shown(sections, one, sources[one.path]) for one in symbols]
            scores.append(
                Score(
                    fix.repo,
                    fix.commit,
                    contender,
                    budget,
                    share(sections.names(path) for path in fix.changed) or 0.0,
                    share(sections.opens(path) for path in fix.changed) or 0.0,
                    share(one != "no" for one in found),
                    share(one == "more" for one in found),
                    count_each([text])[0],
                )
            )
    return scores


class Makers:
    """Makes each contender's outputs, those of the baselines once and for all."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._aider: Aider | None = None
        self._leadline: Leadline | None = None

    def outputs(self, contender: str, tree: Tree) -> dict[int, str]:
        if contender == "leadline":
            if self._leadline is None:
                self._leadline = Leadline(self.options.cache / "leadline" / tree.fix.repo)
            return self._leadline.maps(tree, self.options.budgets)
        places = {budget: self._place(contender, tree, budget) for budget in self.options.budgets}
        if not all(place.exists() for place in places.values()):
            for budget, text in self._make(contender, tree).items():
                keep_text(places[budget], text)
        return {budget: kept_text(place) for budget, place in places.items()}

    def _place(self, contender: str, tree: Tree, budget: int) -> Path:
        name = f"{tree.fix.commit}-{budget}.txt"
        return self.options.cache / f"{contender}-{VERSION}" / tree.fix.repo / name

    def _make(self, contender: str, tree: Tree) -> dict[int, str]:
        if contender == "aider":
            return self._started().maps(tree, self.options.budgets)
        texts = read_texts(tree)
        if contender == "search":
            return quality_plain.search(texts, tree.fix.text, self.options.budgets, count_each)
        return quality_plain.whole(texts, self.options.budgets, count_each)

    def _started(self) -> Aider:
        if self._aider is None:
            if self.options.aider is None:
                raise RuntimeError("no environment with Aider was given")
            self._aider = Aider(self.options.aider, self.options.cache)
        return self._aider

    def close(self) -> None:
        if self._aider is not None:
            self._aider.close()
        if self._leadline is not None:
            self._leadline.close()


def table(scores: Iterable[Score]) -> list[str]:
    """Means over fixes, by budget and contender."""
    groups: dict[tuple[int, str], list[Score]] = defaultdict(list)
    for score in scores:
        groups[score.budget, score.contender].append(score)
    lines = [
        "| budget | | files named | all of them | files opened | functions shown | not by name only | tokens |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for budget, contender in sorted(groups, key=lambda g: (g[0], CONTENDERS.index(g[1]))):
        group = groups[budget, contender]
        symbols = [score.symbols for score in group if score.symbols is not None]
        more = [score.more for score in group if score.more is not None]
        lines.append(
            f"| {budget // 1024}K | {contender} | {statistics.mean(s.files for s in group):.1%} "
            f"| {statistics.mean(s.files == 1.0 for s in group):.1%} "
            f"| {statistics.mean(s.opened for s in group):.1%} "
            f"| {statistics.mean(symbols) if symbols else 0:.1%} "
            f"| {statistics.mean(more) if more else 0:.1%} "
            f"| {statistics.median(s.tokens for s in group):,.0f} (at most {max(s.tokens for s in group):,}) |"
        )
    return lines


def by_repository(scores: Iterable[Score]) -> list[str]:
    """Functions shown, by project and budget: where a mean comes from."""
    groups: dict[str, dict[tuple[int, str], list[float]]] = defaultdict(lambda: defaultdict(list))
    columns: dict[tuple[int, str], None] = {}
    for score in scores:
        columns[score.budget, score.contender] = None
        if score.symbols is not None:
            groups[score.repo][score.budget, score.contender].append(score.symbols)
    order = sorted(columns, key=lambda c: (c[0], CONTENDERS.index(c[1])))
    lines = [
        "| functions shown | " + " | ".join(f"{b // 1024}K {c}" for b, c in order) + " |",
        "|---" * (len(order) + 1) + "|",
    ]
    for repo, cells in sorted(groups.items()):
        means = (f"{statistics.mean(cells[c]):.0%}" if cells[c] else "" for c in order)
        lines.append(f"| {repo} | " + " | ".join(means) + " |")
    return lines
