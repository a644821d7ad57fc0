"""Searching by symbol, through the search tool."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import get_args

import pytest
from leadline.tests.tools.memory_tree import CodeBench, MemoryTree
from leadline.tools.code.index.code_index import CodeIndex
from leadline.tools.errors import ToolError
from leadline.tools.outline_text import file_outline, folder_outline
from leadline.tools.read import READ
from leadline.tools.search import SEARCH, SearchParams
from leadline.tools.symbols import MAX_LINES, Question, answer

STORE = '''\
"""Things kept."""


class Store:
    """Keeps things by key."""

    def load(self, key):
        """The thing at a key."""
        return self.parse(key)

    def parse(self, key): ...


class DiskStore(Store):
    def load(self, key):
        return open(key)


class _Cached(DiskStore):
    def load(self, key):
        return super().load(key)

    def forget(self): ...


def load(path):
    return DiskStore().load(path)
'''
APP = """\
from lib.store import DiskStore, load


def main(argv):
    def inner():
        return load(argv[0])

    DiskStore().load("x"); load("y")
    return inner()


load("at the top")
"""
OTHER = "class Train:\n    def load(self, cargo):\n        return cargo\n\n\nTrain().load(1)\n"
TESTS = "from lib.store import load\n\n\ndef test_load():\n    assert load('a')\n"


@pytest.fixture
def bench(tmp_path: Path) -> CodeBench:
    bench = CodeBench(tmp_path)
    bench.put("lib/store.py", STORE)
    bench.put("app.py", APP)
    bench.put("other/train.py", OTHER)
    bench.put("tests/test_store.py", TESTS)
    return bench


async def found(bench: CodeBench, question: str, name: str, **more: object) -> str:
    return (await bench.call(SEARCH, pattern=name, symbol=question, **more)).text


async def test_definitions_come_with_their_lines_signature_and_doc(bench: CodeBench) -> None:
    assert await found(bench, "definition", "Store") == (
        "lib/store.py:4-11 class Store\n  Keeps things by key."
    )
    assert await found(bench, "definition", "Store.load") == (
        "lib/store.py:7-9 def load(self, key) (in Store)\n  The thing at a key."
    )


async def test_the_lines_are_those_that_read_takes(bench: CodeBench) -> None:
    place = (await found(bench, "definition", "Train.load")).split(" ")[0]
    path, _, lines = place.partition(":")
    start, end = lines.split("-")
    part = await bench.call(READ, files=[{"path": path, "start": int(start), "end": int(end)}])
    assert part.text.split("\n")[1:] == ["    def load(self, cargo):", "        return cargo"]


async def test_all_of_an_ambiguous_name_the_outermost_first_and_tests_last(
    bench: CodeBench,
) -> None:
    bench.put("tests/helpers.py", "def load(): ...\n")
    lines = (await found(bench, "definition", "load")).split("\n")
    assert [line.split(" ")[0] for line in lines if not line.startswith(" ")] == [
        "lib/store.py:26-27",
        "lib/store.py:7-9",
        "lib/store.py:15-16",
        "lib/store.py:20-21",
        "other/train.py:2-3",
        "tests/helpers.py:1",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "Train.load",
        "Train::load",
        "Train#load",
        "Train.load()",
        "train.Train.load",
        "other.train.Train.load",
        "other/train.Train.load",
        " def Train.load ",
    ],
)
async def test_ways_to_write_a_name(bench: CodeBench, name: str) -> None:
    assert await found(bench, "definition", name) == (
        "other/train.py:2-3 def load(self, cargo) (in Train)"
    )


async def test_a_method_that_a_base_type_defines(bench: CodeBench) -> None:
    assert await found(bench, "definition", "_Cached.parse") == (
        "_Cached.parse is inherited:\nlib/store.py:11 def parse(self, key) (in Store)"
    )


async def test_references_with_the_text_of_their_lines(bench: CodeBench) -> None:
    text = await found(bench, "references", "DiskStore")
    assert "app.py\n1 use: from lib.store import DiskStore, load\n8 call: DiskStore()" in text
    assert (
        "lib/store.py\n19 base: class _Cached(DiskStore):\n27 call: return DiskStore().load(path)"
        in text
    )


async def test_callers_are_the_functions_around_with_their_lines(bench: CodeBench) -> None:
    text = await found(bench, "callers", "load", glob="*.py", path="app.py")
    assert text == "app.py\n5-6 main.inner: 6\n4-9 main: 8\noutside of functions: 12"
    assert await found(bench, "callers", "parse") == "lib/store.py\n7-9 Store.load: 9"


async def test_an_owner_puts_files_first_that_name_it(bench: CodeBench) -> None:
    text = await found(bench, "callers", "Train.load")
    assert text.startswith("other/train.py\noutside of functions: 6\napp.py\n")


async def test_what_is_derived_from_a_type_directly_and_beyond(bench: CodeBench) -> None:
    assert await found(bench, "implementations", "Store") == (
        "lib/store.py:14-16 class DiskStore(Store)\n"
        "lib/store.py:19-23 class _Cached(DiskStore) (by DiskStore)"
    )


async def test_a_methods_implementations_in_derived_types(bench: CodeBench) -> None:
    expected = (
        "lib/store.py:15-16 def load(self, key) (in DiskStore)\n"
        "lib/store.py:20-21 def load(self, key) (in _Cached)"
    )
    assert await found(bench, "implementations", "Store.load") == expected
    assert await found(bench, "implementations", "load") == expected


async def test_types_that_derive_from_each_other_end(bench: CodeBench) -> None:
    bench.put("loop.py", "class A(B): ...\nclass B(A): ...\nclass C(C): ...\n")
    lines = (await found(bench, "implementations", "A")).split("\n")
    assert lines == ["loop.py:2 class B(A)", "loop.py:1 class A(B) (by B)"]
    assert "C" in await found(bench, "implementations", "C")
    assert (await found(bench, "definition", "C.x")).startswith("no symbol is called C.x")


async def test_other_languages(bench: CodeBench) -> None:
    bench.put(
        "web/shapes.ts",
        "export interface Shape { area(): number }\n"
        "export class Square implements Shape {\n  area() { return side(this) }\n}\n"
        "const side = (s: Square) => 1\n",
    )
    bench.put(
        "cmd/main.go", "package main\n\nfunc (s *Shop) Open() {}\n\nfunc main() { s.Open() }\n"
    )
    assert (await found(bench, "implementations", "Shape")).startswith("web/shapes.ts:2-4 ")
    assert (await found(bench, "callers", "side")) == "web/shapes.ts\n3 Square.area: 3"
    assert (await found(bench, "definition", "Shop.Open")).startswith(
        "cmd/main.go:3 func (s *Shop)"
    )
    assert await found(bench, "callers", "Open") == "cmd/main.go\n5 main: 5"


async def test_a_name_that_a_language_brings_itself_is_said_to_be_left_out(
    bench: CodeBench,
) -> None:
    bench.put("query.py", "class Query:\n    def filter(self): ...\n\n\nQuery().filter()\n")
    note = "filter is too common in python to be kept; search for it as text"
    assert (await found(bench, "callers", "Query.filter")).endswith(f"\n{note}")
    assert (await found(bench, "references", "filter")).endswith(f"\n{note}")
    assert note not in await found(bench, "definition", "filter")
    assert note not in await found(bench, "callers", "load")


async def test_a_type_is_asked_for_before_a_value_of_its_name(bench: CodeBench) -> None:
    bench.put("alias.py", "class Case:\n    Store = 1\n")
    assert (await found(bench, "implementations", "Store")).startswith("lib/store.py:14-16 ")


async def test_where_to_look(bench: CodeBench) -> None:
    assert (await found(bench, "definition", "load", path="other")).startswith("other/train.py:2-3")
    assert (await found(bench, "definition", "load", glob="train.*")).startswith("other/train.py")
    assert "tests" not in await found(bench, "references", "load", glob="!tests/**")
    assert await found(bench, "definition", "Store", path="other") == (
        "none there; elsewhere:\nlib/store.py:4-11 class Store\n  Keeps things by key."
    )


async def test_what_is_not_there(bench: CodeBench) -> None:
    assert await found(bench, "definition", "DiscStore") == (
        "no symbol is called DiscStore; near it: DiskStore"
    )
    assert await found(bench, "definition", "disk_store") == (
        "no symbol is called disk_store; near it: DiskStore"
    )
    assert await found(bench, "callers", "zzz") == (
        "no symbol is called zzz; it may be found as text, without `symbol`"
    )
    assert (await found(bench, "definition", "Train.lode")).endswith("near it: load")
    assert (await found(bench, "definition", "Nobody.forget")) == (
        "no Nobody.forget is known; forget is:\nlib/store.py:23 def forget(self) (in _Cached)"
    )
    assert await found(bench, "callers", "forget") == (
        "nothing refers to forget, which is defined at lib/store.py:23"
    )
    assert await found(bench, "implementations", "main") == (
        "none: main is a function, and nothing here is derived from it"
    )
    bench.put("use.py", "import lib_x\nlib_x.fetch_it()\n")
    said = await found(bench, "definition", "fetch_it")
    assert said == "fetch_it is used but not defined in this tree"
    assert "`pattern` is the name" in await found(bench, "definition", " () ")


async def test_what_changed_is_seen_at_once(bench: CodeBench) -> None:
    assert "no symbol" in await found(bench, "definition", "brand_new")
    bench.put("new.py", "\n\ndef brand_new(): ...\n")
    assert await found(bench, "definition", "brand_new") == "new.py:3 def brand_new()"


async def test_many_references_are_cut_and_counted(bench: CodeBench) -> None:
    bench.put("many/a.py", "".join(f"popular({n})\n" for n in range(150)))
    for number in range(9):
        bench.put(f"many/b{number}.py", "popular()\n" * 40)
    text = await found(bench, "references", "popular")
    lines = text.split("\n")
    assert len(lines) <= MAX_LINES + 1
    assert "narrow it with `path` or `glob`" in lines[-1]
    assert "many/b8.py 40" in lines[-1]
    everything = await found(bench, "references", "popular", path="many/b8.py")
    assert len(everything.split("\n")) == 41


async def test_hostile_files(bench: CodeBench) -> None:
    bench.put("latin.py", "def caf\xe9(): ...\n".encode("latin-1"))
    bench.put("long.py", f"def long({', '.join(f'a{n}' for n in range(5_000))}): ...\n")
    bench.put("new\nline.py", "def odd(): ...\nodd()\n")
    bench.put("bin.py", b"\0\1\2def x(): ...\n")
    assert len(await found(bench, "definition", "long")) < 400
    assert await found(bench, "references", "odd") == "new?line.py\n2 call: odd()"
    await found(bench, "definition", "caf\xe9")


@pytest.mark.parametrize("more", [{"names": True}, {"context": 2}])
async def test_parameters_that_do_not_go_together(
    bench: CodeBench, more: dict[str, object]
) -> None:
    with pytest.raises(ToolError, match="only `path` and `glob`"):
        await found(bench, "definition", "load", **more)


def everywhere(_path: str) -> bool:
    return True


async def test_the_real_index_gives_the_same_answers(bench: CodeBench, tmp_path: Path) -> None:
    bench.put("web/a.ts", "export class A extends B {\n  run() { return go() }\n}\n")
    index = CodeIndex.open(tmp_path.with_name(f"{tmp_path.name}-index"))
    try:
        plain = MemoryTree(bench.root)
        indexed = await asyncio.to_thread(index.refresh, bench.root, list(plain.files))
        questions: tuple[Question, ...] = get_args(Question)
        for name in ("load", "Store", "Store.load", "_Cached.parse", "go", "B", "DiscStore", "zz"):
            for question in questions:
                known = answer(plain, question, name, everywhere)
                assert answer(indexed, question, name, everywhere) == known
        for path in plain.files:
            assert file_outline(path, indexed.facts(path)) == file_outline(path, plain.facts(path))
        for folder in (".", "lib", "web"):
            outlines = [folder_outline(folder, t.files, t.symbols) for t in (plain, indexed)]
            assert outlines[0] == outlines[1]
    finally:
        index.close()


async def test_without_an_index(bench: CodeBench) -> None:
    bench.indexed = False
    with pytest.raises(ToolError, match="no index"):
        await found(bench, "definition", "load")


def test_the_title_tells_the_question() -> None:
    params = SearchParams(pattern="load", symbol="callers", path="src")
    assert SEARCH.title(params) == "search callers of load in src"
