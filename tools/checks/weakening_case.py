"""One test as the search for weakened tests sees it, and what is weaker in a second form of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from .model import Weakening

ALIKE = 0.7
"""Two tests whose texts match at least this much, one gone and one new, are one test renamed."""
_MAX_PAIRINGS = 400
_MAX_BODY = 2_000


@dataclass(frozen=True, slots=True)
class Mark:
    """Something telling at a line: a skip, a swallowed failure, an assertion that cannot fail."""

    line: int
    what: str


@dataclass(frozen=True, slots=True)
class Claim:
    """An assertion: its text, and its shape, which is the text with the literals taken out."""

    line: int
    shape: str
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """A test, or (`is_test` False) a class or module whose marks hold for the tests in it."""

    path: str
    name: str
    line: int
    body: str
    """Normalized text without the name: equal bodies are the same test."""
    marks: tuple[Mark, ...] = ()
    asserts: int = 0
    exact: int = 0
    """Those of the assertions that pin a value down."""
    rows: int = 0
    """Parameter sets of a parametrized test."""
    repeats: bool = False
    """Parametrized or with a loop, so that one assertion may stand for many."""
    claims: tuple[Claim, ...] = ()
    tolerances: tuple[tuple[int, float], ...] = ()
    """(line, how much may differ), in order; more is looser."""
    is_test: bool = True


@dataclass(frozen=True, slots=True)
class Matched:
    """Which test became which."""

    pairs: tuple[tuple[Case, Case], ...]
    gone: tuple[Case, ...]
    new: tuple[Case, ...]


def match(before: Sequence[Case], after: Sequence[Case]) -> Matched:
    """Pairs the tests of two trees: by place and name, then by body, by name, by likeness."""
    gone, new = list(before), list(after)
    pairs: list[tuple[Case, Case]] = []
    for key in (_unchanged, _place_and_name, _body, _name):
        pairs += _pair(gone, new, key)
    pairs += _pair_alike(gone, new)
    return Matched(tuple(pairs), tuple(c for c in gone if c.is_test), tuple(new))


def weaker(before: Case, after: Case) -> Iterator[Weakening]:
    """What the second form of a test asks less than the first."""
    yield from _new_marks(before, after)
    name = after.name
    # One assertion over many values may stand for many assertions.
    folded = after.repeats and not before.repeats
    if after.asserts < before.asserts and not folded:
        counts = f"{before.asserts} before, {after.asserts} now"
        yield Weakening(after.path, after.line, f"fewer assertions in {name} ({counts})")
    elif after.exact < before.exact and after.asserts <= before.asserts and not folded:
        yield Weakening(
            after.path, after.line, f"an exact comparison became a looser one in {name}"
        )
    if 0 < after.rows < before.rows:
        counts = f"{before.rows} before, {after.rows} now"
        yield Weakening(after.path, after.line, f"fewer parameter sets in {name} ({counts})")
    if len(before.tolerances) == len(after.tolerances):
        for (_, was), (line, now) in zip(before.tolerances, after.tolerances, strict=True):
            if now > was:
                what = f"tolerance widened in {name} ({was:g} before, {now:g} now)"
                yield Weakening(after.path, line, what)
    yield from _changed_claims(before, after)


def _new_marks(before: Case, after: Case) -> Iterator[Weakening]:
    left = [mark.what for mark in before.marks]
    for mark in after.marks:
        if mark.what in left:
            left.remove(mark.what)
        else:
            yield Weakening(after.path, mark.line, f"{mark.what} in {after.name}")


def _changed_claims(before: Case, after: Case) -> Iterator[Weakening]:
    """Assertions of which only a literal differs; one that merely moved is still the same."""
    known = [claim.text for claim in before.claims]
    left = [c for c in before.claims if c.text not in {claim.text for claim in after.claims}]
    for claim in after.claims:
        if claim.text in known:
            continue
        was = next((c for c in left if c.shape == claim.shape), None)
        if was:
            left.remove(was)
            what = f"expected value changed in {after.name}"
            yield Weakening(after.path, claim.line, what, soft=True)


def _unchanged(case: Case) -> tuple[str, ...] | None:
    return (case.path, case.name, case.body)


def _place_and_name(case: Case) -> tuple[str, ...] | None:
    return (case.path, case.name)


def _body(case: Case) -> tuple[str, ...] | None:
    return (case.body,) if case.is_test and case.body else None


def _name(case: Case) -> tuple[str, ...] | None:
    return (case.name,) if case.is_test else None


def _pair(
    gone: list[Case], new: list[Case], key: Callable[[Case], tuple[str, ...] | None]
) -> list[tuple[Case, Case]]:
    """Takes out of both lists what has the same key, the first with the first."""
    waiting: dict[tuple[str, ...], list[Case]] = {}
    for case in new:
        if (value := key(case)) is not None:
            waiting.setdefault(value, []).append(case)
    pairs: list[tuple[Case, Case]] = []
    left: list[Case] = []
    for case in gone:
        value = key(case)
        found = waiting.get(value) if value is not None else None
        if found:
            pairs.append((case, found.pop(0)))
        else:
            left.append(case)
    taken = {id(after) for _, after in pairs}
    gone[:] = left
    new[:] = [case for case in new if id(case) not in taken]
    return pairs


def _pair_alike(gone: list[Case], new: list[Case]) -> list[tuple[Case, Case]]:
    pairs: list[tuple[Case, Case]] = []
    if len(gone) * len(new) > _MAX_PAIRINGS:
        return pairs
    for case in tuple(gone):
        if not case.is_test:
            continue
        rated = [(_likeness(case, other), -at) for at, other in enumerate(new) if other.is_test]
        best = max(rated, default=(0.0, 0))
        if best[0] >= ALIKE:
            pairs.append((case, new.pop(-best[1])))
            gone.remove(case)
    return pairs


def _likeness(one: Case, other: Case) -> float:
    matcher = SequenceMatcher(None, one.body[:_MAX_BODY], other.body[:_MAX_BODY], autojunk=False)
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return 0.0
    return matcher.ratio()
