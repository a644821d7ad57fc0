"""A plan as people read it, and as they edit it and hand it back."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.planning.plan import Plan, Task, WriteSet
from leadline.agent.planning.plan_check import AddedDependency, CheckedPlan
from leadline.agent.planning.plan_text import (
    COLUMNS,
    MAX_CHARS,
    PlanFileError,
    plan_json,
    read_plan,
    show_plan,
)
from leadline.tools.codemods.model import Codemod, Rule
from leadline.tools.errors import Exit
from pydantic import TypeAdapter

PLAN = Plan(
    "Rename Session to Run everywhere, without a change in behaviour.",
    (
        Task(
            "models",
            "Rename the class",
            "Rename `Session` to `Run` in the models.\n\n"
            "Keep the old name as an alias; the alias goes in the last task.",
            ("pkg/models.py:Session", "pkg/store.py"),
            checks=("python -m pytest -q tests/test_models.py",),
        ),
        Task(
            "docs",
            "Rename it in the docs",
            "Replace the name in all pages.",
            ("docs/",),
            ("models",),
            no_check_reason="only words change",
            tier="pro",
        ),
    ),
    ("python -m pytest -q",),
    ("Does the wire format keep the old name?",),
    ("Nobody imports from pkg.legacy.",),
)
CHECKED = CheckedPlan(
    PLAN,
    (WriteSet(), WriteSet()),
    (AddedDependency("docs", "models", ("docs/a.md", "docs/b.md", "docs/c.md", "docs/d.md")),),
    ("docs/new.md",),
    ("make docs",),
)
SHOWN = """\
Rename Session to Run everywhere, without a change in behaviour.

2 tasks, 2 in a row at most

1. models: Rename the class
    model    Flash
    writes   pkg/models.py:Session
             pkg/store.py
    checks   python -m pytest -q tests/test_models.py

    Rename `Session` to `Run` in the models.

    Keep the old name as an alias; the alias goes in the last task.

2. docs: Rename it in the docs
    model    Pro
    after    models
    writes   docs/
    no check only words change

    Replace the name in all pages.

Checks at the end:
  - python -m pytest -q

Questions:
  - Does the wire format keep the old name?

Assumed:
  - Nobody imports from pkg.legacy.

Order added:
  - docs after models: both write docs/a.md, docs/b.md, docs/c.md and 1 more

To be made:
  - docs/new.md

Checks of the plan's own:
  - make docs
