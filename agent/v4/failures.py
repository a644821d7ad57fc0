"""What can go wrong with a request, as types that say who hears of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ...tools.errors import Exit, PersonError
from .profiles import Endpoint

RETRIED_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
_OVERFLOW = re.compile(
    r"(?:maximum|max)[ _](?:context|model)[ _]len|context[ _](?:length|window)|reduce the length|too long",
    re.IGNORECASE,
)


class TransientError(Exception):
    """A request that failed and may be sent again. `retry_after` is in seconds; `busy` means too many at once."""

    def __init__(
        self, reason: str, retry_after: float | None = None, *, busy: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
        self.busy = busy


class RepetitionError(Exception):
    """The model was cut off because it only repeated itself."""


class UnavailableError(PersonError):
    """The endpoint or the model kept failing; trying again later may work."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Exit.UNAVAILABLE)


class RejectedError(PersonError):
    """The service found fault with the request itself (400, 422): sending it again is no use."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Exit.NOT_DONE)


class ContextOverflowError(RejectedError):
    """The request is longer than the model's context."""


class WrongKeyError(PersonError):
    """401 or 403."""


class NoBalanceError(PersonError):
    """402."""


REFUSED_KEY = "refused the API key"
"""What is said of a key that the service does not know: an interface can ask for another then."""


def status_failure(
    status: int, message: str, retry_after: float | None, endpoint: Endpoint, model: str
) -> TransientError | PersonError:
    """What an HTTP status means (DeepSeek API, "error codes"). `message` is the service's own."""
    said = _shown(message, endpoint)
    variable = endpoint.profile.key_variable
    if status in RETRIED_STATUS:
        reason = f"HTTP {status}" + (f": {said}" if said else "")
        return TransientError(reason, retry_after, busy=status == 429)
    if status == 401:
        return WrongKeyError(
            f"{endpoint.base_url} {REFUSED_KEY} (401). Set {variable} to a key that is valid there."
        )
    if status == 402:
        return NoBalanceError(
            f"The account at {endpoint.base_url} has no balance left (402). Top it up, then go on with "
            "`leadline resume`."
        )
    if status == 403:
        return WrongKeyError(
            f"{endpoint.base_url} does not allow this request (403): {said} "
            f"Check what the key in {variable} may do."
        )
    if status == 404:
        return PersonError(
            f"{endpoint.base_url} has no such address or no model '{model}' (404): {said} "
            "Check LEADLINE_BASE_URL and the model's name."
        )
    if status in (400, 413) and _OVERFLOW.search(message):
        return ContextOverflowError(f"The request is longer than {model} can read: {said}")
    return RejectedError(f"The service rejected the request ({status}): {said}")


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """What a Retry-After header asks for, in seconds or as a date (RFC 9110, 10.2.3); None if it says nothing."""
    if value is None:
        return None
    text = value.strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", text):
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


def without_key(failure: TransientError, endpoint: Endpoint) -> TransientError:
    """The same failure, its reason fit to be shown and kept: a service may say in an answer what it was sent."""
    reason = _shown(failure.reason, endpoint)
    return TransientError(reason, failure.retry_after, busy=failure.busy)


def _shown(message: str, endpoint: Endpoint) -> str:
    """The service's words, fit for a message: one line, not too long, without the key."""
    if endpoint.api_key:
        message = message.replace(endpoint.api_key, "[key]")
    line = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    return line if len(line) <= 400 else line[:400] + "..."
