"""What is pointed out in a change, and, as important, what is not."""

from __future__ import annotations

import warnings

import pytest
from leadline.tools.checks.weakening import FileChange, weakened_tests

PY = '''import pytest, unittest
from x import f

def test_a():
    assert f(1) == 2
    assert f(2) == 3

@pytest.mark.parametrize("n", [1, 2, 3])
def test_p(n):
    assert f(n) == pytest.approx(n, rel=1e-6)

class TestC(unittest.TestCase):
    def test_m(self):
        """What it is about."""
        self.assertEqual(f(1), 2)
        with self.assertRaises(ValueError):
            f(0)
'''
JS = """import { f } from "./x";
describe("f", () => {
  beforeEach(() => { reset(); });
  it("adds", () => {
    expect(f(1)).toBe(2);
    expect(f(2)).toBe(3);
  });
  it("is close", () => {
    expect(f(0.1)).toBeCloseTo(0.3, 5);
  });
  test("url", async () => {
    expect(await f("http://x/y")).toEqual({ a: 1 });
  });
});
"""
GO = """package x

import "testing"

func helper(t *testing.T) {}

func TestA(t *testing.T) {
	got := F(1)
	if got != 2 {
		t.Errorf("got %d, want 2", got)
	}
}

func TestTable(t *testing.T) {
	for _, c := range []struct{ in, want int }{{1, 2}, {2, 3}} {
		t.Run("case", func(t *testing.T) {
			if F(c.in) != c.want {
				t.Fatal("no")
			}
		})
	}
}
"""
RUST = """pub fn f(a: i32) -> i32 { a + 1 }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds() {
        assert_eq!(f(1), 2);
        assert_eq!(f(2), 3);
    }

    fn helper() -> i32 { 1 }

    #[test]
    fn other() {
        assert!(f(1) > 0);
    }
}
"""
FILES = {"py": ("tests/test_x.py", PY), "js": ("src/x.test.ts", JS), "go": ("x/x_test.go", GO)}
FILES["rs"] = ("src/lib.rs", RUST)

FEWER = "fewer assertions in {} (2 before, 1 now)"
LOOSER = "an exact comparison became a looser one in {}"
HOLLOW = "an assertion that cannot fail in {}"
VALUE = "(soft) expected value changed in {}"
CLOSE_JS = '  it("is close", () => {\n    expect(f(0.1)).toBeCloseTo(0.3, 5);\n  });\n'
BOTH_PY = "    assert f(1) == 2\n    assert f(2) == 3\n"
FIRST_PY = "    assert f(1) == 2\n"
GO_TABLE = GO[GO.index("func TestTable") :]

