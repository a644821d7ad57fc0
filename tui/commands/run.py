"""`leadline run`: one task, from the command line to its proof."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import JsonValue

from ...agent.modes import NOT_APPROVED
from ...agent.session import Start
from ...agent.settings.config import find_project_root
from ...tools.errors import PersonError
from .begin import (
    add_output_flags,
    add_plan_flags,
    add_result_flags,
    add_task,
    carry_out,
    plan_flags_given,
    refuse_modes_without_workers,
    start_from,
)
from .common import add_setting_flags, here, settings_from
from .consult import Questions


def arguments(parser: argparse.ArgumentParser) -> None:
    add_task(parser)
    add_output_flags(parser)
    parser.add_argument(
        "--output-schema",
        metavar="FILE",
        help="JSON schema of the answer, which is then printed on stdout",
    )
    add_result_flags(parser)
    parser.add_argument(
        "--read-only",
        action="store_true",
        help="change nothing; works outside of a git repository too",
    )
    add_plan_flags(parser)
    add_setting_flags(parser)


def execute(parsed: argparse.Namespace) -> int:
    _check_together(parsed)
    settings = settings_from(parsed, find_project_root(here()))
    if parsed.read_only:
        origins = {**settings.origins, "mode": "--read-only"}
        settings = replace(settings, mode="plan", origins=origins)
    schema = _read_schema(parsed.output_schema)
    start = replace(start_from(parsed, settings), read_only=parsed.read_only, output_schema=schema)
    return carry_out(parsed, in_its_way(start, plan_flags_given(parsed)), Questions)


def in_its_way(start: Start, plan_flags: Sequence[str]) -> Start:
    """With a planner and workers, unless something asks for one agent alone.

    `plan_flags` are flags that need a planner, and as flags they win over a file's or a variable's wish for one agent.
    Raises PersonError where they can't.
    """
    settings = start.settings
    if plan_flags:
        refuse_modes_without_workers(settings, plan_flags[0])
        return replace(start, way="planned")
    alone = start.read_only or start.output_schema is not None or settings.mode in NOT_APPROVED
    if alone or settings.solo is not None:
        return replace(start, way="solo", solo=settings.solo)
    return replace(start, way="planned")


def _check_together(parsed: argparse.Namespace) -> None:
    if parsed.read_only and (parsed.commit or parsed.init or parsed.patch):
        raise PersonError(
            "--read-only changes nothing, so it does not go with --commit, --init or --patch."
        )
    given = (
        ("--solo", parsed.solo is not None),
        ("--read-only", parsed.read_only),
        ("--output-schema", parsed.output_schema is not None),
    )
    for alone, is_given in given:
        for flag in plan_flags_given(parsed) if is_given else ():
            raise PersonError(f"{alone} is for one agent alone, so {flag} does not go with it.")


def _read_schema(name: str | None) -> dict[str, JsonValue] | None:
    if name is None:
        return None
    try:
        value: JsonValue = json.loads(Path(name).expanduser().read_bytes())
    except OSError as error:
        raise PersonError(f"The schema {name} can't be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise PersonError(f"The schema {name} is no JSON: {error}.") from error
    if not isinstance(value, dict):
        raise PersonError(f"The schema {name} must be a JSON object.")
    return value
