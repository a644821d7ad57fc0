from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest
from leadline.agent.headless import failure_result, result_json
from leadline.agent.settings.keys import keep_key
from leadline.tools.errors import Exit
from leadline.tui.cli import COMMANDS, main

from .conftest import Cli

HEAVY = ("openai", "git", "textual", "pydantic", "asyncio", "leadline.agent")


def test_help_loads_nothing_heavy(cli: Cli):
    code = (
        "import sys; from leadline.tui.cli import main; code = main(['--help']); "
        f"found = [m for m in sys.modules if m.startswith({HEAVY!r})]; "
        "print(found, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=cli.environ(), capture_output=True, check=False
    )
    assert done.returncode == 0
    assert done.stderr.strip() == b"[]"
    for command in COMMANDS:
        assert f"    {command} ".encode() in done.stdout


def test_the_console_script_is_this_one():
    script = Path(sys.executable).with_name("leadline")
    if not script.exists():
        pytest.skip("leadline is not installed beside this interpreter")
    done = subprocess.run([script, "--version"], capture_output=True, check=True)
    assert done.stdout.startswith(b"leadline ")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(cli: Cli, command: str):
    done = cli(command, "--help")
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.startswith(f"usage: leadline {command} ".encode())
    assert done.stderr == b""


def test_no_command_is_a_usage_error(cli: Cli):
    done = cli()
    assert done.returncode == 2
    assert done.stdout.startswith(b"usage: leadline ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frobnicate"], "there is no command 'frobnicate'"),
        (["fix the bug"], 'a task is given as `leadline run "TASK"`'),
        (["--plain"], "the command comes first, then its options, as in `leadline open --plain`"),
        (["--", "sessions"], "the command comes first"),
        (["sessions", "--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["run"], "The task is empty"),
        (["run", ""], "The task is empty"),
        (["run", " \n\t "], "The task is empty"),
        (["run", "fix", "it"], "Put it in quotes"),
        (["run", "x", "--file", "y"], "either as an argument or with --file"),
        (["run", "--file", "nowhere"], "can't be read from nowhere: No such file"),
        (["run", "--file", "."], "The task can't be read from .: Is a directory"),
        (["run", "x", "--mode", "yolo"], "--mode: it must be one of plan, ask, auto, full"),
        (["run", "x", "--budget-usd", "0"], "--budget-usd: it must be a number above 0"),
        (["run", "x", "--max-turns"], "expected one argument"),
        (["run", "x", "--mod", "ask"], "unrecognized arguments"),
        (["run", "x", "--branch", "b"], "it needs --commit"),
        (["run", "x", "--read-only", "--commit"], "--read-only changes nothing"),
        (["run", "x", "--output-schema", "nowhere"], "The schema nowhere can't be read"),
        (["run", "x", "--solo", "fast"], "--solo: it must be one of flash, pro"),
        (["run", "x", "--workers", "0"], "--workers: it must be a whole number of at least 1"),
        (["run", "x", "--solo", "pro", "--plan-only"], "--plan-only does not go with it"),
        (["run", "x", "--solo", "pro", "--plan", "p"], "so --plan does not go with it"),
        (["run", "x", "--read-only", "--plan", "p"], "--read-only is for one agent alone"),
        (["run", "x", "--read-only", "--defer-to-offpeak"], "--defer-to-offpeak does not go"),
        (["run", "x", "--output-schema", "s", "--plan-only"], "--output-schema is for one agent"),
        (["run", "x", "--mode", "ask", "--plan-only"], "in mode ask (--mode): say --mode auto"),
        (["run", "--plan", "nowhere"], "The plan can't be read from nowhere: No such file"),
        (["run", "--plan", "."], "The plan can't be read from .: Is a directory"),
        (["run", "-", "--plan", "-"], "give either the task or the plan as -"),
        (["run", "--plan-only"], "The task is empty"),
        (["run", "x", "--yes"], "unrecognized arguments: --yes"),
        (["refactor"], "The task is empty"),
        (["refactor", "x", "--solo", "pro"], "`leadline run --solo` does"),
        (["refactor", "x", "--mode", "plan"], "refactor needs workers, and nobody could approve"),
        (["refactor", "x", "--read-only"], "unrecognized arguments: --read-only"),
        (["refactor", "x", "--branch", "b"], "it needs --commit"),
        (["show"], "There is no session of"),
        (["resume", "20990101"], "There is no session"),
        (["undo", "--to", "two"], "--to must be the number of a step"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(cli: Cli, arguments: list[str], said: str):
    done = cli(*arguments)
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("leadline: ")
    assert said in lines[0]
    assert done.returncode == 2
    assert done.stdout == b""


def test_the_patch_has_to_have_a_place(cli: Cli, repository: Path):
    done = cli("run", "x", "--patch", "nowhere/x.patch")
    assert done.returncode == 2
    assert b"No patch can be written to nowhere/x.patch" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", ""],
        ["run", "x", "--bogus"],
        ["run", "x", "--solo", "pro", "--plan-only"],
        ["refactor", ""],
        ["show"],
        ["config", "--mode", "x"],
    ],
)
def test_with_json_a_failure_is_a_result_too(cli: Cli, arguments: list[str]):
    done = cli(*arguments, "--json")
    assert done.returncode == 2
    assert done.stderr.startswith(b"leadline: ")
    (line,) = done.stdout.splitlines()
    result = json.loads(line)["result"]
    assert result["status"] == "usage"
    assert result["exit_code"] == 2
    assert result["summary"] == done.stderr.decode().removeprefix("leadline: ").strip()
    assert list(result) == list(result_json(failure_result("", Exit.USAGE)))


# --- stdin ---


def test_an_open_stdin_holds_nothing_up(cli: Cli, repository: Path):
    """No key is set, so a run gets as far as it can without stdin and ends with 2."""
    reading, writing = os.pipe()
    try:
        done = cli("run", "x", stdin=reading)
    finally:
        os.close(reading)
        os.close(writing)
    assert done.returncode == 2
    assert b"DEEPSEEK_API_KEY" in done.stderr


def test_closed_streams_hold_nothing_up(cli: Cli, repository: Path):
    command = " ".join(f"'{part}'" for part in cli.command(["run", "x"]))
    done = subprocess.run(
        ["sh", "-c", f"{command} <&- >&- 2>&-; echo $?"],
        cwd=repository,
        env=cli.environ(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == b"2\n"


def test_a_task_from_a_closed_stdin_is_refused(cli: Cli):
    command = " ".join(f"'{part}'" for part in cli.command(["run", "-"]))
    done = subprocess.run(
        ["sh", "-c", f"exec {command} <&-"],
        cwd=cli.folder,
        env=cli.environ(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert b"stdin is closed" in done.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"", b"The task is empty"),
        (b"\xef\xbb\xbf \n", b"The task is empty"),
        (b"\xff\xfe\x00", b"is not UTF-8 text (byte 0)"),
        (b"x" * 300_000, b"longer than 256 KiB"),
        (b"mend it\n", b"DEEPSEEK_API_KEY"),
    ],
    ids=["empty", "blank", "bytes", "long", "good"],
)
def test_a_task_from_stdin(cli: Cli, repository: Path, given: bytes, said: bytes):
    done = cli("run", "-", given=given)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"", b"The plan is no JSON"),
        (b"\xff\xfe", b"The plan in stdin is not UTF-8 text (byte 0)"),
        (b"{}", b'"goal" is missing'),
        (b'{"goal": "g", "tasks": [], "task": 1}', b'no key "task"; did you mean "tasks"'),
        (b'{"goal": " ", "tasks": []}', b"The task is empty"),
        (b'{"goal": "g", "tasks": []}', b"DEEPSEEK_API_KEY"),
    ],
    ids=["empty", "bytes", "nothing", "key", "goal", "good"],
)
@pytest.mark.parametrize("command", ["run", "refactor"])
def test_a_plan_from_stdin(cli: Cli, repository: Path, command: str, given: bytes, said: bytes):
    """A good one is taken up without a task: only the key is missing then."""
    done = cli(command, "--plan", "-", given=given)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_flag_for_a_plan_wins_over_one_agent_in_the_environment(cli: Cli, repository: Path):
    (repository / "plan.json").write_text('{"goal": "g", "tasks": []}')
    done = cli("run", "--plan", "plan.json", environ={"LEADLINE_SOLO": "pro"})
    assert b"DEEPSEEK_API_KEY" in done.stderr


