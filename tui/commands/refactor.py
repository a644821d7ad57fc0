"""`leadline refactor`: one large task, cut into many that workers do at once."""

from __future__ import annotations

import argparse
from dataclasses import replace

from ...agent.settings.config import find_project_root
from ...tools.errors import PersonError
from .begin import (
    add_output_flags,
    add_plan_flags,
    add_result_flags,
    add_task,
    carry_out,
    refuse_modes_without_workers,
    start_from,
)
from .common import add_setting_flags, here, settings_from
from .consult import Approval, Questions


def arguments(parser: argparse.ArgumentParser) -> None:
    add_task(parser)
    add_output_flags(parser)
    add_result_flags(parser)
    add_plan_flags(parser)
    parser.add_argument(
        "--yes",
        action="store_true",
        help="carry the plan out without asking; in a terminal its forecast is shown and asked about first",
    )
    add_setting_flags(parser)


def execute(parsed: argparse.Namespace) -> int:
    if parsed.solo is not None:
        raise PersonError(
            "--solo is for one agent alone, so refactor can't take it; `leadline run --solo` does."
        )
    settings = settings_from(parsed, find_project_root(here()))
    refuse_modes_without_workers(settings, "refactor")
    start = replace(start_from(parsed, settings), way="refactor")
    return carry_out(parsed, start, Questions if parsed.yes else Approval)
