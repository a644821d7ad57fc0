"""The endpoint as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import leadline.agent.rehearsal as rehearsal
import pytest

EXAMPLE = Path(str(rehearsal.__file__)).parent / "scenarios" / "example.toml"
COMMAND = [sys.executable, "-m", "leadline.agent.rehearsal", "--scenario", str(EXAMPLE)]


@contextmanager
def started(*options: str) -> Generator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [*COMMAND, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("rehearsal endpoint on http://127.0.0.1:"), line
        yield process, line.split()[-1]
    finally:
        process.kill()
        process.communicate()


def ask(url: str) -> dict[str, object]:
    body = {"model": "deepseek-flash", "messages": [{"role": "user", "content": "mend add()"}]}
    request = urllib.request.Request(
        f"{url}/chat/completions",
        data=json.dumps(body).encode(),
        headers={"Authorization": "Bearer sk-secret-of-the-user"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_logs_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "requests.jsonl"
    with started("--log", str(log), "--cache-delay", "2", "--tokens-per-second", "5000") as run:
        process, url = run
        assert "choices" in ask(url)
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
    (line,) = log.read_text().splitlines()
    entry = json.loads(line)
    assert (entry["step"], entry["status"], entry["hit"], entry["end"]) == (
        "look",
        200,
        0,
        "complete",
    )
    assert entry["prompt_tokens"] == entry["miss"] > 0
    assert "secret" not in line


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    """A shell starts the endpoint and dies by SIGKILL; the pipe both hold ends only when the endpoint does."""
    script = f"{' '.join(map(repr, COMMAND))} --parent-watch & echo $! ; wait"
    shell = subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE, text=True)
    assert shell.stdout is not None
    first, second = shell.stdout.readline(), shell.stdout.readline()
    child = int(first if first.strip().isdigit() else second)
    try:
        shell.kill()
        assert shell.stdout.read() == ""
        shell.wait()
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--scenario", "/nowhere/x.toml"], "The scenario /nowhere/x.toml cannot be read"),
        (["--fault", "rain:1"], "no fault is called 'rain'"),
        (["--fault", "http-429"], "is not NAME:PROBABILITY"),
        (["--port", "1000000"], "--port"),
        (["--tokens-per-chunk", "0"], "--tokens-per-chunk"),
    ],
)
def test_a_wrong_start_is_one_sentence_and_code_2(options: list[str], says: str) -> None:
    command = [*COMMAND, *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_taken_port_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [*COMMAND, "--port", port]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("The rehearsal endpoint cannot start: ")