"""


def test_a_plan_reads_like_this() -> None:
    assert show_plan(CHECKED) == SHOWN


def test_a_plan_as_json_has_every_key_to_edit() -> None:
    value = json.loads(plan_json(PLAN))
    assert list(value) == ["goal", "tasks", "checks", "open_questions", "assumptions"]
    assert list(value["tasks"][0]) == [
        "id",
        "title",
        "brief",
        "paths",
        "depends_on",
        "checks",
        "no_check_reason",
        "tier",
        "codemod",
    ]
    assert read_plan("\ufeff" + plan_json(PLAN)) == PLAN


def test_what_has_a_default_may_be_left_out() -> None:
    short = '{"goal": "g", "tasks": [{"id": "a", "title": "t", "brief": "b", "paths": ["x.py"]}]}'
    assert read_plan(short) == Plan("g", (Task("a", "t", "b", ("x.py",)),))


def edited(**fields: object) -> str:
    """A plan's file whose second task has these values."""
    value = json.loads(plan_json(PLAN))
    value["tasks"][1] |= fields
    return json.dumps(value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no JSON"),
        ("goal: x", "no JSON: Expecting value (line 1, column 1)"),
        ('{"goal": "x",\n "tasks": [}', "line 2, column 12"),
        ("[]", "the plan must be an object"),
        ("null", "the plan must be an object"),
        ("[" * 100_000, "nests or counts too far"),
        ('{"goal": ' + "9" * 5000 + "}", "nests or counts too far"),
        (" " * (MAX_CHARS + 1), "characters"),
        ('{"goal": "\udcff", "tasks": []}', "no UTF-8"),
        ('{"tasks": []}', '"goal" is missing'),
        ('{"goal": "x", "tasks": {}}', "tasks must be a list"),
        ('{"goal": "x", "tasks": [3]}', "task 1 must be an object"),
        ('{"goal": 3, "tasks": []}', "goal must be a text"),
        ('{"goal": "x", "tasks": [], "goals": 1}', 'there is no key "goals"; did you mean "goal"'),
        ('{"goal": "x", "tasks": [], "goal": "y"}', 'the key "goal" is given twice'),
        ('{"goal": "x", "tasks": [{"id": "a", "id": "b"}]}', 'task b: the key "id" is given twice'),
        ('{"goal": "x", "tasks": [{"title": "a"}]}', 'task 1: "id" is missing'),
        (edited(path=["a"]), 'task docs: there is no key "path"; did you mean "paths"'),
        (edited(zzzz=1), 'no key "zzzz"; the keys are id, title'),
        (edited(**{"\x1b[31m": 1}), 'no key "?[31m"'),
        (edited(tier="fast"), 'task docs, tier must be "flash" or "pro"'),
        (edited(checks="make"), "task docs, checks must be a list"),
        (edited(checks=["make", 3]), "task docs, checks 2 must be a text"),
        (edited(brief=None), "task docs, brief must be a text"),
        (edited(codemod=[]), "task docs, codemod must be an object in { }"),
        (edited(codemod={}), 'task docs, codemod: "paths" is missing'),
        (edited(codemod={"paths": ["a"], "pats": 1}), 'task docs: there is no key "pats"; did you'),
        (
            edited(codemod={"paths": ["a"], "rules": [{"language": "go", "rewrit": ""}]}),
            'task docs: there is no key "rewrit"; did you mean "rewrite"',
        ),
        (
            edited(codemod={"paths": ["a"], "rules": [{"language": "go", "rewrite": 3}]}),
            "task docs, codemod, rules 1, rewrite must be a text",
        ),
        (
            edited(
                codemod={"paths": ["a"], "rules": [{"language": "go", "rewrite": "", "rule": 3}]}
            ),
            "task docs, codemod, rules 1, rule must be an object in { }",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_place(text: str, says: str) -> None:
    with pytest.raises(PlanFileError) as caught:
        read_plan(text)
    assert says in caught.value.message
    assert caught.value.exit_code is Exit.USAGE
    assert caught.value.message.replace("\n", "").isprintable()
    assert len(caught.value.message) < 3_000


def test_all_faults_of_a_file_are_told_at_once_but_no_flood() -> None:
    with pytest.raises(PlanFileError) as caught:
        read_plan(edited(tier="x", path=[], title=1))
    assert caught.value.message.count("\n- task docs") == 3
    with pytest.raises(PlanFileError) as caught:
        read_plan('{"goal": "x", "tasks": [' + "1," * 40 + "1]}")
    assert caught.value.message.endswith("- and 31 more.")


# --- codemods ---

RULES = (
    Rule("python", "new($$$A)", "old($$$A)"),
    Rule("go", "", rule={"kind": "call_expression", "regex": "^x\x1b"}),
)
SCRIPT = (
    "def change(path, text):\n\tif text:\n        return text.upper()" + " " * 70 + "# end\x1b[2J\n"
)


def shown(codemod: Codemod) -> str:
    task = replace(PLAN.tasks[1], codemod=codemod)
    return show_plan(CheckedPlan(Plan("g", (task,)), (WriteSet(),)))


def test_a_person_sees_what_a_codemod_does() -> None:
    text = shown(Codemod(("docs/", "*.md"), RULES))
    assert "    codemod  python: `old($$$A)` becomes `new($$$A)`\n" in text
    assert " becomes nothing in docs/, *.md " in " ".join(text.split()) + " "
    long = "x" * 5_000
    assert shown(Codemod(("docs/",), (Rule("go", "y", long),))).count("x") >= 5_000


def test_and_all_of_a_script_as_it_is_written() -> None:
    text = shown(Codemod(("docs/",), script=SCRIPT))
    assert "    codemod  a script of 3 lines\n             in docs/\n" in text
    assert "    | def change(path, text):\n    |     if text:\n    |         return" in text
    assert "# end?[2J\n" in text.replace("\n    | ", "")
    assert all(len(line) <= COLUMNS and line.isprintable() for line in text.split("\n"))


# --- laws ---

TEXTS = st.text(max_size=12).filter(lambda text: text.isascii() or _encodes(text))
MANY = st.lists(TEXTS, max_size=3).map(tuple)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
CODEMODS = st.builds(
    Codemod,
    MANY,
    st.lists(
        st.builds(Rule, TEXTS, TEXTS, TEXTS, st.none() | st.dictionaries(TEXTS, JSON, max_size=2)),
        max_size=2,
    ).map(tuple),
    TEXTS,
)
TASKS = st.builds(
    Task,
    TEXTS,
    TEXTS,
    TEXTS,
    MANY,
    MANY,
    MANY,
    TEXTS,
    st.sampled_from(["flash", "pro"]),
    st.none() | CODEMODS,
)
PLANS = st.builds(Plan, TEXTS, st.lists(TASKS, max_size=3).map(tuple), MANY, MANY, MANY)
ADAPTER: TypeAdapter[Plan] = TypeAdapter(Plan)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@settings(deadline=None)
@given(PLANS)
def test_a_plan_survives_its_json_to_the_character(plan: Plan) -> None:
    text = plan_json(plan)
    assert read_plan(text) == plan
    assert text.replace("\n", "").isprintable()
    assert plan_json(read_plan(text)) == text
    assert ADAPTER.validate_json(ADAPTER.dump_json(plan)) == plan


LONG = st.text(alphabet="ab \n\t\x1b\u202e\u4e2d\u0301-.", max_size=200)


@settings(deadline=None)
@given(LONG, LONG, LONG, st.lists(LONG, max_size=2))
def test_nothing_shown_is_too_wide_or_steers_the_terminal(
    goal: str, title: str, brief: str, more: list[str]
) -> None:
    codemod = Codemod(tuple(more), (Rule(title, goal, brief),), brief)
    task = Task("a", title, brief, tuple(more), (), tuple(more), codemod=codemod)
    shown = show_plan(CheckedPlan(Plan(goal, (task,), tuple(more)), (WriteSet(),)))
    assert shown.endswith("\n")
    for line in shown.split("\n"):
        assert line.isprintable()
        wide = sum(unicodedata.east_asian_width(char) in "WF" for char in line)
        marks = sum(bool(unicodedata.combining(char)) for char in line)
        assert len(line) + wide - marks <= COLUMNS
    # Not a letter is lost on the way.
    letters = "".join(each for each in goal if each in "ab\u4e2d")
    assert "".join(each for each in shown.split("1 task")[0] if each in "ab\u4e2d") == letters
