"""A codemod on a tree: what it changes is worked out whole, held against what may be written, and then written.

A file that the change would break, or that can't be written as it should, is left as it is and told: the rest is worth
having, and somebody has to look at that one anyway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..base import CommandRunner
from ..diffs import whole_diff
from ..errors import ToolError
from ..files import digest, load
from ..git.names import printable, some
from ..paths import write_atomic
from ..text import Text, clipped
from .engine import Answer, Job, require_taken, work
from .find import Source, find, source
from .fit import refitted
from .metavars import mentions, telling_words
from .model import Changed, Codemod, CodemodReport, Kept
from .script import SECONDS, run_script
from .sent import require_fit

_BATCH_FILES = 500
_BATCH_CHARS = 2_000_000
_MAX_CHANGED_BYTES = 200_000_000
_MAX_WORDS = 120
_REASONS = {
    "lost": "the parser crashed or took too long on it",
    "TooLargeError": "the new text would be too large",
    "RecursionError": "the matches in it nest too deeply",
}


@dataclass(frozen=True, slots=True)
class Samples:
    """How much of what would change is shown: of how many files, spread over all, and of each how much."""

    files: int
    lines: int
    chars: int


FEW = Samples(4, 30, 2_000)
MANY = Samples(200, 2_000, 60_000)


@dataclass(frozen=True, slots=True)
class _New:
    """A file and the bytes it is to have."""

    source: Source
    text: Text
    data: bytes
    matches: int

    @property
    def changed(self) -> Changed:
        file = self.source.file
        return Changed(file.path, self.matches, file.digest, digest(self.data))


@dataclass(slots=True)
class _Tally:
    """What is known so far; grows in the order of paths."""

    rule_matches: list[int]
    looked_at: int = 0
    left_out: int = 0
    bytes: int = 0
    new: list[_New] = field(default_factory=list[_New])
    unmatched: list[str] = field(default_factory=list[str])
    unparsed: list[str] = field(default_factory=list[str])
    kept: list[Kept] = field(default_factory=list[Kept])


async def run_codemod(
    codemod: Codemod,
    root: Path,
    commands: CommandRunner,
    outputs: Path | None,
    may_write: Callable[[str], bool] | None,
    *,
    apply: bool,
    script_seconds: float = SECONDS,
    shown: Samples = FEW,
) -> CodemodReport:
    """Work out what the codemod changes below `root`, and with `apply` write it; the same tree gives the same report.

    Scripts are run by `commands`, in batches of `script_seconds` each; `outputs` is a folder that these can read.
    `may_write` is asked for each file before the first is written; None is everything. Raises ToolError, with nothing
    written: a codemod that makes no sense, an entry of `paths` that stands for no file, a script that fails, a file
    that may not be written.
    """
    require_fit(codemod)
    if codemod.rules:
        await require_taken(root, codemod.rules)
    found = await asyncio.to_thread(find, root, codemod.paths)
    tally = _Tally([0] * len(codemod.rules))
    batches = _batches(root, found.paths, found.named, tally)
    while batch := await asyncio.to_thread(next, batches, None):
        if codemod.rules:
            await _by_rules(codemod, root, batch, tally)
        else:
            if outputs is None:
                raise ToolError("Commands have no place here to read files from. Use `rules`.")
            pairs = [(each.path, each.text.lf) for each in batch]
            made = await run_script(codemod.script, pairs, commands, outputs, script_seconds)
            await _by_script(root, batch, made, tally)
    changed = [each.changed for each in tally.new]
    samples = await asyncio.to_thread(_samples, tally.new, shown)
    if apply:
        _require_allowed(changed, may_write)
        changed = await _written(root, tally)
    return CodemodReport(
        apply,
        tally.looked_at,
        tally.left_out,
        tuple(changed),
        tuple(tally.rule_matches),
        tuple(tally.unmatched),
        tuple(tally.unparsed),
        tuple(sorted(tally.kept, key=lambda kept: kept.path)),
        samples,
    )


def _batches(
    root: Path, paths: Sequence[str], named: frozenset[str], tally: _Tally
) -> Iterator[list[Source]]:
    """The files' contents, as many at a time as one process should have."""
    batch: list[Source] = []
    chars = 0
    for path in paths:
        each = source(root, path, named=path in named)
        if each is None:
            tally.left_out += 1
            continue
        tally.looked_at += 1
        if batch and (len(batch) == _BATCH_FILES or chars + len(each.text.raw) > _BATCH_CHARS):
            yield batch
            batch, chars = [], 0
        batch.append(each)
        chars += len(each.text.raw)
    if batch:
        yield batch


# --- what becomes of a batch ---


