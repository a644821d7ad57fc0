"""What is chosen under a budget: never more than it allows, the best for each token first."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.tools.code.map.fill import Candidate, Choice, fill
from leadline.tools.code.map.levels import FileForms, SymbolForms

MORE = 2


def candidate(
    path: str, worth: float, symbols: int = 0, whole: int | None = None, *, cost: int = 10
) -> Candidate:
    forms = FileForms(
        path, tuple(SymbolForms("line", " name", "names:", -1) for _ in range(symbols))
    )
    counts = [5] + [cost, 2, 2] * symbols
    return Candidate(path, worth, forms, counts, tuple(range(symbols)), whole)


def by_path(choices: list[Choice]) -> dict[str, Choice]:
    return {one.path: one for one in choices}


def test_with_room_everything_is_whole() -> None:
    found = fill([candidate("a", 1.0, 3, 100), candidate("b", 0.1, 3, 100)], 1000, MORE)
    assert [(one.path, one.level, one.tokens) for one in found] == [
        ("a", "whole", 100),
        ("b", "whole", 100),
    ]


def test_the_worthier_file_gets_the_room() -> None:
    found = by_path(fill([candidate("a", 0.1, 3, 100), candidate("b", 1.0, 3, 100)], 40, MORE))
    assert found["b"].level == "signatures"
    assert "a" not in found


def test_several_files_by_name_before_one_in_depth() -> None:
    files = [candidate(name, 1.0, 4, 5000) for name in "abc"]
    found = fill(files, 60, MORE)
    assert [one.path for one in found] == ["a", "b", "c"]
    assert all(one.level != "whole" for one in found)


def test_equals_are_taken_by_path() -> None:
    found = fill([candidate("b", 1.0, 0, 50), candidate("a", 1.0, 0, 50)], 60, MORE)
    assert [one.path for one in found] == ["a"]


def test_symbols_of_most_worth_get_their_lines() -> None:
    one = candidate("a", 1.0, 30, cost=20)
    turned = Candidate(one.path, one.worth, one.forms, one.counts, tuple(reversed(range(30))), None)
    (choice,) = fill([turned], 200, MORE)
    assert choice.level == "signatures"
    assert 0 < len(choice.lines) < 30
    assert min(choice.lines) == 30 - len(choice.lines)


CANDIDATES = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 30),
        st.none() | st.integers(1, 400),
        st.integers(1, 40),
    ),
    max_size=12,
)


@settings(max_examples=100)
@given(CANDIDATES, st.integers(0, 1500))
def test_the_budget_is_kept(files: list[tuple[float, int, int | None, int]], budget: int) -> None:
    given_files = [
        candidate(f"f{number}", worth, symbols, whole, cost=cost)
        for number, (worth, symbols, whole, cost) in enumerate(files)
    ]
    found = fill(given_files, budget, MORE)
    assert sum(one.tokens for one in found) <= budget
    assert found == fill(given_files, budget, MORE)
    for one in found:
        assert set(one.lines).isdisjoint(one.names)