# language, what is replaced, by what, and what is to be said: "line what"
EDITS: list[tuple[str, str, str, list[str]]] = [
    ("py", "def test_a", "@pytest.mark.skip\ndef test_a", ["4 skip added in test_a"]),
    ("py", "def test_a", "@pytest.mark.skipif(1)\ndef test_a", ["4 skip added in test_a"]),
    ("py", "def test_a", "@pytest.mark.xfail\ndef test_a", ["4 expected failure added in test_a"]),
    ("py", FIRST_PY, f"    pytest.skip('x')\n{FIRST_PY}", ["5 skip added in test_a"]),
    (
        "py",
        "[1, 2, 3]",
        "[1, 2, pytest.param(3, marks=pytest.mark.skip)]",
        ["8 skip added in test_p"],
    ),
    (
        "py",
        "        self.assertEqual",
        "        self.skipTest('x')\n        self.assertEqual",
        ["15 skip added in TestC.test_m"],
    ),
    ("py", "from x", "pytestmark = pytest.mark.skip\nfrom x", ["2 skip added in the module"]),
    ("py", "class TestC", "@unittest.skip('x')\nclass TestC", ["12 skip added in TestC"]),
    (
        "py",
        "(unittest.TestCase):",
        "(unittest.TestCase):\n    __test__ = False",
        ["13 collection switched off in TestC"],
    ),
    ("py", f"def test_a():\n{BOTH_PY}", "", ["4 test deleted: test_a"]),
    ("py", "def test_a", "def _test_a", ["4 test deleted: test_a"]),
    ("py", "    assert f(2) == 3\n", "", [f"4 {FEWER.format('test_a')}"]),
    ("py", "assert f(1) == 2", "assert f(1)", [f"4 {LOOSER.format('test_a')}"]),
    ("py", "assert f(1) == 2", "assert f(1) is not None", [f"4 {LOOSER.format('test_a')}"]),
    ("py", "ValueError", "Exception", [f"13 {LOOSER.format('TestC.test_m')}"]),
    *(
        (
            "py",
            "assert f(1) == 2",
            hollow,
            [f"4 {FEWER.format('test_a')}", f"5 {HOLLOW.format('test_a')}"],
        )
        for hollow in ("assert True", "assert f(1) == 2 or True", "assert (f(1) == 2, 'x')")
    ),
    ("py", "assert f(1) == 2", "assert f(1) == 5", [f"5 {VALUE.format('test_a')}"]),
    ("py", "[1, 2, 3]", "[1, 2, 4]", [f"8 {VALUE.format('test_p')}"]),
    (
        "py",
        "1e-6",
        "0.5",
        [f"10 {VALUE.format('test_p')}", "10 tolerance widened in test_p (1e-06 before, 0.5 now)"],
    ),
    ("py", "[1, 2, 3]", "[1]", ["9 fewer parameter sets in test_p (3 before, 1 now)"]),
    (
        "py",
        BOTH_PY,
        (
            "    try:\n        assert f(1) == 2\n        assert f(2) == 3\n"
            "    except AssertionError:\n        pass\n"
        ),
        ["8 a failure is swallowed in test_a"],
    ),
    (
        "py",
        BOTH_PY,
        "    with contextlib.suppress(Exception):\n        assert f(1) == 2\n        assert f(2) == 3\n",
        ["5 a failure is swallowed in test_a"],
    ),
    ("py", FIRST_PY, f"    return\n{FIRST_PY}", ["5 a return before the end in test_a"]),
    ("py", "from x", "os._exit(0)\nfrom x", ["2 the test process is ended in the module"]),
    (
        "py",
        "\nclass",
        "\n@pytest.mark.skip\ndef test_n():\n    assert f(9) == 10\n\nclass",
        ["12 (soft) skip added in test_n, which is new"],
    ),
    # and in Python what is no weakening
    ("py", "test_a", "test_alpha", []),
    ("py", BOTH_PY, "    assert f(1) == 2 and f(2) == 3\n", []),
    ("py", BOTH_PY, "    for a, b in [(1, 2), (2, 3)]:\n        assert f(a) == b\n", []),
    (
        "py",
        f"def test_a():\n{BOTH_PY}",
        "@pytest.mark.parametrize('a, b', [(1, 2), (2, 3)])\ndef test_a(a, b):\n    assert f(a) == b\n",
        [],
    ),
    ("py", "    assert f(2) == 3\n", "    check_two(f)\n", []),
    ("py", "\nclass", "\ndef test_n():\n    assert f(9) == 10\n\nclass", []),
    ("py", "from x", "# a remark\nfrom x", []),
    ("py", "from x", "if __name__ == '__main__':\n    sys.exit(pytest.main())\nfrom x", []),
    ("py", FIRST_PY, "    assert f(3) == 4\n" + FIRST_PY, []),
    # JavaScript and TypeScript
    ("js", 'it("adds"', 'it.skip("adds"', ["4 skip added in adds"]),
    ("js", 'it("adds"', 'xit("adds"', ["4 skip added in adds"]),
    ("js", 'it("adds"', 'it.todo("adds"', ["4 todo added in adds"]),
    (
        "js",
        'it("adds"',
        'it.only("adds"',
        ["4 `only` added, so the other tests are left out in adds"],
    ),
    ("js", "describe(", "describe.skip(", ["2 skip added in a group of tests"]),
    ("js", "describe(", "xdescribe(", ["2 skip added in a group of tests"]),
    ("js", CLOSE_JS, "", ["8 test deleted: is close"]),
    ("js", CLOSE_JS, f"  /*\n{CLOSE_JS}  */\n", ["8 test deleted: is close"]),
    (
        "js",
        CLOSE_JS,
        "".join(f"// {x}\n" for x in CLOSE_JS.splitlines()),
        ["8 test deleted: is close"],
    ),
    ("js", "    expect(f(2)).toBe(3);\n", "", [f"4 {FEWER.format('adds')}"]),
    ("js", "expect(f(1)).toBe(2)", "expect(f(1)).toBeTruthy()", [f"4 {LOOSER.format('adds')}"]),
    (
        "js",
        "expect(f(1)).toBe(2)",
        "expect(true).toBe(true)",
        [f"4 {FEWER.format('adds')}", f"5 {HOLLOW.format('adds')}"],
    ),
    ("js", "toBe(2)", "toBe(7)", [f"5 {VALUE.format('adds')}"]),
    (
        "js",
        "0.3, 5",
        "0.3, 1",
        [
            f"9 {VALUE.format('is close')}",
            "9 tolerance widened in is close (1e-05 before, 0.1 now)",
        ],
    ),
    ("js", '"adds"', '"sums up"', []),
    ("js", '"adds"', "'adds'", []),
    ("js", "    expect", "        expect", []),
    ("js", '  it("adds"', '  it("new", () => {\n    expect(f(3)).toBe(4);\n  });\n  it("adds"', []),
    # Go
    ("go", "	got := F(1)", "	t.Skip()\n	got := F(1)", ["8 skip added in TestA"]),
    ("go", GO_TABLE, "", ["14 test deleted: TestTable", "16 test deleted: TestTable/case"]),
    (
        "go",
        '		t.Errorf("got %d, want 2", got)',
        "		_ = got",
        ["7 fewer assertions in TestA (1 before, 0 now)"],
    ),
    ("go", "want 2", "want 3", [f"10 {VALUE.format('TestA')}"]),
    ("go", "TestA", "TestAlpha", []),
    ("go", '		t.Errorf("got %d, want 2", got)', "		helper(t)", []),
    ("go", "{2, 3}}", "{2, 3}, {3, 4}}", []),
    # Rust
    (
        "rs",
        "    #[test]\n    fn adds",
        "    #[test]\n    #[ignore]\n    fn adds",
        ["8 skip added in adds"],
    ),
    ("rs", "    #[test]\n    fn other", "    fn other", ["16 test deleted: other"]),
    ("rs", "        assert_eq!(f(2), 3);\n", "", [f"8 {FEWER.format('adds')}"]),
    ("rs", "f(1), 2", "f(1), 9", [f"9 {VALUE.format('adds')}"]),
    ("rs", "a + 1", "1 + a", []),
    ("rs", "fn other", "fn another", []),
]


