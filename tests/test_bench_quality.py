"""The judge of the quality benchmark must be right about each format it reads, or its figures say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from leadline.tests.bench.quality_commits import find_fixes, is_test, speaks_of_fix, task_text
from leadline.tests.bench.quality_judge import Shown, plain_lines, read_output, shown
from leadline.tests.bench.quality_plain import search, whole
from leadline.tests.bench.quality_trees import count_each, move_tree
from leadline.tests.bench.quality_truth import Changed, changed_symbols, old_spans, symbols_at
from leadline.tests.support.repos import git, make_repo, write_files

CART = """\
import money


class Cart:
    limit = 20

    def add(self, item, count=1):
        if count < 1:
            raise ValueError(count)
        self.items[item] = count

    def total(self, rates):
        base = sum(price * n for price, n in self.items.values())
        return money.rounded(base * rates.factor)


def open_cart(owner):
    cart = Cart()
    cart.add(owner.gift)
    return cart
"""
PATHS = frozenset(("shop/cart.py", "shop/money.py", "README.md", "web/app.js"))


def changed(path: str, text: str, *lines: int) -> list[Changed]:
    return symbols_at(path, text, [(line, 1) for line in lines])


def names(symbols: list[Changed]) -> list[str]:
    return [symbol.name for symbol in symbols]


class TestTruth:
    def test_gives_the_innermost_symbols_of_changed_lines_once(self) -> None:
        assert names(changed("shop/cart.py", CART, 8, 9, 13, 5)) == ["add", "total", "Cart"]

    def test_gives_nothing_for_lines_in_no_symbol(self) -> None:
        assert changed("shop/cart.py", CART, 1) == []

    @pytest.mark.parametrize(("after", "name"), [(8, ["add"]), (10, ["Cart"]), (15, []), (20, [])])
    def test_an_insertion_belongs_to_what_is_around_it(self, after: int, name: list[str]) -> None:
        assert names(symbols_at("shop/cart.py", CART, [(after, 0)])) == name

    def test_own_lines_are_those_found_nowhere_else_in_the_file(self) -> None:
        source = "def a():\n    go()\n    return first_thing\n\ndef b():\n    go()\n    return 1\n"
        assert changed("x.py", source, 2)[0].own == {"def a():", "return first_thing"}

    @pytest.mark.parametrize(
        ("path", "source", "head"),
        [
            (
                "a.go",
                "package a\n\nfunc (c *Cart) Add(n int) {\n\tc.n += n\n}\n",
                "func (c *Cart) Add",
            ),
            (
                "a.rs",
                "impl Cart {\n  pub fn add(&mut self) {\n    self.n += 1;\n  }\n}\n",
                "pub fn add",
            ),
            (
                "A.java",
                "class A {\n  @Deprecated\n  int add(int n) {\n    return n;\n  }\n}\n",
                "@Deprecated int add",
            ),
            (
                "a.ts",
                "export const x = 1\nexport const add = (n: number) => {\n  return n\n}\n",
                "add",
            ),
            ("a.js", "app.use = function use(fn) {\n  var x = 1;\n  return this;\n};\n", "app.use"),
            ("a.py", "@cached\n@other\nasync def add(n):\n    return n\n", "async def add"),
        ],
    )
    def test_reads_the_declaration_up_to_the_name(self, path: str, source: str, head: str) -> None:
        assert changed(path, source, 3)[0].head == head

    def test_reads_spans_of_a_diff_without_context(self) -> None:
        diff = (
            b"--- a/x\n+++ b/x\n@@ -3 +3,2 @@ def a():\n-x\n+y\n+z\n@@ -9,0 +11,2 @@\n+@@ -1 +1\n"
        )
        assert old_spans(diff) == [(3, 1), (9, 0)]


def judged(output: str, source: str = CART, path: str = "shop/cart.py", line: int = 13) -> Shown:
    (symbol,) = changed(path, source, line)
    return shown(read_output(output, PATHS), symbol, plain_lines(source))


class TestShown:
    @pytest.mark.parametrize(
        "output",
        [
            "== shop/cart.py\n4-14 class Cart\n12-14   def total(self, rates)  # What it costs.\n",
            "==== shop/cart.py: whole, 20 lines\n" + CART,
            "\nshop/cart.py:\n⋮\n│class Cart:\n⋮\n│    def total(self, rates):\n⋮\n",
            "\nshop/cart.py\n13:base = sum(price * n for price, n in self.items.values())\n",
            "shop/cart.py:12:    def total(self, rates):\n",
            "\nshop/cart.py:\n" + CART,
            "## shop/cart.py\n\nclass Cart\n  total(rates)\n",
            '<file path="shop/cart.py">\ndef total(self, rates):\n⋮----\n</file>\n',
        ],
    )
    def test_finds_it_in_every_format(self, output: str) -> None:
        assert judged(output) == "more"

    @pytest.mark.parametrize(
        "output",
        [
            "== shop/cart.py\nCart: add total\n",
            "== shop/cart.py\nnames: open_cart Cart.total\n",
            "shop/cart.py: Cart, total, add\n",
            "shop/cart.py\n  add\n  total\n",
        ],
    )
    def test_tells_a_name_from_more(self, output: str) -> None:
        assert judged(output) == "name"

    @pytest.mark.parametrize(
        "output",
        [
            "",
            "== shop/cart.py\n4-14 class Cart\n7-10   def add(self, item, count=1)\n",
            "== shop/cart.py\nCart: add totals\n",
            "== shop/money.py\nnames: total\n== shop/cart.py\nCart: add\n",
            "== shop/money.py\n12-14   def total(self, rates)\n",
            "\nshop/cart.py:\n⋮\n│class Cart:\n⋮\n│    def add(self, item, count=1):\n⋮\n",
            "shop/: cart.py money.py\ntotal\n",
            "== shop/cart.py\n17-20 def open_cart(total)\n",
        ],
    )
    def test_finds_nothing_where_it_is_not(self, output: str) -> None:
        assert judged(output) == "no"

    def test_a_call_that_is_quoted_shows_no_definition(self) -> None:
        source = "function use(fn) {\n  return fn;\n}\n\nuse(other);\n"
        assert judged("web/app.js\n5:use(other);\n", source, "web/app.js", 2) == "no"
        assert judged("web/app.js\n1:function use(fn) {\n", source, "web/app.js", 2) == "more"

    def test_the_beginning_of_a_long_line_suffices(self) -> None:
        long = "    return something_long(" + ", ".join(f"name_{n}" for n in range(30)) + ")"
        source = f"def f():\n{long}\n"
        assert judged(f"\nshop/cart.py:\n│{long}"[:110] + "\n", source, line=2) == "more"


class TestNamed:
    @pytest.mark.parametrize(
        "output",
        [
            "== shop/cart.py\n",
            "shop/cart.py:3:x\n",
            "shop/: money.py cart.py\n",
            "see shop/cart.py.\n",
        ],
    )
    def test_finds_a_path(self, output: str) -> None:
        assert read_output(output, PATHS).names("shop/cart.py")

    @pytest.mark.parametrize(
        "output", ["shop/cart.pyi\n", "old/shop/cart.py\n", "cart.py\n", "web/: cart.py\n", ""]
    )
    def test_is_not_deceived_by_another_path(self, output: str) -> None:
        assert not read_output(output, PATHS).names("shop/cart.py")

    def test_a_file_is_opened_by_what_is_said_of_it(self) -> None:
        output = "shop/: cart.py\n\nweb/app.js\n\nshop/money.py:\n│def rounded(n):\n"
        found = read_output(output, PATHS)
        assert [path for path in sorted(PATHS) if found.opens(path)] == ["shop/money.py"]


class TestCommits:
    def test_a_task_is_the_message_without_trailers_and_lists_of_paths(self) -> None:
        message = (
            "Fix totals (#12)\n\n* shop/cart.py (total): round.\nSee shop/cart.py for why.\n"
            " shop/cart.py | 4 ++--\n 1 file changed, 2 insertions(+)\n\nSigned-off-by: Ada <a@b.c>\n"
        )
        text = task_text(message, ["shop/cart.py"])
        assert text == "Fix totals (#12)\n\nSee shop/cart.py for why."

    @pytest.mark.parametrize(
        ("message", "fix"),
        [
            ("Fixed the total of an empty cart", True),
            ("Round totals\n\nA regression in 1.2.", True),
            ("Fix typos in the docs", False),
            ("docs: fix a link", False),
            ("Fix the Javadoc of totals", False),
            ("feat: totals\n\nFixes #12", False),
            ("Add prefixes", False),
            ("Bump money from 1 to 2 to fix a bug", False),
        ],
    )
    def test_knows_a_fix_by_its_message(self, message: str, fix: bool) -> None:
        assert speaks_of_fix(message) is fix

    @pytest.mark.parametrize(
        ("path", "test"),
        [
            ("tests/test_cart.py", True),
            ("shop/cart_test.go", True),
            ("src/cart.spec.ts", True),
            ("src/CartTest.java", True),
            ("docs/conf.py", True),
            ("shop/contest.py", False),
            ("src/testimony.ts", False),
        ],
    )
    def test_knows_tests(self, path: str, test: bool) -> None:
        assert is_test(path) is test

    def test_finds_fixes_and_what_they_changed(self, tmp_path: Path) -> None:
        repo = make_repo(tmp_path / "repo", {"shop/cart.py": CART, "tests/test_cart.py": "x = 1\n"})
        write_files(repo, {"tests/test_cart.py": "x = 2\n"})
        git(repo, "commit", "-qam", "Fix the tests of carts again")
        fixed = CART.replace("rates.factor", "rates.rate")
        write_files(repo, {"shop/cart.py": fixed, "tests/test_cart.py": "x = 3\n"})
        git(repo, "commit", "-qam", "Fix wrong rates in totals of carts")
        write_files(repo, {"shop/cart.py": fixed + "\n"})
        git(repo, "commit", "-qam", "Add a line after carts")
        (fix,) = find_fixes(repo, "all", 10)
        assert fix.changed == ("shop/cart.py",)
        assert fix.text == "Fix wrong rates in totals of carts"
        symbols = changed_symbols(repo, fix.parent, fix.commit, fix.changed)
        assert [symbol.name for symbol in symbols] == ["total"]
        tree = move_tree(repo, tmp_path / "cache", fix)
        assert (tree.root / "shop/cart.py").read_text() == CART
        assert tree.files == ("shop/cart.py", "tests/test_cart.py")


class TestPlain:
    TEXTS = {f"shop/part_{n}.py": f"def part_{n}():\n    return {n}\n" for n in range(20)} | {
        "shop/cart.py": CART
    }

    @pytest.mark.parametrize("budget", [30, 120, 600])
    def test_never_takes_more_than_the_budget(self, budget: int) -> None:
        task = "Fix the total: return wrong in part_3"
        found = search(self.TEXTS, task, [budget], count_each)
        for made in (found, whole(self.TEXTS, [budget, 50], count_each)):
            assert 0 < count_each([made[budget]])[0] <= budget

    def test_search_puts_the_rarest_words_first(self) -> None:
        text = search(self.TEXTS, "return the total of part_7", [200], count_each)[200]
        order = [line for line in text.splitlines() if line in self.TEXTS]
        assert set(order[:2]) == {"shop/part_7.py", "shop/cart.py"}

    def test_whole_files_come_in_the_order_of_paths(self) -> None:
        text = whole(self.TEXTS, [150], count_each)[150]
        assert text.startswith(f"\nshop/cart.py:\n{CART}")
