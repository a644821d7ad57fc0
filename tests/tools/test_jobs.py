from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.tools.errors import ToolError
from leadline.tools.jobs import BackgroundJobs, JobOutput, read_since
from leadline.tools.process import Launch, ProcessLimits
from leadline.tools.truncate import Limits

ENV = {"PATH": os.environ["PATH"]}
SMALL = ProcessLimits(
    end_bytes=600, text=Limits(lines=10, characters=800, line_characters=100), grace_seconds=0.2
)


@pytest.fixture
async def jobs(tmp_path: Path) -> AsyncGenerator[BackgroundJobs]:
    made = BackgroundJobs(tmp_path, limits=SMALL, most=2)
    yield made
    await made.stop_all()


async def start(jobs: BackgroundJobs, script: str, folder: Path) -> str:
    launch = Launch(("sh", "-c", script))
    return await jobs.start(
        launch,
        command=script,
        cwd=folder,
        env=ENV,
    )


async def until(jobs: BackgroundJobs, job: str, text: str) -> JobOutput:
    """Reads until `text` shows up; what was read before is lost, as for the model."""
    for _ in range(20):
        output = await jobs.output(job, 30)
        if text in output.text:
            return output
    raise AssertionError(f"{text!r} never came")


async def ended(jobs: BackgroundJobs, job: str) -> JobOutput:
    for _ in range(20):
        output = await jobs.output(job, 30)
        if not output.status.running:
            return output
    raise AssertionError("it never ended")


async def test_each_read_gives_what_is_new(jobs: BackgroundJobs, tmp_path: Path) -> None:
    script = "echo one; while [ ! -e go ]; do sleep 0.02; done; echo two; exit 3"
    job = await start(jobs, script, tmp_path)
    assert job == "job-1"
    first = await until(jobs, job, "one")
    assert (first.text, first.status.running) == ("one", True)
    assert (await jobs.output(job, 0)).text == ""
    (tmp_path / "go").touch()
    assert (await until(jobs, job, "two")).text == "two"
    last = await ended(jobs, job)
    assert last.status.result is not None
    assert last.status.result.exit_code == 3
    assert last.file.read_text() == "one\ntwo\n"


async def test_stopping_ends_it_and_gives_its_last_words(
    jobs: BackgroundJobs, tmp_path: Path
) -> None:
    job = await start(
        jobs, "trap 'echo bye; exit' TERM; echo up; while :; do sleep 0.05; done", tmp_path
    )
    await until(jobs, job, "up")
    output = await jobs.stop(job)
    assert output.text.endswith("bye")
    assert not output.status.running
    assert output.status.result is None
    assert (await jobs.stop(job)).status == output.status


async def test_stopping_one_that_has_ended_keeps_its_result(
    jobs: BackgroundJobs, tmp_path: Path
) -> None:
    job = await start(jobs, "echo done", tmp_path)
    await ended(jobs, job)
    status = (await jobs.stop(job)).status
    assert status.result is not None
    assert status.result.exit_code == 0


async def test_the_list_shows_all_and_stop_all_ends_all(
    jobs: BackgroundJobs, tmp_path: Path
) -> None:
    await start(jobs, "sleep 600", tmp_path)
    await start(jobs, "sleep 601", tmp_path)
    assert [(s.job, s.command, s.running) for s in jobs.list()] == [
        ("job-1", "sleep 600", True),
        ("job-2", "sleep 601", True),
    ]
    await jobs.stop_all()
    assert [s.running for s in jobs.list()] == [False, False]


async def test_there_is_a_most_and_an_ended_job_makes_room(
    jobs: BackgroundJobs, tmp_path: Path
) -> None:
    first = await start(jobs, "sleep 600", tmp_path)
    await start(jobs, "sleep 600", tmp_path)
    with pytest.raises(ToolError, match="2 background jobs"):
        await start(jobs, "true", tmp_path)
    await jobs.stop(first)
    assert await start(jobs, "true", tmp_path) == "job-3"


async def test_an_unknown_job_and_one_that_cannot_start(
    jobs: BackgroundJobs, tmp_path: Path
) -> None:
    with pytest.raises(ToolError, match="none has been started"):
        await jobs.output("job-7", 0)
    launch = Launch(("no-such-program",))
    with pytest.raises(ToolError, match="could not be started"):
        await jobs.start(launch, command="x", cwd=tmp_path, env=ENV)
    assert jobs.list() == ()


async def test_a_job_that_swaps_its_output_for_a_link_shows_nothing_else(
    jobs: BackgroundJobs, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("canary\n" * 100)
    script = "echo mine; rm job-1.txt; ln -s secret job-1.txt; touch swapped; sleep 600"
    job = await start(jobs, script, tmp_path)
    for _ in range(3_000):
        if (tmp_path / "swapped").exists():
            break
        await asyncio.sleep(0.01)
    assert (tmp_path / "job-1.txt").is_symlink()
    assert (await jobs.output(job, 0)).text == "mine"
    assert (await jobs.stop(job)).text == ""
    assert (await jobs.output(job, 0)).text == ""


async def test_much_output_is_clipped_and_the_file_has_all(
    jobs: BackgroundJobs, tmp_path: Path
) -> None:
    job = await start(
        jobs, "touch up; while [ ! -e go ]; do sleep 0.02; done; seq 1 9999", tmp_path
    )
    (tmp_path / "go").touch()
    last = JobOutput(jobs.list()[0], "", tmp_path)
    for _ in range(50):
        last = await jobs.output(job, 30)
        assert len(last.text) <= 800
        if last.text.endswith("9999"):
            break
    assert last.text.endswith("9999")
    assert last.file.read_text().split("\n")[4] == "5"


@pytest.mark.skipif(sys.platform != "linux", reason="uses a file in memory")
@given(
    st.lists(st.text(alphabet="aé漢😀\n", max_size=30), max_size=6).map("".join),
    st.lists(st.integers(1, 40), max_size=12),
)
def test_reading_in_pieces_never_cuts_a_character(text: str, sizes: list[int]) -> None:
    data = text.encode()
    descriptor = os.memfd_create("pieces")
    limits = ProcessLimits(text=Limits())
    offset, seen = 0, ""
    for size in [*sizes, len(data) + 1]:
        os.write(descriptor, data[:size])
        data = data[size:]
        with os.fdopen(os.dup(descriptor), "rb") as raw:
            written = os.lseek(descriptor, 0, os.SEEK_CUR)
            piece, after = read_since(raw, offset, limits, "all.txt", final=False)
            os.lseek(descriptor, written, os.SEEK_SET)
        # A newline at the very end is not shown, so it is put back for the comparison.
        whole = os.pread(descriptor, after - offset, offset).decode()
        assert whole.removesuffix("\n") == piece
        offset, seen = after, seen + whole
    os.close(descriptor)
    assert seen == text
