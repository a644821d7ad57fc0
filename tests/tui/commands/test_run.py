from __future__ import annotations

from pathlib import Path

import pytest
from leadline.agent.planning.plan import Plan
from leadline.agent.session import Start
from leadline.agent.settings.config import Settings, load_settings
from leadline.tools.errors import PersonError
from leadline.tui.commands.run import in_its_way


def start(**settings: object) -> Start:
    return Start(Path("/w"), "mend it", load_settings(settings, {}, None, None))


def test_a_planner_begins_unless_something_asks_for_one_agent_alone():
    assert in_its_way(start(), ()).way == "planned"
    assert in_its_way(start(mode="full"), ()).way == "planned"


@pytest.mark.parametrize(
    ("begun", "tier"),
    [
        (start(solo="flash"), "flash"),
        (start(solo="pro"), "pro"),
        (start(solo="pro", mode="ask"), "pro"),
        (start(mode="ask"), None),
        (start(mode="plan"), None),
        (Start(Path("/w"), "look", Settings(), read_only=True), None),
        (Start(Path("/w"), "look", Settings(), output_schema={}), None),
    ],
)
def test_one_agent_is_alone_where_that_was_said_or_nobody_could_approve(
    begun: Start, tier: str | None
):
    alone = in_its_way(begun, ())
    assert (alone.way, alone.solo) == ("solo", tier)


@pytest.mark.parametrize("flag", ["--plan", "--plan-only", "--defer-to-offpeak"])
def test_a_flag_for_a_plan_wins_over_a_file_or_variable(flag: str):
    settings = load_settings({}, {"LEADLINE_SOLO": "pro"}, None, None)
    begun = Start(Path("/w"), "mend it", settings, plan=Plan("g", ()))
    assert in_its_way(begun, (flag,)).way == "planned"


def test_where_nobody_could_approve_a_plan_is_refused(tmp_path: Path):
    (tmp_path / ".leadline.toml").write_text('mode = "ask"\n')
    settings = load_settings({}, {}, None, tmp_path)
    with pytest.raises(PersonError, match=r"--plan-only needs workers.*ask \(\.leadline\.toml\)"):
        in_its_way(Start(tmp_path, "mend it", settings), ("--plan-only",))