def test_a_pipe_as_file_holds_nothing_up(cli: Cli):
    os.mkfifo(cli.folder / "pipe")
    done = cli("run", "--file", "pipe")
    assert done.returncode == 2
    assert b"not an ordinary file" in done.stderr


# --- stdout and stderr ---


def test_a_reader_that_has_enough_is_no_error(cli: Cli):
    child = subprocess.Popen(
        cli.command(["config"]),
        cwd=cli.folder,
        env=cli.environ() | {"PYTHONUNBUFFERED": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait(60) == 0


@pytest.mark.parametrize("arguments", [["config"], ["config", "--json"], ["--version"]])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_told(cli: Cli, arguments: list[str], unbuffered: str):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            cli.command(arguments),
            cwd=cli.folder,
            env=cli.environ() | {"PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert b"can't be written: No space left on device" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_messages_cannot_steer_the_terminal(cli: Cli):
    done = cli("show", "\x1b]0;owned\x07\x1b[2J")
    assert done.returncode == 2
    assert b"\x1b" not in done.stderr
    assert b"\x07" not in done.stderr


def test_an_argument_that_is_no_text_is_no_crash(cli: Cli):
    done = subprocess.run(
        [*cli.command(["show"]), b"caf\xe9"],
        cwd=cli.folder,
        env=cli.environ(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(b"leadline: There is no session caf")


# --- what goes wrong inside ---


def broken(cli: Cli, raises: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """The script with a command that fails."""
    code = (
        "import sys, leadline.tui.commands.sessions as s\n"
        "def execute(parsed):\n"
        f"    {raises}\n"
        "s.execute = execute\n"
        "from leadline.tui.cli import main\n"
        "sys.exit(main(['sessions', *sys.argv[1:]]))\n"
    )
    return subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        cwd=cli.folder,
        env=cli.environ() | {"DEEPSEEK_API_KEY": "hunter2-hunter2", "MY_TOKEN": "tok-123456"},
        capture_output=True,
        check=False,
    )


def test_a_fault_of_ours_is_kept_in_a_file_without_secrets(cli: Cli):
    done = broken(cli, "raise RuntimeError('boom hunter2-hunter2 tok-123456 http://u:pw@h/')")
    assert done.returncode == 1
    (crash,) = (cli.home / "state" / "crashes").iterdir()
    assert done.stderr.decode() == (
        f"leadline: something went wrong inside Leadline. What happened is in {crash}; please report "
        "it with that file.\n"
    )
    text = crash.read_text()
    assert "Traceback" in text
    assert "boom *** *** http://***@h/" in text
    assert "hunter2" not in text
    assert crash.stat().st_mode & 0o077 == 0


def test_a_fault_of_ours_is_a_json_result_too(cli: Cli):
    done = broken(cli, "raise RuntimeError('boom')", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["result"]["status"] == "not_done"


def test_an_interrupt_has_its_own_code(cli: Cli):
    done = broken(cli, "raise KeyboardInterrupt")
    assert done.returncode == 130
    assert done.stderr == b"leadline: interrupted.\n"


def test_a_second_interrupt_while_the_end_is_told_is_no_traceback(monkeypatch: pytest.MonkeyPatch):
    ends = iter((ValueError("of the command"), KeyboardInterrupt()))

    def load(name: str, package: str) -> ModuleType:
        del name, package
        raise next(ends)

    monkeypatch.setattr(importlib, "import_module", load)
    assert main(["sessions"]) == 130


# --- settings on the command line ---


def test_config_shows_where_each_value_came_from(cli: Cli, repository: Path):
    (cli.home / "config" / "leadline").mkdir(parents=True)
    own = cli.home / "config" / "leadline" / "config.toml"
    own.write_text("max_turns = 60\n")
    (repository / ".leadline.toml").write_text('mode = "ask"\n')
    below = repository / "below"
    below.mkdir()
    environ = {
        "LEADLINE_BASE_URL": "http://me:hunter2@localhost:1/v1",
        "DEEPSEEK_API_KEY": "sk-hunter2",
    }
    done = cli("config", "--verify", "make test", environ=environ, folder=below)
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.decode().splitlines()[:18]}
    assert rows["max_turns"] == ["60", str(own)]
    assert rows["mode"] == ["ask", ".leadline.toml"]
    assert rows["base_url"] == ["http://***@localhost:1/v1", "LEADLINE_BASE_URL"]
    assert rows["verify"] == ["make", "test", "--verify"]
    assert rows["profile"] == ["deepseek", "default"]
    assert b"API key: DEEPSEEK_API_KEY is set\n" in done.stdout
    assert b"hunter2" not in done.stdout
    as_json = json.loads(cli("config", "--json", environ=environ).stdout)
    assert as_json["settings"]["max_turns"] == {"value": 60, "origin": str(own)}
    assert as_json["key"] == {"variable": "DEEPSEEK_API_KEY", "set": True}
    ignored = cli("config", "--no-project-config", folder=below)
    assert b"mode                 auto" in ignored.stdout


def test_config_tells_of_a_key_that_is_kept(cli: Cli):
    keep_key(cli.home / "state", "DEEPSEEK_API_KEY", "sk-hunter2-hunter2")
    done = cli("config")
    kept = f"API key: DEEPSEEK_API_KEY is not set, and a key is kept in {cli.home / 'state'}/keys\n"
    assert kept.encode() in done.stdout
    assert b"hunter2" not in done.stdout
    assert json.loads(cli("config", "--json").stdout)["key"]["set"]


def test_config_says_what_is_wrong_for_the_interface(cli: Cli):
    (cli.home / "config" / "leadline").mkdir(parents=True)
    own = cli.home / "config" / "leadline" / "config.toml"
    own.write_text('[interface]\ntheme = "blue"\n')
    done = cli("config")
    assert done.returncode == 2
    assert f"{own}:interface.theme: it must be one of auto, dark".encode() in done.stderr


def test_a_hostile_project_file_stops_a_run_but_not_an_undo(cli: Cli, repository: Path):
    (repository / ".leadline.toml").write_text('base_url = "http://evil.example"\n')
    done = cli("run", "x", environ={"DEEPSEEK_API_KEY": "k"})
    assert done.returncode == 2
    assert b".leadline.toml:base_url: a project may not set this option" in done.stderr
    assert b"There is no session of" in cli("undo").stderr


# --- signals ---

DRIVEN = """
import asyncio, sys
from leadline.agent.headless import failure_result
from leadline.tools.errors import Exit
from leadline.tui.commands.drive import account_screen, run_and_tell

async def session(listeners, stop):
    print("ready", flush=True)
    await stop.wait()
    {then}
    return failure_result("Interrupted by the person.", Exit.INTERRUPTED)

import leadline.tui.commands.sessions as s
s.execute = lambda parsed: run_and_tell(
    session, account_screen(), json_lines=False, patch=None
)
from leadline.tui.cli import main
sys.exit(main(["sessions"]))
"""


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("then", "again", "code", "last"),
    [
        ("", False, 130, "Interrupted."),
        (
            "print('stopping', flush=True); await asyncio.sleep(60)",
            True,
            130,
            "leadline: interrupted.",
        ),
    ],
    ids=["once", "twice"],
)
def test_signals_end_a_run(
    cli: Cli, first: signal.Signals, then: str, again: bool, code: int, last: str
):
    child = subprocess.Popen(
        [sys.executable, "-P", "-c", DRIVEN.format(then=then)],
        cwd=cli.folder,
        env=cli.environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    limit = threading.Timer(60, child.kill)
    limit.start()
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        child.send_signal(first)
        if again:
            assert child.stdout.readline() == b"stopping\n"
            child.send_signal(signal.SIGINT)
        _, err = child.communicate()
    finally:
        limit.cancel()
    assert child.returncode == code
    assert last in err.decode()
    assert "Traceback" not in err.decode()
