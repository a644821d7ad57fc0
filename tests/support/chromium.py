"""A Chromium without a screen, driven by its own protocol: a person's hands and eyes on a page."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType
from leadline.tests.support.waiting import LONGEST

PROGRAM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
CHROMIUM = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")
WIDTH, HEIGHT = 1280, 800
_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--remote-debugging-port=0", f"--window-size={WIDTH},{HEIGHT}"),
)
_KEYS = {
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    "Tab": (9, ""),
    **{f"F{number}": (111 + number, "") for number in range(1, 13)},
}
_MOVED = ("Inspected target navigated or closed", "Execution context was destroyed.")
_CATCH_TERMINAL = """
Object.defineProperty(Object.prototype, "terminal", {
  configurable: true,
  set(value) {
    if (value?.buffer) window.seenTerminal = value;
    Object.defineProperty(this, "terminal", { value, writable: true });
  },
});
"""
"""xterm.js paints on a canvas. Its text is had from the object, which the page keeps to itself."""
_TEXT = """
(() => {
  const buffer = window.seenTerminal?.buffer.active;
  const line = (_, y) => buffer.getLine(buffer.baseY + y)?.translateToString(true) ?? "";
  const lines = buffer ? Array.from({ length: window.seenTerminal.rows }, line) : [];
  return [...lines, document.body?.innerText ?? ""].join("\\n");
})()
"""


class MovedError(AssertionError):
    """The page went to another address before the browser had answered."""


class Page:
    """One tab. `addresses` are all that it asked for, `complaints` what its console had to say of faults."""

    def __init__(self, send: Callable[..., Any]) -> None:
        self._send = send
        self.addresses: list[str] = []
        self.complaints: list[str] = []

    async def open(self, address: str) -> None:
        await self._send("Page.navigate", url=address)

    async def close(self) -> None:
        """As a person who is asked nothing."""
        await self._send("Page.close")

    async def evaluate(self, script: str) -> Any:
        found = await self._send("Runtime.evaluate", expression=script, returnByValue=True)
        return found["result"].get("value")

    async def text(self) -> str:
        """What the terminal shows, and the page around it."""
        return str(await self.evaluate(_TEXT))

    async def type(self, text: str) -> None:
        for letter in text:
            await self._key(letter, 0, letter)

    async def press(self, *names: str) -> None:
        """Keys by their names in a browser, or a letter after `Control+`."""
        for name in names:
            letter = name.removeprefix("Control+")
            if letter == name:
                await self._key(name, *_KEYS[name])
            else:
                await self._key(letter, ord(letter.upper()), "", modifiers=2)

    async def click(self, selector: str) -> None:
        await self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    async def shows(self, *texts: str) -> str:
        """Wait for all of these, and what is there then.

        A question that meets the page on its way to another address is refused by the browser; it is asked again.
        """
        seen = ""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST):
                while True:
                    with suppress(MovedError):
                        seen = await self.text()
                    if all(text in seen for text in texts):
                        return seen
                    await asyncio.sleep(0.05)
        raise AssertionError(f"{texts} did not come. In the page:\n{seen}\n{self.complaints}")

    async def picture(self, file: Path) -> None:
        found = await self._send("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(found["data"]))

    async def _key(self, name: str, code: int, text: str, modifiers: int = 0) -> None:
        key = {"key": name, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        kind = "keyDown" if text else "rawKeyDown"
        await self._send("Input.dispatchKeyEvent", type=kind, text=text, **key)
        await self._send("Input.dispatchKeyEvent", type="keyUp", **key)

    def heard(self, method: str, told: dict[str, Any]) -> None:
        match method:
            case "Network.requestWillBeSent":
                self.addresses.append(told["request"]["url"])
            case "Network.webSocketCreated":
                self.addresses.append(told["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(told["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if told["type"] in ("error", "assert"):
                self.complaints.append(json.dumps(told["args"]))
            case "Log.entryAdded" if told["entry"]["level"] == "error":
                self.complaints.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
            case _:
                pass


class Browser:
    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._pages: dict[str, Page] = {}

    async def listen(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            told: dict[str, Any] = json.loads(message.data)
            if "id" in told:
                self._answer(told)
            elif page := self._pages.get(told.get("sessionId", "")):
                if told["method"] == "Page.javascriptDialogOpening":
                    await self._post("Page.handleJavaScriptDialog", told["sessionId"], accept=True)
                page.heard(told["method"], told["params"])

    def _answer(self, told: dict[str, Any]) -> None:
        waiting = self._waiting.pop(told["id"])
        if waiting.cancelled():
            return
        if "error" in told:
            refusal: str = told["error"]["message"]
            waiting.set_exception(
                MovedError(refusal) if refusal in _MOVED else AssertionError(refusal)
            )
        else:
            waiting.set_result(told["result"])

    async def page(self) -> Page:
        target = (await self._send("Target.createTarget", url="about:blank"))["targetId"]
        found = await self._send("Target.attachToTarget", targetId=target, flatten=True)
        session = found["sessionId"]

        async def send(method: str, **values: Any) -> dict[str, Any]:
            return await self._send(method, session, **values)

        page = self._pages[session] = Page(send)
        for domain in ("Page", "Runtime", "Network", "Log"):
            await send(f"{domain}.enable")
        await send("Page.addScriptToEvaluateOnNewDocument", source=_CATCH_TERMINAL)
        return page

    async def _send(self, method: str, session: str = "", **values: Any) -> dict[str, Any]:
        waiting = await self._post(method, session, **values)
        return await asyncio.wait_for(waiting, LONGEST)

    async def _post(
        self, method: str, session: str, **values: Any
    ) -> asyncio.Future[dict[str, Any]]:
        number = next(self._numbers)
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": values}
        await self._socket.send_json(message | ({"sessionId": session} if session else {}))
        return waiting


@asynccontextmanager
async def chromium(profile: Path) -> AsyncGenerator[Browser]:
    """A browser of its own, with nothing in its profile."""
    assert PROGRAM is not None
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *_FLAGS,
        f"--user-data-dir={profile}",
        "about:blank",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    quiet: asyncio.Task[Any] | None = None
    try:
        async with asyncio.timeout(LONGEST):
            said = b""
            while not (found := re.search(r"listening on (ws://\S+)\n", said.decode())):
                said += await process.stderr.readline()
        quiet = asyncio.create_task(process.stderr.read())
        async with (
            ClientSession() as session,
            session.ws_connect(found[1], max_msg_size=0) as socket,
        ):
            browser = Browser(socket)
            listening = asyncio.create_task(browser.listen())
            yield browser
            listening.cancel()
    finally:
        process.terminate()
        await process.wait()
        if quiet is not None:
            await quiet
