from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from leadline.tools.errors import ToolError
from leadline.tools.process import Launch, ProcessLimits, ProcessResult, descendants, run_process
from leadline.tools.sandbox.landlock import watched
from leadline.tools.truncate import Limits

ENV = {"PATH": os.environ["PATH"]}
QUICK = ProcessLimits(grace_seconds=0.2)

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the watcher rests on Linux calls")
Maker = Callable[[Sequence[str]], Launch]


def plain(argv: Sequence[str]) -> Launch:
    return Launch(tuple(argv))


both = pytest.mark.parametrize("make", [plain, pytest.param(watched, marks=linux_only)])


async def run(
    script: str,
    folder: Path,
    make: Maker = plain,
    *,
    seconds: float | None = 30,
    sink: Callable[[bytes], None] | None = None,
    limits: ProcessLimits = QUICK,
) -> ProcessResult:
    return await run_process(
        make(("sh", "-c", script)),
        cwd=folder,
        env=ENV,
        timeout_seconds=seconds,
        sink=sink,
        spill=folder / "output.txt",
        limits=limits,
    )


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with suppress(OSError):
        return b") Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    return True


async def gone(pid: int) -> bool:
    """Death is not instant; this waits for it, and gives up long after any delay."""
    for _ in range(500):
        if not is_alive(pid):
            return True
        await asyncio.sleep(0.01)
    return False


@asynccontextmanager
async def written(file: Path) -> AsyncGenerator[None]:
    """Waits until `file` has a line."""
    for _ in range(3_000):
        if file.exists() and file.read_text().endswith("\n"):
            break
        await asyncio.sleep(0.01)
    yield


@both
async def test_output_of_both_streams_comes_in_order(make: Maker, tmp_path: Path) -> None:
    chunks: list[bytes] = []
    script = "echo one; echo two >&2; echo three; exit 3"
    result = await run(script, tmp_path, make, sink=chunks.append)
    assert result.output.text == "one\ntwo\nthree"
    assert b"".join(chunks) == b"one\ntwo\nthree\n"
    assert result.output.file.read_bytes() == b"one\ntwo\nthree\n"
    assert (result.output.total_bytes, result.output.total_lines) == (14, 3)
    assert (result.exit_code, result.signal, result.timed_out) == (3, None, False)


@both
async def test_stdin_is_empty_and_the_session_is_its_own(make: Maker, tmp_path: Path) -> None:
    result = await run("cat; ps -o sid= -p $$ 2>/dev/null || echo $$", tmp_path, make)
    assert result.exit_code == 0
    assert int(result.output.text) != os.getsid(0)


@both
async def test_a_signal_is_told(make: Maker, tmp_path: Path) -> None:
    result = await run("kill -USR1 $$", tmp_path, make)
    assert result.signal == signal.SIGUSR1
    assert result.exit_code == (None if make is plain else 128 + signal.SIGUSR1)


@both
async def test_a_broken_pipe_ends_a_writer_as_in_any_shell(make: Maker, tmp_path: Path) -> None:
    result = await run("yes | head -n 1", tmp_path, make)
    assert (result.output.text, result.exit_code) == ("y", 0)


@both
async def test_the_time_limit_ends_a_command_that_ignores_sigterm(
    make: Maker, tmp_path: Path
) -> None:
    script = "trap '' TERM; echo $$ > pid; echo started; while :; do sleep 0.1; done"
    running = asyncio.create_task(run(script, tmp_path, make, seconds=1.5))
    result = await running
    assert result.timed_out
    assert result.exit_code is None
    assert result.output.text.startswith("started")
    assert await gone(int((tmp_path / "pid").read_text()))


@both
async def test_sigterm_comes_first_so_that_a_command_can_tidy_up(
    make: Maker, tmp_path: Path
) -> None:
    script = "trap 'echo tidied; exit 0' TERM; echo x > ready; while :; do sleep 0.05; done"
    limits = ProcessLimits(grace_seconds=20)
    result = await run(script, tmp_path, make, seconds=1.5, limits=limits)
    assert result.timed_out
    assert result.output.text.endswith("tidied")
    assert result.output.text.count("tidied") == 1


DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open(sys.argv[1], "w") as file:
            file.write(f"{os.getpid()}\\n")
        time.sleep(600)
    os._exit(0)
os.wait()
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
"""


@linux_only
@pytest.mark.parametrize("then", ["exit 0", "sleep 600"])
async def test_a_daemon_that_left_its_session_does_not_outlive_a_watched_command(
    then: str, tmp_path: Path
) -> None:
    (tmp_path / "daemon.py").write_text(DAEMON)
    script = f"{sys.executable} daemon.py pid; {then}"
    limit = 3.0 if "sleep" in then else 60
    result = await run(script, tmp_path, watched, seconds=limit)
    assert result.timed_out == ("sleep" in then)
    assert await gone(int((tmp_path / "pid").read_text()))


@both
async def test_a_background_child_dies_with_its_command(make: Maker, tmp_path: Path) -> None:
    result = await run("sleep 600 & echo $! > pid; echo done", tmp_path, make)
    assert result.output.text == "done"
    assert await gone(int((tmp_path / "pid").read_text()))


async def test_a_process_that_got_away_with_the_pipe_does_not_hold_up_the_end(
    tmp_path: Path,
) -> None:
    (tmp_path / "daemon.py").write_text(DAEMON)
    result = await asyncio.wait_for(
        run(f"{sys.executable} daemon.py pid; echo done", tmp_path, seconds=None), 60
    )
    escaped = int((tmp_path / "pid").read_text())
    assert result.output.text == "done"
    assert is_alive(escaped)
    os.kill(escaped, signal.SIGKILL)


@both
async def test_cancellation_ends_everything_and_goes_on(make: Maker, tmp_path: Path) -> None:
    script = "trap '' TERM; sleep 600 & echo $! > child; echo $$ > pid; while :; do sleep 0.1; done"
    running = asyncio.create_task(run(script, tmp_path, make, seconds=None))
    async with written(tmp_path / "pid"):
        running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await gone(int((tmp_path / "pid").read_text()))
    assert await gone(int((tmp_path / "child").read_text()))


@both
async def test_a_cancellation_while_it_is_being_started_leaves_nothing(
    make: Maker, tmp_path: Path
) -> None:
    script = "trap '' TERM; sleep 600 & echo $! > child; echo $$ > pid; while :; do sleep 0.1; done"
    for steps in range(1, 9):
        running = asyncio.create_task(run(script, tmp_path, make, seconds=None))
        for _ in range(steps):  # the command gets on while the loop does not
            await asyncio.sleep(0)
            time.sleep(0.02)  # noqa: ASYNC251
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        for name in ("pid", "child"):
            if (tmp_path / name).exists() and (tmp_path / name).read_text():
                assert await gone(int((tmp_path / name).read_text()))
                (tmp_path / name).unlink()


@both
async def test_a_second_cancellation_cuts_the_grace_short(make: Maker, tmp_path: Path) -> None:
    script = "trap '' TERM; echo $$ > pid; while :; do sleep 0.1; done"
    limits = ProcessLimits(grace_seconds=600)
    running = asyncio.create_task(run(script, tmp_path, make, seconds=None, limits=limits))
    async with written(tmp_path / "pid"):
        running.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 60)
    assert await gone(int((tmp_path / "pid").read_text()))


@linux_only
async def test_a_watched_command_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    (tmp_path / "owner.py").write_text(
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from leadline.tools.process import run_process\n"
        "from leadline.tools.sandbox.landlock import watched\n"
        "script = 'setsid sleep 600 & echo $! > child; echo $$ > pid; sleep 600'\n"
        "here = Path(sys.argv[1])\n"
        "asyncio.run(run_process(watched(('sh', '-c', script)), cwd=here, env={'PATH': sys.argv[2]},"
        " timeout_seconds=None, sink=None, spill=here / 'out'))\n"
    )
    owner = await asyncio.create_subprocess_exec(
        sys.executable, str(tmp_path / "owner.py"), str(tmp_path), ENV["PATH"]
    )
    async with written(tmp_path / "pid"):
        owner.kill()
    await owner.wait()
    assert await gone(int((tmp_path / "pid").read_text()))
    assert await gone(int((tmp_path / "child").read_text()))


async def test_memory_holds_only_the_ends_and_the_file_holds_all(tmp_path: Path) -> None:
    limits = ProcessLimits(end_bytes=4_096, text=Limits(lines=20, characters=2_000))
    result = await run("seq 1 200000", tmp_path, limits=limits)
    lines = result.output.text.split("\n")
    assert lines[0] == "1"
    assert lines[-1] == "200000"
    assert len(lines) == 20
    marker = next(line for line in lines if line.startswith("[..."))
    assert f"{200_000 - 19:,} lines" in marker
    assert str(tmp_path / "output.txt") in marker
    assert result.output.file.stat().st_size == result.output.total_bytes
    assert result.output.dropped_bytes == 0


async def test_the_ends_are_cut_between_lines_and_characters(tmp_path: Path) -> None:
    limits = ProcessLimits(end_bytes=1_000, text=Limits(lines=30, characters=2_000))
    result = await run("yes 漢字漢字 | head -n 5000", tmp_path, limits=limits)
    lines = [line for line in result.output.text.split("\n") if not line.startswith("[...")]
    assert set(lines) == {"漢字漢字"}


async def test_an_endless_writer_cannot_fill_the_disk(tmp_path: Path) -> None:
    limits = ProcessLimits(
        spill_bytes=100_000, end_bytes=1_000, text=Limits(lines=9, characters=900)
    )
    result = await run("yes | head -c 1000000; echo; echo end", tmp_path, limits=limits)
    assert result.output.file.stat().st_size == 100_000
    assert result.output.dropped_bytes == 1_000_005 - 100_000
    assert result.output.text.endswith("\nend")
    assert "but for the last 900,005 bytes" in result.output.text


async def test_a_full_disk_does_not_end_the_command(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full to stand in for a full disk")
    result = await run_process(
        plain(("echo", "said")), cwd=tmp_path, env=ENV, timeout_seconds=30, sink=None, spill=full
    )
    assert (result.output.text, result.exit_code) == ("said", 0)
    assert result.output.dropped_bytes == 5


async def test_a_failing_sink_ends_the_command_and_is_heard_of(tmp_path: Path) -> None:
    def fail(chunk: bytes) -> None:
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        await run("echo $$ > pid; echo x; sleep 600", tmp_path, sink=fail)
    assert await gone(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize(
    "argv", [("no-such-program-here",), ("/",), ("sh", "-c", "x" * 3_000_000), ("sh", "a\0b")]
)
async def test_a_command_that_cannot_start_is_a_tool_error_and_leaks_nothing(
    argv: tuple[str, ...], tmp_path: Path
) -> None:
    spare = os.open(os.devnull, os.O_RDONLY)
    with pytest.raises(ToolError, match="could not be started"):
        await run_process(
            Launch(argv, pass_fds=(spare,)),
            cwd=tmp_path,
            env=ENV,
            timeout_seconds=5,
            sink=None,
            spill=tmp_path / "out",
        )
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(spare)


@linux_only
async def test_a_missing_program_below_the_watcher_is_127(tmp_path: Path) -> None:
    result = await run_process(
        watched(("no-such-program-here",)),
        cwd=tmp_path,
        env=ENV,
        timeout_seconds=30,
        sink=None,
        spill=tmp_path / "out",
    )
    assert result.exit_code == 127
    assert "no-such-program-here" in result.output.text


async def test_many_runs_leave_no_descriptor_behind(tmp_path: Path) -> None:
    folder = Path("/proc/self/fd")
    if not folder.exists():
        pytest.skip("needs /proc")
    await run("true", tmp_path, watched)
    before = len(list(folder.iterdir()))
    for _ in range(3):
        await run("echo x", tmp_path, watched)
        await run("sleep 60", tmp_path, seconds=0.01)
    assert len(list(folder.iterdir())) <= before


@linux_only
async def test_descendants_are_found_at_any_depth(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", "sh -c 'sleep 60 & echo $! > pid; wait' & wait", cwd=tmp_path
    )
    async with written(tmp_path / "pid"):
        below = descendants(process.pid)
    assert int((tmp_path / "pid").read_text()) in below
    assert len(below) == 2
    for pid in (process.pid, *below):
        os.kill(pid, signal.SIGKILL)
    await process.wait()
