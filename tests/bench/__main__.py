"""`python -m tests.bench [NAME ...]`: all benchmarks, or those named."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable

from . import prefix, sixty, startup

BENCHES: dict[str, Callable[[], Awaitable[str]]] = {
    "startup": startup.measure,
    "sixty": sixty.measure,
    "prefix": prefix.measure,
}


async def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    for name in names or BENCHES:
        print(f"== {name}", flush=True)
        print(await BENCHES[name](), flush=True)
    return 0


sys.exit(asyncio.run(main(sys.argv[1:])))
