from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.tools.base import Effects
from leadline.tools.permissions import Allow, Ask, Mode, Refuse, conflict, decide

READ = Effects(reads=("a.py",))
WRITE = Effects(writes=("a.py",))
COMMAND = Effects(command="make")


@pytest.mark.parametrize(
    ("mode", "effects", "confined", "verdict"),
    [
        ("plan", READ, True, Allow),
        ("plan", WRITE, True, Refuse),
        ("plan", COMMAND, True, Allow),
        ("plan", COMMAND, False, Refuse),
        ("ask", READ, True, Allow),
        ("ask", WRITE, True, Ask),
        ("ask", COMMAND, True, Ask),
        ("auto", WRITE, True, Allow),
        ("auto", COMMAND, True, Allow),
        ("full", COMMAND, False, Allow),
    ],
)
def test_modes(mode: Mode, effects: Effects, confined: bool, verdict: type) -> None:
    assert isinstance(decide(mode, effects, confined), verdict)


@pytest.mark.parametrize(
    ("earlier", "later", "meet"),
    [
        (READ, READ, False),
        (READ, WRITE, True),
        (WRITE, READ, True),
        (WRITE, Effects(writes=("b.py",)), False),
        (WRITE, Effects(reads=(".",)), True),
        (Effects(writes=("src/a.py",)), Effects(reads=("src",)), True),
        (Effects(writes=("src/a.py",)), Effects(reads=("sr",)), False),
        (COMMAND, COMMAND, True),
        (COMMAND, READ, True),
        (READ, COMMAND, True),
        (COMMAND, Effects(), False),
    ],
)
def test_what_has_to_wait(earlier: Effects, later: Effects, meet: bool) -> None:
    assert conflict(earlier, later) is meet


effects = st.builds(
    Effects,
    reads=st.lists(st.sampled_from(["a", "a/b", "c", "."])).map(tuple),
    writes=st.lists(st.sampled_from(["a", "a/b", "c"])).map(tuple),
    command=st.none() | st.just("make"),
)


@given(effects, effects)
def test_meeting_goes_both_ways(one: Effects, other: Effects) -> None:
    assert conflict(one, other) == conflict(other, one)
