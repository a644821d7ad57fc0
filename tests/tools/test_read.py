"""The read tool on real files."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from leadline.tests.support.workbench import Workbench
from leadline.tools import read as limits
from leadline.tools.errors import ToolError
from leadline.tools.read import READ, ReadParams


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


async def text_of(bench: Workbench, path: str, **lines: int) -> str:
    return (await bench.call(READ, files=[{"path": path, **lines}])).text


async def test_a_whole_file_costs_one_header_line(bench: Workbench) -> None:
    content = "first\n\n\tindented  \nlast\n"
    bench.put("a.py", content)
    result = await bench.call(READ, files=[{"path": "a.py"}])
    assert result.text + "\n" == f"== a.py (4 lines)\n{content}"
    assert result.seen == {"a.py": hashlib.sha256(content.encode()).hexdigest()}


async def test_lines_are_counted_from_one_and_both_ends_belong(bench: Workbench) -> None:
    bench.put("a.py", "1\n2\n3\n4\n5\n")
    assert await text_of(bench, "a.py", start=2, end=3) == "== a.py (lines 2-3 of 5)\n2\n3"
    assert await text_of(bench, "a.py", start=4) == "== a.py (lines 4-5 of 5)\n4\n5"
    assert await text_of(bench, "a.py", end=1) == "== a.py (lines 1-1 of 5)\n1"
    assert await text_of(bench, "a.py", start=5, end=99) == "== a.py (lines 5-5 of 5)\n5"
    assert await text_of(bench, "a.py", start=1, end=5) == "== a.py (5 lines)\n1\n2\n3\n4\n5"


async def test_a_range_still_tells_the_digest_of_the_whole_file(bench: Workbench) -> None:
    bench.put("a.py", "1\n2\n3\n")
    result = await bench.call(READ, files=[{"path": "a.py", "end": 1}])
    assert result.seen == {"a.py": hashlib.sha256(b"1\n2\n3\n").hexdigest()}


async def test_several_files_and_one_that_fails(bench: Workbench) -> None:
    bench.put("src/one.py", "1\n")
    bench.put("two.py", "2")
    result = await bench.call(
        READ, files=[{"path": "./src/one.py"}, {"path": "src/two.py"}, {"path": "two.py"}]
    )
    assert result.ok
    assert result.text == (
        "== src/one.py (1 line)\n1\n"
        "== src/two.py (not read: src/two.py does not exist. Near it: two.py.)\n"
        "== two.py (1 line, no line end at the end)\n2"
    )
    assert set(result.seen) == {"src/one.py", "two.py"}


async def test_only_when_all_fail_is_the_call_a_failure(bench: Workbench) -> None:
    bench.put("a.py", "1\n")
    result = await bench.call(READ, files=[{"path": "b"}, {"path": "a.py", "start": 7}])
    assert not result.ok
    assert "has only 1 line" in result.text
    assert not result.seen


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ({"start": 0}, "count from 1"),
        ({"start": 3, "end": 2}, "not before"),
        ({"start": -5}, "count from 1"),
        ({"start": 4}, "only 3 lines"),
    ],
)
async def test_ranges_that_are_none(bench: Workbench, lines: dict[str, int], words: str) -> None:
    bench.put("a.py", "1\n2\n3\n")
    assert words in await text_of(bench, "a.py", **lines)


async def test_line_ends_and_encodings_are_said(bench: Workbench) -> None:
    bench.put("dos.txt", b"a\r\nb\r\n")
    bench.put("both.txt", b"a\r\nb\n")
    bench.put("latin.txt", "señor \u2013 «hola»\n".encode("cp1252"))
    bench.put("bytes.txt", b"x\x81y \xe9\n")
    bench.put("gbk.txt", "你好\uff0c世界\n".encode("gb2312"))
    bench.put("wide.txt", "\ufeffé\r\n".encode("utf-16-le"))
    bench.put("bom.txt", b"\xef\xbb\xbfa\n")
    bench.put("declared.py", "# -*- coding: koi8-r -*-\n# привет\n".encode("koi8-r"))
    assert await text_of(bench, "dos.txt") == "== dos.txt (2 lines, CRLF line ends)\na\nb"
    assert await text_of(bench, "both.txt") == "== both.txt (2 lines, mixed line ends)\na\nb"
    assert await text_of(bench, "latin.txt") == "== latin.txt (1 line, cp1252)\nseñor \u2013 «hola»"
    assert await text_of(bench, "bytes.txt") == "== bytes.txt (1 line, latin-1)\nx\x81y é"
    assert await text_of(bench, "gbk.txt") == "== gbk.txt (1 line, gb18030)\n你好\uff0c世界"
    assert await text_of(bench, "wide.txt") == "== wide.txt (1 line, CRLF line ends, utf-16-le)\né"
    assert await text_of(bench, "bom.txt") == "== bom.txt (1 line)\na"
    assert (await text_of(bench, "declared.py")).endswith(
        "koi8-r)\n# -*- coding: koi8-r -*-\n# привет"
    )


async def test_files_that_are_no_text(bench: Workbench) -> None:
    bench.put("logo.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 100)
    bench.put("nul.txt", b"text\0text\n")
    bench.put("noise", bytes(range(1, 32)) * 10 + b"\xff\xfe")
    bench.put("empty.txt", b"")
    result = await bench.call(
        READ, files=[{"path": name} for name in ("logo.png", "nul.txt", "noise", "empty.txt")]
    )
    assert result.text == (
        "== logo.png (binary, 108 bytes, PNG image)\n"
        "== nul.txt (binary, 10 bytes)\n"
        "== noise (binary, 312 bytes)\n"
        "== empty.txt (empty)"
    )
    assert set(result.seen) == {"empty.txt"}


async def test_a_long_file_says_how_to_read_on(bench: Workbench) -> None:
    total = limits.MAX_LINES + 500
    bench.put("long.txt", "".join(f"{number}\n" for number in range(1, total + 1)))
    header, *lines = (await text_of(bench, "long.txt")).split("\n")
    assert header == f"== long.txt (lines 1-2000 of {total}, read on with start 2001)"
    assert lines[-1] == "2000"
    rest = await text_of(bench, "long.txt", start=2001)
    assert rest.startswith(f"== long.txt (lines 2001-{total} of {total})\n2001\n")


async def test_a_file_of_long_lines_is_cut_by_size(bench: Workbench) -> None:
    bench.put("wide.txt", f"{'x' * 999}\n" * 200)
    text = await text_of(bench, "wide.txt")
    assert len(text) <= limits.MAX_CHARS + 100
    assert "(lines 1-60 of 200, read on with start 61)" in text


async def test_one_huge_line(bench: Workbench) -> None:
    bench.put("min.js", "y" * 1_000_000)
    text = await text_of(bench, "min.js")
    assert "long lines cut" in text.split("\n")[0]
    assert "[... 998,000 more characters]" in text
    assert len(text) < 2_200


async def test_what_one_call_can_hold(bench: Workbench) -> None:
    for name in "abcd":
        bench.put(name, f"{name * 999}\n" * 55)
    result = await bench.call(READ, files=[{"path": name} for name in "abcd"])
    assert len(result.text) < limits.MAX_CALL_CHARS + 500
    assert "== c (lines 1-40 of 55, read on with start 41)" in result.text
    assert "== d (not read: this answer is full; read it in a call of its own)" in result.text
    assert "d" not in result.seen


async def test_a_file_beyond_reading(bench: Workbench) -> None:
    with (bench.root / "core").open("wb") as file:
        file.truncate(10**9)
    assert "1,000,000,000 bytes" in await text_of(bench, "core")


async def test_folders_are_listed(bench: Workbench) -> None:
    bench.put("src/b.py", "")
    bench.put("src/a/x.py", "")
    bench.put(".git/config", "")
    (bench.root / "src/link").symlink_to("a")
    assert await text_of(bench, "src") == "== src (folder of 3)\na/\nb.py\nlink"
    assert await text_of(bench, ".") == "== . (folder of 1)\nsrc/"
    assert await text_of(bench, "src/link/") == "== src/link (folder of 1)\nx.py"


async def test_paths_that_lead_outside(bench: Workbench, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-secret"
    outside.write_text("secret\n")
    (bench.root / "link").symlink_to(outside)
    (bench.root / "up").symlink_to(tmp_path.parent)
    hostile = [
        "link",
        f"up/{outside.name}",
        f"../{outside.name}",
        str(outside),
        "up",
        "",
        "a\0b",
        "/etc/passwd",
    ]
    result = await bench.call(READ, files=[{"path": path} for path in hostile])
    assert not result.ok
    assert "secret\n" not in result.text
    assert "root:" not in result.text
    assert result.text.count("not read") == len(hostile)


async def test_links_inside_are_followed(bench: Workbench) -> None:
    bench.put("a.py", "1\n")
    (bench.root / "b.py").symlink_to("a.py")
    assert await text_of(bench, "b.py") == "== b.py (1 line)\n1"


async def test_absolute_paths_below_the_root(bench: Workbench) -> None:
    file = bench.put("a.py", "1\n")
    assert await text_of(bench, str(file)) == "== a.py (1 line)\n1"


async def test_a_pipe_is_not_waited_for(bench: Workbench) -> None:
    os.mkfifo(bench.root / "pipe")
    assert "pipe" in await text_of(bench, "pipe")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_an_unreadable_file(bench: Workbench) -> None:
    bench.put("a.py", "1\n").chmod(0)
    assert "Permission denied" in await text_of(bench, "a.py")


async def test_reading_again_shows_it_again(bench: Workbench) -> None:
    bench.put("a.py", "1\n")
    assert await text_of(bench, "a.py") == await text_of(bench, "a.py")


async def test_a_missing_file_is_looked_for(bench: Workbench) -> None:
    bench.put("src/pkg/settings.py", "")
    bench.put("docs/guide.md", "")
    assert "Near it: src/pkg/settings.py." in await text_of(bench, "settings.py")
    assert "Near it: docs/guide.md." in await text_of(bench, "docs/guide.rst")
    assert (await text_of(bench, "zzz.qqq")).endswith("does not exist.)")


async def test_calls_that_ask_for_nothing_or_for_too_much(bench: Workbench) -> None:
    with pytest.raises(ToolError, match="empty"):
        await bench.call(READ, files=[])
    with pytest.raises(ToolError, match="At most 50"):
        await bench.call(READ, files=[{"path": "a"}] * 51)


def test_effects_and_title() -> None:
    params = ReadParams.model_validate({"files": [{"path": "./a//b.py"}, {"path": "c/../d"}]})
    assert READ.effects(params).reads == ("a/b.py", "d")
    assert not READ.effects(params).mutates
    assert READ.title(params) == "read ./a//b.py, c/../d"
