"""The person's own shell lines, with a real shell."""

from __future__ import annotations

import asyncio
from pathlib import Path

from leadline.tests.support.processes import is_running
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
    line = asyncio.create_task(run_line("sleep 4242 & sleep 4243", tmp_path, lambda _: None))
    while not is_running("sleep", "4243"):
        await asyncio.sleep(0.01)
    line.cancel()
    await asyncio.wait({line})
    assert line.cancelled()
    assert not is_running("sleep", "4243")
    assert not is_running("sleep", "4242")


async def test_what_is_told_is_the_end_and_never_breaks_out(tmp_path: Path) -> None:
    run = await run_line("seq 1 100000; printf '```\\n\\033[31mred'", tmp_path, lambda _: None)
    assert len(run.told) < 9_000
    assert "characters" in run.told
    assert "\x1b" not in run.told
    assert run.told.endswith("````")
    assert run.output.chars > 500_000
