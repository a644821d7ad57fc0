"""Codemods by rules on a real tree: what is written, what is left, what is refused."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from leadline.tests.support.trees import digests
from leadline.tests.support.workbench import NoCommands
from leadline.tools.codemods import engine
from leadline.tools.codemods.model import Changed, Codemod, CodemodReport, Kept, Rule
from leadline.tools.codemods.run import run_codemod
from leadline.tools.codemods.told import report_text
from leadline.tools.errors import ToolError

RENAME = Rule("python", "load_all($$$A)", "load($$$A)")
FILES = {
    "pkg/a.py": "x = load(1, y=2)\nload(load(3))\n",
    "pkg/b.py": "from pkg import load as read\nread(1)\n",
    "pkg/sub/c.py": "load(\n    4,\n)\n",
    "pkg/d.py": "y = 1\n",
    "docs/guide.md": "Call `load` first.\n",
    "vendor/dep.py": "load(1)\n",
    "web/app.ts": "load(1)\n",
}


def rename(*paths: str) -> Codemod:
    return Codemod(paths or (".",), (Rule("python", "load_all($$$A)", "load($$$A)"),))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "tree"
    for path, text in FILES.items():
        put(made, path, text.encode())
    return made


def put(root: Path, path: str, data: bytes) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


async def run(
    root: Path, codemod: Codemod, *, apply: bool = True, outside: tuple[str, ...] = ()
) -> CodemodReport:
    return await run_codemod(
        codemod, root, NoCommands(), None, lambda path: path not in outside, apply=apply
    )


async def refused(root: Path, codemod: Codemod, *, outside: tuple[str, ...] = ()) -> str:
    before = digests(root)
    with pytest.raises(ToolError) as caught:
        await run(root, codemod, outside=outside)
    assert digests(root) == before
    return caught.value.message


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def test_a_dry_run_changes_nothing_and_says_what_would_change(root: Path) -> None:
    before = digests(root)
    report = await run(root, rename(), apply=False)
    assert digests(root) == before
    assert not report.applied
    assert [(each.path, each.matches) for each in report.changed] == [
        ("pkg/a.py", 3),
        ("pkg/sub/c.py", 1),
    ]
    assert report.matches == 4
    assert report.rule_matches == (4,)
    assert report.samples[0] == (
        "--- a/pkg/a.py\n+++ b/pkg/a.py\n@@ -1,2 +1,2 @@\n"
        "-x = load(1, y=2)\n-load(load(3))\n+x = load_all(1, y=2)\n+load_all(load_all(3))"
    )
    assert report_text(report).startswith(
        "dry run, nothing written; would change 2 files of 6 looked at\npkg/a.py: 3\npkg/sub/c.py: 1\n"
        "no match, though the pattern's words are there (3):\ndocs/guide.md\npkg/b.py\nweb/app.ts\n"
        "not looked at: 1 file, vendored, generated, binary or very large\n\n--- a/pkg/a.py\n"
    )


async def test_what_a_dry_run_says_is_what_is_done(root: Path) -> None:
    dry = await run(root, rename(), apply=False)
    again = await run(root, rename(), apply=False)
    assert dry == again
    assert report_text(dry) == report_text(again)
    before = {path: digest for path, digest in digests(root).items() if not path.endswith(".py")}
    done = await run(root, rename())
    assert replace(done, applied=False) == dry
    assert (root / "pkg/a.py").read_text() == "x = load_all(1, y=2)\nload_all(load_all(3))\n"
    assert (root / "pkg/sub/c.py").read_text() == "load_all(\n    4,\n)\n"
    assert (root / "vendor/dep.py").read_text() == "load(1)\n"
    assert before.items() <= digests(root).items()
    old, new = FILES["pkg/sub/c.py"].encode(), (root / "pkg/sub/c.py").read_bytes()
    assert done.changed[1] == Changed("pkg/sub/c.py", 1, sha(old), sha(new))
    assert report_text(done).startswith("wrote 2 files of 6 looked at\npkg/a.py: 3\n")


async def test_applied_twice_there_is_nothing_left_to_do(root: Path) -> None:
    await run(root, rename())
    after = digests(root)
    assert (await run(root, rename())).changed == ()
    assert digests(root) == after


async def test_encodings_marks_line_ends_and_modes_stay(root: Path) -> None:
    latin = put(root, "l/latin.py", b"# caf\xe9\r\nload('\xe9')\r\n")
    marked = put(root, "l/marked.py", b"\xef\xbb\xbfload(1)\n")
    wide = put(root, "l/wide.py", b"\xff\xfe" + "load('ü')\r\n".encode("utf-16-le"))
    latin.chmod(0o755)
    await run(root, rename("l/"))
    assert latin.read_bytes() == b"# caf\xe9\r\nload_all('\xe9')\r\n"
    assert latin.stat().st_mode & 0o777 == 0o755
    assert marked.read_bytes() == b"\xef\xbb\xbfload_all(1)\n"
    assert wide.read_bytes() == b"\xff\xfe" + "load_all('ü')\r\n".encode("utf-16-le")


async def test_what_an_encoding_cant_hold_is_left_and_told(root: Path) -> None:
    put(root, "l/latin.py", b"# caf\xe9\nload(1)\n")
    codemod = Codemod(("l/", "pkg/a.py"), (Rule("python", "加载($$$A)", "load($$$A)"),))
    report = await run(root, codemod)
    assert report.kept == (Kept("l/latin.py", "it is cp1252, which can't hold '\\u52a0\\u8f7d'"),)
    assert report.residue == ("l/latin.py",)
    assert (root / "l/latin.py").read_bytes() == b"# caf\xe9\nload(1)\n"
    assert "加载(1, y=2)" in (root / "pkg/a.py").read_text()


async def test_a_file_that_it_would_break_is_left_as_it_is(root: Path) -> None:
    put(root, "pkg/e.py", b"z = [load() for _ in x]\n")
    put(root, "pkg/f.py", b"load(5)\n")
    codemod = Codemod(("pkg/",), (Rule("python", "load_all($$$A, 1)", "load($$$A)"),))
    report = await run(root, codemod)
    assert [each.path for each in report.changed] == ["pkg/f.py"]
    # A keyword before a position, no first argument, and a comma that was there already.
    assert [each.path for each in report.kept] == ["pkg/a.py", "pkg/e.py", "pkg/sub/c.py"]
    assert report.kept[1].reason.startswith("line 1 would be broken: ")
    assert (root / "pkg/e.py").read_text() == "z = [load() for _ in x]\n"
    assert report.rule_matches == (6,)
    assert report.matches == 1
    assert "left as they are (3):\npkg/a.py: line 1 would be broken" in report_text(report)


async def test_the_residue_is_what_somebody_has_to_look_at(root: Path) -> None:
    put(root, "pkg/odd.py", b"load(1)\nclass )( {\n")
    put(root, "pkg/fine.py", b"class )( {\n")
    report = await run(root, rename("pkg/", "docs/"), apply=False)
    assert report.unmatched == ("docs/guide.md", "pkg/b.py")
    assert report.unparsed == ("pkg/odd.py",)
    assert report.residue == ("docs/guide.md", "pkg/b.py", "pkg/odd.py")


async def test_several_rules_and_languages(root: Path) -> None:
    rules = (RENAME, Rule("typescript", "loadAll($$$A)", "load($$$A)"), Rule("go", "x()", "y()"))
    report = await run(root, Codemod(("pkg", "web/*.ts"), rules))
    assert report.rule_matches == (4, 1, 0)
    assert (root / "web/app.ts").read_text() == "loadAll(1)\n"
    assert "rule 1: 4 matches\nrule 2: 1 match\nrule 3: no match; a pattern" in report_text(report)


async def test_ignored_files_are_never_looked_at(root: Path) -> None:
    (root / ".git").mkdir()
    put(root, ".gitignore", b"pkg/sub/\n")
    put(root, ".git/hook.py", b"load(1)\n")
    report = await run(root, rename("pkg/", "."))
    assert [each.path for each in report.changed] == ["pkg/a.py"]
    assert (root / ".git/hook.py").read_bytes() == b"load(1)\n"
    assert "that git does not ignore" in await refused(root, rename("pkg/sub/c.py"))
    assert "in .git" in await refused(root, rename(".git/hook.py"))


async def test_links_are_not_followed(root: Path, tmp_path: Path) -> None:
    outside = put(tmp_path, "outside/o.py", b"load(1)\n")
    (root / "out").symlink_to(outside.parent)
    (root / "pkg/link.py").symlink_to(outside)
    (root / "inner").symlink_to(root / "pkg")
    report = await run(root, rename("."))
    assert [each.path for each in report.changed] == ["pkg/a.py", "pkg/sub/c.py"]
    assert outside.read_bytes() == b"load(1)\n"
    assert (root / "pkg/link.py").is_symlink()
    for path in ("out/o.py", "pkg/link.py", "inner/", "inner/a.py", "out"):
        assert "is no file or folder" in await refused(root, rename(path))


async def test_what_may_not_be_written_stops_all_of_it(root: Path) -> None:
    message = await refused(root, rename(), outside=("pkg/sub/c.py",))
    assert "may not write (pkg/sub/c.py). Nothing was written." in message
    assert "`request_paths`" in message
    report = await run(root, rename("pkg/*.py"), outside=("pkg/sub/c.py",))
    assert [each.path for each in report.changed] == ["pkg/a.py"]


async def test_a_vendored_file_is_changed_where_it_is_named(root: Path) -> None:
    report = await run(root, rename("vendor/dep.py"))
    assert [each.path for each in report.changed] == ["vendor/dep.py"]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (Rule("python", "x", "a; b"), "rule 1: "),
        (Rule("python", "x", rule={"kind": "no_kind"}), "Kind `no_kind` is invalid"),
        (Rule("python", "x", rule={"patern": "a"}), "unknown field `patern`"),
    ],
)
async def test_rules_that_ast_grep_does_not_take(root: Path, rule: Rule, told: str) -> None:
    message = await refused(root, Codemod(("docs/",), (rule,)))
    assert message.startswith("ast-grep does not take the codemod, nothing was changed:\n- rule 1:")
    assert told in message


async def test_a_wrong_path_comes_with_what_is_near_it(root: Path) -> None:
    assert "Near it: pkg/sub/c.py" in await refused(root, rename("pkg/c.py"))
    assert "as a glob matches none" in await refused(root, rename("pkg/*.rs"))


async def test_a_file_that_nests_too_deeply_costs_only_itself(root: Path) -> None:
    deep = b"load(" * 2_000 + b"1" + b")" * 2_000
    put(root, "pkg/b_deep.py", deep)
    report = await run(root, rename("pkg/", "pkg/b_deep.py"))
    assert [each.path for each in report.changed] == ["pkg/a.py", "pkg/sub/c.py"]
    assert report.kept == (Kept("pkg/b_deep.py", "the matches in it nest too deeply"),)
    assert (root / "pkg/b_deep.py").read_bytes() == deep


async def test_so_does_one_that_takes_for_ever(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Far more than this, whatever the machine: the matching takes time by the square of the depth."""
    monkeypatch.setattr(engine, "SECONDS", 8.0)
    put(root, "pkg/b_deep.py", b"load(" * 100_000 + b"1" + b")" * 100_000)
    report = await run(root, rename("pkg/", "pkg/b_deep.py"))
    assert [each.path for each in report.changed] == ["pkg/a.py", "pkg/sub/c.py"]
    assert report.kept == (Kept("pkg/b_deep.py", "the parser crashed or took too long on it"),)


async def test_many_files_in_several_batches(root: Path) -> None:
    for number in range(1_100):
        put(root, f"many/m{number:04}.py", b"load(1)\n" if number % 2 else b"pass\n")
    report = await run(root, rename("many/"))
    assert len(report.changed) == 550
    assert [each.path for each in report.changed] == sorted(each.path for each in report.changed)
    assert len(report.samples) == 4
    assert "and 510 more" in report_text(report)
    assert (root / "many/m0999.py").read_bytes() == b"load_all(1)\n"
