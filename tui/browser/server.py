"""The web server: the page, what it is made of, and a socket for each page that is open."""

from __future__ import annotations

import asyncio
import html
import signal
import socket
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from string import Template

from aiohttp import web

from .child import HURRY, PATIENCE, Program
from .gate import HOST, Gate
from .visit import Visit

BROWSER_SIDE = "textual_serve"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_HERE = Path(__file__).parent


class Pages:
    """What is served under the gate's room, for a title."""

    def __init__(
        self, program: Program, gate: Gate, title: str, told: Callable[[str], None]
    ) -> None:
        self._program = program
        self._gate = gate
        self._title = html.escape(title)
        self._told = told
        self._open: set[Visit] = set()

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._gate.guard])
        room = self._gate.room
        app.add_routes(
            [
                web.get(f"{room}/", self._page),
                web.get(f"{room}/page.js", self._script),
                web.get(f"{room}/ws", self._visit),
                web.static(f"{room}/static", static_files()),
            ]
        )
        app.on_response_prepare.append(self._gate.close_off)
        app.on_shutdown.append(self._close)
        return app

    def kill(self) -> None:
        for visit in self._open:
            visit.kill()

    async def _page(self, request: web.Request) -> web.Response:
        address = f"ws://{request.host}{self._gate.room}/ws"  # a host that the gate knows
        page = Template((_HERE / "page.html").read_text(encoding="utf-8"))
        text = page.substitute(title=self._title, socket=address)
        return web.Response(text=text, content_type="text/html")

    async def _script(self, request: web.Request) -> web.FileResponse:
        del request
        return web.FileResponse(_HERE / "page.js")

    async def _visit(self, request: web.Request) -> web.StreamResponse:
        visit = Visit(self._program, self._told)
        self._open.add(visit)
        try:
            return await visit.last(request)
        finally:
            self._open.discard(visit)

    async def _close(self, app: web.Application) -> None:
        del app
        await asyncio.gather(*(visit.close() for visit in self._open))


def static_files() -> Path:
    """What the browser runs. Raises ModuleNotFoundError."""
    found = find_spec(BROWSER_SIDE)  # importing it would bring its server along
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"No module named {BROWSER_SIDE!r}", name=BROWSER_SIDE)
    return Path(found.origin).parent / "static"


def listen(port: int) -> socket.socket:
    """A socket on loopback; port 0 takes any that is free. Raises OSError."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()  # only now another one that has bound it is noticed
    except OSError:
        listening.close()
        raise
    return listening


async def serve(
    program: Program,
    title: str,
    listening: socket.socket,
    opened: Callable[[str], None],
    told: Callable[[str], None],
) -> None:
    """Serve `program` until a signal says to end. `opened` hears the address, `told` what a person should know.

    Each page that is opened has an interface of its own; what runs in it comes to a point from where it can go on when
    the page is closed, and when the server ends. A second signal does not wait for that.
    """
    port = int(listening.getsockname()[1])
    gate = Gate(port)
    pages = Pages(program, gate, title, told)
    runner = web.AppRunner(
        pages.application(), access_log=None, shutdown_timeout=PATIENCE + 3 * HURRY
    )
    ending = asyncio.Event()

    def end() -> None:
        if ending.is_set():
            pages.kill()
        ending.set()

    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, end)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        opened(f"http://{HOST}:{port}/?token={gate.token}")
        await ending.wait()
    finally:
        await runner.cleanup()
