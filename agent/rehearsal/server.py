"""The rehearsal endpoint: a real HTTP server on loopback that behaves like DeepSeek's V4 API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from .completions import Completions
from .errors import ApiError, no_balance, wrong_key
from .faults import Fault
from .prompt import CANONICAL, CONTEXT_TOKENS, MAX_OUTPUT_TOKENS
from .scenario import Scenario
from .settings import RequestRecord, Settings
from .tokens import Vocabulary, tokenizer_file, vocabulary

HOST = "127.0.0.1"
_BODY_LIMIT = 256 * 1024 * 1024

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RehearsalServer:
    """`async with RehearsalServer(scenario) as server:` listens on a free port of 127.0.0.1.

    `requests` holds a record of every request that reached the script, in the order of arrival. `clock` (seconds)
    decides when stored units become visible; `on_finished` hears of each request when its last byte is sent.
    """

    def __init__(
        self,
        scenario: Scenario,
        settings: Settings | None = None,
        *,
        port: int = 0,
        clock: Callable[[], float] = time.monotonic,
        keep_requests: bool = True,
        on_finished: Callable[[RequestRecord], None] = lambda _: None,
    ) -> None:
        self._settings = settings or Settings()
        self._port = port
        self._keep = keep_requests
        self._runner: web.AppRunner | None = None
        self._loading: asyncio.Task[Vocabulary] | None = None
        self.requests: list[RequestRecord] = []
        self._arrival = asyncio.Event()
        self._completions = Completions(
            scenario, self._settings, clock, self._loaded, self._remember, on_finished
        )

    @property
    def base_url(self) -> str:
        """What a client takes as its base URL, without `/v1` (which works too)."""
        return f"http://{HOST}:{self._port}"

    def inject(self, name: str, times: int = 1, **dials: float | str) -> None:
        """Show fault `name` on the next `times` requests; `dials` are the fields of Fault."""
        seconds, after, value = dials.get("seconds"), dials.get("after", 0.5), dials.get("value")
        fault = Fault(
            name,
            None if seconds is None else float(seconds),
            float(after),
            None if value is None else str(value),
        )
        self._completions.plan.inject(fault, times)

    async def arrived(self, count: int) -> None:
        """Wait until `requests` has `count` records."""
        while len(self.requests) < count:
            self._arrival.clear()
            await self._arrival.wait()

    async def start(self) -> None:
        """Listen; the tokenizer is loaded meanwhile, and the first request waits for it.

        Raises PersonError without the tokenizer's package, OSError if the port is taken.
        """
        tokenizer_file()
        app = web.Application(client_max_size=_BODY_LIMIT, middlewares=[self._checked])
        for prefix in ("", "/v1"):
            app.router.add_post(f"{prefix}/chat/completions", self._completions.answer)
            app.router.add_get(f"{prefix}/models", self._models)
        app.router.add_get("/user/balance", self._balance)
        self._runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=0.05
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self._load()

    async def stop(self) -> None:
        """Close the listener; answers under way are broken off."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._loading is not None:
            await asyncio.gather(self._loading, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def _load(self) -> asyncio.Task[Vocabulary]:
        if self._loading is None:
            self._loading = asyncio.create_task(asyncio.to_thread(vocabulary))
        return self._loading

    async def _loaded(self) -> Vocabulary:
        return await asyncio.shield(self._load())

    def _remember(self, record: RequestRecord) -> None:
        if self._keep:
            self.requests.append(record)
            self._arrival.set()

    @web.middleware
    async def _checked(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self._authorise(request)
            return await handler(request)
        except ApiError as error:
            retry = error.retry_after
            headers = {} if retry is None else {"Retry-After": f"{retry:g}"}
            return web.Response(
                status=error.status,
                text=error.body,
                content_type="application/json",
                headers=headers,
            )

    def _authorise(self, request: web.Request) -> None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not key or self._settings.api_key not in (None, key):
            raise wrong_key(key)
        if not self._settings.balance and request.method == "POST":
            raise no_balance()

    async def _models(self, _: web.Request) -> web.Response:
        models = [
            {
                "id": name,
                "object": "model",
                "owned_by": "deepseek",
                "context_window": CONTEXT_TOKENS,
                "max_output_tokens": MAX_OUTPUT_TOKENS,
            }
            for name in dict.fromkeys(CANONICAL.values())
        ]
        return web.json_response({"object": "list", "data": models})

    async def _balance(self, _: web.Request) -> web.Response:
        amount = "10.00" if self._settings.balance else "0.00"
        info = {
            "currency": "USD",
            "total_balance": amount,
            "granted_balance": "0.00",
            "topped_up_balance": amount,
        }
        return web.json_response({"is_available": self._settings.balance, "balance_infos": [info]})
