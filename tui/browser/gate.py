"""Who may reach the interface: whoever reaches it can type at an agent in the person's name.

A request has to name this machine, which a page whose name was pointed here does not. It needs a cookie, which only
the address with the token gives, and that only once. Browsers send a cookie to all ports of a machine, so any server of
the person's would be sent ours; it is bound to a path that nobody can guess, and is sent nowhere else.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web

HOST = "127.0.0.1"
COOKIE = "leadline"
USUAL_PORT = 80
"""Of HTTP: browsers leave it out."""

_ELSEWHERE = "This is not a place to come to from elsewhere."
_REFUSED = (
    "This opens with the address that `leadline serve` has printed, once, and in the browser that opened it. "
    "For another one end `leadline serve` and start it again."
)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src data:; "
    "connect-src {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere is loaded, and no page from elsewhere may frame this one. The terminal makes its styles by
script."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Gate:
    """Lets in who brings the token, once, and then whoever has the cookie that was given for it.

    `room` is the path under which everything is but the door, `/`.
    """

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(32)
        self.room = f"/{secrets.token_urlsafe(16)}"
        self._cookie = secrets.token_urlsafe(32)
        self._used = False
        end = "" if port == USUAL_PORT else f":{port}"
        self._hosts = [f"{name}{end}" for name in (HOST, "localhost")]
        self._policy = _POLICY.format(sockets=" ".join(f"ws://{host}" for host in self._hosts))

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self._is_for_here(request):
            return web.Response(status=403, text=_ELSEWHERE)
        if request.path == "/" and request.method == "GET" and self._takes(request):
            return self._enter()
        if not self._knows(request):
            return web.Response(status=403, text=_REFUSED)
        return await handler(request)

    async def close_off(self, request: web.Request, response: web.StreamResponse) -> None:
        """Tell the browser what the answer may do."""
        del request
        response.headers.update(
            {
                "Content-Security-Policy": self._policy,
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
                "Cross-Origin-Resource-Policy": "same-origin",
                "Cache-Control": "no-store",
            }
        )

    def _is_for_here(self, request: web.Request) -> bool:
        """Whether it was sent to this machine's own name, and by no page but ours. Browsers name a page that opens a
        socket; what opens one without a page is no browser, and has the cookie or not."""
        origin = request.headers.get("Origin")
        return request.host in self._hosts and origin in (None, f"http://{request.host}")

    def _takes(self, request: web.Request) -> bool:
        """Whether it brings the token and nobody has used it yet; it is used now."""
        token = request.query.get("token", "").encode()
        is_it = hmac.compare_digest(token, self.token.encode())
        fresh = is_it and not self._used
        self._used = self._used or is_it
        return fresh

    def _knows(self, request: web.Request) -> bool:
        cookie = request.cookies.get(COOKIE, "").encode("utf-8", "surrogateescape")
        return hmac.compare_digest(cookie, self._cookie.encode())

    def _enter(self) -> web.Response:
        """Send the browser on, so that the token is in no history and no referrer."""
        response = web.Response(status=303, headers={"Location": f"{self.room}/"})
        # Lax: with Strict the browser would keep it back from who clicks the address in a terminal that is a page.
        response.set_cookie(COOKIE, self._cookie, path=self.room, httponly=True, samesite="Lax")
        return response
