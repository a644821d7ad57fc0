"""Lanes, status line and sums over whatever is published, in any order: also what no run would ever do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.bus import Published
from leadline.tests.tui.test_state_laws import WITH_ENDS
from leadline.tui.panels.cost.tables import by_role, misses, sums
from leadline.tui.panels.workers.lanes import Lanes, heading, lanes_of, ordered
from leadline.tui.panels.workers.rows import height, rows
from leadline.tui.state.reducer import State, reduce, state_of
from leadline.tui.text import clean
from leadline.tui.widgets.status.facts import facts_of
from leadline.tui.widgets.status.fitting import row

NOW = datetime(2026, 11, 28, 5, 1, 0, tzinfo=UTC)
COLUMNS = st.sampled_from([1, 9, 19, 39, 40, 79, 110, 159])


def inert(text: str) -> bool:
    """One line, without anything that a terminal obeys or that hides. What no font has is no harm."""
    return clean(text) == text and "\n" not in text


@settings(max_examples=30, deadline=None)
@given(WITH_ENDS, COLUMNS)
def test_no_row_is_too_wide_and_none_has_what_a_terminal_obeys(
    published: Sequence[Published], columns: int
):
    state = state_of(published)
    lanes = lanes_of(state, {})
    for lane in lanes.values():
        drawn = rows(lane, columns, NOW)
        assert len(drawn) == height(columns)
        for each in drawn:
            assert each.cell_length <= columns
            assert inert(each.plain)
    assert heading(state, lanes)
    for agent in ("", *state.agents):
        told = row(facts_of(state, agent, "main", {}, NOW), columns)
        assert told.cell_length <= columns
        assert inert(told.plain)
    for each in (*sums(state), *by_role(state.money, columns), *misses(state.money, UTC)):
        assert inert(each.plain)


@settings(max_examples=25, deadline=None)
@given(WITH_ENDS)
def test_lanes_made_step_by_step_are_those_made_at_once(published: Sequence[Published]):
    state = State()
    stepwise: Lanes = {}
    for each in published:
        state = reduce(state, each)
        stepwise = lanes_of(state, stepwise)
    assert stepwise == lanes_of(state, {})
    first, workers = ordered(stepwise)
    assert {lane.name for lane in (*first, *workers)} == set(stepwise)
    assert not any(lane.over for group in ordered(stepwise, with_ended=False) for lane in group)
