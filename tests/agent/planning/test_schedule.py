"""Where the tasks of a plan stand, move by move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.planning.plan import Plan, Task
from leadline.agent.planning.plan_check import CheckedPlan, check_plan
from leadline.agent.planning.schedule import (
    ACTIVE,
    ENDED,
    STARTABLE,
    Granted,
    Held,
    IllegalMoveError,
    Schedule,
    bounce,
    escalate,
    fail,
    get_stuck,
    in_state,
    interrupt,
    land,
    new_schedule,
    queue,
    ready,
    replan,
    report,
    request_paths,
    start,
    unchanged,
)
from leadline.agent.planning.write_set import WriteSetError, overlaps
from leadline.tests.support.repos import write_files
from leadline.tests.tools.memory_tree import MemoryTree
from pydantic import TypeAdapter

FILES = {
    "pkg/a.py": "class One:\n    def go(self):\n        pass\n\n\nclass Two:\n    pass\n",
    "pkg/b.py": "def load():\n    pass\n",
    "pkg/c.py": "x = 1\n",
    "docs/x.md": "# X\n",
}
ENTRIES = ("pkg/a.py:One", "pkg/a.py:One.go", "pkg/a.py:Two", "pkg/a.py", "pkg/b.py", "pkg/c.py")
MORE = (*ENTRIES, "docs/", "docs/x.md", "docs/new.md", "pkg/")
SCHEDULES: TypeAdapter[Schedule] = TypeAdapter(Schedule)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> MemoryTree:
    root = tmp_path_factory.mktemp("tree")
    write_files(root, FILES)
    return MemoryTree(root)


def scheduled(tree: MemoryTree, **tasks: tuple[str, str]) -> Schedule:
    """A schedule of tasks, each given by its path and the tasks that it depends on, blanks between."""
    made = tuple(
        Task(name, name, name, (path,), tuple(after.split()), ("make check",))
        for name, (path, after) in tasks.items()
    )
    found = check_plan(Plan("All", made), tree, ())
    assert isinstance(found, CheckedPlan), str(found)
    return new_schedule(found)


def done(schedule: Schedule, *tasks: str) -> Schedule:
    for task in tasks:
        schedule = land(queue(report(start(schedule, task), task), task), task)
    return schedule


def test_what_changed_nothing_says_so_once_it_has_landed(tree: MemoryTree) -> None:
    begun = start(scheduled(tree, a=("pkg/b.py", "")), "a")
    again = start(bounce(begun, "a", "its checks are red"), "a")
    queued = queue(report(again, "a"), "a", unchanged("It was\nthere."))
    assert land(queued, "a").of("a").reason == "it changed nothing: It was there."
    assert land(queue(report(again, "a"), "a"), "a").of("a").reason == ""
    assert interrupt(queued).of("a").reason == ""


def test_whoever_says_nothing_or_much_of_changing_nothing() -> None:
    assert unchanged(" \n") == "it changed nothing: its worker does not say why"
    assert len(unchanged("so " * 9_000)) < 500


def states(schedule: Schedule) -> list[str]:
    return [each.state for each in schedule.progress]


def test_the_longest_chain_is_begun_first_and_ties_go_by_the_plan(tree: MemoryTree) -> None:
    schedule = scheduled(
        tree,
        short=("pkg/a.py:One", ""),
        long=("pkg/b.py", ""),
        lone=("docs/x.md", ""),
        middle=("pkg/c.py", "long"),
        last=("pkg/a.py:Two", "middle short"),
    )
    assert ready(schedule) == ("long", "short", "lone")
    assert ready(done(schedule, "long")) == ("short", "middle", "lone")


def test_a_task_is_ready_when_all_it_depends_on_is_done(tree: MemoryTree) -> None:
    schedule = scheduled(tree, a=("pkg/a.py", ""), b=("pkg/b.py", ""), c=("pkg/c.py", "a b"))
    assert states(done(schedule, "a")) == ["done", "ready", "waiting"]
    assert ready(done(schedule, "a", "b")) == ("c",)
    assert done(schedule, "a", "b", "c").ended


def test_refused_work_is_begun_again_and_counted(tree: MemoryTree) -> None:
    schedule = start(scheduled(tree, a=("pkg/a.py", "")), "a")
    for times, moves in enumerate(((), (report,), (report, queue)), 1):
        for move in moves:
            schedule = move(schedule, "a")
        schedule = bounce(schedule, "a", f"red {times}")
        assert schedule.of("a").bounces == times
        assert schedule.of("a").reason == f"red {times}"
        assert ready(schedule) == ("a",)
        schedule = start(schedule, "a")
    schedule = escalate(bounce(schedule, "a", "red"), "a", "Pro next")
    assert (schedule.of("a").state, schedule.of("a").rungs) == ("escalated", 1)
    finished = done(schedule, "a")
    assert (finished.of("a").bounces, finished.of("a").reason) == (4, "")


def test_what_waits_for_a_failed_task_is_skipped_and_the_rest_goes_on(tree: MemoryTree) -> None:
    schedule = scheduled(
        tree,
        a=("pkg/a.py", ""),
        b=("pkg/b.py", "a"),
        c=("pkg/c.py", "b"),
        d=("docs/x.md", ""),
        e=("docs/", "d c"),
    )
    failed = fail(start(start(schedule, "a"), "d"), "a", "given up")
    assert states(failed) == ["failed", "skipped", "skipped", "running", "skipped"]
    assert failed.of("c").reason == "it depends on a, which failed"
    assert not failed.ended
    assert land(queue(report(failed, "d"), "d"), "d").ended


def test_skipped_tasks_give_no_precedence(tree: MemoryTree) -> None:
    schedule = scheduled(
        tree,
        bad=("pkg/a.py", ""),
        a=("pkg/b.py", ""),
        b=("pkg/c.py", ""),
        end=("docs/x.md", "b bad"),
    )
    assert ready(schedule) == ("bad", "b", "a")
    assert ready(fail(schedule, "bad", "x")) == ("a", "b")


def test_a_cut_off_run_begins_again_what_was_under_way(tree: MemoryTree) -> None:
    schedule = scheduled(
        tree,
        a=("pkg/a.py", ""),
        b=("pkg/b.py", ""),
        c=("pkg/c.py", "a"),
        d=("docs/x.md", ""),
    )
    cut = report(start(start(done(schedule, "a"), "b"), "c"), "c")
    cut = bounce(start(cut, "d"), "d", "red")
    again = interrupt(cut)
    assert states(again) == ["done", "ready", "ready", "bounced"]
    assert SCHEDULES.validate_json(SCHEDULES.dump_json(cut)) == cut


FAULTS: tuple[Callable[[Schedule], object], ...] = (
    lambda s: start(s, "b"),
    lambda s: start(start(s, "a"), "a"),
    lambda s: report(s, "a"),
    lambda s: queue(start(s, "a"), "a"),
    lambda s: land(s, "a"),
    lambda s: land(start(s, "a"), "a"),
    lambda s: bounce(s, "a", "x"),
    lambda s: escalate(start(s, "a"), "a", "x"),
    lambda s: bounce(done(s, "a"), "a", "x"),
    lambda s: fail(done(s, "a"), "a", "x"),
    lambda s: start(fail(s, "a", "x"), "b"),
    lambda s: start(s, "nobody"),
    lambda s: s.of("nobody"),
    lambda s: s.write_set(""),
)


@pytest.mark.parametrize("move", FAULTS)
def test_other_moves_are_faults(tree: MemoryTree, move: Callable[[Schedule], object]) -> None:
    schedule = scheduled(tree, a=("pkg/a.py", ""), b=("pkg/b.py", "a"))
    with pytest.raises(IllegalMoveError):
        move(schedule)


# --- asking for more ---


def test_free_paths_are_granted_and_held_from_then_on(tree: MemoryTree) -> None:
    schedule = scheduled(tree, a=("pkg/a.py:One", ""), b=("pkg/b.py", ""))
    schedule = start(start(schedule, "a"), "b")
    granted = request_paths(schedule, "a", ["pkg/c.py", "docs/new.md"], tree)
    assert isinstance(granted, Granted)
    assert granted.write_set.entries == ("docs/new.md", "pkg/a.py:One", "pkg/c.py")
    assert granted.schedule.write_set("a") == granted.write_set
    held = request_paths(granted.schedule, "b", ["pkg/a.py:Two", "pkg/c.py"], tree)
    assert isinstance(held, Held)
    assert [task for task, _ in held.by] == ["a"]
    assert str(held).startswith("Not granted: a writes pkg/c.py.")
    assert isinstance(request_paths(granted.schedule, "b", ["pkg/a.py:Two"], tree), Granted)


def test_tasks_not_begun_hold_theirs_unless_they_wait_for_the_one_that_asks(
    tree: MemoryTree,
) -> None:
    schedule = scheduled(
        tree,
        a=("pkg/a.py", ""),
        before=("docs/x.md", ""),
        beside=("pkg/b.py", "before"),
        behind=("pkg/c.py", "a"),
    )
    schedule = start(schedule, "a")
    assert isinstance(request_paths(schedule, "a", ["pkg/c.py"], tree), Granted)
    held = request_paths(schedule, "a", ["pkg/"], tree)
    assert isinstance(held, Held)
    assert [(task, [str(area) for area in areas]) for task, areas in held.by] == [
        ("beside", ["pkg/b.py"])
    ]
    over = fail(schedule, "before", "x")
    assert isinstance(request_paths(over, "a", ["pkg/"], tree), Granted)


def test_a_folder_of_ones_own_that_is_still_to_be_made_counts(tree: MemoryTree) -> None:
    schedule = start(scheduled(tree, a=("pkg/fresh/", "")), "a")
    granted = request_paths(schedule, "a", ["pkg/fresh/deeper/", "pkg/fresh/x.py"], tree)
    assert isinstance(granted, Granted)
    assert granted.write_set.entries == ("pkg/fresh/",)


def test_nonsense_and_tasks_at_rest_get_nothing(tree: MemoryTree) -> None:
    schedule = scheduled(tree, a=("pkg/a.py", ""))
    with pytest.raises(IllegalMoveError):
        request_paths(schedule, "a", ["pkg/b.py"], tree)
    with pytest.raises(WriteSetError):
        request_paths(start(schedule, "a"), "a", ["../b.py"], tree)


# --- laws ---

MOVES: tuple[Callable[[Schedule, str], Schedule], ...] = (
    start,
    report,
    queue,
    land,
    lambda schedule, task: bounce(schedule, task, "red"),
    lambda schedule, task: escalate(schedule, task, "next"),
    lambda schedule, task: fail(schedule, task, "given up"),
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    names = [f"t{number}" for number in range(draw(st.integers(1, 5)))]
    tasks: list[Task] = []
    for name in names:
        path = draw(st.sampled_from(ENTRIES))
        above = [task.id for task in tasks]
        after = draw(st.lists(st.sampled_from(above), max_size=1)) if above else []
        tasks.append(Task(name, name, name, (path,), tuple(after), ("make check",)))
    return Plan("All", tuple(tasks))


@settings(max_examples=60, deadline=None)
@given(plans(), st.data())
def test_whatever_happens_no_task_runs_too_early_or_meets_another(
    tree: MemoryTree, plan: Plan, data: st.DataObject
) -> None:
    found = check_plan(plan, tree, ())
    assert isinstance(found, CheckedPlan)
    schedule = new_schedule(found)
    ids = [task.id for task in plan.tasks]
    for _ in range(data.draw(st.integers(0, 30))):
        task = data.draw(st.sampled_from(ids))
        schedule = _any_move(schedule, task, tree, data)
        _holds(schedule, tree)
    schedule = interrupt(schedule)
    _holds(schedule, tree)
    while ready(schedule):
        schedule = done(schedule, *ready(schedule)[:1])
        _holds(schedule, tree)
    assert schedule.ended


def test_what_was_ready_waits_for_what_is_planned_anew(tree: MemoryTree) -> None:
    """Where the check of the new plan made it so, as both write the same."""
    schedule = start(scheduled(tree, a=("pkg/a.py", ""), b=("pkg/b.py", "")), "a")
    schedule = get_stuck(bounce(schedule, "a", "red"), "a", "red")
    first, second = schedule.plan.tasks
    tasks = (replace(first, id="x"), replace(second, depends_on=("x",)))
    found = CheckedPlan(replace(schedule.plan, tasks=tasks), schedule.write_sets)
    schedule = replan(schedule, found, "a")
    assert ready(schedule) == ("x",)
    assert ready(done(schedule, "x")) == ("b",)


def _any_move(schedule: Schedule, task: str, tree: MemoryTree, data: st.DataObject) -> Schedule:
    """A move that is allowed in the task's state, or a request for more paths."""
    wanted = data.draw(st.sampled_from(MORE))
    if schedule.of(task).state == "running" and data.draw(st.booleans()):
        answer = request_paths(schedule, task, [wanted], tree)
        return answer.schedule if isinstance(answer, Granted) else schedule
    allowed: list[Schedule] = []
    for move in MOVES:
        try:
            allowed.append(move(schedule, task))
        except IllegalMoveError:
            continue
    assert bool(allowed) != (schedule.of(task).state in ENDED)
    return data.draw(st.sampled_from(allowed)) if allowed else schedule


def _holds(schedule: Schedule, tree: MemoryTree) -> None:
    by_id = {task.id: schedule.of(task.id).state for task in schedule.plan.tasks}
    for task in schedule.plan.tasks:
        above = {by_id[name] for name in task.depends_on}
        if by_id[task.id] in ACTIVE | STARTABLE | {"done"}:
            assert above <= {"done"}
        if above & {"failed", "skipped"}:
            assert by_id[task.id] in ("skipped", "failed")
        if by_id[task.id] == "waiting":
            assert above - {"done"}
    for one, other in combinations(in_state(schedule, ACTIVE | STARTABLE), 2):
        assert not overlaps(schedule.write_set(one), schedule.write_set(other), tree)
    assert set(ready(schedule)) == set(in_state(schedule, STARTABLE))
    assert SCHEDULES.validate_json(SCHEDULES.dump_json(schedule)) == schedule
