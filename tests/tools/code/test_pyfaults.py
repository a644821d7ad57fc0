"""Undefined names in Python: those that an edit added, and no false alarm."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.tools.code.pyfaults import MAX_CHARS, name_faults, new_name_faults


def names(source: str, path: str = "a.py") -> list[tuple[str, int]] | None:
    found = name_faults(path, source)
    return None if found is None else [(fault.name, fault.line) for fault in found]


def added(before: str | None, after: str) -> list[tuple[str, int]]:
    return [(fault.name, fault.line) for fault in new_name_faults("a.py", before, after)]


def test_missing_imports_and_misspellings_are_found() -> None:
    source = "import os\n\n\ndef f(path):\n    return Path(pth, os.sep), f'{valeu!r}'\n"
    assert names(source) == [("Path", 5), ("pth", 5), ("valeu", 5)]


@pytest.mark.parametrize(
    "source",
    [
        "from os import *\nprint(anything)\n",
        "try:\n    unicode\nexcept NameError:\n    unicode = str\n",
        "__all__ = ['gone']\n",
        "import os\n",
        "x = 1\ndef f():\n    x += 1\n",
        "def f():\n    '''\n    >>> undefined_in_doctest\n    '''\n",
        "x = []  # type: List[Undefined]\n",
        "print(made)  # noqa\n",
        "print(made)  # noqa: F821\n",
        "print(made)  # type: ignore[name-defined]\n",
        "print(made)  # pylint: disable=undefined-variable\n",
        "# flake8: noqa\nprint(made)\n",
        "# ruff: noqa: F821\nprint(made)\n",
        "def f(x: 'Later', y: \"Float[Array, 'batch dim']\"): ...\nclass Later: ...\n",
        "from jaxtyping import Float\ndef f(x: Float['batch', 'dim']): ...\n",
        "exec('a = 1')\nprint(a)\n",
        "globals()['a'] = 1\nprint(a)\n",
        "globals().update(b=2)\nprint(b)\n",
        "class A:\n    def f(self): return __class__\n",
        "print(__file__, __name__, __doc__, __spec__)\n",
        "reveal_type(1)\n",
        "print(_('text'))\n",
        "def f():\n    global late\n    late = 1\nprint(late)\n",
        "if False:\n    maybe = 1\nprint(maybe)\n",
        "from __future__ import annotations\ndef f(x: A) -> A: ...\nclass A: ...\n",
        "print 'python 2', undefined\n",
        "x = = 1\nundefined\n",
        "def f(:\n",
        "\0",
        "",
    ],
)
def test_no_false_alarm(source: str) -> None:
    assert not names(source)


def test_only_a_package_knows_its_path() -> None:
    assert names("print(__path__)\n", "pkg/__init__.py") == []
    assert names("print(__path__)\n", "pkg/a.py") == [("__path__", 1)]


def test_only_what_was_added_counts_wherever_it_moved() -> None:
    before = "print(old)\n"
    assert added(before, before) == []
    assert added(before, "\n\n\nprint(old)\nprint(old)\n") == []
    assert added(before, "\nprint(old, new)\nnew()\n") == [("new", 2)]
    assert added(None, "print(old)\n") == [("old", 1)]


def test_removing_an_import_or_a_definition_leaves_its_uses_undefined() -> None:
    before = "import os\n\n\ndef helper(): ...\n\n\nprint(os, helper())\n"
    assert added(before, before.replace("import os", "")) == [("os", 7)]
    assert added(before, before.replace("helper(): ...", "help_(): ...")) == [("helper", 7)]


def test_mending_a_broken_file_tells_what_it_lacks() -> None:
    assert added("def f(:\n    return os\n", "def f():\n    return os\n") == [("os", 2)]


def test_what_is_too_much_is_left_alone() -> None:
    assert names("undefined\n" + "#" * MAX_CHARS) is None
    assert names(f"{'(' * 10_000}undefined{')' * 10_000}\n") is None
    assert names(f"x = {'-' * 20_000}undefined\n") is None
    assert names("undefined\n" + "+ a" * 30_000) is None


def test_lines_are_counted_as_the_model_sees_them() -> None:
    assert names("x = '''\f\x1c\u2028'''\n\nundefined\n") == [("undefined", 3)]


SNIPPETS = st.lists(
    st.sampled_from(
        [
            "import a",
            "a = b",
            "print(c)",
            "def f(x): return x + d",
            "class A(B): ...",
            "del a",
            "f()",
        ]
    ),
    max_size=8,
).map("\n".join)


@settings(max_examples=60, deadline=None)
@given(SNIPPETS, SNIPPETS)
def test_a_no_op_adds_nothing_and_what_is_added_is_undefined(before: str, after: str) -> None:
    assert added(before, before) == []
    found = {name for name, _ in added(before, after)}
    assert found <= {name for name, _ in names(after) or []}
    assert not found & {name for name, _ in names(before) or []}
