"""The map of a repository for a task: ranked, filled under a budget, written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..model import CodeTree, CountStore
from .counted import count_lists, count_wholes
from .fill import Candidate, Choice, fill
from .levels import (
    HEAD,
    MORE,
    WHOLE_HEAD,
    FileForms,
    Level,
    file_forms,
    names_lines,
    whole_body,
    whole_end,
    whole_header,
    whole_of,
)
from .listing import folders_of, listed, listing
from .rank import NO_HINTS, Hints, RankedFile, rank
from .task import read_task

MOST_CANDIDATES = 400
TOKENS_EACH = 300
"""What a file takes of a map on average, roughly: so many candidates are looked at as could be shown."""
FEWEST_CANDIDATES = 20
LISTING_SHARE = 16
"""One part in so many of the budget goes to the names of files that aren't shown."""
WHOLE_SHARE = 6
"""A whole text takes at most one part in so many of the budget, so that no single file crowds out the rest."""
BYTES_A_TOKEN = 6
"""More than any text of a repository has on average: what is larger than this allows is not tried whole."""
LEAST_SCORE = 0.01
"""Of a file that nothing speaks for, so that it comes last and in order."""


FIXED = (HEAD, WHOLE_HEAD, MORE)
"""Counted for each map."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A file of the map. `symbols` of its `of` symbols are shown: all, if it is whole."""

    path: str
    level: Level
    tokens: int
    symbols: int
    of: int
    score: float
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepoMap:
    """The map as text with its exact count of tokens, and what it shows, in the order of the text.

    `listed` is the number of folders at its head. `whole` maps each file that is given whole to its blob.
    """

    text: str
    tokens: int
    budget: int
    listed: int
    files: tuple[Shown, ...]
    whole: Mapping[str, str]


def repository_map(
    tree: CodeTree, task: str, tokens: int, counts: CountStore, hints: Hints = NO_HINTS
) -> RepoMap:
    """The map of `tree` for `task` in at most `tokens` tokens; empty if they are too few for anything.

    A tree that fits goes in whole. The same tree, task, budget and hints give the same bytes.
    """
    of_some, of_all, of_more = count_lists({"": FIXED}, counts)[""]
    made = _everything(tree, tokens - of_all, counts)
    head, head_tokens = WHOLE_HEAD, of_all
    if made is None:
        head, head_tokens = HEAD, of_some
        made = _most_relevant(tree, task, max(0, tokens - of_some), of_more, counts, hints)
    if not made.blocks:
        return RepoMap("", 0, tokens, 0, (), {})
    made.blocks.sort(key=lambda one: (hints.history.changes.get(one.shown.path, 0), one.shown.path))
    files = tuple(block.shown for block in made.blocks)
    return RepoMap(
        "".join((head, *made.listing, *(block.text for block in made.blocks))),
        head_tokens + made.listing_tokens + sum(one.tokens for one in files),
        tokens,
        len(made.listing),
        files,
        {one.path: tree.files[one.path].blob for one in files if one.level == "whole"},
    )


@dataclass(frozen=True, slots=True)
class _Block:
    text: str
    shown: Shown


@dataclass(frozen=True, slots=True)
class _Made:
    blocks: list[_Block]
    listing: Sequence[str] = ()
    listing_tokens: int = 0


def _everything(tree: CodeTree, budget: int, store: CountStore) -> _Made | None:
    """All texts whole, if they fit."""
    files = [file for file in tree.files.values() if file.left_out is None and file.size > 0]
    if not files or sum(file.size for file in files) > budget * BYTES_A_TOKEN:
        return None
    costs = count_wholes(tree, files, store)
    if len(costs) < len(files) or sum(costs.values()) > budget:
        return None
    blocks: list[_Block] = []
    for path, cost in costs.items():
        text = _whole_text(tree, path)
        if text is None:
            return None
        own = len(tree.symbols(path))
        shown = Shown(path, "whole", cost, own, own, 1.0, ("all of the tree fits",))
        blocks.append(_Block(text, shown))
    return _Made(blocks)


def _most_relevant(
    tree: CodeTree, task: str, budget: int, more: int, store: CountStore, hints: Hints
) -> _Made:
    most = min(MOST_CANDIDATES, budget // TOKENS_EACH + FEWEST_CANDIDATES)
    ranking = {one.path: one for one in rank(tree, read_task(task), hints, most)}
    folders = folders_of(listed(tree.files), ranking)
    folder_counts = count_lists({one.path: one.fragments() for one in folders}, store)
    candidates = _candidates(tree, list(ranking.values()), budget // WHOLE_SHARE, store)
    room = budget // LISTING_SHARE
    texts: dict[str, str] = {}
    while True:
        choices = fill(candidates, budget - room, more)
        gone = [
            one.path
            for one in choices
            if one.level == "whole" and not _keep_text(tree, one.path, texts)
        ]
        if not gone:
            break
        # Changed since it was indexed: what is known of it may still be shown, its text not.
        candidates = [replace(one, whole=None) if one.path in gone else one for one in candidates]
    forms = {candidate.path: candidate.forms for candidate in candidates}
    blocks = [
        _Block(
            texts[one.path] if one.level == "whole" else _outline(one, forms[one.path]),
            _shown(one, ranking[one.path], len(forms[one.path].symbols)),
        )
        for one in choices
    ]
    lines, cost = listing(folders, folder_counts, {one.path for one in choices}, room)
    return _Made(blocks, lines, cost)


def _candidates(
    tree: CodeTree, ranking: Sequence[RankedFile], largest: int, store: CountStore
) -> list[Candidate]:
    """`largest` is the most tokens that a whole text may have."""
    forms = {one.path: file_forms(one.path, one.symbols) for one in ranking}
    counts = count_lists({path: one.fragments() for path, one in forms.items()}, store)
    small = (tree.files[path] for path in forms)
    files = [file for file in small if file.size <= largest * BYTES_A_TOKEN]
    wholes = {
        path: cost for path, cost in count_wholes(tree, files, store).items() if cost <= largest
    }
    found: list[Candidate] = []
    for place, one in enumerate(ranking, 1):
        scores = one.worth[: len(forms[one.path].symbols)]
        order = sorted(range(len(scores)), key=lambda index: (-scores[index], index))
        found.append(
            Candidate(
                one.path,
                max(one.score, LEAST_SCORE) / place,
                forms[one.path],
                counts[one.path],
                order,
                wholes.get(one.path),
            )
        )
    return found


def _shown(choice: Choice, ranked: RankedFile, of: int) -> Shown:
    symbols = of if choice.level == "whole" else len(choice.lines) + len(choice.names)
    return Shown(choice.path, choice.level, choice.tokens, symbols, of, ranked.score, ranked.why)


def _keep_text(tree: CodeTree, path: str, texts: dict[str, str]) -> bool:
    if path not in texts:
        text = _whole_text(tree, path)
        if text is not None:
            texts[path] = text
    return path in texts


def _whole_text(tree: CodeTree, path: str) -> str | None:
    text = tree.text(path)
    whole = None if text is None else whole_of(text)
    if text is None or whole is None:
        return None
    return whole_header(path, whole) + whole_body(text) + whole_end(whole)


def _outline(choice: Choice, forms: FileForms) -> str:
    parts = [forms.header]
    parts += [forms.symbols[index].line for index in choice.lines]
    parts += names_lines(forms, choice.names)
    if len(choice.lines) + len(choice.names) < len(forms.symbols):
        parts.append(MORE)
    return "".join(parts)
