"""Codemods by a script: what it may do, and that nothing comes of one that does more."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from leadline.tests.support.repos import make_repo, tree_bytes
from leadline.tools.codemods.model import Codemod, CodemodReport
from leadline.tools.codemods.run import run_codemod
from leadline.tools.commands import SandboxedCommands
from leadline.tools.errors import ToolError
from leadline.tools.sandbox.detect import able_to_mount, choose_sandbox

if TYPE_CHECKING:
    from leadline.tests.tools.codemods.conftest import Stage

FILES = {
    "pkg/a.py": "x = 1\n",
    "pkg/b.py": "y = 2\n",
    "pkg/c.txt": "words\n",
    "build/made.py": "x = 1\n",
}
DOUBLE = """
import re

def change(path, text):
    if not path.endswith(".py"):
        return text
    return re.sub(r"\\d+", lambda found: str(int(found[0]) * 2), text)
"""


def script(body: str, *paths: str) -> Codemod:
    """A script whose `change` has this body."""
    lines = "".join(f"    {line}\n" for line in body.strip().split("\n"))
    return Codemod(paths or ("pkg/",), script=f"def change(path, text):\n{lines}")


async def failed(stage: Stage, codemod: Codemod, *, seconds: float = 60) -> str:
    stage.put(FILES)
    before = tree_bytes(stage.root, git_too=True)
    with pytest.raises(ToolError) as caught:
        await stage.run(codemod, seconds=seconds)
    assert tree_bytes(stage.root, git_too=True) == before
    assert leftovers(stage) == []
    return caught.value.message


def leftovers(stage: Stage) -> list[Path]:
    return list(stage.base.glob("home/**/codemod-*"))


async def works(stage: Stage) -> CodemodReport:
    stage.put(FILES)
    before = tree_bytes(stage.root, git_too=True)
    codemod = Codemod(("pkg/",), script=DOUBLE)
    dry = await stage.run(codemod, apply=False)
    assert tree_bytes(stage.root, git_too=True) == before
    done = await stage.run(codemod)
    assert done.changed == dry.changed
    assert (stage.root / "pkg/a.py").read_text() == "x = 2\n"
    assert (stage.root / "pkg/b.py").read_text() == "y = 4\n"
    assert (stage.root / "pkg/c.txt").read_text() == "words\n"
    assert leftovers(stage) == []
    return done


async def test_a_script_in_a_sandbox(confined: Stage) -> None:
    report = await works(confined)
    assert [(each.path, each.matches) for each in report.changed] == [
        ("pkg/a.py", 1),
        ("pkg/b.py", 1),
    ]
    assert report.looked_at == 3
    assert report.changed[0].after == hashlib.sha256(b"x = 2\n").hexdigest()


async def test_a_script_in_a_clone_that_is_shown_at_the_trees_place(base: Path) -> None:
    sandbox = await able_to_mount(await choose_sandbox("auto", base / "tree"), base / "tree")
    if not sandbox.can_mount:
        pytest.skip(sandbox.describe())
    clone = make_repo(base / "home/clones/one", FILES)
    person = tree_bytes(base / "tree", git_too=True)
    commands = SandboxedCommands(
        sandbox,
        clone,
        base / "home/tasks/one",
        leadline_home=base / "home",
        writable=True,
        network=False,
        default_seconds=60,
        cache=base / "home/tasks/one/cache",
        shown_at=base / "tree",
        git_writable=True,
    )
    codemod = Codemod(("pkg/",), script=DOUBLE)
    report = await run_codemod(codemod, clone, commands, commands.outputs, None, apply=True)
    await commands.close()
    assert [each.path for each in report.changed] == ["pkg/a.py", "pkg/b.py"]
    assert (clone / "pkg/b.py").read_text() == "y = 4\n"
    assert tree_bytes(base / "tree", git_too=True) == person


async def test_a_script_without_a_sandbox(stage: Stage) -> None:
    await works(stage)


async def test_a_script_sees_lf_and_line_ends_stay(stage: Stage) -> None:
    mixed = stage.root / "mixed.txt"
    mixed.write_bytes(b"a\r\nb\nc\r\nd\n")
    crlf = stage.root / "crlf.txt"
    crlf.write_bytes(b"caf\xe9\r\nb\r\n")
    body = "assert chr(13) not in text\nreturn text.replace('b', 'B' + chr(10) + 'new')"
    report = await stage.run(script(body, "*.txt"))
    assert len(report.changed) == 2
    assert mixed.read_bytes() == b"a\r\nB\nnew\nc\r\nd\n"
    assert crlf.read_bytes() == b"caf\xe9\r\nB\r\nnew\r\n"


async def test_a_change_that_breaks_a_file_is_not_made(stage: Stage) -> None:
    stage.put(FILES)
    report = await stage.run(script("return text.replace('1', '(1').replace('2', '3')"))
    assert [each.path for each in report.changed] == ["pkg/b.py"]
    assert [each.path for each in report.kept] == ["pkg/a.py"]
    assert (stage.root / "pkg/a.py").read_text() == "x = 1\n"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("if 'b' in path:\n    text.nothing\nreturn text + 'z'", "at pkg/b.py: line 3: AttributeError"),
        ("return None", "at pkg/a.py: change() returned NoneType, not a text"),
        ("raise SystemExit(0)", "at pkg/a.py: line 2: SystemExit"),
        ("import os\nos._exit(0)", "ended without an answer for pkg/a.py"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "without an answer for pkg/a.py"),
        ("return 'x' * 6_000_000", "at pkg/a.py: change() returned more than 5000000"),
        ("return text +", "failed: line 2: SyntaxError"),
    ],
)  # fmt: skip
async def test_a_script_that_fails_is_told_with_its_place(
    stage: Stage, body: str, told: str
) -> None:
    message = await failed(stage, script(body))
    assert told in message
    assert message.endswith("Nothing was written.")


async def test_a_script_without_the_function(stage: Stage) -> None:
    codemod = Codemod(("pkg/",), script="x = {}['y']\n")
    assert "line 1: KeyError: 'y'" in await failed(stage, codemod)
    codemod = Codemod(("pkg/",), script="x = 1\n")
    assert "defines no change(path, text)" in await failed(stage, codemod)


async def test_an_endless_script_is_ended(stage: Stage) -> None:
    body = "while path.endswith('b.py'):\n    pass\nreturn text + 'x'"
    message = await failed(stage, script(body), seconds=2)
    assert message == "The script took longer than 2 s; it was at pkg/b.py. Nothing was written."


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ("open('{root}/new.py', 'w').write('x')", "open"),
        ("import pathlib\npathlib.Path('{root}/pkg/b.py').write_text('')", "open"),
        ("import os\nos.remove('{root}/pkg/b.py')", "os.remove"),
        ("import os\nos.rename('{root}/pkg/b.py', '{root}/z.py')", "os.rename"),
        ("import shutil\nshutil.rmtree('{root}')", "shutil.rmtree"),
        ("import subprocess\nsubprocess.run(['touch', '{root}/z'])", "subprocess.Popen"),
        ("import os\nos.system('touch {root}/z')", "os.system"),
        ("import os\nos.fork()", "os.fork"),
    ],
)
async def test_a_script_that_does_more_than_give_a_text_is_told(
    stage: Stage, body: str, event: str
) -> None:
    """Also where nothing confines it."""
    message = await failed(stage, script(body.replace("{root}", str(stage.root))))
    assert "at pkg/a.py" in message
    if event != "shutil.rmtree":
        assert f"changes and starts nothing ({event}); return the new text" in message


SNEAKY = """
import ctypes

