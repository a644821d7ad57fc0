"""The person's own shell lines, with a real shell."""

from __future__ import annotations

import asyncio
from pathlib import Path

from leadline.tests.support.processes import is_running, nap
from leadline.tests.support.waiting import until
from leadline.tui.control.shell_line import ShellRun, run_line


async def test_a_line_runs_where_the_person_is(tmp_path: Path) -> None:
    (tmp_path / "here").touch()
    told: list[ShellRun] = []
    run = await run_line("ls; echo wrong >&2; exit 3", tmp_path, told.append)
    assert run.output.text == "here\nwrong\n"
    assert run.code == 3
    assert told[0].code is None
    assert told[-1] == run
    assert "exit 3" in run.told
    assert "here\nwrong" in run.told


async def test_nothing_waits_for_input_and_nothing_is_left_running(tmp_path: Path) -> None:
    assert (await run_line("cat", tmp_path, lambda _: None)).code == 0
    behind, stubborn = nap(), nap()
    command = f"{' '.join(behind)} & (trap '' TERM; {' '.join(stubborn)}) > /dev/null 2>&1 & wait"
    line = asyncio.create_task(run_line(command, tmp_path, lambda _: None))
    await until(lambda: is_running(*behind) and is_running(*stubborn), "both commands")
    line.cancel()
    await asyncio.wait({line})
    assert line.cancelled()
    # The system has been told to end them, and does so in its own time.
    await until(lambda: not is_running(*behind) and not is_running(*stubborn), "the end of both")


async def test_what_is_told_is_the_end_and_never_breaks_out(tmp_path: Path) -> None:
    run = await run_line("seq 1 100000; printf '```\\n\\033[31mred'", tmp_path, lambda _: None)
    assert len(run.told) < 9_000
    assert "characters" in run.told
    assert "\x1b" not in run.told
    assert run.told.endswith("````")
    assert run.output.chars > 500_000
