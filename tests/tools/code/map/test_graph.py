"""How relevance spreads: to who is referred to and who refers, the more the more telling the name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from leadline.tests.support.maptrees import grow
from leadline.tools.code.map.graph import ImportPaths, Neighbours, spread, telling
from leadline.tools.code.model import CodeTree

MakeTree = Callable[[dict[str, str]], CodeTree]


@pytest.fixture
def make_tree(tmp_path: Path) -> MakeTree:
    return lambda files: grow(tmp_path, files)


def reached(tree: CodeTree, *seeds: str) -> dict[str, float]:
    return spread(dict.fromkeys(seeds, 1.0), Neighbours(tree, ImportPaths(tree.files)))


def test_reaches_who_defines_and_who_uses(make_tree: MakeTree) -> None:
    tree = make_tree(
        {
            "store.py": "def load_settings():\n    return {}\n",
            "app.py": "from store import load_settings\n\nload_settings()\n",
            "screen.py": "def paint_window():\n    pass\n",
        }
    )
    assert set(reached(tree, "app.py")) == {"app.py", "store.py"}
    assert set(reached(tree, "store.py")) == {"app.py", "store.py"}


def test_a_name_that_few_define_leads_further(make_tree: MakeTree) -> None:
    files = {f"part{n}.py": "def refresh_all():\n    pass\n" for n in range(6)}
    files["rare.py"] = "def compile_pattern():\n    pass\n"
    files["user.py"] = "refresh_all()\ncompile_pattern()\n"
    rank = reached(make_tree(files), "user.py")
    assert rank["rare.py"] > 3 * rank["part0.py"] > 0


def test_an_import_tells_which_of_many_is_meant(make_tree: MakeTree) -> None:
    tree = make_tree(
        {
            "web/helpers.py": "def parse_header():\n    pass\n",
            "mail/helpers.py": "def parse_header():\n    pass\n",
            "web/app.py": "from web.helpers import parse_header\n\nparse_header()\n",
        }
    )
    rank = reached(tree, "web/app.py")
    assert rank["web/helpers.py"] > 0
    assert "mail/helpers.py" not in rank


def test_the_seeds_keep_most_and_no_mass_is_made(make_tree: MakeTree) -> None:
    tree = make_tree({"a.py": "import b\nb.run_it()\n", "b.py": "def run_it():\n    pass\n"})
    rank = reached(tree, "a.py")
    assert rank["a.py"] > rank["b.py"] > 0
    assert sum(rank.values()) <= 1.0


def test_no_seeds_reach_nothing(make_tree: MakeTree) -> None:
    assert reached(make_tree({"a.py": "x = 1\n"})) == {}


def test_names_by_their_spelling() -> None:
    assert telling("x") == telling("id") == telling("__init__") == 0
    assert telling("load_settings") == telling("useState") == telling("HttpRequest") == 1
    assert 0 < telling("run") < telling("serialize") < 1


def test_imports_of_many_spellings() -> None:
    paths = ImportPaths(
        [
            "pkg/__init__.py",
            "pkg/core.py",
            "src/lib/index.ts",
            "src/util.ts",
            "test/util.ts",
            "crates/app/src/parser.rs",
        ]
    )
    assert paths.resolve("x.py", ["pkg.core"]) == ["pkg/core.py"]
    assert paths.resolve("x.py", ["pkg"]) == ["pkg/__init__.py"]
    assert paths.resolve("src/main.ts", ["./util", "./lib"]) == ["src/util.ts", "src/lib/index.ts"]
    assert paths.resolve("src/main.ts", ["./util.js"]) == ["src/util.ts"]
    assert paths.resolve("x.rs", ["crate::parser"]) == ["crates/app/src/parser.rs"]
    assert paths.resolve("x.py", ["os", "", "."]) == []
