"""The connection to an endpoint over the `openai` package. Importing this module is slow: see `link`.

The package sends the request and reads the status; its retries and time limits are off, and the stream is read as raw
bytes, because its own decoder swallows the end mark and hides keep-alives.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx2
import openai
from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from .failures import TransientError, retry_after_seconds, status_failure
from .profiles import Endpoint
from .values import Tree, as_tree, is_tree

_CONNECT_SECONDS = 20.0
_NO_KEY = "none"


class OpenAIConnection:
    """A `Connection` to one endpoint, shared by all agents of a process."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._client = AsyncOpenAI(
            api_key=endpoint.api_key or _NO_KEY,
            base_url=endpoint.base_url,
            max_retries=0,
            timeout=httpx2.Timeout(None, connect=_CONNECT_SECONDS),
            http_client=_plain_client() if endpoint.base_url.startswith("http://") else None,
            default_headers={"User-Agent": "leadline"},
        )
        # The package takes these from the environment: they are accounts of another service.
        self._client.organization = None
        self._client.project = None
        # Looked up here because it is what loads the larger half of the package.
        self._completions = self._client.chat.completions.with_streaming_response

    async def greet(self) -> None:
        """Ask for the list of models, which costs nothing: whether the endpoint is there and takes the key.

        Raises what `send` raises.
        """
        try:
            await self._client.models.list()
        except openai.APIStatusError as error:
            raise self._status(error, "") from None
        except openai.APIConnectionError as error:  # also when it took too long
            raise TransientError(f"no connection: {_cause(error)}") from None

    @asynccontextmanager
    async def send(self, body: Tree) -> AsyncGenerator[AsyncIterator[bytes]]:
        try:
            # The whole body goes as the extra one: the package then leaves every byte of it alone.
            async with self._completions.create(
                model=str(body["model"]), messages=[], stream=True, extra_body=body
            ) as response:
                yield response.iter_bytes()
        except openai.APIStatusError as error:
            raise self._status(error, str(body["model"])) from None
        except openai.APITimeoutError:
            raise TransientError(f"connecting took over {_CONNECT_SECONDS:.0f} s") from None
        except openai.APIConnectionError as error:
            raise TransientError(f"no connection: {_cause(error)}") from None
        except httpx2.HTTPError as error:
            raise TransientError(f"the connection broke: {_cause(error)}") from None

    async def close(self) -> None:
        await self._client.close()

    def _status(self, error: openai.APIStatusError, model: str) -> Exception:
        wait = retry_after_seconds(error.response.headers.get("retry-after"), datetime.now(UTC))
        return status_failure(error.status_code, _message(error), wait, self._endpoint, model)


def _plain_client() -> httpx2.AsyncClient:
    """For an endpoint without TLS: loading the certificates that it will never show takes as long as a request."""
    return DefaultAsyncHttpxClient(
        verify=False, follow_redirects=False, timeout=httpx2.Timeout(None, connect=_CONNECT_SECONDS)
    )


def connect(endpoint: Endpoint) -> OpenAIConnection:
    return OpenAIConnection(endpoint)


def _message(error: openai.APIStatusError) -> str:
    """The service's own words, from the usual shape of an error or the bare text."""
    body = error.body
    if is_tree(body):
        inner = as_tree(body.get("error")) or body
        return str(inner.get("message") or inner)
    return str(body or error.response.text)


def _cause(error: Exception) -> str:
    cause = error.__cause__ or error
    return str(cause) or type(cause).__name__
