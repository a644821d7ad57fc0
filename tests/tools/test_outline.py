"""The outline tool, with an index and without."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from leadline.tests.tools.memory_tree import MAX_BYTES, CodeBench
from leadline.tools import outline as outline_module
from leadline.tools import outline_text
from leadline.tools.errors import ToolError
from leadline.tools.outline import OUTLINE, OutlineParams

SHOP = '''\
"""A shop."""

OPEN = True


class Shop(Base):
    """Sells."""

    tax = 0.2

    def sell(self, what, *, count=1):
        def price():
            return count

        return price()

    async def close(self) -> None: ...


def main():
    pass
'''


@pytest.fixture(params=[True, False], ids=["indexed", "alone"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> CodeBench:
    return CodeBench(tmp_path, indexed=request.param)


@pytest.fixture
def bench(tmp_path: Path) -> CodeBench:
    return CodeBench(tmp_path)


async def outlined(bench: CodeBench, path: str) -> str:
    return (await bench.call(OUTLINE, path=path)).text


async def refused(bench: CodeBench, path: str) -> str:
    with pytest.raises(ToolError) as raised:
        await bench.call(OUTLINE, path=path)
    return raised.value.message


async def test_a_files_symbols_nested_with_their_lines(either: CodeBench) -> None:
    either.put("shop.py", SHOP)
    assert await outlined(either, "./shop.py") == (
        "== shop.py (7 symbols)\n"
        "3 OPEN = True\n"
        "6-17 class Shop(Base)\n"
        "  9 tax = 0.2\n"
        "  11-15 def sell(self, what, *, count=1)\n"
        "    12-13 def price()\n"
        "  17 async def close(self) -> None\n"
        "20-21 def main()"
    )


async def test_one_symbol_of_a_file(either: CodeBench) -> None:
    either.put("shop.py", SHOP)
    expected = "== shop.py (2 symbols)\n11-15 def sell(self, what, *, count=1)\n  12-13 def price()"
    assert await outlined(either, "shop.py:Shop.sell") == expected
    assert await outlined(either, "shop.py:sell") == expected
    assert await refused(either, "shop.py:buy") == "shop.py defines no buy."


async def test_a_name_with_a_colon_is_a_path_if_there_is_one(either: CodeBench) -> None:
    either.put("a:b.py", "def f(): ...\n")
    assert await outlined(either, "a:b.py") == "== a:b.py (1 symbol)\n1 def f()"


async def test_line_ends_marks_and_encodings(either: CodeBench) -> None:
    either.put("crlf.py", b"x = 1\r\n\r\ndef f(): ...\r\n")
    either.put("bom.py", "\ufeffdef f(): ...\n".encode())
    assert (await outlined(either, "crlf.py")).split("\n")[1:] == ["1 x = 1", "3 def f()"]
    assert "1 def f()" in await outlined(either, "bom.py")


async def test_utf_16_is_read_where_it_is_parsed_alone(tmp_path: Path) -> None:
    bench = CodeBench(tmp_path, indexed=False)
    bench.put("wide.js", "\ufefffunction wide() {}\n".encode("utf-16-le"))
    assert "1 function wide()" in await outlined(bench, "wide.js")


async def test_a_file_with_faults_is_outlined_all_the_same(either: CodeBench) -> None:
    either.put("broken.py", "def f(): ...\n\nx = = 1\n\ndef g(): ...\n")
    text = await outlined(either, "broken.py")
    assert "1 place not understood" in text
    assert "1 def f()" in text
    assert "5 def g()" in text


async def test_what_has_no_outline_says_so(either: CodeBench) -> None:
    either.put("notes.xyz", "text\n")
    either.put("empty.py", "")
    assert "no parser" in await outlined(either, "notes.xyz")
    assert await outlined(either, "empty.py") == "== empty.py (0 symbols)"


async def test_what_the_index_leaves_out_says_why(bench: CodeBench) -> None:
    bench.put("big.py", "x = 1\n" * (MAX_BYTES // 6 + 1))
    assert await outlined(bench, "big.py") == (
        f"big.py: left out of the index (large: {(MAX_BYTES // 6 + 1) * 6:,} bytes); "
        "`search` and `read` still work"
    )


async def test_a_file_too_large_to_parse_alone(tmp_path: Path) -> None:
    bench = CodeBench(tmp_path, indexed=False)
    bench.put("line.js", b"x" * (outline_module.MAX_PARSED_BYTES + 1))
    assert "too large to parse" in await outlined(bench, "line.js")
    with (tmp_path / "endless.js").open("wb") as file:
        file.truncate(100_000_000)
    assert "100,000,000 bytes" in await refused(bench, "endless.js")
    bench.put("data.py", b"\0\1\2")
    assert "binary" in await outlined(bench, "data.py")


async def test_a_parser_that_does_not_end_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outline_module, "SECONDS", 0.0)
    bench = CodeBench(tmp_path, indexed=False)
    bench.put("a.py", "x = 1\n")
    assert (
        await refused(bench, "a.py") == "a.py could not be parsed. `search` and `read` still work."
    )


async def test_a_folder_names_what_its_files_define(bench: CodeBench) -> None:
    bench.put("src/shop.py", SHOP)
    bench.put("src/flags.py", "ON = 1\n")
    bench.put("src/empty.py", "")
    bench.put("src/logo.png", b"\x89PNG\0")
    bench.put("src/huge.js", "x" * (MAX_BYTES + 1))
    bench.put("src/deep/er/a.py", "a = 1\n")
    bench.put("src/deep/b.py", "b = 1\n")
    bench.put("other.py", "c = 1\n")
    assert await outlined(bench, "src") == (
        "== src (7 files)\n"
        "flags.py: ON 1\n"
        f"huge.js: left out (large: {MAX_BYTES + 1:,} bytes)\n"
        "shop.py: Shop 6-17, main 20-21, +5\n"
        "without symbols: empty.py, logo.png\n"
        "deep/ (2 files)"
    )
    assert (await outlined(bench, ".")).split("\n") == [
        "== . (8 files)",
        "other.py: c 1",
        "src/ (7 files)",
    ]


async def test_a_folder_needs_an_index(tmp_path: Path) -> None:
    bench = CodeBench(tmp_path, indexed=False)
    bench.put("src/a.py", "x = 1\n")
    assert "no index" in await refused(bench, "src")


async def test_large_files_lose_what_lies_deepest_first(bench: CodeBench) -> None:
    methods = "".join(f"    def m{n}(self): ...\n" for n in range(60))
    bench.put("many.py", "".join(f"class C{n}:\n{methods}\n" for n in range(20)))
    lines = (await outlined(bench, "many.py")).split("\n")
    assert len(lines) == 22
    assert lines[1] == "1-61 class C0"
    assert lines[-1] == "1200 inner symbols left out; for those of one: many.py:C0"
    assert len((await outlined(bench, "many.py:C0")).split("\n")) == 62
    bench.put("flat.py", "".join(f"def f{n}(): ...\n" for n in range(1_000)))
    lines = (await outlined(bench, "flat.py")).split("\n")
    assert len(lines) == outline_text.MAX_LINES + 2
    assert lines[-1].startswith("600 more symbols; ")


async def test_large_folders_are_cut_and_counted(bench: CodeBench) -> None:
    functions = "".join(f"def function_with_a_long_name_{n}(): ...\n" for n in range(12))
    for number in range(90):
        bench.put(f"src/f{number:03}.py", functions)
    text = await outlined(bench, "src")
    assert len(text) < outline_text.MAX_CHARS + 200
    assert "more files; outline them one by one" in text


async def test_nothing_outside_is_outlined(either: CodeBench, tmp_path: Path) -> None:
    either.root = tmp_path / "root"
    either.put("a.py", "x = 1\n")
    either.put(".git/hook.py", "x = 1\n")
    (tmp_path / "secret.py").write_text("def secret(): ...\n")
    (either.root / "out.py").symlink_to(tmp_path / "secret.py")
    (either.root / "in.py").symlink_to("a.py")
    os.mkfifo(either.root / "pipe.py")
    for path in ("out.py", "../secret.py", str(tmp_path / "secret.py")):
        assert "outside" in await refused(either, path)
    assert ".git" in await refused(either, ".git/hook.py")
    assert "not a regular file" in await refused(either, "pipe.py")
    assert await outlined(either, "in.py") == "== a.py (1 symbol)\n1 x = 1"
    assert await refused(either, "b.py") == "b.py does not exist. Near it: a.py."


async def test_an_outline_is_no_sight_of_the_file(either: CodeBench) -> None:
    either.put("shop.py", SHOP)
    assert (await either.call(OUTLINE, path="shop.py")).seen == {}


def test_what_it_declares() -> None:
    effects = OUTLINE.effects(OutlineParams(path="./src/../a.py"))
    assert effects.reads == ("a.py",)
    assert not effects.mutates
