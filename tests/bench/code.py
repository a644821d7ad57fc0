"""Time and memory of the index and the map on real trees, against the floor and against others, in one run.

Django, SymPy and a large TypeScript package are downloaded into `--cache` by pip and npm. Aider is measured if an
interpreter whose environment has it is given, Repomix if its program is given. Linux only: memory is read from /proc.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from leadline.agent.rehearsal.tokens import tokenizer_file

from .code_measure import Cost, median, run
from .code_trees import SOURCES, Source, bring, edit_files, walk

TOKENS = 32_768
AIDER = Path(__file__).with_name("aider_worker.py")
STEPS = "leadline.tests.bench.code_steps"
FLOOR = "leadline.tests.bench.code_floor"
START = "python -c pass"
IMPORTS = "importing index and map"
GROUND = "floor: read all, parse"
COLD = "Leadline: cold index"
COLD_MAP = "Leadline: cold index and map"
FIRST = "Leadline: first map, index present"
NEXT = "Leadline: map for another task"
AHEAD = "Leadline: counting ahead, beside a session"
WARM = "Leadline: warm map"
AFTER = "Leadline: map after ten edits, new process"
AGAIN = "Leadline: index after ten edits, same process"
MAPPED = "Leadline: map after that, same process"
AIDER_COLD = "Aider: cold map"
AIDER_WARM = "Aider: warm map, another task"
REPOMIX = "Repomix --compress"


@dataclass(frozen=True, slots=True)
class Options:
    cache: Path
    trees: tuple[str, ...]
    rounds: int
    other_rounds: int
    aider: Path | None
    repomix: Path | None


@dataclass(slots=True)
class Bench:
    """One tree being measured: a copy of it that can be edited, and a folder for each contender's own files."""

    source: Source
    root: Path
    work: Path
    costs: dict[str, list[Cost]] = field(default_factory=lambda: defaultdict(list))

    def measure(self, row: str, *command: str) -> None:
        self.costs[row].append(run(command))
        print(f"  {self.source.name}: {row}: {self.costs[row][-1].wall:.2f} s", file=sys.stderr)

    def step(self, row: str, name: str, *arguments: str) -> None:
        self.measure(row, sys.executable, "-m", STEPS, name, *arguments)


def parse(arguments: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="leadline.tests.bench code", description=__doc__)
    names = [source.name for source in SOURCES]
    parser.add_argument("--cache", type=Path, required=True, help="folder for the downloads")
    parser.add_argument("--trees", nargs="+", choices=names, default=names)
    parser.add_argument("--rounds", type=int, default=5, help="of Leadline and the floor")
    parser.add_argument("--other-rounds", type=int, default=1, help="of Aider and Repomix")
    parser.add_argument("--aider", type=Path, help="a Python that has aider-chat installed")
    parser.add_argument("--repomix", type=Path, help="the program repomix")
    given = parser.parse_args(arguments)
    trees = tuple(given.trees)
    return Options(given.cache, trees, given.rounds, given.other_rounds, given.aider, given.repomix)


async def measure(arguments: Sequence[str]) -> str:
    options = parse(arguments)
    parts = [measure_tree(options, source) for source in SOURCES if source.name in options.trees]
    missing = [
        f"{name} was not measured: give {flag}."
        for name, flag, given in (
            ("Aider", "--aider PYTHON", options.aider),
            ("Repomix", "--repomix PROGRAM", options.repomix),
        )
        if given is None
    ]
    return "\n\n".join([*parts, *missing])


def measure_tree(options: Options, source: Source) -> str:
    original = bring(source, options.cache)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder).resolve()
        root = work / "tree"
        shutil.copytree(original, root, symlinks=True)
        bench = Bench(source, root, work)
        listing = work / "parsed.txt"
        run([sys.executable, "-m", STEPS, "parsed", str(work / "list"), str(root), str(listing)])
        for number in range(options.rounds + 1):
            if number == 1:  # the round before filled the system's caches
                bench.costs.clear()
            leadline_round(bench, listing, number)
        for number in range(options.other_rounds):
            if options.aider is not None:
                aider_round(bench, options.aider, number)
            if options.repomix is not None:
                repomix_round(bench, options.repomix)
        return "\n".join([about(bench, listing), "", *table(bench), "", *goals(bench)])


