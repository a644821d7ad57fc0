"""`python -m tests.bench [NAME ...]`: the benchmarks that need nothing, or those named.

`code` and `quality` need downloads or clones and run only when named, alone, with their options (`--help`).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence

from . import (
    clones,
    code,
    crew,
    interface,
    interface_long,
    interface_start,
    interface_stream,
    prefix,
    quality,
    sixty,
    startup,
    transcript,
)

BENCHES: dict[str, Callable[[], Awaitable[str]]] = {
    "startup": startup.measure,
    "sixty": sixty.measure,
    "prefix": prefix.measure,
    "clones": clones.measure,
    "crew": crew.measure,
    "interface": interface.measure,
    "interface-start": interface_start.measure,
    "interface-stream": interface_stream.measure,
    "interface-long": interface_long.measure,
    "transcript": transcript.measure,
}
WITH_OPTIONS: dict[str, Callable[[Sequence[str]], Awaitable[str]]] = {
    "code": code.measure,
    "quality": quality.measure,
}


async def main(names: list[str]) -> int:
    if names and names[0] in WITH_OPTIONS:
        print(await WITH_OPTIONS[names[0]](names[1:]), flush=True)
        return 0
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        known = ", ".join([*BENCHES, *(f"{name} (alone, with options)" for name in WITH_OPTIONS)])
        print(f"no benchmark {', '.join(unknown)}; there are {known}", file=sys.stderr)
        return 2
    for name in names or BENCHES:
        print(f"== {name}", flush=True)
        print(await BENCHES[name](), flush=True)
    return 0


if __name__ == "__main__":  # not in the processes that a benchmark starts
    sys.exit(asyncio.run(main(sys.argv[1:])))
