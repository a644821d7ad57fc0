"""Words of code and prose, as the index counts them and a task is looked up by. Pure."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from string import digits

LONGEST = 64
"""Characters; what is longer is data, not a word."""

_RUN = re.compile(r"[^\W\d]\w+")
_BLANKED = str.maketrans({chr(code): " " for code in range(128) if not re.match(r"\w", chr(code))})
"""Leaves the runs of plain ASCII, and digits before them, which takes half the time that a search for them does."""
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_FOREIGN_PART = re.compile(r"[^\W\d_]+")
"""Of what is not ASCII: there, capitals inside a word are no sign."""
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
"""Scripts that put no space between words: there each pair of neighbours stands for a word."""
_SIBILANT = ("s", "x", "z", "ch", "sh")
_MOST_KNOWN = 200_000
_VOWELS = frozenset("aeiouy")


def split_words(text: str) -> list[str]:
    """The words of `text` in the order of their places, repeated as they repeat.

    A name gives itself in lower case, without underscores around it, and, if it is made of several words
    (`read_bytes`, `CodeIndex`, `utf8`), each of them. Words are stemmed, so that `parses`, `parsed` and `parsing` are
    one; names of several words are not.
    """
    return [word for run in _runs(text) for word in _KNOWN[run]]


def count_words(text: str) -> dict[str, int]:
    """How often each word of `split_words` occurs in `text`."""
    counts: dict[str, int] = {}
    find = counts.get
    known = _KNOWN
    for run, times in Counter(_runs(text)).items():
        for word in known[run]:
            counts[word] = find(word, 0) + times
    return counts


def _runs(text: str) -> list[str]:
    """All that may be a word or several, in the order of their places."""
    return text.translate(_BLANKED).split() if text.isascii() else _RUN.findall(text)


def _words(run: str) -> tuple[str, ...]:
    """The words of one unbroken run of letters, digits and underscores."""
    run = run.lstrip(digits)
    if not 1 < len(run) <= LONGEST:
        return ()
    if not run.isascii() and _UNSPACED.search(run):
        return _unspaced(run)
    whole = run.strip("_").lower()
    found = (_PART if run.isascii() else _FOREIGN_PART).findall(run)
    parts = [part.lower() for part in found if len(part) > 1]
    if parts == [whole]:
        return (stem(whole),)
    if len(whole) < 2:
        return ()
    return (whole, *(stem(part) for part in parts))


def _unspaced(run: str) -> tuple[str, ...]:
    found: list[str] = []
    for piece in _UNSPACED.findall(run):
        found += [piece[at : at + 2] for at in range(max(1, len(piece) - 1))]
    for rest in _UNSPACED.split(run):
        found += _words(rest)
    return tuple(found)


class _Known(dict[str, tuple[str, ...]]):
    """The words of runs met before: a project says the same few thousand names again and again."""

    def __missing__(self, run: str) -> tuple[str, ...]:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        words = self[run] = _words(run)
        return words


_KNOWN = _Known()


@lru_cache(100_000)
def stem(word: str) -> str:
    """`word` (lower case) without the commonest endings of English; no word of the language, but the same for kin."""
    if len(word) < 4 or not word.isascii():
        return word
    word = _singular(word)
    for ending in ("ing", "ed"):
        bare = word.removesuffix(ending)
        if bare != word and len(bare) > 2 and not _VOWELS.isdisjoint(bare):
            if bare[-1] == bare[-2] and bare[-1] not in "lsz":
                bare = bare[:-1]
            return bare.removesuffix("e")
    if len(word) > 7 and word.endswith(("tion", "sion")):
        return word[:-3]
    if len(word) > 4 and word.endswith("e"):
        return word[:-1]
    return word


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("es") and word[:-2].endswith(_SIBILANT):
        return word[:-2]
    if word.endswith("s") and word[-2] not in "sui":
        return word[:-1]
    return word
