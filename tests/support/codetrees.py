"""Everything that a tree of code answers, as one value to compare, and small trees to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from leadline.tools.code.index.code_index import CodeIndex
from leadline.tools.code.index.tree import IndexedTree
from leadline.tools.code.words import split_words
from leadline.tools.ignore import visible_files

SMALL: Mapping[str, str] = {
    "shop/models.py": (
        '"""What is sold."""\n\n\nclass Item:\n    """A thing."""\n\n'
        "    def price(self, count):\n        return round_up(count)\n"
    ),
    "shop/money.py": "def round_up(value):\n    return -(-value // 1)\n",
    "web/app.js": "import { total } from './cart'\n\nexport function show(item) {\n  return total(item)\n}\n",
    "web/cart.js": "export function total(item) {\n  return item.price\n}\n",
    "README.md": "# Shop\n\nThe price of an item is rounded up.\n",
    "LICENSE": "Do with the price what you want.\n",
}


def paths_in(root: Path) -> list[str]:
    return list(visible_files(root, ""))


def fresh(root: Path, paths: Sequence[str] | None = None) -> IndexedTree:
    """The tree as an index that knows nothing makes it."""
    return CodeIndex.open(None).refresh(root, paths_in(root) if paths is None else paths)


def answers(tree: IndexedTree) -> object:
    """All that `tree` has to say. The orders count too."""
    names: set[str] = set()
    words: set[str] = set()
    facts: dict[str, object] = {}
    for path in tree.files:
        known = tree.facts(path)
        facts[path] = known
        assert tree.symbols(path) == known.symbols
        names.update(symbol.name for symbol in known.symbols)
        names.update(reference.name for reference in known.references)
        words.update(split_words(tree.text(path) or ""))
    referrers = {name: list(found.items()) for name, found in tree.referrers(sorted(names)).items()}
    mentions = {word: list(found.items()) for word, found in tree.mentions(sorted(words)).items()}
    return {
        "order": list(tree.files),
        "digest": tree.digest,
        "files": dict(tree.files),
        "facts": facts,
        "definitions": {name: tree.definitions(name) for name in sorted(names)},
        "definers": dict(tree.definers(sorted(names))),
        "referrers": referrers,
        "mentions": mentions,
        "texts": {path: tree.text(path) for path in tree.files},
    }
