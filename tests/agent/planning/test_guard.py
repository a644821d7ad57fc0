"""What a planner's call comes to: the faults of its plan at once, or what was made of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from leadline.agent.loop import Claimed
from leadline.agent.planning.guard import PlanGuard, plan_of
from leadline.agent.planning.plan import Plan
from leadline.agent.planning.plan_check import CheckedPlan, check_plan
from leadline.agent.planning.planner import make_plan
from leadline.agent.planning.replanner import plan_anew
from leadline.agent.planning.schedule import (
    Schedule,
    bounce,
    get_stuck,
    new_schedule,
    start,
)
from leadline.agent.planning.scheduler import Postponed
from leadline.agent.planning.solo import Finish
from leadline.agent.roles import PLANNER
from leadline.tests.agent.planning.test_planner import (
    CART,
    FILES,
    KNOWN,
    MONEY,
    STRAY,
    guard_of,
    ids,
    plan,
    plan_from,
    report,
    sends,
    stage,
    task,
    told,
)
from leadline.tests.agent.test_loop import Scene, says, scene
from leadline.tests.support.repos import write_files
from leadline.tests.tools.memory_tree import MemoryTree
from leadline.tools.errors import Exit, PersonError
from leadline.tools.sent_plan import SentPlan, sent_plan

AGAIN = task("again", "shop/cart.py")
NEW = task("new", "shop/rates.py", "tests/test_rates.py")


def results(made: Scene) -> list[tuple[bool, str]]:
    """What the calls of `update_plan` came to."""
    return [(each.ok, each.text) for each in made.results() if each.title.startswith("plan")]


async def test_faults_are_told_before_the_report(tmp_path: Path) -> None:
    """Without them the planner would have reported first, which is an answer more."""
    made = stage(
        tmp_path,
        says("", sends(plan(MONEY, STRAY | {"depends_on": ["mony"]}))),
        says("", sends(plan(MONEY))),
        says("", report()),
    )
    assert ids(await plan_from(made)) == ["money"]
    (ok, faults), taken = results(made)
    assert not ok
    assert "task stray: it depends on `mony`, which is no task of the plan; did you mean" in faults
    assert "task stray: `shop/nowhere/x.py`: there is no folder shop/nowhere/" in faults
    assert taken == (True, "Taken: 1 task.")
    assert told(made) == []


async def test_what_was_made_of_a_plan_is_told(tmp_path: Path) -> None:
    made = stage(tmp_path, says("", sends(plan(MONEY, CART, AGAIN, NEW)), report()))
    await plan_from(made)
    ((ok, said),) = results(made)
    assert ok
    assert said.split("\n") == [
        "Taken: 4 tasks.",
        "again now waits for cart: both write shop/cart.py:Cart.total.",
        "Not there yet, and to be made: shop/rates.py, tests/test_rates.py.",
    ]


async def test_of_many_that_meet_a_few_are_named(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    row = [task(f"t{number}", "shop/cart.py") for number in range(9)]
    sent = sent_plan(json.loads(json.dumps(plan(*row))))
    guard = guard_of(tmp_path)
    said = await guard.look(sent)
    assert said.count(" now waits for ") == 5
    assert said.endswith("\n3 more wait for each other in the same way.")
    assert await guard.look(sent) == said


async def test_a_planner_that_reports_all_the_same_gets_the_same_faults(tmp_path: Path) -> None:
    made = stage(
        tmp_path, says("", sends(plan(STRAY)), report()), says("", sends(plan(MONEY)), report())
    )
    assert ids(await plan_from(made)) == ["money"]
    (_, faults), _ = results(made)
    assert faults in told(made)[0]


async def test_a_plan_that_was_taken_unseen_is_looked_at_when_it_is_reported(
    tmp_path: Path,
) -> None:
    """As in a session that an older release began, whose calls came to no more than "ok"."""
    made = scene(tmp_path, says("", sends(plan(STRAY)), report()), role=PLANNER, mode="plan")
    write_files(made.root, FILES)
    found = await make_plan(made.loop, guard_of(made.root))
    assert isinstance(found, Finish)
    assert "there is no folder shop/nowhere/" in found.summary
    assert {text for _, text in results(made)} == {"ok"}


async def test_without_an_index_the_call_comes_through(tmp_path: Path) -> None:
    """That no plan can be checked is for the person to hear, once there is a report."""

    async def no_tree() -> MemoryTree:
        raise PersonError("There is no index.", Exit.NOT_DONE)

    guard = PlanGuard(no_tree, KNOWN)
    look = guard.look
    made = scene(tmp_path, says("", sends(plan(MONEY)), report()), role=PLANNER, look_at_plan=look)
    with pytest.raises(PersonError, match="There is no index"):
        await make_plan(made.loop, guard)
    assert results(made) == [(True, "ok")]


async def test_no_tasks_are_no_fault(tmp_path: Path) -> None:
    said = await guard_of(tmp_path).look(SentPlan(goal="Nothing", tasks=[]))
    assert said == "Taken: no tasks, so nothing would be changed."


# --- one task planned anew ---


def stuck(made: Scene) -> Schedule:
    """Where nothing helped `money`, which `cart` waits for."""
    sent = sent_plan(json.loads(json.dumps(plan(MONEY, CART))))
    checked = check_plan(plan_of(sent), MemoryTree(made.root), KNOWN)
    assert isinstance(checked, CheckedPlan)
    schedule = start(new_schedule(checked), "money")
    return get_stuck(bounce(schedule, "money", "red"), "money", "red")


async def test_what_takes_the_place_of_a_task_is_held_against_the_rest(tmp_path: Path) -> None:
    """The rest is not in what is sent, and a circle through it is a fault."""
    better = task("better", "shop/money.py")
    guard = guard_of(tmp_path / "root")
    made = scene(
        tmp_path,
        says("", sends(plan(better | {"depends_on": ["cart"]}))),
        says("", sends(plan(better))),
        says("", report()),
        role=PLANNER,
        mode="plan",
        look_at_plan=guard.look,
    )
    write_files(made.root, FILES)
    found = await plan_anew(made.loop, guard, stuck(made), "money", "red")
    assert isinstance(found, CheckedPlan)
    assert [(each.id, each.depends_on) for each in found.plan.tasks] == [
        ("better", ()),
        ("cart", ("better",)),
    ]
    (ok, faults), taken = results(made)
    assert not ok
    assert "tasks wait for each other in a circle" in faults
    assert taken == (True, "Taken: 1 task.")
    whole: Callable[[Plan], Plan] = guard.whole
    assert whole(found.plan) is found.plan


async def test_a_planner_that_met_a_limit_has_not_given_up(tmp_path: Path) -> None:
    made = stage(tmp_path, says("", ("read", {"files": [{"path": "shop/money.py"}]})))
    assert made.loop.budget.reached() is None
    made.loop.budget.held = lambda: 1.0
    made.loop.budget.allow(0.5)
    found = await plan_anew(made.loop, guard_of(made.root), stuck(made), "money", "red")
    assert found == Postponed()
    assert made.model.requests == []
    assert not isinstance(await made.loop.run(), Claimed)