def leadline_round(bench: Bench, listing: Path, number: int) -> None:
    """Everything of Leadline's and the floor once, with a new index."""
    index, root = str(bench.work / f"index-{number}"), str(bench.root)
    task, other = bench.source.tasks
    bench.measure(START, sys.executable, "-c", "pass")
    bench.measure(IMPORTS, sys.executable, "-c", f"import {STEPS}")
    bench.measure(GROUND, sys.executable, "-m", FLOOR, root, str(listing))
    bench.step(COLD, "index", index, root)
    bench.step(COLD_MAP, "pack", f"{index}-b", root, str(TOKENS), task)
    bench.step(FIRST, "pack", index, root, str(TOKENS), task)
    bench.step(NEXT, "pack", index, root, str(TOKENS), other)
    bench.step(AHEAD, "ahead", index, root, str(TOKENS))
    bench.step(WARM, "pack", index, root, str(TOKENS), task)
    undo = edit_files(bench.root, listing)
    bench.step(AFTER, "pack", index, root, str(TOKENS), task)
    undo()
    timed = bench.work / "timed.json"
    run(
        [
            sys.executable,
            "-m",
            STEPS,
            "live",
            index,
            root,
            str(TOKENS),
            task,
            str(listing),
            str(timed),
        ]
    )
    for row, (wall, cpu) in json.loads(timed.read_text()).items():
        bench.costs[{"index": AGAIN, "map": MAPPED}[row]].append(Cost(wall, cpu, 0))
    shutil.rmtree(index)
    shutil.rmtree(f"{index}-b")


def aider_round(bench: Bench, python: Path, number: int) -> None:
    names = bench.work / "files.txt"
    names.write_text("\n".join(walk(bench.root)), encoding="utf-8", errors="surrogateescape")
    tags = str(bench.work / f"aider-{number}")
    once = [str(python), "-I", str(AIDER), "once", str(bench.root), str(names), tags]
    budget = [str(tokenizer_file()), str(TOKENS)]
    task, other = bench.source.tasks
    bench.measure(AIDER_COLD, *once, *budget, task)
    bench.measure(AIDER_WARM, *once, *budget, other)


def repomix_round(bench: Bench, program: Path) -> None:
    """Without its search for secrets, which is no part of the packing."""
    target = str(bench.work / "repomix.xml")
    options = ["--compress", "--no-security-check", "--quiet", "-o", target]
    bench.measure(REPOMIX, str(program.resolve()), *options, str(bench.root))


def about(bench: Bench, listing: Path) -> str:
    paths = walk(bench.root)
    size = sum((bench.root / path).stat().st_size for path in paths)
    lines = listing.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    parsed = sum(int(line.split(" ", 2)[1]) for line in lines)
    return (
        f"{bench.source.name} {bench.source.version}: {len(paths):,} files, {size / 1e6:.1f} MB; parsed "
        f"{len(lines):,} files, {parsed / 1e6:.1f} MB; maps of {TOKENS:,} tokens; "
        f"medians of {len(bench.costs[COLD])} rounds, others of {len(bench.costs[AIDER_COLD]) or 'none'}"
    )


def table(bench: Bench) -> list[str]:
    ground = median(bench.costs[GROUND])
    lines = ["| | wall s | of the floor | CPU s | peak MB |", "|---|---|---|---|---|"]
    for row, costs in bench.costs.items():
        if costs:
            cost = median(costs)
            lines.append(
                f"| {row} | {cost.wall:.2f} | {cost.wall / ground.wall:.2f} "
                f"| {cost.cpu:.2f} | {f'{cost.memory / 1e6:.0f}' if cost.memory else ''} |"
            )
    return lines


def goals(bench: Bench) -> list[str]:
    """What was to be reached, with what was. Beside the start means: less the CPU time of `python -c pass`."""
    of = {row: median(costs) for row, costs in bench.costs.items() if costs}
    start = of[START].cpu
    wall, cpu = of[COLD].wall / of[GROUND].wall, of[COLD].cpu / of[GROUND].cpu
    warm, imports = of[WARM].cpu - start, of[IMPORTS].cpu - start
    after, again = of[AFTER].wall - of[START].wall, of[AGAIN].wall
    mapped = of[MAPPED].wall
    lines = [
        f"cold index: {wall:.2f} times the floor, {cpu:.2f} in CPU time (goal: 2)",
        f"warm map: {warm:.2f} s of CPU beside the start, {imports:.2f} of it imports (goal, for Django: 0.25)",
        f"ten edits, in a session that goes on: {again + mapped:.2f} s, {again:.2f} of it the index (goal: 0.3)",
        f"ten edits, map in a new process: {after:.2f} s beside the start",
    ]
    if AIDER_COLD in of:
        faster = of[AIDER_COLD].wall / of[COLD_MAP].wall
        smaller = of[COLD_MAP].memory / of[AIDER_COLD].memory
        lines.append(
            f"cold index and map: {faster:.1f} times as fast as Aider (goal: 10), "
            f"with {smaller:.2f} of its memory (goal: under 1)"
        )
    return lines
