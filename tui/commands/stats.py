"""`leadline stats`: what a project's sessions came to, and what each rung of the ladder solved and cost in it."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import JsonValue

from ...agent.headless import plural
from ...agent.history.sessions import summary
from ...agent.history.store import session_ids, sessions_folder
from ...agent.planning.outcomes import Outcome, Outcomes, read_outcomes
from ...agent.settings.config import find_project_root
from ...tools.paths import folder_key
from .common import here, home, page, print_json, session_start
from .screen import Terminal

_HEAD = (
    f"  {'rung':<12} {'tries':>6} {'solved':>7} {'share':>6} {'$':>10} {'$/solved':>10} "
    f"{'requests':>9} {'hits':>6} {'minutes':>8}"
)


@dataclass(frozen=True, slots=True)
class Stats:
    """A work tree's sessions by status, newest status first, what they cost in US dollars, and its outcomes."""

    root: str
    statuses: dict[str, int]
    cost: float
    outcomes: Outcomes


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--all", action="store_true", help="all work trees, not only the one you are in"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object for each work tree")


def execute(parsed: argparse.Namespace) -> int:
    state = home()
    roots = _roots(state)
    if not parsed.all:
        root = str(find_project_root(here()))
        roots = {root: roots.get(root, [])}
    every = [_stats(state, root, names) for root, names in roots.items()]
    if parsed.json:
        for each in every:
            print_json(_json(each))
        return 0
    screen = page()
    if not every:
        screen.line('There is no session yet. Start one with `leadline run "TASK"`.')
    for number, each in enumerate(every):
        if number:
            screen.line()
        _show(each, screen)
    return 0


def _roots(state: Path) -> dict[str, list[str]]:
    """The sessions of each work tree, newest first. One whose journal has no beginning belongs to none."""
    found: dict[str, list[str]] = {}
    for name in session_ids(state):
        started = session_start(sessions_folder(state) / name)
        if started is not None:
            found.setdefault(started.root, []).append(name)
    return found


def _stats(state: Path, root: str, names: Iterable[str]) -> Stats:
    statuses: Counter[str] = Counter()
    cost = 0.0
    for name in names:
        told = summary(sessions_folder(state) / name)
        statuses[told.status] += 1
        cost += told.usd
    outcomes = read_outcomes(state / "projects" / folder_key(Path(root)))
    return Stats(root, dict(statuses), cost, outcomes)


def _show(stats: Stats, screen: Terminal) -> None:
    screen.line(("bold", stats.root))
    count = sum(stats.statuses.values())
    if not count:
        screen.line("  No session yet.")
    else:
        kinds = ", ".join(f"{many} {status}" for status, many in stats.statuses.items())
        screen.line(f"  {plural(count, 'session')}: {kinds}. They cost ${stats.cost:.4f}.")
    if not stats.outcomes:
        screen.line("  No task of a plan was tried here yet.")
        return
    screen.line(("dim", _HEAD))
    for line in _lines(stats.outcomes):
        screen.line(line)


def _lines(outcomes: Sequence[Outcome]) -> Iterable[str]:
    for each in outcomes:
        prompt = each.hit + each.miss
        yield (
            f"  {each.tier + ' ' + each.effort:<12} {each.tries:>6} {each.solved:>7} "
            f"{_share(each.solved_share):>6} {each.usd:>10.4f} {_usd(each.usd_per_solved):>10} "
            f"{each.requests:>9} {_share(each.hit / prompt if prompt else None):>6} "
            f"{each.seconds / 60:>8.1f}"
        )


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _usd(usd: float | None) -> str:
    return "-" if usd is None else f"{usd:.4f}"


def _json(stats: Stats) -> dict[str, JsonValue]:
    rungs: list[JsonValue] = [
        {
            **asdict(each),
            "solved_share": each.solved_share,
            "usd_per_solved": each.usd_per_solved,
        }
        for each in stats.outcomes
    ]
    return {
        "root": stats.root,
        "sessions": sum(stats.statuses.values()),
        "statuses": dict(stats.statuses),
        "cost_usd": stats.cost,
        "rungs": rungs,
    }
