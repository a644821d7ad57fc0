"""What the engine of this process works with: what all its workers share, and what one of an earlier run left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...tools.code.checker import Checker
from ...tools.code.live import LiveCode
from ...tools.code.model import CodeTree
from ...tools.git.clones import Clone, Clones
from ...tools.git.store import Store
from ...tools.slots import Commands
from ..budget import Budget
from ..bus import Recorder
from ..context.transcript import Transcript
from ..events import Reported
from ..history.journal import Journal
from ..loop import Model
from ..reach import Reach
from .plan import WriteSet
from .scheduler import Order
from .verify import Baseline


@dataclass(frozen=True, slots=True)
class Left:
    """A worker of an earlier run, whose clone is still there: its last base, and its transcript, each call answered.

    `claim` is what it reported last, where nothing was said to it since.
    """

    base: str
    transcript: Transcript
    recorder: Recorder
    seen: dict[str, str]
    claim: Reported | None = None


@dataclass(frozen=True, slots=True)
class Shop:
    """What all workers of this process share.

    `recorder` makes one for an agent's name, `route` records which model it works with and why; `commands` makes the
    runner for a clone, `code` what answers questions about its symbols, `budget` what a worker may use up. `seen` are
    digests of the files that the prefix has whole; `news` tells what differs in a clone from what it says of the
    repository. `left` are workers of an earlier run by task, `begun` is how many there were. `known_as` is the
    person's tree, whose paths in calls mean the clone; `where` tells a worker what it has to know of the clone's place;
    `checker` see ToolContext. `reach` is how workers are spoken to and stopped; `left_by` gives a worker that was
    stopped as a kill would have left it, for the next try at the task.
    """

    store: Store
    clones: Clones
    model: Model
    journal: Journal
    recorder: Callable[[str], Recorder]
    route: Callable[[Recorder, Order], None]
    commands: Callable[[Clone, Recorder], Commands]
    code: Callable[[Clone], LiveCode]
    budget: Callable[[], Budget]
    seen: Mapping[str, str]
    news: Callable[[Clone, WriteSet], Awaitable[str | None]]
    left: Mapping[str, Left] = field(default_factory=dict[str, Left])
    begun: int = 0
    baseline: Baseline | None = None
    known_as: Path | None = None
    where: Callable[[Clone], str | None] = lambda _: None
    checker: Checker | None = None
    reach: Reach = field(default_factory=Reach)
    left_by: Callable[[str], Left | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a task may write, which grows while it runs: `request` asks for more in a tree, and raises ToolError if it
    is not granted."""

    write_set: Callable[[str], WriteSet]
    request: Callable[[str, Sequence[str], CodeTree], str]
