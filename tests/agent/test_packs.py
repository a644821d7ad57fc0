"""Packs of real trees: never over the budget, the same bytes each time, and what the model knows by them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leadline.agent.packs import make_pack, seen_by
from leadline.agent.rehearsal.prompt import count_tokens
from leadline.tests.support.repos import write_files
from leadline.tools.code.index.code_index import CodeIndex
from leadline.tools.code.index.tree import IndexedTree
from leadline.tools.code.map.rank import NO_HINTS

FILES = {
    f"shop/{name}.py": f'"""All about {name}s."""\n\n'
    + "".join(
        f"def {verb}_{name}(amount: int, rate: float = {i}.5) -> float:\n"
        f'    """How to {verb} a {name}."""\n    return amount * rate + {i}\n\n\n'
        for i, verb in enumerate(["add", "drop", "count", "price", "label", "refund"])
    )
    for name in ["order", "cart", "item", "stock", "client", "invoice", "ticket", "label"]
} | {"README.md": "# Shop\n\nSells things.\n", "caf\u00e9/n\u00efve.py": "def \u00fcber(): ...\n"}


@pytest.fixture(scope="module")
def index() -> Iterator[CodeIndex]:
    opened = CodeIndex.open(None)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory, index: CodeIndex) -> IndexedTree:
    root = tmp_path_factory.mktemp("shop")
    write_files(root, FILES)
    return index.refresh(root, FILES)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(budget=st.integers(0, 6_000), task=st.sampled_from(["refund a ticket", "", "\ud800 x"]))
def test_never_a_token_too_many(
    index: CodeIndex, tree: IndexedTree, budget: int, task: str
) -> None:
    pack = make_pack(tree, task, budget, index, NO_HINTS)
    if pack is None:
        assert budget < 300
        return
    assert count_tokens(pack.text) == pack.event.tokens <= budget
    again = make_pack(tree, task, budget, index, NO_HINTS)
    assert again is not None
    assert again.text == pack.text
    assert pack.event.complete == (set(pack.event.seen) == set(FILES))


def test_all_of_a_small_tree_goes_in_whole(index: CodeIndex, tree: IndexedTree) -> None:
    pack = make_pack(tree, "anything", 32_768, index, NO_HINTS)
    assert pack is not None
    assert pack.event.complete
    assert pack.event.files == pack.event.shown == len(FILES)
    for text in FILES.values():
        assert text in pack.text
    assert pack.event.seen == {
        path: hashlib.sha256(text.encode()).hexdigest() for path, text in FILES.items()
    }


def test_what_changed_meanwhile_is_not_known(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.py": "x = 1\n", "b.py": "y = 2\n", "c.py": "z = 3\n"})
    whole = {
        name: hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        for name, data in [("a.py", b"x = 1\n"), ("b.py", b"y = 2\n"), ("c.py", b"z = 3\n")]
    }
    (tmp_path / "b.py").write_text("y = 3\n")
    (tmp_path / "c.py").unlink()
    assert list(seen_by(tmp_path, whole)) == ["a.py"]
