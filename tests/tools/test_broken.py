"""What the model is told of an edit that breaks a file, through the tools that write."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from leadline.tests.support.processes import is_running
from leadline.tests.tools.memory_tree import CodeBench
from leadline.tools import broken as broken_module
from leadline.tools.base import ToolResult
from leadline.tools.edit import EDIT
from leadline.tools.errors import ToolError
from leadline.tools.read import READ
from leadline.tools.write import WRITE

GOOD = "import os\n\n\ndef f(path):\n    return os.stat(path)\n"


@pytest.fixture
def bench(tmp_path: Path) -> CodeBench:
    return CodeBench(tmp_path)


@pytest.fixture
def strict(tmp_path: Path) -> CodeBench:
    return CodeBench(tmp_path, refuse_broken=True)


async def edited(
    bench: CodeBench, old: str, new: str, path: str = "a.py", text: str | bytes = GOOD
) -> ToolResult:
    if not (bench.root / path).exists():
        bench.put(path, text)
        await bench.call(READ, files=[{"path": path}])
    return await bench.call(EDIT, path=path, edits=[{"old": old, "new": new}])


async def test_a_clean_edit_says_no_more_than_before(bench: CodeBench) -> None:
    assert (await edited(bench, "def f", "def g")).text == "ok, line 4"
    result = await bench.call(WRITE, path="b.py", content="x = 1\n")
    assert result.text == "created b.py, 1 line"


async def test_an_edit_that_breaks_the_file_stands_and_says_where(bench: CodeBench) -> None:
    result = await edited(bench, "def f(path):", "def f(path:")
    assert result.ok
    assert result.text.startswith("ok, line 4\nbut that adds a syntax error: line 4, column ")
    assert (bench.root / "a.py").read_text() == GOOD.replace("(path):", "(path:")
    mended = await edited(bench, "def f(path:", "def f(path):")
    assert mended.text == "ok, line 4"


async def test_a_new_file_that_does_not_parse(bench: CodeBench) -> None:
    result = await bench.call(WRITE, path="b.py", content="x = 1\ndef f(:\n    pass\n")
    assert result.ok
    assert result.text.startswith("created b.py, 3 lines\nbut it does not parse: line 2, column ")
    assert (bench.root / "b.py").exists()


async def test_only_what_was_added_to_a_broken_file_counts(bench: CodeBench) -> None:
    text = "def f(:\n    pass\n\n\nx = 1\n"
    assert (await edited(bench, "x = 1", "x = 2", text=text)).text == "ok, line 5"
    text = "const a = ;\nfunction f() {}\n\nconst b = 1;\n"
    assert (await edited(bench, "b = 1", "b = 2", "a.js", text)).text == "ok, line 4"
    worse = await edited(bench, "b = 2;", "b = = 2;", "a.js")
    assert "but that adds a syntax error: line 4, column " in worse.text
    assert "line 1" not in worse.text


async def test_names_that_the_edit_left_undefined(bench: CodeBench) -> None:
    result = await edited(bench, "os.stat(path)", "Path(path), json.dumps(path)")
    assert result.text == "ok, line 5\nundefined: Path (line 5), json (line 5)"
    assert (await edited(bench, "Path(path)", "Path(path, 1)")).text == "ok, line 5"
    assert (await edited(bench, "import os\n", "import json\nimport os\n")).text == "ok, lines 1-2"
    many = "\n".join(f"name{number}()" for number in range(9))
    result = await bench.call(WRITE, path="b.py", content=f"{many}\n")
    assert result.text == (
        "created b.py, 9 lines\n"
        "undefined: name0 (line 1), name1 (line 2), name2 (line 3) and 6 more"
    )


async def test_stubs_and_scripts_of_other_programs_have_names_of_their_own(
    bench: CodeBench,
) -> None:
    for path in ("a.pyi", "SConstruct"):
        result = await bench.call(WRITE, path=path, content="Later()\n")
        assert result.text == f"created {path}, 1 line"


@pytest.mark.parametrize(
    ("path", "good", "old", "new"),
    [
        ("a.js", "function f(a) {\n  return a;\n}\n", "(a) {", "(a {"),
        ("a.ts", "const a: number = 1;\n", "= 1;", "= ;"),
        ("a.go", "package a\n\nfunc f() {}\n", "f() {}", "f( {}"),
        ("a.rs", "fn f() -> u8 { 1 }\n", "{ 1 }", "{ 1 "),
        ("a.json", '{"a": 1}\n', "1}", "1"),
        ("a.java", "class A { int f() { return 1; } }\n", "return 1; }", "return 1; "),
    ],
)
async def test_other_languages(bench: CodeBench, path: str, good: str, old: str, new: str) -> None:
    result = await edited(bench, old, new, path, good)
    assert "\nbut that adds a syntax error: line " in result.text
    assert (await edited(bench, new, old, path)).text.startswith("ok, line")
    assert "error" not in (await edited(bench, old, old.replace("1", "2") + " ", path)).text


async def test_text_of_no_language_starts_no_process(
    bench: CodeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broken_module, "_CHECK", ("/nowhere/to/be/found",))
    monkeypatch.setattr(broken_module, "_CHECK_PYTHON", ("/nowhere/to/be/found",))
    for path in ("notes.txt", "README", "a.md", "Makefile", "a.css"):
        assert (await edited(bench, "a (", "b (", path, "a (\n")).text == "ok, line 1"


@pytest.mark.parametrize(
    "text",
    [
        b"x = 1\r\ny = 2\r\n",
        b"\xef\xbb\xbfx = 1\ny = 2\n",
        b"# coding: latin-1\nx = '\xe9'\ny = 2\n",
        "x = 1\n# \u4f60\u597d\U0001f600 \u2028\ny = 2\n".encode(),
        b"x = 1\n\x0cy = 2\n",
    ],
)
async def test_line_ends_marks_and_encodings(bench: CodeBench, text: bytes) -> None:
    assert (await edited(bench, "y = 2", "y = 3", text=text)).text.startswith("ok, line")
    number = text.replace(b"\r\n", b"\n").split(b"y =")[0].count(b"\n") + 1
    result = await edited(bench, "y = 3", "y = = 3")
    assert f"adds a syntax error: line {number}, column " in result.text


async def test_utf_16(bench: CodeBench) -> None:
    text = "\ufeffconst a = 1;\r\nconst b = 2;\r\n".encode("utf-16-le")
    assert (await edited(bench, "b = 2", "b = 3", "a.js", text)).text == "ok, line 2"
    result = await edited(bench, "b = 3;", "b = = 3;", "a.js")
    assert "adds a syntax error: line 2, column " in result.text


async def test_a_wish_that_nothing_is_broken_is_kept(strict: CodeBench) -> None:
    strict.put("a.py", GOOD)
    with pytest.raises(ToolError) as raised:
        await edited(strict, "def f(path):", "def f(path:")
    assert raised.value.message.startswith(
        "Nothing changed: this would add a syntax error, and the person wants no such edit. line 4,"
    )
    assert raised.value.message.endswith("Line 4 would be: def f(path:")
    assert (strict.root / "a.py").read_text() == GOOD
    with pytest.raises(ToolError, match="Nothing changed"):
        await strict.call(WRITE, path="b.py", content="def f(:\n")
    assert not (strict.root / "b.py").exists()


async def test_the_wish_is_about_syntax_and_what_was_broken_before_may_stay(
    strict: CodeBench,
) -> None:
    result = await edited(strict, "os.stat(path)", "missing(path)")
    assert result.text == "ok, line 5\nundefined: missing (line 5)"
    await edited(strict, "x = 1", "x = 2", "broken.py", "def f(:\n    pass\n\n\nx = 1\n")
    assert (strict.root / "broken.py").read_text().endswith("x = 2\n")


def helper(bench: CodeBench, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Another program in the place of the one that checks."""
    script = bench.put(".helper.py", program)
    argv = (sys.executable, "-I", str(script))
    monkeypatch.setattr(broken_module, "_CHECK", argv)
    monkeypatch.setattr(broken_module, "_CHECK_PYTHON", argv)


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.abort()",
        "import sys; sys.exit(3)",
        "raise SystemError",
        "print('no JSON')",
        "print('[[1]]')",
        "print('[[1, 1, 7]]')",
        "print('{}')",
        "print('[')",
        "import sys; sys.stdout.write('[[1, 1, \"cut')",
        "import sys; sys.stdout.buffer.write(b'\\xff\\n')",
        "while True: print('x' * 65536)",
    ],
)
async def test_a_check_that_crashes_or_talks_nonsense_is_no_verdict(
    bench: CodeBench, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    helper(bench, monkeypatch, program)
    assert (await edited(bench, "def f(path):", "def f(path:")).text == "ok, line 4"
    assert "(path:" in (bench.root / "a.py").read_text()


async def test_without_a_verdict_a_strict_edit_is_made(
    strict: CodeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(strict, monkeypatch, "import os; os.abort()")
    assert (await edited(strict, "def f(path):", "def f(path:")).text == "ok, line 4"
    assert "(path:" in (strict.root / "a.py").read_text()


async def test_a_check_that_hangs_is_ended(
    bench: CodeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(bench, monkeypatch, "import time\ntime.sleep(60)")
    monkeypatch.setattr(broken_module, "SECONDS", 0.5)
    assert (await edited(bench, "def f", "def g")).text == "ok, line 4"
    assert not is_running(sys.executable, "-I", str(bench.root / ".helper.py"))


async def test_what_was_said_before_the_crash_counts(
    bench: CodeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import os\nprint('[[4, 9, \"it is wrong\"]]', flush=True)\nos.abort()"
    helper(bench, monkeypatch, program)
    result = await edited(bench, "def f", "def g")
    assert result.text == (
        "ok, line 4\nbut that adds a syntax error: line 4, column 9: it is wrong"
    )


async def test_without_a_program_to_start(
    bench: CodeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broken_module, "_CHECK_PYTHON", ("/nowhere/to/be/found",))
    assert (await edited(bench, "def f(path):", "def f(path:")).text == "ok, line 4"


async def test_long_words_and_many_faults_are_told_in_short(
    bench: CodeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import json\nprint(json.dumps([[n, 1, 'wrong\\n' * 99] for n in range(1, 500)]))"
    helper(bench, monkeypatch, program)
    text = (await edited(bench, "def f", "def g")).text
    assert text.endswith(" and 496 more")
    assert len(text) < 700
    assert text.count("\n") == 1


async def test_what_changes_during_a_strict_check_is_not_written_over(
    strict: CodeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = strict.put("a.py", GOOD)
    await strict.call(READ, files=[{"path": "a.py"}])
    helper(strict, monkeypatch, f"open({str(file)!r}, 'w').write('theirs')\nprint('[]')")
    with pytest.raises(ToolError, match="just changed on disk"):
        await edited(strict, "def f", "def g")
    assert file.read_text() == "theirs"


async def test_large_and_endless_lines_are_not_looked_at(bench: CodeBench) -> None:
    text = f"x = '{'a' * broken_module.MAX_CHARS}'\ny = 1\n"
    assert (await edited(bench, "y = 1", "y = = 1", text=text)).text == "ok, line 2"
    nested = f"x = {'(' * 100_000}\ny = 1\n"
    assert (await edited(bench, "y = 1", "y = 2", "deep.py", nested)).text == "ok, line 2"
    assert (await edited(bench, "y = 1", "y = 2", "deep.js", nested)).text == "ok, line 2"


async def test_nothing_of_the_tree_is_run(
    bench: CodeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = bench.root / "canary"
    for name in (
        "json.py",
        "ast.py",
        "pyflakes/__init__.py",
        "leadline/__init__.py",
        "sitecustomize.py",
    ):
        bench.put(name, f"open({str(canary)!r}, 'w')\n")
    monkeypatch.setenv("PYTHONPATH", str(bench.root))
    monkeypatch.chdir(bench.root)
    assert "undefined: Nope" in (await edited(bench, "os.stat", "Nope")).text
    assert not canary.exists()
    shutil.rmtree(bench.root / "leadline")
