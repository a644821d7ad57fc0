"""Slots: which commands need one, and that no more of those run at once than there are."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.tools.commands import SandboxedCommands
from leadline.tools.heavy import is_heavy
from leadline.tools.sandbox.none import Unconfined
from leadline.tools.slots import Slots, SlottedCommands, Wait, default_slots

HEAVY = [
    "pytest -q tests/a.py",
    ".venv/bin/python -m pytest",
    "python3.12 -X dev -m unittest discover",
    "cd web && npm test",
    "cd a; cd b\nmake",
    "CI=true FOO='a b' npm run build",
    "timeout 60 pytest -x",
    "timeout -k 5 1.5m nice -n 10 make -j4 2>&1 | tail -3",
    "bash -c 'cd sub && cargo test'",
    "bash -lc \"timeout 9 sh -c 'go vet ./...'\"",
    'echo "$(make test)"',
    "OUT=$(tox -q)",
    "if [ -f Makefile ]; then make; fi",
    "for f in a b; do\n  mypy $f\ndone",
    "(cd x && ./gradlew test)",
    "grep -r x . ; ninja -C build",
    "find . -name '*.py' | xargs -n 10 pyright",
    "cargo +nightly --locked clippy",
    "go -C tool test ./...",
    "cmake --build build --target all",
    "npm --prefix web run lint",
    "pnpm --filter app test",
    "yarn jest src",
    "yarn --cwd web test",
    "npx --no-install vitest run",
    "npx -p typescript tsc --noEmit",
    "bunx tsc",
    "uv run --with httpx pytest",
    "poetry run mypy .",
    "coverage run -m pytest",
    "bundle exec rspec",
    "dotnet test",
    "mvn -q test",
    "ctest -V",
    "bazel test //...",
    "python manage.py test app",
    "nohup make > log 2>&1 &",
    "> log make",
    "ls\n> log make",
    "ls;(make)",
    "pytest 'not closed",
    "env -u A B=1 sbt test",
]
LIGHT = [
    "ls -la",
    "cd tests",
    "grep -rn pytest .",
    "git log --grep make -3",
    "cat Makefile | head",
    "cat <package.json",
    "rg 'cargo test' docs",
    "find . -name make",
    "echo pytest",
    "which make",
    "command -v pytest",
    "make --version",
    "pytest --help",
    "ruff check .",
    "go list ./...",
    "go env",
    "cargo metadata",
    "cmake --version",
    "npm view test",
    "npm ls",
    "python -c 'import pytest'",
    "python script.py -m pytest",
    "bash -c 'ls; cat make'",
    "timeout 5 grep -c make x",
    "pip install pytest",
    "A=make",
    "sed -n 's/make/x/p' f > tox",
    "",
    ";;",
]


@pytest.mark.parametrize("command", HEAVY)
def test_builds_and_tests_are_heavy(command: str) -> None:
    assert is_heavy(command)


@pytest.mark.parametrize("command", LIGHT)
def test_looking_is_not(command: str) -> None:
    assert not is_heavy(command)


@pytest.mark.parametrize(
    ("command", "known", "heavy"),
    [
        ("./run_checks.sh", "./run_checks.sh", True),
        ("cd lib && bash run_checks.sh --fast 2>&1 | tail", "./run_checks.sh", True),
        ("timeout 9 ./run_checks.sh", "cd lib && ./run_checks.sh", True),
        ("python3 check.py -v", ".venv/bin/python check.py", True),
        ("python -c 'assert 1' x", "python -c 'assert 1'", True),
        ("cat run_checks.sh", "./run_checks.sh", False),
        ("./check a", "./check b", False),
        ("./gen && ls", "./gen && ./check", False),
        ("./gen && ls && ./check x", "./gen && ./check", True),
        ("ls", "", False),
        ("cd x", "cd x", False),
    ],
)
def test_a_known_check_is_heavy_also_with_more_words(command: str, known: str, heavy: bool) -> None:
    assert is_heavy(command, [known]) is heavy
    assert not is_heavy(command)


WORDS = st.lists(
    st.sampled_from(
        [
            *("make", "ls", "bash", "env", "timeout", "python", "pytest", "npx", "uv", "run", "cd"),
            *("&&", ";", "|", "(", ")", "$(", "`", "'", '"', "\n", "\\", ">", "2>&1", "&", "<"),
            *("-c", "-m", "A=1", "5", "do", "if"),
        ]
    ),
    max_size=12,
)


@given(words=WORDS)
def test_any_text_has_an_answer_and_is_heavy_as_a_known_check_of_itself(words: list[str]) -> None:
    text = " ".join(words)
    if is_heavy(text):
        assert is_heavy(text, [text])
        assert is_heavy(f"ls -l\n{text}")


@pytest.mark.parametrize("text", ["it's\n", "x = 1\n", "$("])
def test_of_a_long_command_both_ends_are_looked_at(text: str) -> None:
    long = text * 20_000
    assert is_heavy(f"make; cat > it <<'EOF'\n{long}\nEOF\n")
    assert is_heavy(f"cat > it <<'EOF'\n{long}\nEOF\npytest it")
    assert not is_heavy(f"cat > it <<'EOF'\n{long}\nEOF\n")


def test_deep_nesting_comes_to_an_end() -> None:
    is_heavy('"' + "$(" * 20_000 + '"')
    is_heavy("bash -c " * 5_000)


def test_there_are_at_least_two_slots() -> None:
    assert [default_slots(cores) for cores in (1, 2, 4, 5, 64)] == [2, 2, 2, 2, 32]
    with pytest.raises(ValueError, match="slots"):
        Slots(0)


Make = Callable[[Slots, list[Wait]], SlottedCommands]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    made: list[SlottedCommands] = []
    root = tmp_path / "root"
    root.mkdir()

    def one(slots: Slots, waits: list[Wait]) -> SlottedCommands:
        commands = SandboxedCommands(
            Unconfined(),
            root,
            tmp_path / f"own-{len(made)}",
            leadline_home=tmp_path / "home",
            writable=True,
            network=False,
            default_seconds=60,
        )
        made.append(SlottedCommands(commands, slots, ["./check"], waits.append))
        return made[-1]

    yield one
    for each in made:
        await each.close()


def ignore(text: str) -> None:
    del text


def check(tmp_path: Path, body: str) -> None:
    file = tmp_path / "root" / "check"
    file.write_text(f"#!{sys.executable}\nimport os, sys, time\n{body}\n")
    file.chmod(0o755)


COUNT = """
os.mkdir(f"at/{os.getpid()}")
while not os.path.exists("go"):
    time.sleep(0.01)