async def _by_rules(codemod: Codemod, root: Path, batch: Sequence[Source], tally: _Tally) -> None:
    rules = codemod.rules
    words = tuple(each for rule in rules for each in telling_words(rule))
    # Only a plain pattern surely needs its words; what a rule object finds can have any.
    eager = {rule.language for rule in rules if rule.rule is not None or not telling_words(rule)}
    languages = {rule.language for rule in rules}
    with_words = {each.path for each in batch if mentions(each.text.lf, words)}
    parsed = [
        each
        for each in batch
        if each.language in languages and (each.language in eager or each.path in with_words)
    ]
    jobs = [Job(each.path, each.language, each.text.raw) for each in parsed]
    answers = await work(root, rules, jobs)
    matched: set[str] = set()
    for each, answer in zip(parsed, answers, strict=True):
        if answer.unparsed and each.path in with_words:
            tally.unparsed.append(each.path)
        if answer.error or any(answer.matches):
            matched.add(each.path)
        for number, count in enumerate(answer.matches):
            tally.rule_matches[number] += count
        _take(each, answer, sum(answer.matches), tally)
    tally.unmatched += sorted(with_words - matched)


async def _by_script(
    root: Path, batch: Sequence[Source], made: Sequence[str | None], tally: _Tally
) -> None:
    changed = [
        (each, refitted(each.text, new))
        for each, new in zip(batch, made, strict=True)
        if new is not None
    ]
    jobs = [Job(each.path, each.language, each.text.raw, new.raw) for each, new in changed]
    checked = await work(root, (), jobs)
    for (each, _), answer in zip(changed, checked, strict=True):
        _take(each, answer, 1, tally)


def _take(each: Source, answer: Answer, matches: int, tally: _Tally) -> None:
    """Put a file's answer where it belongs: to be written, kept as it is, or no change."""
    if answer.error:
        tally.kept.append(Kept(each.path, _REASONS.get(answer.error, "there is no telling")))
        return
    if answer.after is None:
        return
    if answer.faults:
        line, words = answer.faults[0]
        reason = f"line {line} would be broken: {clipped(words, _MAX_WORDS)}"
        tally.kept.append(Kept(each.path, reason))
        return
    if "\0" in answer.after:
        tally.kept.append(Kept(each.path, "the new text has a NUL character"))
        return
    text = Text(answer.after, each.text.encoding, each.text.bom)
    try:
        data = text.encode(text.raw)
    except UnicodeEncodeError as error:
        what = ascii(error.object[error.start : error.end])
        reason = f"it is {text.encoding}, which can't hold {clipped(what, 40)}"
        tally.kept.append(Kept(each.path, reason))
        return
    tally.bytes += len(data) + len(each.file.data)
    if tally.bytes > _MAX_CHANGED_BYTES:
        raise ToolError(
            f"More than {_MAX_CHANGED_BYTES:,} bytes would change; nothing was written. Narrow `paths`."
        )
    tally.new.append(_New(each, text, data, matches))


# --- writing ---


def _require_allowed(changed: Sequence[Changed], may_write: Callable[[str], bool] | None) -> None:
    outside = [each.path for each in changed if may_write is not None and not may_write(each.path)]
    if outside:
        raise ToolError(
            f"The codemod would change what your task may not write ({some(outside)}). Nothing was written. "
            "Narrow `paths`, or ask for it with `request_paths`."
        )


async def _written(root: Path, tally: _Tally) -> list[Changed]:
    """Write the files one by one; those that could be."""
    done: list[Changed] = []
    for each in tally.new:
        try:
            await asyncio.to_thread(_write, root, each)
        except ToolError as error:
            tally.kept.append(Kept(each.source.path, printable(clipped(error.message, 200))))
        except OSError as error:
            tally.kept.append(Kept(each.source.path, error.strerror or str(error)))
        else:
            done.append(each.changed)
    return done


def _write(root: Path, new: _New) -> None:
    """Working it out took a while, in which somebody else may have written: a script too, which had all the time."""
    path = new.source.path
    now = load(root, path)
    if now is None or now.digest != new.source.file.digest:
        raise ToolError("it has just changed on disk")
    write_atomic(root, path, new.data)


# --- samples ---


def _samples(new: Sequence[_New], shown: Samples) -> tuple[str, ...]:
    """Diffs of as many files, spread over all."""
    count = min(len(new), shown.files)
    chosen = [new[number * (len(new) - 1) // max(1, count - 1)] for number in range(count)]
    return tuple(
        _cut(whole_diff(printable(each.source.path), each.source.text.lf, each.text.lf), shown)
        for each in chosen
    )


def _cut(diff: str, most: Samples) -> str:
    lines = diff[: most.chars].split("\n")
    shown = "\n".join(lines[: most.lines])
    return shown if len(shown) == len(diff) else f"{shown}\n..."
