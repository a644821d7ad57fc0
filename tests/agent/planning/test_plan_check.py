"""What makes a plan fit to run, and what it gains by being checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.planning.plan import Plan, Task, prerequisites
from leadline.agent.planning.plan_check import (
    MAX_FAULTS,
    MAX_TASKS,
    CheckedPlan,
    PlanFaults,
    check_plan,
)
from leadline.agent.planning.write_set import overlaps
from leadline.tests.support.repos import write_files
from leadline.tests.tools.memory_tree import MemoryTree
from leadline.tools.codemods.model import Codemod, Rule
from pydantic import TypeAdapter

FILES = {
    "pkg/a.py": "class One:\n    def go(self):\n        pass\n\n\nclass Two:\n    pass\n",
    "pkg/b.py": "def load():\n    pass\n",
    "pkg/sub/c.py": "x = 1\n",
    "tests/test_a.py": "def test_one():\n    pass\n",
}
ENTRIES = (
    "pkg/a.py",
    "pkg/a.py:One",
    "pkg/a.py:One.go",
    "pkg/a.py:Two",
    "pkg/b.py:load",
    "pkg/b.py",
    "pkg/sub/",
    "pkg/sub/c.py",
    "pkg/sub/new.py",
    "pkg/fresh/",
    "pkg/*.py",
    "tests/",
    "docs.md",
)
KNOWN = ("python -m pytest -q", "true")
CHECKED: TypeAdapter[CheckedPlan] = TypeAdapter(CheckedPlan)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> MemoryTree:
    root = tmp_path_factory.mktemp("tree")
    write_files(root, FILES)
    return MemoryTree(root)


def task(name: str, *paths: str, after: Sequence[str] = (), **fields: object) -> Task:
    made = Task(name, f"Do {name}", f"Do all of {name}.", paths, tuple(after), ("make check",))
    return replace(made, **fields)


def plan(*tasks: Task) -> Plan:
    return Plan("Tidy up", tasks, checks=("make check",))


def checked(tree: MemoryTree, *tasks: Task) -> CheckedPlan:
    found = check_plan(plan(*tasks), tree, KNOWN)
    assert isinstance(found, CheckedPlan), str(found)
    return found


def faults(tree: MemoryTree, wanted: Plan) -> list[str]:
    found = check_plan(wanted, tree, KNOWN)
    assert isinstance(found, PlanFaults), found
    assert all(str(fault) in str(found) for fault in found.faults)
    return [str(fault) for fault in found.faults]


def order(found: CheckedPlan) -> dict[str, tuple[str, ...]]:
    return {each.id: each.depends_on for each in found.plan.tasks}


def test_tasks_on_different_symbols_stay_side_by_side(tree: MemoryTree) -> None:
    found = checked(tree, task("one", "pkg/a.py:One"), task("two", "pkg/a.py:Two"))
    assert order(found) == {"one": (), "two": ()}
    assert found.added == ()


def test_tasks_that_meet_wait_in_the_order_of_the_list_and_say_why(tree: MemoryTree) -> None:
    found = checked(
        tree,
        task("class", "pkg/a.py:One"),
        task("apart", "pkg/b.py"),
        task("method", "pkg/a.py:go"),
    )
    assert order(found) == {"class": (), "apart": (), "method": ("class",)}
    (added,) = found.added
    assert (added.task, added.on) == ("method", "class")
    assert added.reason == "both write pkg/a.py:One.go"


def test_a_row_of_tasks_on_one_file_becomes_a_chain(tree: MemoryTree) -> None:
    found = checked(tree, *(task(f"t{n}", "pkg/b.py") for n in range(6)))
    assert order(found) == {f"t{n}": (f"t{n - 1}",) if n else () for n in range(6)}


def test_an_order_that_the_plan_has_is_kept_although_it_is_against_the_list(
    tree: MemoryTree,
) -> None:
    found = checked(
        tree,
        task("late", "pkg/a.py", after=["middle"]),
        task("middle", "pkg/b.py", after=["early"]),
        task("early", "pkg/a.py"),
    )
    assert found.added == ()
    assert order(found)["early"] == ()


def test_what_a_person_should_see_of_it(tree: MemoryTree) -> None:
    narrowed = "python -m pytest -q tests/test_a.py"
    found = checked(
        tree,
        task("make", "pkg/fresh/", "pkg/b.py", checks=(narrowed,)),
        task("use", "pkg/fresh/x.py", checks=("ruff check pkg", f"{narrowed} && ls")),
    )
    assert found.new_paths == ("pkg/fresh/", "pkg/fresh/x.py")
    assert found.own_checks == ("make check", "ruff check pkg", f"{narrowed} && ls")
    assert order(found)["use"] == ("make",)


def test_the_plan_is_spelled_in_one_way(tree: MemoryTree) -> None:
    untidy = Plan(
        " Tidy up\n",
        (
            task("one", "./pkg//b.py ", "pkg/b.py:load", checks=(" make check ", "make check", "")),
            task(" two", "pkg/sub", after=["one", " one ", ""], title="Do  all\n of it"),
            task("three", "docs.md", after=["two", "one"]),
        ),
        ("make check", " "),
        (" Which?  ",),
    )
    found = check_plan(untidy, tree, KNOWN)
    assert isinstance(found, CheckedPlan)
    one, two, three = found.plan.tasks
    assert (one.paths, one.checks) == (("pkg/b.py",), ("make check",))
    assert (two.id, two.title, two.paths) == ("two", "Do all of it", ("pkg/sub/",))
    assert (two.depends_on, three.depends_on) == (("one",), ("one", "two"))
    assert (found.plan.goal, found.plan.checks) == ("Tidy up", ("make check",))
    assert found.plan.open_questions == ("Which?",)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (plan(), "no tasks"),
        (Plan(" ", (task("a", "pkg/b.py"),)), "goal is empty"),
        (plan(task("a b", "pkg/b.py")), "the id `a b`"),
        (plan(task("../x", "pkg/b.py")), "the id `../x`"),
        (plan(task("\x1b]", "pkg/b.py")), "the id `?]`"),
        (plan(task("a", "pkg/b.py"), task("A", "pkg/a.py")), "given twice"),
        (plan(task("a", "pkg/b.py", after=["a"])), "depends on itself"),
        (plan(task("build", "pkg/b.py", after=["biuld"])), "did you mean build?"),
        (plan(task("a", "pkg/b.py", after=["zzz"])), "the ids are a"),
        (plan(task("a")), "paths are empty"),
        (plan(task("a", "pgk/b.py")), "task a: `pgk/b.py`: there is no folder pgk/"),
        (plan(task("a", "pkg/a.py:Onn")), "near it: One"),
        (plan(task("a", "pkg/b.py", title=" ")), "title is empty"),
        (plan(task("a", "pkg/b.py", title="x" * 121)), "121 characters"),
        (plan(task("a", "pkg/b.py", brief="")), "brief is empty"),
        (plan(task("a", "pkg/b.py", brief="x\ud800")), "surrogate"),
        (plan(task("a", "pkg/b.py", checks=())), "no check"),
        (plan(task("a", "pkg/b.py", checks=(), no_check_reason="N/A.")), "no check"),
        (plan(task("a", "pkg/b.py", checks=tuple("abcdefghijklmnopqrstu"))), "21 entries"),
        (Plan("g", (task("a", "pkg/b.py"),), open_questions=("x\udfff",)), "surrogate"),
    ],
)
def test_a_fault_says_what_to_change(tree: MemoryTree, wanted: Plan, says: str) -> None:
    (fault,) = faults(tree, wanted)
    assert says in fault
    assert fault.isprintable()


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (":", "can't fail"),
        ("echo done", "can't fail"),
        ("pytest -q || true", "can't fail"),
        ("pytest -q; exit 0", "can't fail"),
        ("pytest -q 2>&1 | tail -5", "behind `tail`"),
        ("pytest -q|cat", "behind `cat`"),
        ("pytest -k a#b | tail -5", "behind `tail`"),
        ("pytest -q &", "ends in a separator"),
        ("pytest 'a", "quote"),
        ("make\nmake check", "one line"),
        ("make " + "x" * 1000, "one line"),
    ],
)
def test_checks_that_prove_nothing_are_refused(tree: MemoryTree, command: str, says: str) -> None:
    (fault,) = faults(tree, plan(task("a", "pkg/b.py", checks=(command,))))
    assert says in fault


@pytest.mark.parametrize(
    "command",
    [
        "true",  # given by the project: its own matter
        "pytest -q && echo fine",
        "! grep -rn 'a | tail' pkg",
        "set -o pipefail; pytest | tail -5",
        "pytest -q 'a; true'",
        "make check | grep -q passed",
        "cargo test --workspace -- --nocapture",
    ],
)
def test_checks_that_can_fail_are_let_in(tree: MemoryTree, command: str) -> None:
    found = checked(tree, task("a", "pkg/b.py", checks=(command,)))
    assert found.plan.tasks[0].checks == (command,)


def test_a_stated_reason_stands_for_a_check(tree: MemoryTree) -> None:
    reason = "only words change"
    found = checked(tree, task("a", "docs.md", checks=(), no_check_reason=reason))
    assert found.plan.tasks[0].no_check_reason == reason


def test_a_cycle_is_named_in_the_direction_of_waiting(tree: MemoryTree) -> None:
    (fault,) = faults(
        tree,
        plan(
            task("a", "pkg/b.py", after=["b"]),
            task("b", "pkg/a.py", after=["c"]),
            task("c", "docs.md", after=["a"]),
            task("d", "docs.md", after=["a"]),
        ),
    )
    ways = ("a -> b -> c -> a", "b -> c -> a -> b", "c -> a -> b -> c")
    assert any(f"in a circle: {way};" in fault for way in ways)


def test_faults_come_together_but_not_without_end(tree: MemoryTree) -> None:
    mixed = plan(task("a", "/x", checks=(), after=["q"]), task("b", ".git/x", "pkg/none/y"))
    assert len(faults(tree, mixed)) == 5
    flood = check_plan(plan(*(task(f"t{n}", "/x") for n in range(50))), tree, KNOWN)
    assert isinstance(flood, PlanFaults)
    assert (len(flood.faults), flood.more) == (MAX_FAULTS, True)
    assert str(flood).endswith("and more; these first")
    (many,) = faults(tree, plan(*(task(f"t{n}", "/x") for n in range(MAX_TASKS + 1))))
    assert "too many" in many


# --- laws ---


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans without a fault: dependencies follow an order that need not be the list's."""
    names = [f"t{number}" for number in range(draw(st.integers(1, 6)))]
    free = draw(st.permutations(names))
    tasks: list[Task] = []
    for name in names:
        above = free[: free.index(name)]
        paths = draw(st.lists(st.sampled_from(ENTRIES), min_size=1, max_size=3))
        after = draw(st.lists(st.sampled_from(above), max_size=2)) if above else []
        tasks.append(task(name, *paths, after=after))
    return plan(*tasks)


