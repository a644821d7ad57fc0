"""The search tool: ripgrep where there is one, and our own scan, which must find the same."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leadline.tests.support.workbench import Workbench
from leadline.tools import search as search_module
from leadline.tools.errors import ToolError
from leadline.tools.globs import glob_pattern
from leadline.tools.ignore import visible_files
from leadline.tools.ripgrep import find_ripgrep
from leadline.tools.search import SEARCH, SearchParams

RIPGREP = shutil.which("rg")


@pytest.fixture(params=["ripgrep", "scan"])
def bench(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Workbench:
    """A git work tree, searched by either engine."""
    if request.param == "scan":
        monkeypatch.setenv("PATH", "/nowhere")
    elif RIPGREP is None:
        pytest.skip("ripgrep is not installed")
    bench = Workbench(tmp_path / "root")
    bench.put(".git/config", "needle\n")
    return bench


async def found(bench: Workbench, pattern: str, **more: object) -> str:
    return (await bench.call(SEARCH, pattern=pattern, **more)).text


async def refused(bench: Workbench, pattern: str, **more: object) -> str:
    with pytest.raises(ToolError) as raised:
        await bench.call(SEARCH, pattern=pattern, **more)
    return raised.value.message


def sh(folder: Path, command: str) -> None:
    subprocess.run(["sh", "-c", command], cwd=folder, check=True, env={"PATH": os.defpath})


async def test_matches_by_file_in_the_order_of_paths(bench: Workbench) -> None:
    bench.put("b.py", "x\nneedle = 1\n\nneedle()\n")
    bench.put("a/z.py", "  needle\r\n")
    bench.put("a.txt", "no\n")
    bench.put(".hidden", "needle\n")
    assert await found(bench, "needle") == (
        ".hidden\n1: needle\na/z.py\n1:   needle\nb.py\n2: needle = 1\n4: needle()"
    )


async def test_regular_expressions_and_case(bench: Workbench) -> None:
    bench.put("a.py", "def Load(x):\ndefer\nDEF load\n")
    assert await found(bench, r"def\s+\w+\(") == "a.py\n1: def Load(x):"
    assert (
        await found(bench, "^def", ignore_case=True)
        == "a.py\n1: def Load(x):\n2: defer\n3: DEF load"
    )
    assert await found(bench, r"load$", ignore_case=False) == "a.py\n3: DEF load"
    assert await found(bench, "nothing of it") == "no match"


async def test_lines_around(bench: Workbench) -> None:
    bench.put("a.py", "".join(f"{number}\n" for number in range(1, 21)))
    assert await found(bench, "^(5|7|15)$", context=1) == (
        "a.py\n4- 4\n5: 5\n6- 6\n7: 7\n8- 8\n14- 14\n15: 15\n16- 16"
    )


async def test_look_around_and_back_references(bench: Workbench) -> None:
    bench.put("a.py", "foo bar\nfoo baz\nabab\n")
    bench.put("latin.txt", b"foo baz \xe9\n")
    assert await found(bench, "foo(?! bar)") == "a.py\n2: foo baz\nlatin.txt\n1: foo baz \ufffd"
    assert await found(bench, r"(ab)\1") == "a.py\n3: abab"


async def test_several_lines_at_once(bench: Workbench) -> None:
    bench.put("a.py", "@cached\ndef f():\n    pass\n\ndef g():\n    pass\n")
    expected = "a.py\n1: @cached\n2: def f():"
    assert await found(bench, r"@cached\ndef \w+") == expected
    assert await found(bench, "@cached\ndef \\w+") == expected


async def test_where_to_look(bench: Workbench) -> None:
    for path in ("src/a.py", "src/sub/b.py", "src/c.ts", "tests/a.py", "top.py"):
        bench.put(path, "needle\n")

    async def paths(**more: object) -> list[str]:
        return [
            line for line in (await found(bench, "needle", **more)).split("\n") if ":" not in line
        ]

    assert await paths(path="src") == ["src/a.py", "src/c.ts", "src/sub/b.py"]
    assert await paths(path="./src/c.ts") == ["src/c.ts"]
    assert await paths(glob="*.py") == ["src/a.py", "src/sub/b.py", "tests/a.py", "top.py"]
    assert await paths(glob="src/*.py") == ["src/a.py"]
    assert await paths(glob="src/**/*.{py,ts}") == ["src/a.py", "src/c.ts", "src/sub/b.py"]
    assert await paths(glob="!*.py") == ["src/c.ts"]
    assert await paths(path="src", glob="sub/*") == ["src/sub/b.py"]
    assert await paths(path=str(bench.root / "tests")) == ["tests/a.py"]


async def test_names(bench: Workbench) -> None:
    for path in (
        "src/test_a.py",
        "src/a.py",
        "tests/test_b.py",
        "ignored/test_c.py",
        "with space/test d.py",
    ):
        bench.put(path, "x\n")
    bench.put(".gitignore", "ignored/\n")
    assert await found(bench, r"test[_ ]\w\.py$", names=True) == (
        "src/test_a.py\ntests/test_b.py\nwith space/test d.py"
    )
    assert await found(bench, "^src/", names=True, glob="test_*") == "src/test_a.py"
    assert await found(bench, "TEST_B", names=True, ignore_case=True) == "tests/test_b.py"
    assert await found(bench, "gone", names=True) == "no match"
    assert await found(bench, "*.py", names=True) == (
        "not a regular expression (nothing to repeat, position 0): searched as plain text; "
        "to find files by a glob, use `glob`\nno match"
    )


async def test_ignored_files_are_left_out_unless_named(bench: Workbench) -> None:
    bench.put(".gitignore", "*.log\n/build/\n!keep.log\n")
    bench.put("sub/.gitignore", "local.*\n")
    bench.put(".git/info/exclude", "private\n")
    for path in (
        "a.log",
        "keep.log",
        "build/x.py",
        "sub/build/x.py",
        "sub/local.py",
        "private",
        "a.py",
    ):
        bench.put(path, "needle\n")
    assert await found(bench, "needle") == (
        "a.py\n1: needle\nkeep.log\n1: needle\nsub/build/x.py\n1: needle"
    )
    assert await found(bench, "needle", glob="*.log") == "keep.log\n1: needle"
    assert await found(bench, "needle", path="build") == "build/x.py\n1: needle"
    assert await found(bench, "needle", path="a.log") == "a.log\n1: needle"


async def test_a_root_inside_a_work_tree_follows_the_rules_above_it(bench: Workbench) -> None:
    bench.put(".gitignore", "*.log\n/.sub/build\n/build\n")
    bench.put(".sub/.gitignore", "x.py\n")
    for path in ("a.py", "a.log", "build/a.py", "inner/build/a.py", "x.py"):
        bench.put(f".sub/{path}", "needle\n")
    below = Workbench(bench.root / ".sub")
    assert await found(below, "needle") == "a.py\n1: needle\ninner/build/a.py\n1: needle"


async def test_a_folder_without_git_has_no_gitignore(bench: Workbench) -> None:
    shutil.rmtree(bench.root / ".git")
    bench.put(".gitignore", "a.py\n")
    bench.put(".ignore", "b.py\n")
    bench.put("a.py", "needle\n")
    bench.put("b.py", "needle\n")
    assert await found(bench, "needle") == "a.py\n1: needle"


async def test_binary_files_are_skipped(bench: Workbench) -> None:
    bench.put("early", b"needle\0\n")
    bench.put("late", b"needle\n" * 20_000 + b"\0")
    bench.put("utf16.txt", "\ufeffneedle\n".encode("utf-16-be"))
    bench.put("a.py", "needle\n")
    text = await found(bench, "needle")
    assert "a.py\n1: needle" in text
    assert "late\n" not in text
    assert "early\n" not in text


async def test_long_lines_are_cut_around_the_match(bench: Workbench) -> None:
    bench.put("min.js", f"{'é' * 5_000}needle{'y' * 3_000_000}\n")
    text = await found(bench, "needle")
    assert "needle" in text
    assert len(text) < 400
    assert text.startswith("min.js\n1: ...é")
    assert text.endswith("y...")


async def test_many_matches_are_counted_not_shown(bench: Workbench) -> None:
    for name in ("a", "b", "c", "d", "e", "f"):
        bench.put(f"{name}.txt", "needle\n" * 100)
    text = await found(bench, "needle")
    lines = text.split("\n")
    assert lines[:2] == ["a.txt", "1: needle"]
    assert lines.count("60: needle") == 3
    assert lines[-1] == (
        "400 more in 6 files; narrow it (a.txt 40, b.txt 40, c.txt 40, d.txt 80, e.txt 100, f.txt 100)"
    )
    only = (await found(bench, "needle", path="a.txt")).split("\n")
    assert only[-1] == "100: needle"


async def test_many_names(bench: Workbench) -> None:
    for number in range(search_module.MAX_NAMES + 20):
        bench.put(f"f{number:04}", "")
    lines = (await found(bench, "^f", names=True)).split("\n")
    assert lines[-2:] == ["f0299", "20 more; narrow it"]


async def test_a_flood_is_ended(bench: Workbench) -> None:
    bench.put("a.txt", "x\n" * 120_000)
    text = await found(bench, "x", path="a.txt")
    last = text.rpartition("\n")[2]
    assert last.startswith("at least ")
    assert "more in 1 file; narrow it" in last


PLAIN = "searched as plain text"


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("f(", "missing ), unterminated subpattern, position 1"),
        ("x[a-", "unterminated character set, position 1"),
        ("x|*.", "nothing to repeat, position 2"),
        ("(?P<", "missing group name, position 4"),
        ("a{2,1}", "min repeat greater than max repeat, position 2"),
        ("a\\.b(\\n", "missing ), unterminated subpattern, position 4"),
        ("$^|)#&-~ \u00e9\t/<", "unbalanced parenthesis, position 3"),
    ],
)
async def test_a_pattern_that_is_no_expression_is_searched_as_plain_text(
    bench: Workbench, pattern: str, fault: str
) -> None:
    bench.put("a.txt", f"none\n  {pattern}!\nf x a aa .x\n")
    bench.put("upper.txt", f"{pattern.upper()}\n")
    first = f"not a regular expression ({fault}): {PLAIN}"
    assert (await found(bench, pattern)).split("\n")[:3] == [first, "a.txt", f"2:   {pattern}!"]
    both = await found(bench, pattern, ignore_case=True)
    assert f"upper.txt\n1: {pattern.upper()}" in both
    assert "\n1: none" not in both
    assert "\n3: " not in both


async def test_plain_text_in_names_and_over_several_lines(bench: Workbench) -> None:
    bench.put("app/(shop)/page.tsx", "f(\n  x\n")
    bench.put("app/shop/page.tsx", "f\n")
    note = f"not a regular expression (unbalanced parenthesis, position 4): {PLAIN}"
    assert await found(bench, "shop)", names=True) == f"{note}\napp/(shop)/page.tsx"
    text = await found(bench, "f(\n  x")
    assert text.split("\n", 1)[1] == "app/(shop)/page.tsx\n1: f(\n2:   x"
    assert (await found(bench, "gone(")).endswith(f"{PLAIN}\nno match")


async def test_what_only_one_engine_takes_is_an_expression_still(bench: Workbench) -> None:
    bench.put("a.go", 'var x interface{}\nsay("hi")\n')
    assert await found(bench, r"interface{}$") == "a.go\n1: var x interface{}"
    assert await found(bench, r"say\(\"\w+\"") == 'a.go\n2: say("hi")'


async def test_a_fault_is_told_in_few_words(bench: Workbench) -> None:
    bench.put("a.txt", "x\n")
    first = (await found(bench, f"(?P<{'a-' * 1_000}>x)")).split("\n")[0]
    assert first.endswith(f"...): {PLAIN}")
    assert len(first) < 160


async def test_a_pattern_that_never_ends(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_module, "SECONDS", 1.0)
    bench.put("a.txt", f"{'a' * 60}!\n")
    text = await found(bench, r"^(?=(a+)+$)")
    assert "stopped after 1 s, nothing found so far" in text


async def test_searches_that_make_no_sense(bench: Workbench) -> None:
    bench.put("src/main.py", "x\n")
    assert "1 to 4000" in await refused(bench, "")
    assert "1 to 4000" in await refused(bench, "x" * 5_000)
    assert "NUL" in await refused(bench, "a\0b")
    assert "surrogate" in await refused(bench, "\ud83d")
    assert "`context`" in await refused(bench, "x", context=-1)
    assert "brace" in await refused(bench, "x", glob="*.{py")


async def test_a_path_that_does_not_exist_is_answered_with_what_is_near(bench: Workbench) -> None:
    for path in ("src/main.py", "tests/unit/test_main.py", "lib/checks/a.py"):
        bench.put(path, "x\n")
    bench.put(".gitignore", "hidden/\n")
    bench.put("hidden/test/a.py", "x\n")

    async def near(path: str) -> str:
        return await refused(bench, "x", path=path)

    assert await near("main.py") == "main.py does not exist. Near it: src/main.py."
    assert await near("test") == "test does not exist. Near it: tests."
    assert await near("tests/unti") == "tests/unti does not exist. Near it: tests/unit."
    assert await near("checks") == "checks does not exist. Near it: lib/checks."
    assert await near("src/mian.py") == "src/mian.py does not exist. Near it: src/main.py."
    assert await near("zzz") == "zzz does not exist."


@pytest.mark.parametrize("names", [False, True])
async def test_where_there_is_no_file_at_all(bench: Workbench, names: bool) -> None:
    bench.put("src/a.py", "needle\n")
    bench.put("built/.gitignore", "*\n")
    bench.put("built/a.js", "needle\n")
    (bench.root / "empty").mkdir()

    async def none(pattern: str = "a", **more: object) -> str:
        return await found(bench, pattern, names=names, **more)

    aside = "(ignored files aside)"
    assert await none(glob="*.ts") == f"no match: no file matches the glob *.ts {aside}"
    assert await none(glob="*.js") == f"no match: no file matches the glob *.js {aside}"
    assert await none(glob="*.js", path="src") == (
        f"no match: no file in src matches the glob *.js {aside}"
    )
    assert await none(path="empty") == f"no match: there is no file in empty {aside}"
    assert await none(path="built", glob="*.js") == f"no match: there is no file in built {aside}"
    assert await none("zz", path="src") == "no match"
    assert await none("zz", glob="*.py", path="src") == "no match"
    assert await none("zz") == "no match"
    assert (await none("zz(", glob="*.ts")).endswith(
        f"{PLAIN}\nno match: no file matches the glob *.ts {aside}"
    )


@pytest.mark.parametrize(
    ("more", "title"),
    [
        ({}, "search x"),
        ({"path": "src"}, "search x in src"),
        ({"glob": "*.py"}, "search x in *.py"),
        ({"glob": "*.py", "path": "src", "names": True}, "search names for x in *.py below src"),
    ],
)
def test_the_title_says_where(more: dict[str, object], title: str) -> None:
    assert SEARCH.title(SearchParams.model_validate({"pattern": "x", **more})) == title


async def test_nothing_outside_is_searched(bench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("needle\n")
    bench.root.mkdir(exist_ok=True)
    (bench.root / "out").symlink_to(tmp_path)
    (bench.root / "file").symlink_to(tmp_path / "secret.txt")
    assert await found(bench, "needle") == "no match"
    for path in ("out", "file", "..", str(tmp_path), "../secret.txt"):
        assert "outside" in await refused(bench, "needle", path=path)
    assert ".git" in await refused(bench, "needle", path=".git")
    assert "no match" in await found(bench, "secret", names=True)


async def test_a_tree_deeper_than_pythons_stack(bench: Workbench) -> None:
    bench.put("a.txt", "needle\n")
    make = "for i in $(seq 1100); do mkdir d && cd d || exit 1; done; echo needle > deep.txt"
    sh(bench.root, make)
    text = await found(bench, "needle")
    # Python's own rmtree, which clears temporary folders, gives up at this depth.
    sh(bench.root, "rm -r d")
    assert text == f"a.txt\n1: needle\n{'d/' * 1_100}deep.txt\n1: needle"


async def test_options_in_disguise(bench: Workbench) -> None:
    bench.put("a.txt", "--pre=sh\n-e\n")
    bench.put("--pre=touch canary", "-e\n")
    assert await found(bench, "--pre=sh") == "a.txt\n1: --pre=sh"
    assert await found(bench, "-e", path="--pre=touch canary") == "--pre=touch canary\n1: -e"
    assert await found(bench, "--pre", names=True) == "--pre=touch canary"
    assert not (bench.root / "canary").exists()


async def test_settings_of_a_repository_or_environment_run_nothing(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/canary\ncat $1\n")
    script.chmod(0o755)
    config = bench.put("ripgreprc", f"--pre={script}\n")
    monkeypatch.setenv("RIPGREP_CONFIG_PATH", str(config))
    monkeypatch.setenv("PYTHONPATH", str(bench.root))
    bench.put("json.py", f"open({str(tmp_path / 'canary')!r}, 'w')\n")
    bench.put("leadline/__init__.py", f"open({str(tmp_path / 'canary')!r}, 'w')\n")
    bench.put("a.txt", "needle\n")
    assert await found(bench, "needle") == "a.txt\n1: needle"
    assert await found(bench, "n(?=eedle)") == "a.txt\n1: needle"
    assert not (tmp_path / "canary").exists()


def test_a_ripgrep_of_the_repository_is_not_used(tmp_path: Path) -> None:
    fake = tmp_path / "root/bin/rg"
    fake.parent.mkdir(parents=True)
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    link = tmp_path / "elsewhere"
    link.symlink_to(fake.parent)
    root = tmp_path / "root"
    for path in (str(fake.parent), "bin", ".", "", str(link), f"{root}/x/../bin"):
        assert find_ripgrep(root, {"PATH": path}) is None
    for elsewhere in (tmp_path / "other", Path("/")):
        assert find_ripgrep(elsewhere, {"PATH": str(fake.parent)}) == str(fake)


def test_search_declares_nothing_to_lock() -> None:
    effects = SEARCH.effects(SearchParams(pattern="x"))
    assert not effects.reads
    assert not effects.mutates


@pytest.mark.parametrize(
    ("glob", "fits", "fails"),
    [
        ("*.py", ["a.py", "x/y/a.py"], ["a.pyc", "a.py/x"]),
        ("src/*.py", ["src/a.py"], ["src/x/a.py", "y/src/a.py"]),
        ("src/**", ["src/a", "src/x/a"], ["src", "srcs/a"]),
        ("**/t/*", ["t/a", "x/t/a"], ["t", "x/t/a/b"]),
        ("a/**/b", ["a/b", "a/x/y/b"], ["ab", "a/xb"]),
        ("/a.py", ["a.py"], ["x/a.py"]),
        ("[!a-c]?.{js,ts}", ["dx.js", "x/zz.ts"], ["ax.js", "d.js"]),
        ("a\\*b", ["a*b"], ["axb"]),
        ("a{1,{2,3}}", ["a1", "a2", "a3"], ["a", "a4"]),
        ("x[", ["x["], ["x"]),
    ],
)
def test_globs(glob: str, fits: list[str], fails: list[str]) -> None:
    pattern = glob_pattern(glob)
    assert [path for path in fits if not pattern.match(path)] == []
    assert [path for path in fails if pattern.match(path)] == []


RULES = st.lists(
    st.sampled_from(
        [
            "*.o",
            "a",
            "b/",
            "/c",
            "!a",
            "a/b",
            "**/c",
            "c/**",
            "a*",
            "[ab]",
            "!*.o",
            "#x",
            "\\#x",
            "?",
            "!b/",
            "a/**/c",
            "d\\ ",
            "b  ",
        ]
    ),
    max_size=5,
)
PATHS = ("a", "b/a", "b/c.o", "c/a.o", "c/b/a", "a.o", "d/a/b/c", "d/c", "#x", "e/b", "e/f.o", "f")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(RULES, RULES)
def test_ignore_rules_are_gits(
    tmp_path_factory: pytest.TempPathFactory, outer: list[str], inner: list[str]
) -> None:
    root = tmp_path_factory.mktemp("rules")
    environment = {"PATH": os.environ["PATH"], "HOME": str(root), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q", str(root)], check=True, env=environment)
    for path in PATHS:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")
    (root / ".gitignore").write_text("\n".join(outer))
    (root / "c/.gitignore").write_text("\n".join(inner))
    command = ["git", "ls-files", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, env=environment)
    assert sorted(visible_files(root, ".")) == sorted(listed.stdout.decode().split("\0")[:-1])


async def test_ignore_files_that_are_none(bench: Workbench) -> None:
    bench.put("a.py", "needle\n")
    (bench.root / ".gitignore").mkdir()
    (bench.root / ".ignore").symlink_to("x" * 300)
    assert await found(bench, "needle") == "a.py\n1: needle"
    assert list(visible_files(bench.root, ".")) == ["a.py"]


def test_a_git_that_leads_nowhere_makes_no_work_tree(tmp_path: Path) -> None:
    (tmp_path / "a.log").touch()
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / ".git").symlink_to("x" * 300)
    assert list(visible_files(tmp_path, ".")) == [".gitignore", "a.log"]


@pytest.mark.timeout(20)
async def test_a_pipe_is_not_waited_for(bench: Workbench) -> None:
    os.mkfifo(bench.root / "pipe")
    with pytest.raises(ToolError, match="neither a file nor a folder"):
        await bench.call(SEARCH, pattern="needle", path="pipe")


async def test_a_name_that_is_too_long_does_not_exist(bench: Workbench) -> None:
    bench.put("a.py", "needle\n")
    (bench.root / "long").symlink_to("x" * 300)
    for path in ("x" * 300, "long"):
        with pytest.raises(ToolError, match="does not exist"):
            await bench.call(SEARCH, pattern="needle", path=path)


def test_a_link_on_the_search_path_that_goes_as_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in an environment that is just made anew: then nothing is taken from there."""
    (tmp_path / "bin").symlink_to("/usr/bin")

    def going(path: str, **_more: int | None) -> str:
        raise FileNotFoundError(path)

    monkeypatch.setattr(os, "readlink", going)
    assert find_ripgrep(tmp_path / "root", {"PATH": f"{tmp_path}/bin"}) is None