def said(*changes: FileChange) -> list[str]:
    return [
        f"{f'{found.line} ' if found.line else ''}{'(soft) ' if found.soft else ''}{found.what}"
        for found in weakened_tests(changes)
    ]


@pytest.mark.parametrize(("language", "old", "new", "expected"), EDITS)
def test_edits(language: str, old: str, new: str, expected: list[str]) -> None:
    path, text = FILES[language]
    assert old in text
    assert sorted(said(FileChange(path, text, text.replace(old, new)))) == sorted(expected)


@pytest.mark.parametrize("language", FILES)
def test_an_unchanged_file_a_new_one_and_a_moved_one_are_no_weakening(language: str) -> None:
    path, text = FILES[language]
    moved = f"tests/moved/{path.rpartition('/')[2]}"
    assert said(FileChange(path, text, text)) == []
    assert said(FileChange(path, None, text)) == []
    assert said(FileChange(path, text, None), FileChange(moved, None, text)) == []


@pytest.mark.parametrize(("language", "count"), [("py", 3), ("js", 3), ("go", 3), ("rs", 2)])
def test_a_deleted_file_is_said_once(language: str, count: int) -> None:
    path, text = FILES[language]
    assert said(FileChange(path, text, None)) == [f"test file deleted ({count} tests)"]


def test_a_file_split_in_two_is_followed() -> None:
    head, tail = PY.split("class TestC")
    rest = f"import unittest\nclass TestC{tail}"
    assert (
        said(FileChange("tests/test_x.py", PY, head), FileChange("tests/test_y.py", None, rest))
        == []
    )


def test_a_moved_test_is_still_compared() -> None:
    weaker = PY.replace("    assert f(2) == 3\n", "")
    found = weakened_tests(
        [FileChange("tests/test_x.py", PY, None), FileChange("tests/test_y.py", None, weaker)]
    )
    assert [(w.path, w.what) for w in found] == [("tests/test_y.py", FEWER.format("test_a"))]


def test_one_of_two_tests_of_one_name_is_missed() -> None:
    text = (
        'describe("a", () => { \n  it("works", () => {\n    expect(a(1)).toBe(1);\n  });\n});\n'
        'describe("b", () => { \n  it("works", () => {\n    expect(b()).toEqual([2]);\n  });\n});\n'
    )
    shorter = text[text.index('describe("b"') :]
    assert said(FileChange("a.test.js", text, shorter)) == ["2 test deleted: works"]


def test_code_outside_of_tests_and_broken_files_say_nothing() -> None:
    assert said(FileChange("shop/cart.py", "def test_a(): assert f() == 1\n", "")) == []
    assert said(FileChange("tests/test_x.py", PY, PY + "def (:\n")) == []
    assert said(FileChange("src/cart.ts", JS, "")) == []


def test_reading_a_file_prints_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert said(FileChange("tests/test_x.py", PY, PY + '\nBACKSLASH = "\\d"\n')) == []