@settings(deadline=None)
@given(plans())
def test_no_two_tasks_of_a_checked_plan_meet_without_an_order(
    tree: MemoryTree, wanted: Plan
) -> None:
    found = check_plan(wanted, tree, KNOWN)
    assert isinstance(found, CheckedPlan), str(found)
    before = prerequisites(found.plan.tasks)
    rows = zip(found.plan.tasks, found.write_sets, strict=True)
    for (one, here), (other, there) in combinations(rows, 2):
        ordered = one.id in before[other.id] or other.id in before[one.id]
        assert ordered or not overlaps(here, there, tree)
    for old, new in zip(wanted.tasks, found.plan.tasks, strict=True):
        gained = set(new.depends_on) - set(old.depends_on)
        assert set(old.depends_on) <= set(new.depends_on)
        assert gained == {each.on for each in found.added if each.task == new.id}


@settings(deadline=None)
@given(plans())
def test_checking_again_changes_nothing(tree: MemoryTree, wanted: Plan) -> None:
    found = check_plan(wanted, tree, KNOWN)
    assert isinstance(found, CheckedPlan)
    again = check_plan(found.plan, tree, KNOWN)
    assert again == replace(found, added=())
    data = CHECKED.dump_json(found)
    assert CHECKED.validate_json(data) == found
    assert CHECKED.dump_json(CHECKED.validate_python(check_plan(wanted, tree, KNOWN))) == data