print(len(os.listdir("at")))
os.rmdir(f"at/{os.getpid()}")
"""


async def test_no_more_run_at_once_than_there_are_slots_and_looking_goes_on(
    tmp_path: Path, make: Make
) -> None:
    check(tmp_path, COUNT)
    at = tmp_path / "root" / "at"
    at.mkdir()
    waits: list[Wait] = []
    slots = Slots(2)
    workers = [make(slots, waits) for _ in range(5)]
    running = [asyncio.create_task(one.run("./check", None, ignore)) for one in workers]
    while len(list(at.iterdir())) < 2 or len(waits) < 3:
        await asyncio.sleep(0.01)
    assert waits == [Wait("./check")] * 3
    looked = await workers[4].run("ls at | wc -l", None, ignore)
    assert looked.text.strip() == "2"
    (tmp_path / "root" / "go").touch()
    done = await asyncio.gather(*running)
    assert all(one.exit_code == 0 and int(one.text) <= 2 for one in done)
    assert len([wait for wait in waits if wait.seconds is not None]) == 3


async def test_who_is_cancelled_takes_no_slot_along(tmp_path: Path, make: Make) -> None:
    check(tmp_path, "open('began', 'w'); time.sleep(60)")
    waits: list[Wait] = []
    slots = Slots(1)
    one, two, three = (make(slots, waits) for _ in range(3))
    first = asyncio.create_task(one.run("./check", None, ignore))
    while not (tmp_path / "root" / "began").exists():
        await asyncio.sleep(0.01)
    second = asyncio.create_task(two.run("./check", None, ignore))
    while not waits:
        await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert [wait.seconds is None for wait in waits] == [True, False]
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    check(tmp_path, "print('done')")
    assert (await three.run("./check", None, ignore)).text.strip() == "done"
    assert len(waits) == 2


async def test_the_time_limit_counts_from_when_there_is_a_slot(tmp_path: Path, make: Make) -> None:
    check(tmp_path, "sys.exit('late' in sys.argv and time.sleep(4))")
    waits: list[Wait] = []
    slots = Slots(1)
    one, two = make(slots, waits), make(slots, waits)
    slow = asyncio.create_task(one.run("./check late", None, ignore))
    await asyncio.sleep(0)
    quick = await two.run("./check", 3, ignore)
    assert (quick.exit_code, quick.timed_out) == (0, False)
    assert (await slow).exit_code == 0
    assert [wait.seconds is None for wait in waits] == [True, False]
    ended = await one.run("./check late", 0.2, ignore)
    assert ended.timed_out


async def test_the_rest_of_a_runner_is_as_it_was(tmp_path: Path, make: Make) -> None:
    check(tmp_path, "print('up', flush=True); time.sleep(60)")
    slots = Slots(1)
    runner = make(slots, [])
    assert not runner.confined
    assert runner.describe()
    assert runner.outputs.is_dir()
    job = await runner.start_job("./check")
    assert "up" in await runner.job_output(job, 20)
    assert runner.jobs_running()
    assert (await runner.run("make --version", None, ignore)).exit_code is not None
    assert "stopped" in await runner.stop_job(job)
    assert not runner.jobs_running()
