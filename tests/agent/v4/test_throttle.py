from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.events import RequestFailed
from leadline.agent.rehearsal import RehearsalServer, Settings, parse_scenario
from leadline.agent.v4.failures import TransientError, retry_after_seconds
from leadline.agent.v4.retry import Limits, Patience
from leadline.agent.v4.throttle import Throttle
from leadline.tests.agent.v4.bench import NOW, MakeBench, new_transcript
from leadline.tests.support.waiting import LONGEST


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


class Crowd:
    """Tasks that each hold a slot until they are let go."""

    def __init__(self, throttle: Throttle, model: str = "m") -> None:
        self.throttle = throttle
        self.model = model
        self.running: list[int] = []
        self.order: list[int] = []
        self.doors: dict[int, asyncio.Event] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}

    def enter(self, *names: int) -> None:
        for name in names:
            self.doors[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._hold(name))

    async def _hold(self, name: int) -> None:
        async with self.throttle.slot(self.model) as slot:
            self.running.append(name)
            self.order.append(name)
            try:
                await self.doors[name].wait()
            finally:
                self.running.remove(name)
            slot.served()

    async def leave(self, *names: int) -> None:
        for name in names:
            self.doors[name].set()
        await settle()

    async def end(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def test_slots_are_given_in_the_order_asked_for():
    crowd = Crowd(Throttle(start=2, ceiling=2))
    crowd.enter(0, 1, 2, 3, 4)
    await settle()
    assert crowd.running == [0, 1]
    await crowd.leave(1)
    assert crowd.running == [0, 2]
    await crowd.leave(0, 2)
    assert crowd.running == [3, 4]
    await crowd.leave(3, 4)
    assert crowd.order == [0, 1, 2, 3, 4]


async def test_models_do_not_wait_for_each_other():
    throttle = Throttle(start=1, ceiling=1)
    one, other = Crowd(throttle, "pro"), Crowd(throttle, "flash")
    one.enter(0, 1)
    other.enter(0)
    await settle()
    assert (one.running, other.running) == ([0], [0])
    await one.end()
    await other.end()


async def test_a_cancelled_waiter_leaves_the_queue():
    crowd = Crowd(Throttle(start=1, ceiling=1))
    crowd.enter(0, 1, 2)
    await settle()
    crowd.tasks[1].cancel()
    await settle()
    await crowd.leave(0)
    assert crowd.running == [2]
    await crowd.leave(2)


async def test_a_waiter_cancelled_just_as_its_turn_comes_passes_it_on():
    crowd = Crowd(Throttle(start=1, ceiling=1))

    async def leave_and_cancel() -> None:
        async with crowd.throttle.slot("m"):
            await settle()
        crowd.tasks[1].cancel()

    first = asyncio.create_task(leave_and_cancel())
    await asyncio.sleep(0)
    crowd.enter(1, 2)
    await first
    await settle()
    assert crowd.order == [2]
    await crowd.leave(2)
    async with asyncio.timeout(LONGEST), crowd.throttle.slot("m"):
        pass


async def test_refusals_that_were_under_way_together_halve_once():
    throttle = Throttle(start=16)

    async def refused(gate: asyncio.Barrier) -> None:
        async with throttle.slot("m") as slot:
            await gate.wait()
            slot.refused()
            await gate.wait()

    barrier = asyncio.Barrier(16)
    await asyncio.gather(*(refused(barrier) for _ in range(16)))
    assert throttle.limit("m") == 8


async def test_good_answers_raise_the_limit_one_by_one():
    throttle = Throttle(start=4, ceiling=6)

    async def served(gate: asyncio.Barrier) -> None:
        async with throttle.slot("m") as slot:
            await gate.wait()
            slot.served()
            await gate.wait()

    limits: list[int] = []
    for _ in range(3):
        barrier = asyncio.Barrier(4)
        await asyncio.gather(*(served(barrier) for _ in range(4)))
        limits.append(throttle.limit("m"))
    assert limits == [4, 5, 6]


async def test_an_unused_limit_does_not_grow():
    throttle = Throttle(start=8)
    for _ in range(100):
        async with throttle.slot("m") as slot:
            slot.served()
    assert throttle.limit("m") == 8


async def test_a_pause_holds_everyone_back():
    clock = [100.0]
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += seconds

    throttle = Throttle(clock=lambda: clock[0], sleep=sleep)
    async with throttle.slot("m") as slot:
        slot.pause(7.0)
        slot.pause(3.0)
    async with throttle.slot("other"):
        assert slept == []
    async with throttle.slot("m"):
        assert slept == [7.0]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 11), st.sampled_from(["leave", "cancel"])), max_size=40))
async def test_no_slot_is_lost_or_given_twice(moves: list[tuple[int, str]]):
    crowd = Crowd(Throttle(start=3, ceiling=3))
    crowd.enter(*range(12))
    for name, move in moves:
        if move == "leave":
            crowd.doors[name].set()
        else:
            crowd.tasks[name].cancel()
        await asyncio.sleep(0)
        assert len(crowd.running) <= 3
    await settle()
    waiting = [name for name, task in crowd.tasks.items() if not task.done()]
    assert len(crowd.running) == min(3, len(waiting))
    await crowd.end()
    async with asyncio.timeout(LONGEST), crowd.throttle.slot("m"):
        pass


async def test_a_crowded_account_is_worked_through(make_bench: MakeBench):
    scenario = parse_scenario('name = "say"\n[[turn]]\nstep = "say"\ntext = "Done."\n')
    settings_ = Settings(concurrency=3, first_token_seconds=0.02)
    async with RehearsalServer(scenario, settings_) as server:
        throttle = Throttle(start=12)
        bench = make_bench(server.base_url, Limits(retries=40), throttle=throttle)
        answers = await asyncio.gather(
            *(
                bench.client.answer(new_transcript(f"task {n}").request(), bench.events.append)
                for n in range(24)
            )
        )
        assert {answer.message.text for answer in answers} == {"Done."}
        assert any("429" in event.reason for event in bench.all(RequestFailed))
        assert throttle.limit("deepseek-flash") < 12


def test_waits_double_to_a_bound_with_jitter():
    patience = Patience(Limits(retries=7), lambda: 1.0)
    waits = [patience.wait_after(TransientError("x")) for _ in range(6)]
    assert [round(wait, 6) for wait in waits] == [0.55, 1.1, 2.2, 4.4, 8.8, 11.0]
    assert patience.more_tries
    patience.wait_after(TransientError("x"))
    assert not patience.more_tries


def test_the_service_may_ask_for_longer_within_reason():
    patience = Patience(Limits(), lambda: 0.0)
    assert patience.wait_after(TransientError("x", 30.0)) == 30.0
    assert patience.wait_after(TransientError("x", 1e9)) == 120.0
    assert patience.wait_after(TransientError("x", 0.0)) == 2.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("5", 5.0),
        (" 0.5 ", 0.5),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("nan", None),
        ("1e9", None),
        ("", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None):
    assert retry_after_seconds(value, NOW) == seconds
