"""The service's errors: an HTTP status and a body in the shape DeepSeek's API gives."""

from __future__ import annotations

import json


class ApiError(Exception):
    """An answer other than 200. `body` is the JSON text as sent; `retry_after` is in seconds."""

    def __init__(self, status: int, body: str, retry_after: float | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.retry_after = retry_after


def error_body(message: str, kind: str, code: str = "invalid_request_error") -> str:
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})


def bad_request(message: str) -> ApiError:
    return ApiError(400, error_body(message, "invalid_request_error"))


def wrong_key(key: str) -> ApiError:
    """401; like the service, the message shows the last four characters of a long key and no more."""
    shown = f"****{key[-4:]}" if len(key) > 12 else "****"
    message = f"Authentication Fails, Your api key: {shown} is invalid"
    return ApiError(401, error_body(message, "authentication_error"))


def no_balance() -> ApiError:
    return ApiError(402, error_body("Insufficient Balance", "unknown_error"))


def broken_script(message: str) -> ApiError:
    """422: the scenario has nothing to say to this request, or a fault that cannot be shown on its answer."""
    return ApiError(422, error_body(message, "scenario_error", "scenario_error"))


def too_many(message: str, retry_after: float | None = None) -> ApiError:
    return ApiError(429, error_body(message, "rate_limit_error", "rate_limit_error"), retry_after)


def server_error(status: int, message: str) -> ApiError:
    return ApiError(status, error_body(message, "server_error", "server_error"))
