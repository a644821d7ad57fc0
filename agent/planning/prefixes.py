"""What workers of each lane begin with: one transcript a lane, read by the service before the first of them begins."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from ..bus import Recorder
from ..context.transcript import Lane, Tools, Transcript
from ..events_plan import Forked
from ..loop import Model
from ..messages import Message, SystemMessage, UserMessage
from .engine import Prefix
from .ladder import Rung
from .priming import prime

PRIME = "prime"
"""What the agents that prime are called, with tier and effort after it."""


def head_of(messages: Sequence[Message]) -> tuple[Message, ...]:
    """What agents of any role can share: all that comes before the brief."""
    return tuple(takewhile(_is_for_all, messages))


def _is_for_all(message: Message) -> bool:
    return not (isinstance(message, UserMessage) and message.origin == "brief")


@dataclass(slots=True)
class Prefixes:
    """`lead` is the planner's transcript where there is a planner: who works in its lane begins with all of it.

    Others begin with its head (`parent`, `head`) in a lane of their own. `primed` are such transcripts of an earlier
    run that the service still has.
    """

    lead: Prefix | None
    parent: str
    head: tuple[Message, ...]
    tools: Tools
    lane: Callable[[Rung], Lane]
    model: Model
    recorder: Callable[[str], Recorder]
    route: Callable[[Recorder, Lane], None]
    store_seconds: Callable[[Lane], float]
    primed: Mapping[str, Prefix] = field(default_factory=dict[str, Prefix])
    _made: dict[str, Prefix] = field(default_factory=dict[str, Prefix])
    _turns: defaultdict[str, asyncio.Lock] = field(
        default_factory=lambda: defaultdict[str, asyncio.Lock](asyncio.Lock)
    )

    async def of(self, rung: Rung) -> Prefix:
        """Returns when the service has it stored. Raises what the model raises."""
        lane = self.lane(rung)
        if self.lead is not None and self.lead.lane == lane:
            return self.lead
        name = prime_name(rung)
        async with self._turns[name]:
            if name not in self._made:
                self._made[name] = self.primed.get(name) or await self._prime(name, lane)
        return self._made[name]

    def has(self, rung: Rung) -> bool:
        """Whether nothing has to be read for workers on this rung."""
        name, lane = prime_name(rung), self.lane(rung)
        led = self.lead is not None and self.lead.lane == lane
        return led or name in self._made or name in self.primed

    async def for_one(self, rung: Rung) -> Prefix:
        """For an agent that nobody else begins with: nothing is read ahead for it."""
        if self.has(rung):
            return await self.of(rung)
        return Prefix(self.parent, self.lane(rung), self.head, self.tools.digest)

    async def _prime(self, name: str, lane: Lane) -> Prefix:
        system, *rest = self.head
        assert isinstance(system, SystemMessage)
        shared = Transcript(name, lane, self.tools, system)
        for message in rest:
            shared.append(message)
        recorder = self.recorder(name)
        recorder.emit(Forked(self.parent, len(self.head)))
        self.route(recorder, lane)
        return Prefix.of(await prime(shared, self.model, recorder, self.store_seconds(lane)))


def prime_name(rung: Rung) -> str:
    return f"{PRIME}-{rung.tier}-{rung.effort}"
