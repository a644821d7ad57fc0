"""What a run came to: the value behind the exit code, the JSON result and the text a person reads."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue

from ..tools.errors import Exit, PersonError
from .events import Evidence, Status
from .planning.plan import Plan
from .planning.schedule import State

EXIT_CODES: dict[Status, Exit] = {
    "planned": Exit.DONE,
    "done": Exit.DONE,
    "not_done": Exit.NOT_DONE,
    "usage": Exit.USAGE,
    "unverified": Exit.UNVERIFIED,
    "permission": Exit.PERMISSION,
    "limit": Exit.LIMIT,
    "unavailable": Exit.UNAVAILABLE,
    "conflict": Exit.CONFLICT,
    "interrupted": Exit.INTERRUPTED,
}


@dataclass(frozen=True, slots=True)
class Bill:
    """Money in US dollars and tokens of a whole session; `uncached` is the price without any cache."""

    cost: float
    uncached: float
    hit: int
    miss: int
    output: int
    requests: int
    unexpected_misses: int

    @property
    def hit_share(self) -> float:
        prompt = self.hit + self.miss
        return self.hit / prompt if prompt else 0.0


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What became of one task of a plan. `tries` counts those that were refused and the last; money in US dollars.

    `report` is what its worker said last: a claim, with what the plan did not foresee and others should know.
    """

    id: str
    title: str
    state: State
    tries: int
    reason: str
    models: tuple[str, ...]
    usd: float
    report: str = ""


@dataclass(frozen=True, slots=True)
class RunResult:
    """`notes` are things a person should look at: weakened tests, files left out of snapshots.

    `plan`, `tasks` and `assumptions`, which were made instead of asking, are there where a planner was at work.

    `patch` is the whole change against the state before the run, as `git apply` takes it. `output` is the answer that
    `--output-schema` asked for. `branch` is where `commit` was made.
    """

    session: str
    status: Status
    exit_code: int
    summary: str
    patch: str
    changed: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    notes: tuple[str, ...]
    bill: Bill
    models: tuple[str, ...]
    sandbox: str
    turns: int
    seconds: float
    commit: str | None = None
    branch: str | None = None
    output: JsonValue = None
    plan: Plan | None = None
    tasks: tuple[TaskResult, ...] = ()
    assumptions: tuple[str, ...] = ()


def status_of(error: PersonError) -> Status:
    """The status of a run that this error ended."""
    for status, code in EXIT_CODES.items():
        if code == error.exit_code:
            return status
    return "not_done"
