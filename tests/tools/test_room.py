"""What a command that fills the disk leaves to others."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from leadline.tests.support.disks import small_disk
from leadline.tools.commands import SandboxedCommands
from leadline.tools.errors import ToolError
from leadline.tools.room import leaving_room
from leadline.tools.sandbox.none import Unconfined

MEGABYTES = 64
FILL = "while :; do head -c 1000000 /dev/zero >> fill || exit 3; sleep 0.01; done"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", MEGABYTES) as folder:
        yield folder


@pytest.fixture
def commands(disk: Path, tmp_path: Path) -> SandboxedCommands:
    """With the tree on the small disk, and all that is Leadline's elsewhere."""
    return SandboxedCommands(
        Unconfined(),
        disk,
        tmp_path / "session",
        leadline_home=tmp_path / "home",
        writable=True,
        network=True,
        default_seconds=60,
    )


async def test_a_command_that_fills_the_disk_is_ended_before_it_has(
    commands: SandboxedCommands, disk: Path
) -> None:
    with pytest.raises(ToolError, match=r"nearly full: \d+ MB were left\."):
        await commands.run(FILL, None, lambda _: None)
    left = shutil.disk_usage(disk).free
    assert 0 < left <= MEGABYTES * 2**20 / 10
    await asyncio.sleep(0.1)
    assert shutil.disk_usage(disk).free == left, "nobody writes on"
    # On a disk with as little room the next one may still do what mends that.
    assert (await commands.run("rm fill", None, lambda _: None)).exit_code == 0


async def test_a_job_that_fills_the_disk_is_ended_and_says_why(commands: SandboxedCommands) -> None:
    job = await commands.start_job(FILL)
    told = ""
    while "running" in (told := await commands.job_output(job, 30)):
        pass
    assert "the disk was nearly full" in told
    await commands.close()


async def test_what_there_was_no_room_for_before_can_run(
    commands: SandboxedCommands, disk: Path
) -> None:
    with suppress(OSError), (disk / "full").open("wb") as file:
        while True:
            file.write(bytes(1_000_000))
    assert shutil.disk_usage(disk).free == 0
    assert (await commands.run("ls && rm full", None, lambda _: None)).exit_code == 0


async def test_a_time_limit_inside_is_its_own(tmp_path: Path) -> None:
    async def late() -> None:
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        await leaving_room(late(), [tmp_path, tmp_path / "gone"])