WORDS = st.text(alphabet="ab|&;'\" :\n\x1b\ud800", max_size=12)


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            Task,
            st.sampled_from(["a", "b", "", "\ud800"]),
            WORDS,
            WORDS,
            st.tuples(WORDS),
            st.tuples(st.sampled_from(["a", "b", "\ud800"])),
            st.tuples(WORDS),
        ),
        max_size=3,
    ),
    WORDS,
)
def test_no_plan_breaks_the_check(tree: MemoryTree, tasks: list[Task], words: str) -> None:
    wanted = Plan(words, tuple(tasks), (words,), (words,), (words,))
    found = check_plan(wanted, tree, (words,))
    if isinstance(found, PlanFaults):
        assert found.faults
        assert TypeAdapter(PlanFaults).dump_json(found)
    else:
        assert CHECKED.dump_json(found)


# --- codemods ---

RENAME = (Rule("python", "read($$$A)", "load($$$A)"),)


@pytest.mark.parametrize("places", [("pkg/",), ("pkg/sub/", "pkg/b.py"), ("pkg/*.py",), ("pkg",)])
def test_a_codemod_within_its_tasks_paths(tree: MemoryTree, places: tuple[str, ...]) -> None:
    codemod = Codemod((*places, places[0]), RENAME)
    found = checked(tree, task("one", "pkg/", codemod=codemod), task("two", "tests/"))
    assert found.plan.tasks[0].codemod == Codemod(places, RENAME)
    assert check_plan(found.plan, tree, KNOWN) == replace(found, added=())
    assert CHECKED.validate_json(CHECKED.dump_json(found)) == found


