"""The request_paths tool."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from leadline.tests.support.workbench import NoCommands, Workbench
from leadline.tools.base import ToolContext
from leadline.tools.errors import ToolError
from leadline.tools.request_paths import REQUEST_PATHS, RequestPathsParams


async def test_the_answer_is_somebody_elses(tmp_path: Path) -> None:
    asked: list[Sequence[str]] = []

    async def grant(paths: Sequence[str]) -> str:
        asked.append(paths)
        return "Granted: pkg/a.py."

    context = ToolContext(tmp_path, {}, NoCommands(), lambda _: None, request_paths=grant)
    params = RequestPathsParams(paths=["pkg/a.py", "pkg/b.py:load"])
    result = await REQUEST_PATHS.run(params, context)
    assert result.ok
    assert result.text == "Granted: pkg/a.py."
    assert asked == [("pkg/a.py", "pkg/b.py:load")]


async def test_where_nothing_is_limited_it_says_so(tmp_path: Path) -> None:
    result = await Workbench(tmp_path).call(REQUEST_PATHS, paths=["a.py"])
    assert result.text == "You may write everything here."


@pytest.mark.parametrize("paths", [[], [" "]])
async def test_asking_for_nothing(tmp_path: Path, paths: list[str]) -> None:
    with pytest.raises(ToolError, match="at least one"):
        await Workbench(tmp_path).call(REQUEST_PATHS, paths=paths)


def test_it_touches_nothing_and_its_title_steers_no_terminal() -> None:
    params = RequestPathsParams(paths=["a.py", "b\x1b[2J.py"])
    assert not REQUEST_PATHS.effects(params).mutates
    assert REQUEST_PATHS.title(params) == "asks to write a.py, b?[2J.py"
