"""What a worker is given and what it gives back, as values that can be sent to another machine.

An engine carries out one assignment at a place of its own. What it needs is all in the assignment, but for two things
that it may ask for while it works: the model, and leave to write more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Protocol, TypeVar

from pydantic import ConfigDict, TypeAdapter

from ..context.transcript import Lane, Tools, Transcript
from ..events import Event, Evidence
from ..messages import Message, SystemMessage
from .plan import Plan, Task, WriteSet
from .planner import task_text
from .scheduler import Order, Result

T = TypeVar("T")
_BYTES = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
"""How bytes are written in JSON, which has none."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """What a worker's transcript begins with: that of `agent` in this lane, up to here.

    `tools` is the digest of the schemas that it was made with.
    """

    agent: str
    lane: Lane
    messages: tuple[Message, ...]
    tools: str

    @staticmethod
    def of(transcript: Transcript) -> Prefix:
        return Prefix(
            transcript.name, transcript.lane, transcript.messages, transcript.tools.digest
        )

    def begin(self, name: str, tools: Tools) -> Transcript:
        """The transcript of the agent called `name`. ValueError where this release has other tools."""
        if tools.digest != self.tools:
            raise ValueError("the prefix was made by a release with other tools")
        system, *rest = self.messages
        assert isinstance(system, SystemMessage)
        transcript = Transcript(name, self.lane, tools, system, start="fork")
        for message in rest:
            transcript.append(message)
        return transcript


@dataclass(frozen=True, slots=True)
class Assignment:
    """One try at a task. `usd` is its share of the budget, None where there is none.

    `objects` hold the base commit and all it needs, as `parcels.pack_commits` makes them; empty where the engine works
    on the store that has them.
    """

    order: Order
    task: Task
    goal: str
    assumptions: tuple[str, ...]
    write_set: WriteSet
    prefix: Prefix
    usd: float | None
    objects: bytes = b""

    @property
    def task_text(self) -> str:
        """The message that gives the worker its task."""
        plan = Plan(self.goal, (self.task,), assumptions=self.assumptions)
        return task_text(plan, self.task)

    __pydantic_config__: ClassVar[ConfigDict] = _BYTES


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an assignment: the result, the checks that Leadline ran for it, all that happened meanwhile, and,
    where the assignment came with objects, those of the commit."""

    result: Result
    evidence: tuple[Evidence, ...]
    events: tuple[Event, ...]
    objects: bytes = b""
    __pydantic_config__: ClassVar[ConfigDict] = _BYTES


class Engine(Protocol):
    """Carries out assignments, one at a time for a task and many at once for all."""

    async def work(self, assignment: Assignment) -> Delivery:
        """Cancelled, it leaves nothing running. What it raises ends the whole run."""
        ...


def encoded(value: Assignment | Delivery) -> bytes:
    """The value as JSON, to be sent."""
    return _adapter(type(value)).dump_json(value)


def decoded(kind: type[T], data: bytes) -> T:
    """The value of this kind that was sent. ValueError for anything else."""
    return _adapter(kind).validate_json(data)


@cache
def _adapter(kind: type[T]) -> TypeAdapter[T]:
    # Made when the first value is sent: it takes a while, and most runs send none.
    return TypeAdapter(kind)


@dataclass(frozen=True, slots=True)
class Posted:
    """`scheduler.Workers` by way of an engine: makes of each order an assignment, and hands its delivery on.

    `prefix` gives what a worker on the order's rung begins with, `share` what it may spend.
    """

    engine: Engine
    plan: Callable[[], Plan]
    write_set: Callable[[str], WriteSet]
    prefix: Callable[[Order], Awaitable[Prefix]]
    share: Callable[[Order], float | None]
    delivered: Callable[[Order, Delivery], None]

    async def work(self, order: Order) -> Result:
        plan = self.plan()
        assignment = Assignment(
            order,
            next(task for task in plan.tasks if task.id == order.task),
            plan.goal,
            plan.assumptions,
            self.write_set(order.task),
            await self.prefix(order),
            self.share(order),
        )
        delivery = await self.engine.work(assignment)
        self.delivered(order, delivery)
        return delivery.result
