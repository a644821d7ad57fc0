"""What a change can touch: never less than it does, and less than everything where that can be told."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.planning.touch import checks_touched, touched
from leadline.tests.support.repos import write_files
from leadline.tests.tools.memory_tree import MemoryTree

SHOP = {
    "shop/__init__.py": "",
    "shop/models.py": "class Order:\n    def total(self):\n        return 1\n",
    "shop/prices.py": "from .models import Order\n\n\ndef price():\n    return Order().total()\n",
    "shop/mail.py": "def send():\n    pass\n",
    "shop/web/__init__.py": "",
    "shop/web/views.py": "from shop import prices\n\n\ndef page():\n    return prices.price()\n",
    "tests/conftest.py": "import pytest\n",
    "tests/test_models.py": "from shop.models import Order\n",
    "tests/test_views.py": "from shop.web.views import page\n",
    "tests/test_mail.py": "import shop.mail as mail\n",
    "tests/data/orders.json": '{"a": 1}\n',
    "other/tool.py": "import pytest\nimport json\n",
    "README.md": "# Shop\n",
    "run.sh": "pytest\n",
}


def tree_of(folder: Path, files: Mapping[str, str]) -> MemoryTree:
    write_files(folder, files)
    return MemoryTree(folder)


@pytest.fixture
def shop(tmp_path: Path) -> MemoryTree:
    return tree_of(tmp_path, SHOP)


@pytest.mark.parametrize(
    ("changed", "reached", "not_reached"),
    [
        (
            "shop/models.py",
            ["shop/prices.py", "shop/web/views.py", "tests/test_models.py", "tests/test_views.py"],
            ["shop/mail.py", "tests/test_mail.py", "other/tool.py"],
        ),
        ("shop/web/views.py", ["tests/test_views.py"], ["tests/test_models.py", "shop/prices.py"]),
        ("shop/mail.py", ["tests/test_mail.py"], ["tests/test_views.py"]),
        ("shop/__init__.py", ["shop/mail.py", "tests/test_views.py"], ["other/tool.py"]),
        ("tests/conftest.py", ["tests/test_mail.py"], ["shop/mail.py", "other/tool.py"]),
        ("tests/data/orders.json", ["tests/test_mail.py"], ["shop/mail.py"]),
        ("tests/test_mail.py", [], ["tests/test_views.py"]),
        ("README.md", list(SHOP), []),
        ("shop/gone.py", ["shop/mail.py", "tests/test_views.py"], ["other/tool.py"]),
        ("gone.py", list(SHOP), []),
    ],
)
def test_a_change_touches_who_leads_to_it(
    shop: MemoryTree, changed: str, reached: list[str], not_reached: list[str]
) -> None:
    found = touched(shop, [changed])
    assert {changed, *reached} <= found
    assert not found.intersection(not_reached)


def test_no_change_touches_nothing(shop: MemoryTree) -> None:
    assert touched(shop, []) == frozenset()


@pytest.mark.parametrize(
    ("files", "changed", "reached", "not_reached"),
    [
        (
            {
                "src/a/cart.ts": "export const tax = 1\n",
                "src/a/index.ts": "export * from './cart'\n",
                "src/page.tsx": "import { tax } from './a'\n",
                "src/page.test.tsx": "import { Page } from './page.js'\n",
                "src/b/cart.ts": "export const rate = 1\n",
                "src/b/cart.test.ts": "import { rate } from './cart'\n",
            },
            "src/a/cart.ts",
            ["src/a/index.ts", "src/page.tsx", "src/page.test.tsx"],
            ["src/b/cart.ts", "src/b/cart.test.ts"],
        ),
        (
            {
                "go.mod": "module example.org/shop\n",
                "cart/cart.go": "package cart\n\nfunc Tax() int { return 1 }\n",
                "cart/cart_test.go": "package cart\n\nfunc TestTax() {}\n",
                "web/web.go": 'package web\n\nimport "example.org/shop/cart"\n\nfunc F() { cart.Tax() }\n',
                "mail/mail.go": "package mail\n\nfunc Send() {}\n",
            },
            "cart/cart.go",
            ["cart/cart_test.go", "web/web.go"],
            ["mail/mail.go"],
        ),
        (
            {
                "main/java/x/Cart.java": "package x;\nclass Cart { int tax() { return 1; } }\n",
                "test/java/x/CartTest.java": "package x;\nclass CartTest { Cart c = new Cart(); }\n",
                "main/java/y/Mail.java": "package y;\nclass Mail { int tax() { return 2; } }\n",
            },
            "main/java/x/Cart.java",
            ["test/java/x/CartTest.java"],
            ["main/java/y/Mail.java"],
        ),
        (
            {
                "lib/tax.h": "int tax_of(int cents);\n",
                "lib/tax.c": '#include "tax.h"\nint tax_of(int cents) { return cents; }\n',
                "app/pay.c": '#include "../lib/tax.h"\nint pay(void) { return tax_of(1); }\n',
                "app/mail.c": "int send(void) { return 1; }\n",
            },
            "lib/tax.c",
            ["app/pay.c"],
            ["app/mail.c"],
        ),
        (
            {
                "src/lib.rs": "mod cart;\nmod mail;\n",
                "src/cart.rs": "pub struct Cart;\n",
                "src/web/pay.rs": "use crate::cart::Cart;\nfn pay(c: Cart) {}\n",
                "x/mail.rs": "fn send() {}\n",
            },
            "src/cart.rs",
            ["src/web/pay.rs", "src/lib.rs"],
            ["x/mail.rs"],
        ),
        (
            {
                "lib/order_book.py": "def find_order():\n    pass\n",
                "bin/hooks.py": "def use(api):\n    api.find_order()\n",
                "e2e/test_all.py": "from subprocess import Popen\n\nPopen(['shop'])\n",
                "bin/run_git.py": "from subprocess import Popen\n\nPopen(['git'])\n",
            },
            "lib/order_book.py",
            ["bin/hooks.py", "e2e/test_all.py"],
            ["bin/run_git.py"],
        ),
        (
            {
                "app/tax_rates.yaml": "a: 1\n",
                "app/load.py": "X = 1\n",
                "jobs/nightly.py": "FILE = '../app/tax_rates.yaml'\n",
                "jobs/weekly.py": "FILE = 'x'\n",
            },
            "app/tax_rates.yaml",
            ["app/load.py", "jobs/nightly.py"],
            ["jobs/weekly.py"],
        ),
    ],
    ids=["typescript", "go", "java", "c", "rust", "names", "data"],
)
def test_each_language_by_its_own_ways(
    tmp_path: Path,
    files: dict[str, str],
    changed: str,
    reached: list[str],
    not_reached: list[str],
) -> None:
    found = touched(tree_of(tmp_path, files), [changed])
    assert {changed, *reached} <= found
    assert not found.intersection(not_reached)


@pytest.mark.parametrize(
    ("check", "kept"),
    [
        ("pytest", True),
        ("pytest -q tests/test_models.py", True),
        ("pytest -q tests/test_mail.py", False),
        ("python -m pytest -k 'a b' tests/test_mail.py::test_x", False),
        ("cd tests && pytest test_mail.py", False),
        ("cd tests && pytest test_models.py", True),
        ("CI=1 timeout 60 pytest tests/test_mail.py tests/test_views.py", True),
        ("pytest tests", True),
        ("pytest ./tests/", True),
        ("pytest other", False),
        ("pytest .", True),
        ("pytest tests/*.py", True),
        ("pytest $TESTS", True),
        ("pytest --ignore tests/test_mail.py", True),
        ("pytest --ignore=tests/test_mail.py", True),
        ("pytest --ignore=shop/models.py tests/test_mail.py", True),
        ("pytest -c tests/conftest.py", True),
        ("pytest --maxfail 1 tests/test_mail.py | tail -3", False),
        ("pytest tests/test_mail.py && mypy", True),
        ("pytest tests/test_mail.py && mypy shop/mail.py", False),
        ("mypy shop/mail.py; ruff check shop", True),
        ("bash run.sh tests/test_mail.py", True),
        ("./run.sh", True),
        ("pytest 'tests/test_mail.py", True),
        ("pytest tests/nothing.py", True),
        ("python -m unittest tests.test_mail", True),
        ("rspec shop/mail.py:12", False),
        ("python other/tool.py", True),
        ("python3 -W other/tool.py test", True),
        ("CI=1 ./other/tool.py test", True),
        ("python other/tool.py test other", True),
        ("python tests/test_mail.py", False),
        ("make other", True),
        ("npm run other", True),
        ("cd other && npm --prefix . other", True),
        ("npx -y jest other", False),
        ("CI=1 sh -c 'make other'", True),
        ("bundle exec rake other", True),
        ("uv run pytest other", False),
        ("npm test -- other/tool.py", False),
        ("make -C other other", True),
        ("gradle :other", True),
        ("", True),
    ],
)
def test_a_check_is_left_out_only_when_nothing_it_names_is_touched(
    shop: MemoryTree, check: str, kept: bool
) -> None:
    assert checks_touched([check], shop, ["shop/models.py"]) == ((check,) if kept else ())


def test_fixtures_of_a_plugin_that_is_named_in_a_text(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/plug.py": "import pytest\n\n\n@pytest.fixture\ndef rows():\n    return 1\n",
        "tests/conftest.py": "pytest_plugins = ['pkg.plug']\n",
        "tests/test_rows.py": "def test_rows(rows):\n    assert rows\n",
        "more/test_more.py": "def test_more():\n    pass\n",
    }
    checks = ["pytest tests/test_rows.py", "pytest more/test_more.py"]
    assert checks_touched(checks, tree_of(tmp_path, files), ["pkg/plug.py"]) == (checks[0],)


def test_checks_keep_their_order(shop: MemoryTree) -> None:
    checks = ["pytest tests/test_views.py", "mypy shop/mail.py", "make test"]
    assert checks_touched(checks, shop, ["shop/prices.py"]) == (checks[0], checks[2])
    assert checks_touched(checks, shop, []) == (checks[2],)
    absolute = f"pytest {shop.root}/tests/test_mail.py"
    assert checks_touched([absolute], shop, ["shop/prices.py"]) == ()
    assert checks_touched([absolute], shop, ["shop/mail.py"]) == (absolute,)


MODULES = ("a", "b", "pkg.c", "pkg.d", "pkg.sub.e", "pkg.sub.f", "test_g")
IMPORTS = st.lists(
    st.tuples(
        st.sampled_from(MODULES), st.sampled_from(MODULES), st.sampled_from(["from", "import", "."])
    ),
    max_size=12,
)


def statement(user: str, used: str, way: str) -> str:
    """An import of one module by another, relative where both lie in a package."""
    folder, _, name = used.rpartition(".")
    if way == "import":
        return f"import {used}\n"
    if way == "." and user.startswith("pkg.") and folder:
        up = "." * (user.count(".") - folder.count(".") if folder != "pkg.sub" else 1)
        below = "sub" if folder == "pkg.sub" and user.count(".") == 1 else ""
        return f"from {up or '.'}{below} import {name}\n"
    return f"from {folder} import {name}\n" if folder else f"from {used} import x\n"


@settings(max_examples=40, deadline=None)
@given(uses=IMPORTS, changed=st.lists(st.sampled_from(MODULES), min_size=1, max_size=3))
def test_whoever_imports_is_reached_and_more_change_reaches_no_less(
    uses: list[tuple[str, str, str]], changed: list[str]
) -> None:
    texts = {f"{module.replace('.', '/')}.py": "" for module in MODULES}
    for user, used, way in uses:
        texts[f"{user.replace('.', '/')}.py"] += statement(user, used, way)
    reached = set(changed)
    for _ in MODULES:
        reached |= {user for user, used, _ in uses if used in reached}
    paths = [f"{module.replace('.', '/')}.py" for module in changed]
    checks = [f"pytest -q {path}" for path in texts] + ["make test"]
    with tempfile.TemporaryDirectory() as folder:
        tree = tree_of(
            Path(folder), texts | {"pkg/__init__.py": "", "pkg/sub/__init__.py": "", "d.json": ""}
        )
        found = touched(tree, paths)
        assert {f"{module.replace('.', '/')}.py" for module in reached} <= found
        assert found == frozenset[str]().union(*(touched(tree, [path]) for path in paths))
        assert found <= touched(tree, [*paths, "pkg/new.py"])
        kept = checks_touched(checks, tree, paths)
        assert set(checks_touched(checks, tree, paths[:1])) <= set(kept)
        assert {f"pytest -q {path}" for path in paths} | {"make test"} <= set(kept)
        assert checks_touched(checks, tree, [*paths, "d.json"]) == tuple(checks)


NAMES = st.text(st.sampled_from("ab .:-_='\"$*[\\\n"), min_size=1, max_size=6)


@given(name=NAMES)
def test_a_check_that_names_a_changed_file_stays(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tree = tree_of(Path(folder), {"shop/x.py": "x = 1\n", "tests/y.py": "y = 1\n"})
        path = f"docs/{name}.py"
        check = f"pytest {shlex.quote(path)} tests/y.py"
        assert checks_touched([check], tree, [path]) == (check,)
