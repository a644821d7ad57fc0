"""The edit tool on real files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leadline.tests.support.workbench import Workbench
from leadline.tools.edit import EDIT, EditParams
from leadline.tools.errors import ToolError
from leadline.tools.read import READ


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


async def seen(bench: Workbench, path: str, content: str | bytes) -> Path:
    """A file that the model has read."""
    target = bench.put(path, content)
    assert (await bench.call(READ, files=[{"path": path}])).ok
    return target


async def refused(bench: Workbench, path: str, *edits: dict[str, object]) -> str:
    with pytest.raises(ToolError) as raised:
        await bench.call(EDIT, path=path, edits=list(edits))
    return raised.value.message


async def test_edits_apply_in_order_and_tell_where_they_ended_up(bench: Workbench) -> None:
    file = await seen(bench, "a.txt", "one\ntwo\nthree\nfour\n")
    result = await bench.call(
        EDIT,
        path="a.txt",
        edits=[
            {"old": "three\n", "new": "3\n3b\n"},
            {"old": "one\n", "new": "1\n1b\n1c\n"},
            {"old": "1b\n", "new": ""},
            {"old": "two", "new": "2"},
        ],
    )
    assert file.read_text() == "1\n1c\n2\n3\n3b\nfour\n"
    assert result.text == "ok, lines 4-5\nok, lines 1-2\nok, line 2\nok, line 3"
    assert "-three" in result.detail
    assert "+3b" in result.detail


async def test_all_or_nothing(bench: Workbench) -> None:
    file = await seen(bench, "a.py", "one\ntwo\n")
    message = await refused(
        bench, "a.py", {"old": "one", "new": "1"}, {"old": "gone for good", "new": "2"}
    )
    assert "Nothing changed" in message
    assert "edit 2" in message
    assert file.read_text() == "one\ntwo\n"


async def test_every_occurrence_on_demand(bench: Workbench) -> None:
    file = await seen(bench, "a.txt", "x = y\nz = x\nx()\n")
    result = await bench.call(EDIT, path="a.txt", edits=[{"old": "x", "new": "long", "all": True}])
    assert file.read_text() == "long = y\nz = long\nlong()\n"
    assert result.text == "ok, 3 places: lines 1, 2, 3"


async def test_several_places_are_named(bench: Workbench) -> None:
    await seen(bench, "a.py", "x\nother\nx\n")
    message = await refused(bench, "a.py", {"old": "x", "new": "y"})
    assert "2 times, at lines 1, 3." in message


async def test_indentation_is_forgiven_and_said(bench: Workbench) -> None:
    file = await seen(bench, "a.py", "class A:\n    def f(self):\n        return 1\n")
    result = await bench.call(
        EDIT,
        path="a.py",
        edits=[{"old": "def f(self):\n    return 1", "new": "def f(self):\n    return 2"}],
    )
    assert file.read_text() == "class A:\n    def f(self):\n        return 2\n"
    assert result.text == "ok, lines 2-3 (matched but for indentation)"


async def test_a_near_miss_shows_the_file_and_the_first_difference(bench: Workbench) -> None:
    await seen(
        bench, "a.py", "import os\n\ndef load(path):\n    data = open(path)\n    return data\n"
    )
    message = await refused(
        bench,
        "a.py",
        {"old": "def load(name):\n    data = open(name)\n    return data", "new": "x"},
    )
    assert "Line 3 is the first to differ, where `old` has `def load(name):`" in message
    assert message.endswith("at 3-5:\ndef load(path):\n    data = open(path)\n    return data")


async def test_tabs_remembered_as_spaces_are_named(bench: Workbench) -> None:
    await seen(bench, "Makefile", "all:\n\tmake a\n\tmake b\n")
    message = await refused(bench, "Makefile", {"old": "    make a\n    make b", "new": "x"})
    assert "Only whitespace differs" in message


async def test_an_edit_that_is_there_already_is_said(bench: Workbench) -> None:
    await seen(bench, "a.py", "a = 0\nx = 2\n")
    message = await refused(bench, "a.py", {"old": "x = 1", "new": "x = 2"})
    assert "`new` is, at line 2" in message


async def test_a_common_line_is_no_sign_of_an_applied_edit(bench: Workbench) -> None:
    await seen(bench, "a.c", "{\n}\nint half(int n) {\n  return n / 2;\n}\n")
    message = await refused(
        bench, "a.c", {"old": "int half(int m) {\n  return m / 2;\n}", "new": "}"}
    )
    assert "applied" not in message
    assert "3-5" in message


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"old": "", "new": "x"}, "empty"),
        ({"old": "one", "new": "one"}, "the same"),
        ({"old": "one\r\n", "new": "one\n"}, "the same"),
        ({"old": "nothing of this kind", "new": "x"}, "Nothing in it is like it"),
    ],
)
async def test_edits_that_make_no_sense(
    bench: Workbench, edit: dict[str, object], words: str
) -> None:
    file = await seen(bench, "a.py", "one\n")
    assert words in await refused(bench, "a.py", edit)
    assert file.read_text() == "one\n"


async def test_a_file_changed_behind_the_models_back(bench: Workbench) -> None:
    file = await seen(bench, "a.txt", "one\n")
    file.write_text("one\nmore\n")
    assert "changed on disk" in await refused(bench, "a.txt", {"old": "one", "new": "two"})
    await bench.call(READ, files=[{"path": "a.txt"}])
    await bench.call(EDIT, path="a.txt", edits=[{"old": "one", "new": "two"}])
    assert file.read_text() == "two\nmore\n"


async def test_one_edit_after_another_needs_no_reading(bench: Workbench) -> None:
    file = await seen(bench, "a.txt", "one\n")
    for old, new in (("one", "two"), ("two", "three")):
        await bench.call(EDIT, path="./a.txt", edits=[{"old": old, "new": new}])
    assert file.read_text() == "three\n"


async def test_an_unseen_file_is_edited_by_exact_text_only(bench: Workbench) -> None:
    file = bench.put("a.txt", "    one\n    two\n")
    assert "haven't seen" in await refused(bench, "a.txt", {"old": "one\ntwo", "new": "1\n2"})
    result = await bench.call(EDIT, path="a.txt", edits=[{"old": "    one\n    two", "new": "1"}])
    assert file.read_text() == "1\n"
    assert not result.seen  # an exact place says nothing about the rest of the file


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        (b"a\r\nb\r\nc\r\n", "a\nb\n", "a\nx\ny\n", b"a\r\nx\r\ny\r\nc\r\n"),
        (b"a\r\nb\r\n", "b", "c\nd", b"a\r\nc\r\nd\r\n"),
        (b"a\r\nb\nc\r\n", "b\nc\n", "b\nd\n", b"a\r\nb\nd\r\n"),  # each line keeps its own
        (b"\xef\xbb\xbfone\ntwo\n", "one", "1", b"\xef\xbb\xbf1\ntwo\n"),
        (b"one\ntwo", "two", "2", b"one\n2"),
        (b"caf\xe9\na\xf1o\n", "a\u00f1o", "d\u00eda", b"caf\xe9\nd\xeda\n"),
        (
            "\ufeffé\r\nx\r\n".encode("utf-16-le"),
            "x",
            "y\nz",
            "\ufeffé\r\ny\r\nz\r\n".encode("utf-16-le"),
        ),
        (
            "# coding: gbk\n# 你好\nx = 1\n".encode("gbk"),
            "好\nx = 1",
            "们\nx = 2",
            "# coding: gbk\n# 你们\nx = 2\n".encode("gbk"),
        ),
        (b"a\rb\nc\n", "c", "d", b"a\rb\nd\n"),
    ],
)
async def test_what_is_not_edited_keeps_its_bytes(
    bench: Workbench, before: bytes, old: str, new: str, after: bytes
) -> None:
    file = await seen(bench, "a.txt", before)
    await bench.call(EDIT, path="a.txt", edits=[{"old": old, "new": new}])
    assert file.read_bytes() == after


async def test_an_encoding_that_cannot_hold_the_new_text(bench: Workbench) -> None:
    file = await seen(bench, "a.txt", b"caf\xe9\n")
    assert "cp1252" in await refused(bench, "a.txt", {"old": "caf", "new": "\u5496\u5561"})
    assert file.read_bytes() == b"caf\xe9\n"


async def test_an_encoding_with_two_spellings_of_one_character(bench: Workbench) -> None:
    # cp932 has this sign twice; written back, the file would hold the other one.
    data = b"# coding: cp932\nname = '\x87\x90'\n"
    file = await seen(bench, "a.py", data)
    assert "unharmed" in await refused(bench, "a.py", {"old": "name", "new": "title"})
    assert file.read_bytes() == data


async def test_mode_is_kept(bench: Workbench) -> None:
    file = await seen(bench, "run.sh", "echo one\n")
    file.chmod(0o750)
    await bench.call(EDIT, path="run.sh", edits=[{"old": "one", "new": "two"}])
    assert file.stat().st_mode & 0o777 == 0o750


async def test_places_that_are_no_files(bench: Workbench, tmp_path: Path) -> None:
    bench.put("src/main.py", "x\n")
    bench.put("data.bin", b"\0\1\2x")
    (bench.root / "src/link").symlink_to("main.py")
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.write_text("x\n")
    (bench.root / "out").symlink_to(outside)
    edit: dict[str, object] = {"old": "x", "new": "y"}
    assert "src/main.py" in await refused(bench, "main.py", edit)
    assert "folder" in await refused(bench, "src", edit)
    assert "binary" in await refused(bench, "data.bin", edit)
    assert "outside" in await refused(bench, "../x", edit)
    assert "outside" in await refused(bench, str(outside), edit)
    assert "link" in await refused(bench, "out", edit)
    assert "symbolic link" in await refused(bench, "src/link", edit)
    assert "NUL" in await refused(bench, "a\0b", edit)
    assert outside.read_text() == "x\n"


async def test_git_is_out_of_reach(bench: Workbench) -> None:
    config = bench.put(".git/config", "[core]\n")
    assert ".git" in await refused(bench, ".git/config", {"old": "core", "new": "alias"})
    assert config.read_text() == "[core]\n"


async def test_a_long_file_with_line_ends_of_windows(bench: Workbench) -> None:
    file = await seen(bench, "a.txt", b"x = 1\r\n" * 20_000)
    await bench.call(EDIT, path="a.txt", edits=[{"old": "1\n", "new": "2\n", "all": True}])
    assert file.read_bytes() == b"x = 2\r\n" * 20_000


def test_effects_name_the_file_plainly() -> None:
    params = EditParams.model_validate({"path": "./a/../b.py", "edits": []})
    assert EDIT.effects(params).writes == ("b.py",)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    head=st.text(st.sampled_from("cd \t\n\u4f60"), max_size=12),
    tail=st.text(st.sampled_from("cd \t\n\u4f60"), max_size=12),
    old=st.text(st.sampled_from("ab\u00e9"), min_size=1, max_size=4),
    new=st.text(st.sampled_from("xyz"), min_size=1, max_size=4),
    between=st.sampled_from(["", "\n", "\n\n", " \n"]),
    ends=st.sampled_from(["\n", "\r\n"]),
    bom=st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
async def test_an_edit_and_its_reverse_restore_the_bytes(
    tmp_path: Path, head: str, tail: str, old: str, new: str, between: str, ends: str, bom: bytes
) -> None:
    bench = Workbench(tmp_path)
    # A line end outside the edit says which kind the file has.
    text = f"first\n{head}{old}{between}{old[::-1]}Z{tail}"
    data = bom + text.replace("\n", ends).encode()
    file = await seen(bench, "a.txt", data)
    there = {"old": f"{old}{between}{old[::-1]}Z", "new": f"{new}\n{new}Z"}
    await bench.call(EDIT, path="a.txt", edits=[there])
    edited = f"first\n{head}{new}\n{new}Z{tail}"
    assert file.read_bytes() == bom + edited.replace("\n", ends).encode()
    back = {"old": there["new"], "new": there["old"]}
    await bench.call(EDIT, path="a.txt", edits=[back])
    assert file.read_bytes() == data
