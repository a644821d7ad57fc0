"""The seam between the client and the HTTP library, so that the client can be imported without it."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, cast

from .profiles import Endpoint
from .values import Tree


class Connection(Protocol):
    """Sends requests to one endpoint."""

    def send(self, body: Tree) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Send a request; gives the bytes of the answer's stream as they come.

        Raises TransientError or a PersonError (see `failures`). Leaving the block early drops the connection.
        """
        ...

    async def close(self) -> None: ...


Connecting = Callable[[Endpoint], asyncio.Future[Connection]]
"""Begins to connect and returns at once."""


class _ConnectModule(Protocol):
    def connect(self, endpoint: Endpoint) -> Connection: ...


def start_connecting(endpoint: Endpoint) -> asyncio.Future[Connection]:
    """Begin to load the HTTP library and build the connection, in a thread; await the result before the first send.

    The import takes about a second, so it should run while the tree is read.
    """
    return asyncio.ensure_future(asyncio.to_thread(_load, endpoint))


def _load(endpoint: Endpoint) -> Connection:
    # Not an import statement: `openai` must not be loaded with this module, nor on the loop's thread.
    module = cast("_ConnectModule", importlib.import_module(f"{__package__}.connect"))
    return module.connect(endpoint)
