"""Shell commands of one agent: confined, with clean outputs whose full text stays within a command's reach."""

from __future__ import annotations

import codecs
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from .base import CommandOutcome
from .jobs import BackgroundJobs, JobOutput
from .process import Launch, ProcessResult, run_process
from .sandbox.base import Sandbox
from .sandbox.environment import scrubbed_environment
from .sandbox.places import make_policy

PROBE_SECONDS = 5.0
OUTPUTS = "outputs"
"""Folder below the commands' TMPDIR with the full output of each; a command may read it like any file."""


class SandboxedCommands:
    """Runs commands in `root`. Everything it starts ends with `close`.

    `folder` is the session's own: its temporary files and outputs lie below. With `writable` False the tree is
    read-only for commands too.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        root: Path,
        folder: Path,
        *,
        leadline_home: Path,
        writable: bool,
        network: bool,
        default_seconds: float,
    ) -> None:
        self._sandbox = sandbox
        self._root = root
        self._network = network
        self._default_seconds = default_seconds
        temp = folder / "tmp"
        # A folder of this process alone: a resumed session must not write over what an earlier one showed the model.
        outputs = temp / OUTPUTS / str(os.getpid())
        outputs.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._temp = temp
        self._outputs = outputs
        cache = leadline_home / "cache"
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        policy = make_policy(
            root,
            temp=temp,
            home=Path.home(),
            environ=os.environ,
            leadline_home=leadline_home,
            caches=[cache],
            network=network,
        )
        self._policy = policy if writable else replace(policy, read_only=(*policy.read_only, root))
        self._environment = scrubbed_environment(os.environ, temp=temp, cache=cache) | {
            # Bytecode belongs to the cache: it would show up as a change in a tree that does not ignore it.
            "PYTHONPYCACHEPREFIX": str(cache / "pycache"),
        }
        self._shell = shutil.which("bash") or "/bin/sh"
        self._count = 0
        self._jobs = BackgroundJobs(outputs)

    @property
    def confined(self) -> bool:
        return self._sandbox.confined

    def describe(self) -> str:
        """What confines commands and what does not, in one sentence."""
        return self._sandbox.describe()

    async def run(
        self, command: str, timeout_seconds: float | None, on_output: Callable[[str], None]
    ) -> CommandOutcome:
        """Run a command to its end or its time limit; None takes the default.

        Raises ToolError where it can't be confined or started.
        """
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        spill = self._next_output()
        result = await run_process(
            self._launch(command),
            cwd=self._root,
            env=self._environment,
            timeout_seconds=timeout_seconds or self._default_seconds,
            sink=lambda data: on_output(decoder.decode(data)),
            spill=spill,
        )
        return self._outcome(result)

    async def probe(self, argv: Sequence[str]) -> tuple[int, str]:
        """Run a program that tells about itself: its exit code and output."""
        result = await run_process(
            self._sandbox.command(tuple(argv), self._policy),
            cwd=self._root,
            env=self._environment,
            timeout_seconds=PROBE_SECONDS,
            sink=None,
            spill=self._next_output(),
        )
        return (-1 if result.exit_code is None else result.exit_code), result.output.text

    async def start_job(self, command: str) -> str:
        """Start a command that goes on in the background; its id."""
        return await self._jobs.start(
            self._launch(command), command=command, cwd=self._root, env=self._environment
        )

    async def job_output(self, job: str, wait_seconds: float) -> str:
        """What a job said since it was last asked, and how it is."""
        return self._told(await self._jobs.output(job, wait_seconds))

    async def stop_job(self, job: str) -> str:
        return self._told(await self._jobs.stop(job))

    async def close(self) -> None:
        await self._jobs.stop_all()

    def _launch(self, command: str) -> Launch:
        return self._sandbox.command((self._shell, "-c", command), self._policy)

    def _next_output(self) -> Path:
        self._count += 1
        return self._outputs / f"{self._count}.txt"

    def _outcome(self, result: ProcessResult) -> CommandOutcome:
        file = result.output.file
        return CommandOutcome(
            result.exit_code,
            result.timed_out,
            result.seconds,
            self._reachable(result.output.text, file),
            file,
            self._shown(file),
        )

    def _told(self, output: JobOutput) -> str:
        status = output.status
        if status.running:
            end = "still running"
        elif status.result is None:
            end = "stopped"
        elif status.result.exit_code is None:
            end = "ended by a signal"
        else:
            end = f"exit {status.result.exit_code} after {status.result.seconds:.1f} s"
        text = self._reachable(output.text, output.file).rstrip("\n") or "(no new output)"
        return f"{text}\n{status.job}: {end}"

    def _shown(self, file: Path) -> str:
        return f"$TMPDIR/{file.relative_to(self._temp)}"

    def _reachable(self, text: str, file: Path) -> str:
        """Text that names an output's file as a command can."""
        return text.replace(str(file), self._shown(file))
