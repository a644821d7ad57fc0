"""From a planner's calls to a plan that can be run, and what it is told when there is none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from leadline.agent.budget import Limits
from leadline.agent.messages import UserMessage
from leadline.agent.planning.guard import PlanGuard
from leadline.agent.planning.plan import Plan, Task
from leadline.agent.planning.plan_check import CheckedPlan
from leadline.agent.planning.planner import (
    MOST_SENT_BACK,
    Planned,
    answers_text,
    assumed,
    make_plan,
    task_text,
)
from leadline.agent.planning.solo import Finish
from leadline.agent.roles import PLANNER
from leadline.prompts.render import render
from leadline.tests.agent.test_loop import Answer, Scene, says, scene
from leadline.tests.support.repos import write_files
from leadline.tests.tools.memory_tree import MemoryTree
from leadline.tools.codemods.model import Codemod, Rule

FILES = {
    "shop/cart.py": "class Cart:\n    def total(self):\n        return 0\n",
    "shop/money.py": "def cents():\n    return 1\n",
    "tests/test_money.py": "def test_cents():\n    pass\n",
}
KNOWN = ("python -m pytest -q",)


def task(name: str, *paths: str, **more: object) -> dict[str, object]:
    said = {"id": name, "title": f"Do {name}", "brief": f"Do all of {name}.", "paths": list(paths)}
    return said | {"checks": ["python -m pytest -q tests"]} | more


def plan(*tasks: object, **more: object) -> dict[str, object]:
    return {"goal": "Count in cents", "tasks": list(tasks)} | more


def sends(sent: object) -> tuple[str, object]:
    return "update_plan", {"plan": sent}


def report(status: str = "done", summary: str = "Cut in two.") -> tuple[str, object]:
    return "report", {"status": status, "summary": summary}


MONEY = task("money", "shop/money.py")
CART = task("cart", "shop/cart.py:Cart.total", depends_on=["money"], tier="pro")
ALONE = task("cart", "shop/cart.py:Cart.total")
STRAY = task("stray", "shop/nowhere/x.py")


def stage(tmp_path: Path, *answers: Answer, limits: Limits | None = None) -> Scene:
    look = guard_of(tmp_path / "root").look
    made = scene(tmp_path, *answers, role=PLANNER, mode="plan", limits=limits, look_at_plan=look)
    write_files(made.root, FILES)
    return made


def guard_of(root: Path) -> PlanGuard:
    async def find_tree() -> MemoryTree:
        return MemoryTree(root)

    return PlanGuard(find_tree, KNOWN)


async def planned(made: Scene) -> Planned | Finish:
    return await make_plan(made.loop, guard_of(made.root))


async def plan_from(made: Scene) -> Planned:
    found = await planned(made)
    assert isinstance(found, Planned), found
    return found


def told(made: Scene) -> list[str]:
    """What Leadline said to the planner."""
    messages = made.loop.transcript.messages
    return [m.text for m in messages if isinstance(m, UserMessage) and m.origin == "harness"]


def ids(found: Planned) -> list[str]:
    return [each.id for each in found.checked.plan.tasks]


async def test_a_plan_and_a_report(tmp_path: Path) -> None:
    made = stage(
        tmp_path,
        says("", ("outline", {"path": "shop/cart.py"})),
        says("", sends(plan(MONEY, CART, checks=list(KNOWN), open_questions=["Why?"]))),
        says("", report()),
    )
    found = await plan_from(made)
    assert found.summary == "Cut in two."
    assert found.checked.plan == Plan(
        "Count in cents",
        (
            Task(
                "money",
                "Do money",
                "Do all of money.",
                ("shop/money.py",),
                checks=("python -m pytest -q tests",),
            ),
            Task(
                "cart",
                "Do cart",
                "Do all of cart.",
                ("shop/cart.py:Cart.total",),
                ("money",),
                ("python -m pytest -q tests",),
                tier="pro",
            ),
        ),
        KNOWN,
        ("Why?",),
    )
    assert told(made) == []


async def test_one_task_costs_one_answer(tmp_path: Path) -> None:
    """The plan and the report may come in one."""
    made = stage(tmp_path, says("", sends(plan(MONEY)), report()))
    assert ids(await plan_from(made)) == ["money"]
    assert len(made.model.requests) == 1


async def test_tasks_that_meet_are_put_in_a_row(tmp_path: Path) -> None:
    again = task("again", "shop/cart.py")
    made = stage(tmp_path, says("", sends(plan(MONEY, CART, again)), report()))
    (added,) = (await plan_from(made)).checked.added
    assert (added.task, added.on) == ("again", "cart")


async def test_the_last_plan_counts(tmp_path: Path) -> None:
    steps = ("update_plan", {"items": [{"text": "look", "state": "doing"}]})
    wrong_steps = ("update_plan", {"items": [{"text": "look"}]})
    made = stage(
        tmp_path,
        says("", sends(plan(STRAY))),
        says("", sends(plan(MONEY)), sends(plan(ALONE))),
        says("", steps, wrong_steps),
        says("", report()),
    )
    assert ids(await plan_from(made)) == ["cart"]


async def test_a_plan_written_as_text_is_taken_as_meant(tmp_path: Path) -> None:
    made = stage(tmp_path, says("", sends(json.dumps(plan(MONEY))), report()))
    assert ids(await plan_from(made)) == ["money"]


async def test_faults_go_back_until_they_are_mended(tmp_path: Path) -> None:
    made = stage(
        tmp_path,
        says("", sends(plan(STRAY)), report()),
        says("", sends(plan(MONEY | {"path": "x"})), report()),
        says("", sends(plan(MONEY)), report()),
    )
    assert ids(await plan_from(made)) == ["money"]
    first, second = told(made)
    assert "task stray: `shop/nowhere/x.py`: there is no folder shop/nowhere/" in first
    assert "task money: there is no key `path`; did you mean `paths`?" in second


async def test_a_plan_that_was_not_taken_hides_the_one_before(tmp_path: Path) -> None:
    """Its author thinks that it stands; work must not start by another one."""
    made = stage(
        tmp_path,
        says("", sends(plan(MONEY))),
        says("", sends(plan({"id": "cart"}))),
        says("", report()),
        says("", sends(plan(ALONE)), report()),
    )
    assert ids(await plan_from(made)) == ["cart"]
    assert "task cart: `paths` is missing" in told(made)[0]


@pytest.mark.parametrize(
    "answer",
    [
        says("I would rename it everywhere."),
        says("", report()),
        says("", ("update_plan", {"items": [{"text": "do it", "state": "open"}]}), report()),
    ],
    ids=["prose", "report", "steps"],
)
async def test_no_plan_is_asked_for_within_bounds(tmp_path: Path, answer: Answer) -> None:
    made = stage(tmp_path, answer)
    found = await planned(made)
    assert isinstance(found, Finish)
    assert found.status == "not_done"
    assert "no plan that can be run" in found.summary
    assert told(made) == [render("plan_missing")] * MOST_SENT_BACK
    assert len(made.model.requests) == MOST_SENT_BACK + 1


async def test_prose_after_a_plan_ends_it_like_a_report(tmp_path: Path) -> None:
    made = stage(tmp_path, says("", sends(plan(MONEY))), says("The plan stands."))
    found = await plan_from(made)
    assert (ids(found), found.summary) == (["money"], "The plan stands.")


async def test_a_plan_that_stays_wrong_ends_with_its_faults(tmp_path: Path) -> None:
    made = stage(tmp_path, says("", sends(plan(STRAY)), report()))
    found = await planned(made)
    assert isinstance(found, Finish)
    assert found.status == "not_done"
    assert "there is no folder shop/nowhere/" in found.summary
    assert len(told(made)) == MOST_SENT_BACK


async def test_an_empty_plan_is_asked_about_once_and_then_believed(tmp_path: Path) -> None:
    made = stage(tmp_path, says("", sends(plan()), report(summary="It is done already.")))
    assert await planned(made) == Finish("unverified", "It is done already.")
    assert told(made) == [render("plan_empty")]


async def test_who_was_told_what_an_empty_plan_means_is_not_asked(tmp_path: Path) -> None:
    answer = says("", sends(plan()), report(summary="It is 42."))
    made = stage(tmp_path / "a", says("It is 42."), answer)
    assert await planned(made) == Finish("unverified", "It is 42.")
    assert told(made) == [render("plan_missing")]
    wrong = says("", sends(plan(STRAY)), report())
    made = stage(tmp_path / "b", wrong, answer)
    assert await planned(made) == Finish("unverified", "It is 42.")
    assert told(made)[1:] == [render("plan_empty")]


async def test_an_empty_plan_may_be_followed_by_a_full_one(tmp_path: Path) -> None:
    made = stage(
        tmp_path, says("", sends(plan()), report()), says("", sends(plan(MONEY)), report())
    )
    assert ids(await plan_from(made)) == ["money"]


async def test_giving_up_is_respected(tmp_path: Path) -> None:
    made = stage(tmp_path, says("", sends(plan(MONEY)), report("not_done", "There is no shop.")))
    assert await planned(made) == Finish("not_done", "There is no shop.")


async def test_limits_and_going_round_in_circles(tmp_path: Path) -> None:
    look = says("", ("read", {"files": [{"path": "shop/money.py"}]}))
    found = await planned(stage(tmp_path / "a", look, limits=Limits(turns=2)))
    assert isinstance(found, Finish)
    assert found.status == "limit"
    found = await planned(stage(tmp_path / "b", look))
    assert isinstance(found, Finish)
    assert "same results" in found.summary


async def test_a_planner_changes_nothing(tmp_path: Path) -> None:
    change: Mapping[str, object] = {"path": "shop/money.py", "content": ""}
    made = stage(tmp_path, says("", ("write", change), sends(plan(MONEY)), report()))
    await plan_from(made)
    assert (made.root / "shop/money.py").read_text() == FILES["shop/money.py"]


async def test_answers_lead_to_another_plan(tmp_path: Path) -> None:
    made = stage(
        tmp_path,
        says("", sends(plan(MONEY, open_questions=["Round up? Assumed: yes."])), report()),
        says("", sends(plan(MONEY | {"brief": "Round down."})), report()),
    )
    first = await plan_from(made)
    (question,) = first.checked.plan.open_questions
    made.loop.say(answers_text([(question, "No, down.")]), "person")
    second = await plan_from(made)
    assert second.checked.plan.open_questions == ()
    assert second.checked.plan.tasks[0].brief == "Round down."
    last = made.model.requests[-1].messages[-1]
    assert isinstance(last, UserMessage)
    assert "- Round up? Assumed: yes.\n  No, down." in last.text


def test_where_nobody_is_asked_questions_become_assumptions() -> None:
    wanted = Plan("g", (), open_questions=("Round up? Assumed: yes.",), assumptions=("A.",))
    found = assumed(CheckedPlan(wanted, ()))
    assert found.plan.open_questions == ()
    assert found.plan.assumptions == ("A.", "Not asked: Round up? Assumed: yes.")
    assert assumed(found) == found


def test_what_a_worker_is_told() -> None:
    given = Task("money", "Count", "Use $cents.", ("a.py", "b.py:load"), checks=("make", "make x"))
    text = task_text(Plan("In cents", (given,), assumptions=("A.", "B.")), given)
    assert "beside you: In cents\n" in text
    assert "granted: \n- A.\n- B.\n" in text
    assert "Your task (money): Count\n\nUse $cents.\n" in text
    assert "You may write: a.py, b.py:load\n" in text
    assert "before you begin: nothing\n" in text
    assert text.endswith("What will prove it: `make`; `make x`")
    bare = Task("docs", "Words", "Mend it.", ("docs/",), no_check_reason="only words")
    text = task_text(Plan("g", (bare,)), bare)
    assert "granted: nothing\n" in text
    assert text.endswith("no command (only words)")


def test_a_worker_is_told_what_a_codemod_has_done() -> None:
    rule = Rule("python", "cents($A)", "round($A, 2)")
    given = Task("a", "t", "b", ("a.py",), codemod=Codemod(("a.py",), (rule,)))
    text = task_text(Plan("g", (given,)), given)
    told = "python: `round($A, 2)` becomes `cents($A)` (a codemod, in a.py)"
    assert f"Changed already, before you begin: {told}\n" in text


async def test_a_codemod_of_a_task_is_a_value_of_ours(tmp_path: Path) -> None:
    rule = {"language": "python", "pattern": "cents()", "rewrite": "count()"}
    sent = MONEY | {"codemod": {"paths": ["shop/money.py"], "rules": [rule]}}
    made = stage(tmp_path, says("", sends(plan(sent)), report()))
    (found,) = (await plan_from(made)).checked.plan.tasks
    assert found.codemod == Codemod(("shop/money.py",), (Rule("python", "count()", "cents()"),))


async def test_a_codemod_that_makes_no_sense_goes_back(tmp_path: Path) -> None:
    wrong = MONEY | {"codemod": {"paths": ["shop/"], "rules": []}}
    stray = MONEY | {"codemod": {"paths": ["shop/"], "script": "x"}}
    made = stage(
        tmp_path,
        says("", sends(plan(wrong)), report()),
        says("", sends(plan(stray)), report()),
        says("", sends(plan(MONEY)), report()),
    )
    assert ids(await plan_from(made)) == ["money"]
    first, second = told(made)
    assert "task money: codemod: it has neither `rules` nor a `script`" in first
    assert "task money: its codemod may change `shop/`" in second


async def test_the_example_in_the_brief_is_a_plan(tmp_path: Path) -> None:
    """And it has every key that there is."""
    shown = re.search(
        r"^\{.*?^ \"checks\".*?\}$", render("briefs/planner"), re.MULTILINE | re.DOTALL
    )
    assert shown
    example = json.loads(shown[0])
    made = stage(tmp_path, says("", sends(example), report()))
    found = await plan_from(made)
    assert found.checked.added == ()
    assert set(example) == set(Plan.__dataclass_fields__)
    assert {key for each in example["tasks"] for key in each} == set(Task.__dataclass_fields__)
