"""The update_plan tool."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.tests.support.workbench import Workbench
from leadline.tools.errors import ToolError
from leadline.tools.sent_plan import SentPlan, sent_plan
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


# --- tasks for others ---

TASK = {"id": "parser", "title": "Mend it", "brief": "All of it.", "paths": ["a.py"]}
PLAN = {"goal": "Tidy up", "tasks": [TASK]}


async def test_a_plan_for_others_is_data_of_its_own_type(tmp_path: Path) -> None:
    codemod = {"paths": ["a.py"], "rules": [], "script": "x"}
    full = TASK | {"depends_on": ["x"], "checks": ["make"], "no_check_reason": "-", "tier": "pro"}
    full |= {"codemod": codemod}
    lists = {"checks": ["make"], "open_questions": ["Why?"], "assumptions": ["So."]}
    sent = {"goal": "Tidy up", "tasks": [TASK, full | {"id": "x"}], **lists}
    result = await Workbench(tmp_path).call(UPDATE_PLAN, plan=sent)
    assert result.text == "ok"
    assert result.detail == "[ ] parser: Mend it\n[ ] x: Mend it"
    assert isinstance(result.data, SentPlan)
    defaults: dict[str, object] = {
        "depends_on": [],
        "checks": [],
        "no_check_reason": "",
        "tier": "flash",
        "codemod": None,
    }
    expected = {**sent, "tasks": [TASK | defaults, full | {"id": "x"}]}
    assert result.data.model_dump() == expected
    assert UPDATE_PLAN.title(UpdatePlanParams.model_validate({"plan": sent})) == "plan: 2 tasks"


async def test_a_plan_without_tasks_is_told_from_none(tmp_path: Path) -> None:
    result = await Workbench(tmp_path).call(UPDATE_PLAN, plan={"goal": "Nothing", "tasks": []})
    assert result.data == SentPlan(goal="Nothing", tasks=[])


async def test_steps_or_tasks_but_not_both(tmp_path: Path) -> None:
    steps = [{"text": "x", "state": "open"}]
    bench = Workbench(tmp_path)
    with pytest.raises(ToolError, match="not both"):
        await bench.call(UPDATE_PLAN, items=steps, plan=PLAN)
    with pytest.raises(ToolError, match="at least one step"):
        await bench.call(UPDATE_PLAN)
    assert (await bench.call(UPDATE_PLAN, items=[], plan=PLAN)).ok
    assert (await bench.call(UPDATE_PLAN, items=steps, plan=None)).ok


def without(key: str) -> dict[str, object]:
    return {name: value for name, value in TASK.items() if name != key}


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ({}, ["`goal` is missing; write a text.", "`tasks` is missing; write a list of objects"]),
        ({"goal": "g", "tasks": TASK}, ["`tasks` must be a list of objects, one a task."]),
        ({"goal": 1, "tasks": [TASK]}, ["`goal` must be a text."]),
        ({"goal": "g", "tasks": ["mend it"]}, ["task 1: it must be an object with the keys id,"]),
        (
            {"goal": "g", "tasks": [without("paths") | {"path": ["a.py"]}]},
            [
                "task parser: `paths` is missing; write a list of texts.",
                "task parser: there is no key `path`; did you mean `paths`?",
            ],
        ),
        (
            {"goal": "g", "tasks": [TASK | {"paths": "a.py"}]},
            ["task parser: `paths` must be a list of texts."],
        ),
        (
            {"goal": "g", "tasks": [TASK | {"checks": ["make", 3]}]},
            ["task parser: entry 2 of `checks` must be a text."],
        ),
        (
            {"goal": "g", "tasks": [TASK, TASK | {"id": 2}]},
            ["task 2: `id` must be a text."],
        ),
        (
            {"goal": "g", "tasks": [TASK | {"tier": "large"}]},
            ['task parser: `tier` must be "flash" or "pro".'],
        ),
        (
            {"goal": "g", "tasks": [TASK], "risk\x1b[2J": "high"},
            ["there is no key `risk?[2J`; the keys are goal, tasks, checks, open_questions"],
        ),
        ({"goal": "g", "tasks": [TASK], "checks": {"all": "make"}}, ["`checks` must be a list"]),
        (
            {"goal": "g", "tasks": [TASK | {"codemod": "x"}]},
            ["task parser: `codemod` must be an object with the keys paths, rules, script."],
        ),
        (
            {"goal": "g", "tasks": [TASK | {"codemod": {"rules": [{"language": "go"}]}}]},
            [
                "task parser: `paths` is missing; write a list of texts.",
                "task parser: rule 1: `rewrite` is missing; write a text.",
            ],
        ),
    ],
)
async def test_what_is_wrong_with_a_plan_is_said(
    tmp_path: Path, plan: dict[str, object], told: list[str]
) -> None:
    with pytest.raises(ToolError) as caught:
        await Workbench(tmp_path).call(UPDATE_PLAN, plan=plan)
    lines = caught.value.message.splitlines()
    assert lines[0] == "The plan was not taken. Change this and send all of it again:"
    assert len(lines) == 1 + len(told)
    assert all(line.startswith(f"- {each}") for line, each in zip(lines[1:], told, strict=True))


async def test_not_all_of_many_faults_are_said(tmp_path: Path) -> None:
    tasks = [{"id": f"t{number}"} for number in range(100)]
    with pytest.raises(ToolError) as caught:
        await Workbench(tmp_path).call(UPDATE_PLAN, plan={"goal": "g", "tasks": tasks})
    lines = caught.value.message.splitlines()
    assert len(lines) == 12
    assert lines[-1] == "- and 290 more; these first"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*TASK, *SentPlan.model_fields, "odd"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from([*SentPlan.model_fields, "id"]), JSON, max_size=4))
def test_whatever_is_sent_is_a_plan_or_told(sent: dict[str, object]) -> None:
    params = UpdatePlanParams.model_validate({"plan": PLAN | sent})
    UPDATE_PLAN.title(params)
    assert params.plan is not None
    told = ""
    try:
        plan = sent_plan(params.plan)
    except ToolError as error:
        told = error.message
    else:
        assert plan.model_dump(exclude_unset=True) == PLAN | sent
    assert not told or told.count("\n- ") == told.count("\n") > 0
