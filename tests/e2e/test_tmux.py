"""The interface as a person uses it: real keys in a real terminal, from a typed sentence to what is on the disk."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import suppress

import pytest
from leadline.tests.e2e.conftest import MakeStage
from leadline.tests.e2e.planned import EDIT, VARIABLES, plan, project, task, texts
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.planscripts import REPORT, Call, planner, primer, reviewer, turn, worker
from leadline.tests.support.processes import is_running, nap, running
from leadline.tests.support.repos import git
from leadline.tests.support.tmux import TMUX, terminal
from leadline.tests.support.waiting import until

pytestmark = [BUBBLEWRAP, TMUX, pytest.mark.timeout(400)]

NAMES = ("a", "b", "c", "d")
LONG = "a\ntodo\n" + "".join(f"line {number}\n" for number in range(30)) + "the end\n"
TWICE: Call = (
    "edit",
    {
        "path": "a.txt",
        "edits": [{"old": "todo", "new": "done"}, {"old": "the end", "new": "unwanted"}],
    },
)
OTHER = {"any_user": "say more about the base"}


@pytest.fixture
def variables() -> Mapping[str, str]:
    return VARIABLES


async def end_each(command: tuple[str, ...], count: int) -> None:
    """End this command of each worker; on a small machine not all of them run at once."""
    ended: set[int] = set()

    def all_are() -> bool:
        for process in set(running(*command)) - ended:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            ended.add(process)
        return len(ended) >= count

    await until(all_are, "a worker's command")


async def test_from_a_typed_sentence_to_what_is_kept(stage: MakeStage) -> None:
    work, wait = nap(), nap()
    works: Call = ("shell", {"command": " ".join(work)})
    more: Call = ("edit", {"path": "base.txt", "edits": [{"old": "the base", "new": "all of it"}]})
    place = await project(
        stage,
        NAMES,
        planner(plan(*map(task, NAMES))),
        primer(),
        worker("a", [[works], [TWICE], [REPORT]], name="first"),
        worker("[b-d]", [[works], [EDIT], [REPORT]], name="others"),
        reviewer(),
        turn("wait", {"answers": 0, **OTHER}, ("shell", {"command": " ".join(wait)})),
        turn("more", {"answers": 1, **OTHER}, more),
        turn("end", {"answers": 2, **OTHER}, REPORT),
    )
    (place.repo / "a.txt").write_text(LONG)
    git(place.repo, "commit", "-qam", "long")
    async with terminal(place.repo, place.env) as it:
        await it.leadline()
        await it.type("Do all of it")
        await it.shows("The plan waits for your word")
        await it.answer("p", "Do a", "Do b", "Do c", "Do d", "carry out")
        await it.press("y", "F4")
        await it.shows("4 at work", *NAMES)
        await end_each(work, len(NAMES))
        await it.press("Escape")
        await it.shows("brought into your tree", "goes on with this session")
        assert texts(place, NAMES) == {"done"}
        assert "unwanted" in (place.repo / "a.txt").read_text()

        await it.press("F5")
        await it.shows("4 files", "a.txt")
        await it.press("Enter")
        await it.shows("+ unwanted")
        await it.press("n", "r")
        await it.shows("Take back this hunk of a.txt?")
        await it.press("y")
        await it.until_gone("+ unwanted")
        assert (place.repo / "a.txt").read_text() == LONG.replace("todo", "done")

        await it.press("F2")
        await it.type("/set solo flash")
        await it.type("/new say more about the base")
        await it.until(lambda: is_running(*wait), "the command")
        await it.press("Escape")
        await it.shows("Interrupted by the person", "goes on with this session")
        await it.type("/quit")
        await it.shows("say more about the base: interrupted", "leadline open")

        await it.leadline()
        await it.press("F7")
        await it.shows("Sessions of this place: 2", "interrupted")
        await it.press("r")
        await it.shows("resumed", "It is done.", "goes on with this session")
        assert "all of it" in (place.repo / "base.txt").read_text()
        await it.press("C-q")
        await it.shows("say more about the base: unverified")