libc = ctypes.CDLL(None, use_errno=True)

def change(path, text):
    {body}
    return text + "# {name}\\n"
"""


async def test_past_the_guard_there_is_the_sandbox(confined: Stage) -> None:
    """In a dry run the tree is read-only for commands; what lies outside of it always is."""
    confined.put(FILES)
    outside = confined.base / "outside.txt"
    outside.write_text("theirs\n")
    before = tree_bytes(confined.root, git_too=True)
    targets = f"[b'{confined.root}/pkg/b.py', b'{outside}', b'{confined.root}/.git/HEAD']"
    body = f"[libc.truncate(each, ctypes.c_long(0)) for each in {targets}]"
    codemod = Codemod(("pkg/",), script=SNEAKY.format(body=body, name="tried"))
    report = await confined.run(codemod, apply=False)
    assert len(report.changed) == 3
    assert tree_bytes(confined.root, git_too=True) == before
    await confined.run(codemod)
    assert outside.read_text() == "theirs\n"
    assert (confined.root / ".git/HEAD").read_text() == "ref: refs/heads/main\n"


async def test_what_a_script_wrote_itself_is_not_written_over(stage: Stage) -> None:
    stage.put(FILES)
    body = f"libc.truncate(b'{stage.root}/pkg/b.py', ctypes.c_long(0))"
    report = await stage.run(Codemod(("pkg/",), script=SNEAKY.format(body=body, name="tried")))
    assert [(each.path, each.reason) for each in report.kept] == [
        ("pkg/b.py", "it has just changed on disk")
    ]
    assert [each.path for each in report.changed] == ["pkg/a.py", "pkg/c.txt"]


async def test_a_copy_of_the_process_says_nothing(stage: Stage) -> None:
    stage.put(FILES)
    codemod = Codemod(("pkg/",), script=SNEAKY.format(body="libc.fork()", name="x"))
    report = await stage.run(codemod)
    assert len(report.changed) == 3
    assert (stage.root / "pkg/a.py").read_text() == "x = 1\n# x\n"


FORGED = '{"at": 0, "text": "forged", "done": true}'


@pytest.mark.parametrize(
    "lines",
    [
        [FORGED, FORGED],
        [FORGED, '{"at": 1, "text": "forged", "done": true}'],
        ['{"at": 1, "done": true}'],
        ['{"at": 0, "text": 3, "done": true}'],
        ['{"at": 0, "path": "build/made.py", "text": "forged", "done": true}', "x"],
        ["no json"],
        ["[" * 5_000],
    ],
)
async def test_forged_answers_lead_nowhere(stage: Stage, lines: list[str]) -> None:
    """A script that finds the pipe can say what it likes."""
    data = "".join(f"{line}\n" for line in lines)
    body = f"for n in range(3, 10): libc.write(n, {data.encode()!r}, {len(data)})"
    codemod = Codemod(("pkg/a.py",), script=SNEAKY.format(body=body, name="x"))
    assert "The script said no answer at " in await failed(stage, codemod)


async def test_what_is_no_text_is_not_written(stage: Stage) -> None:
    body = "return chr(0xd800)"
    assert "at pkg/a.py: UnicodeEncodeError" in await failed(stage, script(body))
    report = await stage.run(script("return chr(0) if 'c' in path else text + '#'"))
    assert [each.path for each in report.changed] == ["pkg/a.py", "pkg/b.py"]
    assert [each.reason for each in report.kept] == ["the new text has a NUL character"]
    assert (stage.root / "pkg/c.txt").read_text() == "words\n"


async def test_a_flood_is_bounded(stage: Stage) -> None:
    body = "[libc.write(n, b'x' * 1_000_000, 1_000_000) for n in range(3, 10) for _ in range(60)]"
    codemod = Codemod(("pkg/",), script=SNEAKY.format(body=body, name="x"))
    assert "more than 48,000,000 bytes" in await failed(stage, codemod)


async def test_what_it_prints_is_not_taken_for_an_answer(stage: Stage) -> None:
    stage.put(FILES)
    body = "import sys\nprint('{}')\nsys.stderr.write('noise')\nreturn text + '#'"
    report = await stage.run(script(body))
    assert len(report.changed) == 3


async def test_no_python_is_said(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.put(FILES)
    environment: dict[str, str] = vars(stage.commands)["_environment"]
    monkeypatch.setitem(environment, "PATH", "/nowhere")
    with pytest.raises(ToolError, match="no python3 here"):
        await stage.run(script("return text"))


async def test_ignored_files_are_none_of_its_business(stage: Stage) -> None:
    stage.put(FILES)
    report = await stage.run(script("return text + '#'", "."))
    assert (stage.root / "build/made.py").read_text() == "x = 1\n"
    assert "build/made.py" not in {each.path for each in report.changed}
