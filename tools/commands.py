"""Shell commands of one agent: confined, with clean outputs whose full text stays within a command's reach."""

from __future__ import annotations

import codecs
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from .base import CommandOutcome
from .jobs import BackgroundJobs, JobOutput
from .paths import folder_key, is_file
from .process import Launch, ProcessResult, run_process
from .room import leaving_room
from .sandbox.base import Sandbox
from .sandbox.environment import scrubbed_environment
from .sandbox.places import make_policy
from .sandbox.policy import Policy

PROBE_SECONDS = 5.0


class SandboxedCommands:
    """Runs commands in `root`. Everything it starts ends with `close`.

    `folder` is the session's own: its temporary files and outputs lie below. With `writable` False the tree is
    read-only for commands too. `cache` is for what builds and Python keep between commands, by default one of the tree.

    `shown_at`, `carried`, `borrowed` and `git_writable` are for a private clone, see `make_policy`: commands then work
    at `shown_at`, with the environment of the tree there. Such a clone needs a `folder` and a `cache` of its own:
    Python would take the bytecode of another clone, whose files have the same paths, for that of this one.
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
        cache: Path | None = None,
        shown_at: Path | None = None,
        carried: Sequence[Path] = (),
        borrowed: Sequence[Path] = (),
        git_writable: bool = False,
    ) -> None:
        self._sandbox = sandbox
        self._root = root
        self._shown_at = shown_at
        self._carried = tuple(Path(os.path.realpath(folder)) for folder in carried)
        self._borrowed = tuple(borrowed)
        self._git_writable = git_writable
        self._writable = writable
        self._network = network
        self._leadline_home = leadline_home
        self._default_seconds = default_seconds
        self._temp = _private(folder / "tmp")
        # Beside the temporary folder, not in it: commands can write there, and a link put in the place of an output
        # would be written through. One folder a process: a resumed session must not write over what was shown before.
        self._outputs = _private(folder / "outputs" / str(os.getpid()))
        # One cache a tree: what one repository leaves in it must not run in another.
        self._cache = _private(cache or leadline_home / "cache" / folder_key(root))
        self._environment = scrubbed_environment(os.environ, temp=self._temp, cache=self._cache) | {
            # Bytecode belongs to the cache: it would show up as a change in a tree that does not ignore it.
            "PYTHONPYCACHEPREFIX": str(self._cache / "pycache"),
        }
        path = self._environment.get("PATH", os.defpath)
        self._environment |= _activated(_environments(root, shown_at, self._carried), path)
        self._shell = shutil.which("bash") or "/bin/sh"
        self._count = 0
        self._fillable = (root, self._temp, self._cache)
        self._jobs = BackgroundJobs(self._outputs, self._fillable)

    @property
    def outputs(self) -> Path:
        """Where the full outputs of this process' commands are."""
        return self._outputs

    @property
    def confined(self) -> bool:
        return self._sandbox.confined

    def describe(self) -> str:
        """What confines commands and what does not, in one sentence."""
        return self._sandbox.describe(self._network)

    async def run(
        self, command: str, timeout_seconds: float | None, on_output: Callable[[str], None]
    ) -> CommandOutcome:
        """Run a command to its end or its time limit; None takes the default.

        Raises ToolError where it can't be confined or started, and where it was ended to leave room on the disk.
        """
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        spill = self._next_output()
        ran = run_process(
            self._launch(command),
            cwd=self._root,
            env=self._environment,
            timeout_seconds=timeout_seconds or self._default_seconds,
            sink=lambda data: on_output(decoder.decode(data)),
            spill=spill,
        )
        return self._outcome(await leaving_room(ran, self._fillable))

    async def probe(self, argv: Sequence[str]) -> tuple[int, str]:
        """Run a program that tells about itself: its exit code and output."""
        result = await run_process(
            self._sandbox.command(tuple(argv), self.policy()),
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

    def jobs_running(self) -> bool:
        return any(job.running for job in self._jobs.list())

    async def close(self) -> None:
        await self._jobs.stop_all()

    def _launch(self, command: str) -> Launch:
        return self._sandbox.command((self._shell, "-c", command), self.policy())

    def policy(self) -> Policy:
        """What the next command may touch; made anew for each, as what has to be protected may have come since."""
        policy = make_policy(
            self._root,
            temp=self._temp,
            home=Path.home(),
            environ=os.environ,
            leadline_home=self._leadline_home,
            caches=[self._cache],
            readable=[self._outputs],
            network=self._network,
            shown_at=self._shown_at,
            carried=self._carried,
            borrowed=self._borrowed,
            git_writable=self._git_writable,
        )
        if self._writable:
            return policy
        return replace(policy, read_only=(*policy.read_only, policy.tree))

    def _next_output(self) -> Path:
        self._count += 1
        return self._outputs / f"{self._count}.txt"

    def _outcome(self, result: ProcessResult) -> CommandOutcome:
        file = result.output.file
        return CommandOutcome(
            result.exit_code,
            result.timed_out,
            result.seconds,
            result.output.text,
            file,
        )

    def _told(self, output: JobOutput) -> str:
        status = output.status
        if status.running:
            end = "still running"
        elif status.result is None:
            end = status.fault or "stopped"
        elif status.result.exit_code is None:
            end = "ended by a signal"
        else:
            end = f"exit {status.result.exit_code} after {status.result.seconds:.1f} s"
        text = output.text.rstrip("\n") or "(no new output)"
        return f"{text}\n{status.job}: {end}"


def _environments(
    root: Path, shown_at: Path | None, carried: Sequence[Path]
) -> Iterator[tuple[Path, Path]]:
    """Where a Python environment of the project would be: outside, and as commands see it."""
    for name in (".venv", "venv"):
        if shown_at is None:
            yield root / name, root / name
        else:
            seen = Path(os.path.realpath(shown_at), name)
            yield seen if seen in carried else root / name, seen


def _activated(folders: Iterable[tuple[Path, Path]], path: str) -> dict[str, str]:
    """The project's own Python environment as its `activate` would set it: plain `python` is then the project's."""
    for folder, seen in folders:
        if is_file(folder / "pyvenv.cfg"):
            return {"VIRTUAL_ENV": str(seen), "PATH": f"{seen / 'bin'}{os.pathsep}{path}"}
    return {}


def _private(folder: Path) -> Path:
    """The folder, made for this user alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
