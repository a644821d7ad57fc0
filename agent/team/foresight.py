"""What a plan will take at this endpoint and in this project, and waiting for the hours in which it costs half."""

from __future__ import annotations

import asyncio

from ..events import UsageReported, Warned
from ..events_plan import Forecast
from ..history.journal import utc_now
from ..kit import Kit
from ..lanes import lane_of
from ..planning.forecast import Ground, forecast
from ..planning.outcomes import read_outcomes
from ..planning.plan import Plan
from ..planning.timings import read_timings
from ..v4.catalog import Price
from ..v4.facts import Tier
from ..v4.offpeak import wait_off_peak

AROUND_PACK = 3_000
"""Tokens of a prefix beside the pack: system prompt, tools, environment card, instructions."""


def foretold(kit: Kit, plan: Plan) -> Forecast:
    """The forecast of the plan's work with the workers that the person allows."""
    return forecast(plan, ground_of(kit, plan), kit.job.workers)


def ground_of(kit: Kit, plan: Plan) -> Ground:
    """What forecasts of this session rest on."""
    tiers: tuple[Tier, ...] = ("flash", "pro")
    lanes = {tier: lane_of(kit.catalog, kit.settings, tier, "high") for tier in tiers}
    prices: dict[Tier, Price] = {
        tier: kit.ledger.price(lanes[tier].model, utc_now()) for tier in tiers
    }
    prompts = [
        event.body.usage.prompt
        for event in kit.journal.events
        if event.agent == kit.lead.name and isinstance(event.body, UsageReported)
    ]
    times = read_timings(kit.project_folder)
    return Ground(
        prefix=prompts[0] if prompts else kit.pack_budget + AROUND_PACK,
        ladder=kit.catalog.rungs(),
        prices=prices,
        outcomes=read_outcomes(kit.project_folder),
        stored=frozenset({("pro", kit.lead.lane.effort)} if prompts else ()),
        landing=sum(times.get(check, 0.0) for check in plan.checks),
    )


async def waited(kit: Kit) -> None:
    """Returns when Flash, which does most of the work, does not cost its peak price."""
    lane = lane_of(kit.catalog, kit.settings, "flash", "high")
    await wait_off_peak(
        kit.catalog,
        lane.model,
        utc_now,
        asyncio.sleep,
        lambda until: kit.recorder.emit(
            Warned(f"waiting for cheaper hours, until {until.astimezone():%Y-%m-%d %H:%M}")
        ),
    )
