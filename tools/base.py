"""What a tool is: parameters, declared effects, a function. Tools decide nothing and ask nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Literal, Protocol, TypeVar

from .code.checker import Checker
from .code.model import CodeLookup
from .params import Params
from .sent_plan import LookAtPlan

P = TypeVar("P", bound=Params)


@dataclass(frozen=True, slots=True)
class Effects:
    """What a call will touch, declared before it runs.

    `reads` and `writes` are paths relative to the root; a command may touch anything that the sandbox lets it. A path
    of `writes` that ends in a slash stands for files below that folder which are known only when the call runs: such
    a tool asks `ToolContext.may_write` for each, and declares a `command` too, so that all is stored before.
    `question` is what a person has to answer before the call can run. `asks` is what a person who has to allow the call
    is asked ("May Leadline ...?"), where neither the command nor the paths tell one such call from every other.
    """

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    command: str | None = None
    question: str | None = None
    asks: str = ""

    @property
    def mutates(self) -> bool:
        return bool(self.writes) or self.command is not None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """`text` is for the model, `title` and `detail` for people.

    `seen` maps each path to the digest of the content that the model knows after this call; `wrote` each path that the
    call wrote to the digest it has by that, which the model need not know as a whole. `data` is a parsed value
    for the harness (a plan, a report); only the tools that steer the session have one.
    """

    text: str
    ok: bool = True
    title: str = ""
    detail: str = ""
    seen: Mapping[str, str] = field(default_factory=dict[str, str])
    wrote: Mapping[str, str] = field(default_factory=dict[str, str])
    data: Params | None = None


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """A command that ran. `text` is clipped and clean; `output_file` holds everything, and commands can read it."""

    exit_code: int | None
    timed_out: bool
    seconds: float
    text: str
    output_file: Path


class CommandRunner(Protocol):
    """Runs shell commands in the sandbox of this agent, and keeps its background jobs."""

    async def run(
        self, command: str, timeout_seconds: float | None, on_output: Callable[[str], None]
    ) -> CommandOutcome:
        """Run a command to its end or its time limit; None takes the person's default."""
        ...

    async def start_job(self, command: str) -> str: ...

    async def job_output(self, job: str, wait_seconds: float) -> str: ...

    async def stop_job(self, job: str) -> str: ...


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool gets: nothing in it can ask a person or reach the model.

    `seen` holds the digests of what the model has read or written so far; `answer` the person's answer to the
    question that the call declared. `outputs` is a folder outside the root that may be read: commands' full outputs.
    `code` answers questions about symbols. `refuse_broken` is the person's wish that an edit which adds syntax errors
    is not made. `request_paths` answers a wish to write more, for the model, and raises ToolError where it is not
    granted; `may_write` says of a file, by its path, whether it may be written. Both are None where nothing limits what
    may be written. `checker` has edits looked through for what they broke; without it a process is started for each.
    `look_at_plan` says, for the model, what was made of a plan for others, and raises ToolError with what keeps it from
    being run; None where nobody plans.
    """

    root: Path
    seen: Mapping[str, str]
    commands: CommandRunner
    on_output: Callable[[str], None]
    answer: str | None = None
    outputs: Path | None = None
    code: CodeLookup | None = None
    refuse_broken: bool = False
    request_paths: Callable[[Sequence[str]], Awaitable[str]] | None = None
    may_write: Callable[[str], bool] | None = None
    checker: Checker | None = None
    look_at_plan: LookAtPlan | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a call would do if it ran now, for a person who has to allow it.

    `text` is all of it: a command or script to the letter, or a unified diff, as `shows` says. `terms` are what else a
    person should know of it, such as a time limit.
    """

    shows: Literal["command", "diff"]
    text: str
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool(Generic[P]):
    """`title` is one line for people, from the parameters alone. The description is `prompts/tools/<name>.md`.

    `preview`, where there is one, changes nothing and asks nobody. It raises ToolError where `run` would, with the tree
    as it is.
    """

    name: str
    params: type[P]
    effects: Callable[[P], Effects]
    title: Callable[[P], str]
    run: Callable[[P, ToolContext], Awaitable[ToolResult]]
    preview: Callable[[P, ToolContext], Awaitable[Preview]] | None = None
