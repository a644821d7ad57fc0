"""What undo leaves where, and what it tells: nothing of the person's is lost that they were not told of."""

from __future__ import annotations

import re

from leadline.tests.e2e.conftest import MakeStage
from leadline.tests.support.cli import ended, start
from leadline.tests.support.repos import BROKEN_CALC, git, write_files
from leadline.tests.support.scripts import FIX
from leadline.tests.support.trees import tree_of


async def test_what_a_killed_undo_left_is_tidied_away(stage: MakeStage) -> None:
    """What it was about to put in place lies beside it, in the person's tree."""
    place = await stage(FIX)
    before = tree_of(place.repo)
    assert (await place.run()).code == 0
    gone = await start("--version", cwd=place.repo, env=place.env)
    await ended(gone)
    aside = place.repo / f".leadline-{gone.pid}-{'0' * 16}.tmp"
    aside.write_text("half of it")
    assert (await place("undo", "--to", "0")).code == 0
    assert tree_of(place.repo) == before


async def test_what_was_staged_and_is_lost_is_told(stage: MakeStage) -> None:
    """The person threw away, in the index too, what was nowhere else: they are told where it is."""
    place = await stage(FIX)
    write_files(place.repo, {"calc.py": BROKEN_CALC["calc.py"] + "# only staged\n"})
    git(place.repo, "add", "calc.py")
    write_files(place.repo, {"calc.py": BROKEN_CALC["calc.py"]})
    assert (await place.run()).code == 0
    git(place.repo, "reset", "--mixed", "-q")
    git(place.repo, "gc", "-q", "--prune=now")
    undone = await place("undo", "--to", "0")
    assert undone.code == 0
    command = re.search(r"`git (.* show .*:)PATH`", " ".join(undone.out.split()))
    assert command is not None, undone.out
    shown = git(place.repo, *f"{command[1]}calc.py".split())
    assert shown.endswith("# only staged\n")
    assert "Staged then" in (await place("redo")).out
    write_files(place.repo, {"calc.py": shown})
    git(place.repo, "add", "calc.py")
    assert "Staged then" not in (await place("undo", "--force")).out
