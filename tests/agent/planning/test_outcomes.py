"""What rungs solved and cost, on disk: sums that are exact, whoever else writes, and a file that may be anything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.agent.events import UsageReported
from leadline.agent.messages import Usage
from leadline.agent.planning.outcomes import (
    FILE,
    MOST_RUNGS,
    Outcome,
    Outcomes,
    add,
    keep_outcomes,
    one_try,
    outcome_on,
    read_outcomes,
)
from leadline.agent.v4.facts import Rung

FLASH, PRO = Rung("flash", "high", 2), Rung("pro", "high", 1)
REPORTED = [
    UsageReported(n, "deepseek-flash", Usage(n, 10, 3), 0.25, 0.5, False, 0, "none", "", 0.5, 1.0)
    for n in (100, 200)
]
SOLVED = one_try(FLASH, anew=False, solved=True, reported=REPORTED, seconds=9.5)


def test_a_try_sums_up_its_requests():
    got = SOLVED
    assert got == Outcome(
        "flash",
        "high",
        tries=1,
        solved=1,
        requests=2,
        hit=300,
        miss=20,
        output=6,
        usd=0.5,
        seconds=9.5,
    )
    refused = one_try(PRO, anew=True, solved=False, reported=[], seconds=1)
    assert (refused.anew, refused.solved, refused.refused, refused.usd) == (1, 0, 1, 0)
    assert refused.solved_share == 0
    assert refused.usd_per_solved is None


def test_what_is_kept_is_there_again_and_grows(tmp_path: Path):
    folder = tmp_path / "projects" / "one"
    keep_outcomes(folder, [SOLVED])
    keep_outcomes(folder, [one_try(FLASH, anew=True, solved=False, reported=[], seconds=0.5)])
    keep_outcomes(folder, [one_try(PRO, anew=True, solved=True, reported=[], seconds=2)])
    known = read_outcomes(folder)
    flash = outcome_on(known, FLASH)
    assert (flash.tries, flash.anew, flash.solved, flash.refused) == (2, 1, 1, 1)
    assert (flash.solved_share, flash.usd_per_solved, flash.seconds) == (0.5, 0.5, 10)
    assert [each.tier for each in known] == ["flash", "pro"]
    assert outcome_on(known, Rung("pro", "max", 1)) == Outcome("pro", "max")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"{}",
        b'[{"tier": "flash"}]',
        b'[{"tier": "turbo", "effort": "high"}]',
        b'[{"tier": "flash", "effort": "high", "tries": -1}]',
        b'[{"tier": "flash", "effort": "high", "usd": NaN}]',
        b'[{"tier": "flash", "effort": "high", "usd": 1e999}]',
        b'[{"tier": "flash", "effort": "high", "tries": 1, "solved": 2}]',
        b'[{"tier": "flash", "effort": "high", "tries": 1, "anew": 2}]',
    ],
)
def test_a_damaged_file_is_no_knowledge_and_can_be_written_again(tmp_path: Path, content: bytes):
    (tmp_path / FILE).write_bytes(content)
    assert read_outcomes(tmp_path) == ()
    keep_outcomes(tmp_path, [SOLVED])
    assert read_outcomes(tmp_path) == (SOLVED,)


def test_the_file_is_bounded_and_keeps_what_was_added_to_last(tmp_path: Path):
    many = [Outcome("flash", f"effort {n}", tries=1) for n in range(MOST_RUNGS + 5)]
    keep_outcomes(tmp_path, many)
    keep_outcomes(tmp_path, [many[6]])
    known = read_outcomes(tmp_path)
    assert len(known) == MOST_RUNGS
    assert known[-1] == Outcome("flash", "effort 6", tries=2)
    assert "effort 4" not in {each.effort for each in known}


def test_a_rung_that_is_in_the_file_twice_is_summed(tmp_path: Path):
    row = {"tier": "flash", "effort": "high", "tries": 2}
    (tmp_path / FILE).write_text(json.dumps([row, row]))
    assert read_outcomes(tmp_path) == (Outcome("flash", "high", tries=4),)


def test_sessions_that_end_together_lose_nothing_of_each_other(tmp_path: Path):
    code = (
        "import sys; from pathlib import Path; "
        "from leadline.agent.planning.outcomes import Outcome, keep_outcomes\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "for _ in range(300): keep_outcomes(Path(sys.argv[1]), [Outcome('pro', 'max', tries=1)])"
    )
    command = [sys.executable, "-P", "-c", code, str(tmp_path)]
    pipe = subprocess.PIPE
    children = [subprocess.Popen(command, stdin=pipe, stdout=pipe) for _ in range(3)]
    for child in children:
        assert child.stdout
        assert child.stdout.readline() == b"ready\n"
    for child in children:
        assert child.stdin
        child.stdin.write(b"go\n")
        child.stdin.flush()
    for child in children:
        child.communicate(timeout=60)
    assert [child.returncode for child in children] == [0, 0, 0]
    assert read_outcomes(tmp_path) == (Outcome("pro", "max", tries=900),)


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    tries = draw(st.integers(0, 50))
    solved = draw(st.integers(0, tries))
    return Outcome(
        draw(st.sampled_from(("flash", "pro"))),
        draw(st.sampled_from(("low", "high", "max"))),
        tries,
        draw(st.integers(0, tries)),
        solved,
        draw(st.integers(0, tries - solved)),
        *draw(st.tuples(*[st.integers(0, 10**9)] * 4)),
        usd=draw(st.integers(0, 1000)) / 4,
        seconds=draw(st.integers(0, 1000)) / 4,
    )


def by_rung(known: Outcomes) -> dict[tuple[str, str], Outcome]:
    assert len({(each.tier, each.effort) for each in known}) == len(known)
    return {(each.tier, each.effort): each for each in known}


@given(st.lists(outcomes(), max_size=8), st.lists(outcomes(), max_size=8))
def test_sums_do_not_depend_on_who_was_first(one: list[Outcome], other: list[Outcome]):
    both = add(one, other)
    assert by_rung(both) == by_rung(add(other, one)) == by_rung(add((), add(add((), one), other)))
    for name in ("tries", "anew", "solved", "refused", "hit", "usd", "seconds"):
        assert sum(getattr(each, name) for each in both) == sum(
            getattr(each, name) for each in (*one, *other)
        )
