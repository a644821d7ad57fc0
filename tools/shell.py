"""The `shell` tool: commands through the session's runner, which confines them; and its background jobs."""

from __future__ import annotations

from .base import CommandOutcome, Effects, Preview, Tool, ToolContext, ToolResult
from .errors import ToolError
from .params import Params
from .text import is_well_formed

MAX_SECONDS = 3600
JOB_WAIT_SECONDS = 10


class ShellParams(Params):
    command: str | None = None
    timeout_seconds: float | None = None
    background: bool = False
    job: str | None = None
    stop: bool = False


def _effects(params: ShellParams) -> Effects:
    # What makes no sense is said before anybody is asked for a permission.
    if (params.command is None) == (params.job is None):
        raise ToolError("Give either `command`, to run one, or `job`, to look at one.")
    if params.command is not None and not params.command.strip():
        raise ToolError("`command` is empty.")
    if params.command is not None and (
        "\0" in params.command or not is_well_formed(params.command)
    ):
        raise ToolError(
            "`command` holds a NUL or half of a surrogate pair, which no command can have."
        )
    if params.stop and params.job is None:
        raise ToolError("`stop` is for a `job`.")
    if params.background and params.job is not None:
        raise ToolError("`background` is for a new `command`.")
    seconds = params.timeout_seconds
    if seconds is not None and not 0 < seconds <= MAX_SECONDS:
        raise ToolError(f"`timeout_seconds` is more than 0 and at most {MAX_SECONDS}.")
    return Effects(command=params.command)


def _title(params: ShellParams) -> str:
    if params.command is not None:
        command = " ".join(params.command.split())
        return f"$ {command}{' &' if params.background else ''}"
    return f"{'stop' if params.stop else 'look at'} job {params.job}"


async def _run(params: ShellParams, context: ToolContext) -> ToolResult:
    if params.job is not None:
        return await _job(params.job, params, context)
    command = params.command or ""
    if params.background:
        return ToolResult(f"job {await context.commands.start_job(command)}")
    outcome = await context.commands.run(command, params.timeout_seconds, context.on_output)
    end = _end(outcome)
    text = outcome.text.rstrip("\n") or "(no output)"
    return ToolResult(
        f"{text}\n{end}",
        ok=outcome.exit_code == 0 and not outcome.timed_out,
        title=f"{_title(params)}: {end.partition(';')[0]}",
        detail=text,
    )


async def _preview(params: ShellParams, context: ToolContext) -> Preview:
    del context
    command = params.command or ""
    if params.background:
        return Preview("command", command, ("in the background, until the session ends",))
    limit = params.timeout_seconds
    return Preview("command", command, () if limit is None else (f"at most {limit:g} s",))


async def _job(job: str, params: ShellParams, context: ToolContext) -> ToolResult:
    if params.stop:
        text = await context.commands.stop_job(job)
    else:
        wait = params.timeout_seconds or JOB_WAIT_SECONDS
        text = await context.commands.job_output(job, wait)
    text = text.rstrip("\n") or "(no output)"
    return ToolResult(text, detail=text)


def _end(outcome: CommandOutcome) -> str:
    if outcome.timed_out:
        return f"timed out after {outcome.seconds:.0f} s; the process group was ended"
    if outcome.exit_code is None:
        return f"ended by a signal after {outcome.seconds:.1f} s"
    return f"exit {outcome.exit_code} in {outcome.seconds:.1f} s"


SHELL = Tool("shell", ShellParams, _effects, _title, _run, _preview)
