"""The place that a session works in, as it is found."""

from __future__ import annotations

from pathlib import Path

from leadline.agent.survey import find_place, list_files


async def test_a_folder_outside_of_git_with_links_that_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "long").symlink_to("x" * 300)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "a.py").touch()
    (tmp_path / "pkg").mkdir()
    place = await find_place(tmp_path, init=False, read_only=True)
    assert await list_files(place) == ("a.py", "long/.", "loop/.", "pkg/.")