@pytest.mark.parametrize(
    ("codemod", "told"),
    [
        (Codemod(("pkg/b.py",), RENAME), ""),
        (Codemod(("pkg/", "tests/"), RENAME), "its codemod may change `pkg/`, `tests/`, which its"),
        (
            Codemod(("pkg/a.py",), RENAME),
            "its codemod may change `pkg/a.py`, which its paths don't",
        ),
        (Codemod((".",), script="x"), "its codemod may change `./`, which its paths don't hold"),
        (Codemod(("pkg/z.rs/y",), RENAME), "codemod: `pkg/z.rs/y`: there is no folder pkg/z.rs/"),
        (Codemod(("../x",), RENAME), "codemod: the path `../x` is not inside the project"),
        (Codemod(("pkg/b.py",)), "codemod: it has neither `rules` nor a `script`"),
        (Codemod(("pkg/b.py",), (Rule("pithon", "", "x"),)), "codemod: rule 1: no rules can be"),
    ],
)
def test_a_codemod_that_its_task_cant_have(tree: MemoryTree, codemod: Codemod, told: str) -> None:
    """A symbol of a file is not the file."""
    wanted = plan(task("one", "pkg/b.py", "pkg/a.py:One", codemod=codemod))
    if not told:
        assert isinstance(check_plan(wanted, tree, KNOWN), CheckedPlan)
        return
    (said,) = faults(tree, wanted)
    assert said.startswith(f"task one: {told}")
