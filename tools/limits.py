"""Bounds that a helper program of ours sets itself before it touches what is not ours."""

from __future__ import annotations

import resource

MAX_MEMORY = 2 << 30
MAX_CPU_SECONDS = 30


def limit_self(memory: int = MAX_MEMORY, cpu_seconds: int = MAX_CPU_SECONDS) -> None:
    """Limit this process: past its memory (bytes) it gets a MemoryError or crashes, past its CPU time it is ended.

    The CPU time counts from now, so that a program that does many things may be called again before each.
    """
    usage = resource.getrusage(resource.RUSAGE_SELF)
    for limit, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, int(usage.ru_utime + usage.ru_stime) + cpu_seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (allowed, hard))
