"""A draft of a plan: what any row of changes leaves in order, and that all of them can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from leadline.agent.planning.plan import Area, Plan, Task, WriteSet, prerequisites
from leadline.agent.planning.plan_check import AddedDependency, CheckedPlan
from leadline.tui.panels.plan.draft import Draft
from leadline.tui.panels.plan.order import in_order

Change = tuple[str, int, str]
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["up", "down", "drop", "tier", "brief", "undo"]),
        st.integers(0, 7),
        st.sampled_from(["Do it.", "Do less.", ""]),
    ),
    max_size=12,
)


def checked(tasks: Sequence[Task], *added: tuple[str, str]) -> CheckedPlan:
    sets = tuple(WriteSet((Area(f"{task.id}.py"),)) for task in tasks)
    both = tuple(AddedDependency(task, on, ("x.py",)) for task, on in added)
    return CheckedPlan(Plan("goal", tuple(tasks), ("make",)), sets, both)


def task(name: str, *after: str) -> Task:
    return Task(name, f"Do {name}", f"In {name}.", (f"{name}.py",), after, ("make",))


@st.composite
def plans(draw: st.DrawFn) -> CheckedPlan:
    """Plans whose tasks stand in any order, some of their dependencies added by the check."""
    count = draw(st.integers(1, 8))
    tasks: list[Task] = []
    added: list[tuple[str, str]] = []
    for number in range(count):
        before = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set[int]()
        names = tuple(f"t{each}" for each in sorted(before))
        tasks.append(task(f"t{number}", *names))
        added += [(f"t{number}", name) for name in names if draw(st.integers(0, 3)) == 0]
    return checked(draw(st.permutations(tasks)), *added)


def changed(draft: Draft, changes: Sequence[Change]) -> list[Draft]:
    """The draft after each change that it took."""
    found = [draft]
    for kind, number, text in changes:
        now = found[-1]
        name = now.tasks[number % len(now.tasks)].id
        match kind:
            case "up":
                new = now.moved(name, -1)
            case "down":
                new = now.moved(name, 1)
            case "drop":
                new = now.toggled(name)
            case "tier":
                new = now.with_other_tier(name)
            case "brief":
                new = now.with_brief(name, text)
            case _:
                new = now.undone()
        if new is not now:
            found.append(new)
    return found


@given(plans(), CHANGES)
def test_a_task_always_comes_after_what_it_waits_for_and_no_task_is_lost(
    start: CheckedPlan, changes: Sequence[Change]
) -> None:
    for draft in changed(Draft.of(start), changes):
        assert {each.id for each in draft.tasks} == {each.id for each in start.plan.tasks}
        seen: set[str] = set()
        for each in draft.plan.tasks if draft.changed else draft.tasks:
            assert seen.issuperset(each.depends_on)
            seen.add(each.id)


@given(plans(), CHANGES)
def test_what_is_left_keeps_its_order_when_others_are_dropped(
    start: CheckedPlan, changes: Sequence[Change]
) -> None:
    draft = changed(Draft.of(start), changes)[-1]
    if not draft.changed:
        assert draft.plan == start.plan
        return
    kept = [each for each in draft.tasks if each.id not in draft.dropped]
    assert [each.id for each in draft.plan.tasks] == [each.id for each in kept]
    wanted, known = prerequisites(draft.plan.tasks), prerequisites(draft.start)
    for each in kept:
        assert wanted[each.id] == known[each.id] - draft.dropped
    assert (draft.plan.goal, draft.plan.checks) == (start.plan.goal, start.plan.checks)


@given(plans(), CHANGES)
def test_undone_step_by_step_it_is_the_plan_as_it_was(
    start: CheckedPlan, changes: Sequence[Change]
) -> None:
    first = Draft.of(start)
    draft = changed(first, [each for each in changes if each[0] != "undo"])[-1]
    while draft.before is not None:
        draft = draft.undone()
    assert draft is first or draft == first
    assert draft.undone() is draft
    assert draft.plan is start.plan


@given(plans())
def test_in_order_is_the_plans_own_where_that_can_be_done(start: CheckedPlan) -> None:
    ordered = in_order(start.plan.tasks)
    assert in_order(ordered) == ordered
    assert sorted(ordered, key=lambda each: each.id) == sorted(
        start.plan.tasks, key=lambda each: each.id
    )


def test_tasks_that_wait_for_each_other_are_still_there() -> None:
    tasks = (task("a", "b"), task("b", "a"), task("c"))
    assert [each.id for each in in_order(tasks)] == ["c", "a", "b"]


def test_an_order_that_the_check_added_turns_round_with_the_tasks() -> None:
    draft = Draft.of(checked([task("a"), task("b", "a"), task("c", "b")], ("b", "a")))
    assert (draft.waits["b"], draft.beside) == ((), {"b": ("a",)})
    draft = draft.moved("b", -1)
    assert [each.id for each in draft.plan.tasks] == ["b", "a", "c"]
    assert draft.beside == {"a": ("b",)}
    assert draft.blocked("b", -1) == "b is the first"
    assert draft.moved("c", -1).blocked("c", -1) == "c waits for b"
    assert draft.toggled("b").beside == {}


def test_changes_that_cancel_out_are_none() -> None:
    draft = Draft.of(checked([task("a"), task("b")]))
    assert draft.with_brief("a", "In a.") is draft
    same = draft.with_other_tier("a").with_other_tier("a").moved("a", 1).moved("a", -1)
    assert not same.changed
    assert replace(same, before=None) == draft
