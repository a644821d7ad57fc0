from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime

import pytest
from aiohttp import web
from leadline.agent.context.transcript import Transcript
from leadline.agent.v4.catalog import load_catalog
from leadline.agent.v4.client import V4Client
from leadline.agent.v4.ledger import Ledger
from leadline.agent.v4.link import start_connecting
from leadline.agent.v4.profiles import endpoint, load_profiles
from leadline.agent.v4.retry import Limits
from leadline.agent.v4.throttle import Throttle
from leadline.tests.agent.v4.bench import KEY, NOW, Bench, MakeBench, RawServer, new_transcript


@pytest.fixture
def transcript() -> Transcript:
    return new_transcript()


@pytest.fixture
async def make_bench() -> AsyncIterator[MakeBench]:
    benches: list[Bench] = []

    def make(
        base_url: str,
        limits: Limits | None = None,
        *,
        profile: str = "deepseek",
        key: str = KEY,
        throttle: Throttle | None = None,
        now: Callable[[], datetime] = lambda: NOW,
    ) -> Bench:
        variable = load_profiles()[profile].key_variable
        place = endpoint(load_profiles(), profile, {variable: key}, base_url)
        catalog = load_catalog()
        ledger = Ledger(catalog, priced=place.profile.list_prices)
        throttle = throttle or Throttle()

        async def sleep(seconds: float) -> None:
            bench.sleeps.append(seconds)
            await asyncio.sleep(0)

        client = V4Client(
            place,
            catalog,
            throttle,
            ledger,
            start_connecting(place),
            limits,
            now=now,
            sleep=sleep,
            jitter=lambda: 0.0,
        )
        bench = Bench(client, ledger, throttle)
        benches.append(bench)
        return bench

    yield make
    for bench in benches:
        await bench.client.close()


@pytest.fixture
async def raw_server() -> AsyncIterator[RawServer]:
    server = RawServer()
    app = web.Application()
    app.router.add_post("/chat/completions", server.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    server.base_url = f"http://127.0.0.1:{port}"
    yield server
    await runner.cleanup()
