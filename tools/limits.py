"""Bounds that a helper program of ours sets itself before it touches what is not ours."""

from __future__ import annotations

import resource

MAX_MEMORY = 2 << 30
MAX_CPU_SECONDS = 30


def limit_self() -> None:
    """Limit this process: past its memory it gets a MemoryError or crashes, past its CPU time the system ends it."""
    for limit, most in (
        (resource.RLIMIT_AS, MAX_MEMORY),
        (resource.RLIMIT_CPU, MAX_CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (allowed, hard))
