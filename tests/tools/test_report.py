"""The report tool."""

from __future__ import annotations

from pathlib import Path

import pytest
from leadline.tests.support.workbench import Workbench
from leadline.tools.errors import ToolError
from leadline.tools.report import REPORT, ReportParams
from pydantic import ValidationError


async def test_a_claim_is_data_for_the_harness(tmp_path: Path) -> None:
    result = await Workbench(tmp_path).call(REPORT, status="not_done", summary="No network.")
    assert result.data == ReportParams(status="not_done", summary="No network.")
    assert (result.text, result.ok, result.detail) == ("ok", True, "No network.")


async def test_a_claim_says_something(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="summary"):
        await Workbench(tmp_path).call(REPORT, status="done", summary=" \n")


def test_there_is_no_almost() -> None:
    with pytest.raises(ValidationError):
        ReportParams.model_validate({"status": "mostly", "summary": "x"})


def test_titles() -> None:
    assert REPORT.title(ReportParams(status="done", summary="x")) == "reports that it is done"
    assert not REPORT.effects(ReportParams(status="done", summary="x")).mutates
