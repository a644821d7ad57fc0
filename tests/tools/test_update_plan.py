"""The update_plan tool."""

from __future__ import annotations

from pathlib import Path

import pytest
from leadline.tests.support.workbench import Workbench
from leadline.tools.errors import ToolError
from leadline.tools.update_plan import UPDATE_PLAN, UpdatePlanParams
from pydantic import ValidationError


async def test_the_plan_is_data_for_the_harness_and_text_for_people(tmp_path: Path) -> None:
    items = [
        {"text": "find it", "state": "done"},
        {"text": "mend it", "state": "doing"},
        {"text": "prove it", "state": "open"},
    ]
    result = await Workbench(tmp_path).call(UPDATE_PLAN, items=items)
    assert result.data == UpdatePlanParams.model_validate({"items": items})
    assert result.text == "ok"
    assert result.detail == "[x] find it\n[>] mend it\n[ ] prove it"
    assert UPDATE_PLAN.title(UpdatePlanParams.model_validate({"items": items})) == (
        "plan: 1 of 3 done"
    )


@pytest.mark.parametrize(
    "items",
    [[], [{"text": " ", "state": "open"}], [{"text": "x", "state": "open"}] * 51],
)
async def test_plans_that_are_none(tmp_path: Path, items: list[dict[str, str]]) -> None:
    with pytest.raises(ToolError):
        await Workbench(tmp_path).call(UPDATE_PLAN, items=items)


def test_states_are_three() -> None:
    with pytest.raises(ValidationError):
        UpdatePlanParams.model_validate({"items": [{"text": "x", "state": "pending"}]})


def test_nothing_is_touched() -> None:
    params = UpdatePlanParams.model_validate({"items": [{"text": "x", "state": "open"}]})
    assert not UPDATE_PLAN.effects(params).mutates
