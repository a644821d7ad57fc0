"""`python -m leadline.agent.rehearsal --scenario FILE`: the endpoint as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeVar

from ...tools.errors import PersonError
from .faults import CATALOGUE, Rate
from .scenario import load_scenario
from .server import RehearsalServer
from .settings import RequestRecord, Settings

_PARENT_CHECK_SECONDS = 0.25

T = TypeVar("T", int, float)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m leadline.agent.rehearsal",
        description="A local endpoint that behaves like DeepSeek's V4 API and plays a scripted model.",
        epilog=f"Faults: {', '.join(CATALOGUE)}.",
    )
    add = made.add_argument
    add("--scenario", type=Path, required=True, help="the script, a TOML file")
    add("--port", type=_number(int, 0, 65_535), default=0, help="on 127.0.0.1; 0 takes a free one")
    add("--api-key", help="the only key accepted; without it any bearer key is")
    add("--no-balance", action="store_true", help="answer 402")
    add("--missing-reasoning", choices=("reject", "fill"), default="fill")
    add("--tokens-per-second", type=_number(float, 0.1), metavar="N")
    add("--tokens-per-chunk", type=_number(int, 1), default=4, metavar="N")
    add(
        "--first-token",
        type=_number(float, 0),
        default=0.0,
        metavar="S",
        help="seconds to read the input",
    )
    add("--queue", type=_number(float, 0), default=0.0, metavar="S", help="seconds in the queue")
    add(
        "--keep-alive",
        type=_number(float, 0.001),
        default=1.0,
        metavar="S",
        help="between keep-alives",
    )
    add("--concurrency", type=_number(int, 1), metavar="N", help="in flight per model, 429 above")
    add("--trailing-usage", action="store_true", help="usage on a chunk of its own")
    add(
        "--cache-delay",
        type=_number(float, 0),
        default=0.0,
        metavar="S",
        help="until a unit can be hit",
    )
    add(
        "--cache-interval",
        type=_number(int, 0),
        default=16_384,
        metavar="TOKENS",
        help="0 for none",
    )
    add("--cache-tail", choices=("whole", "rounded"), default="whole")
    add("--fault", type=_rate, action="append", default=[], metavar="NAME:PROBABILITY")
    add("--seed", type=int, default=0, help="for faults by chance")
    add("--log", type=Path, help="append one JSON line per finished request")
    add(
        "--parent-watch",
        type=int,
        nargs="?",
        const=0,
        metavar="PID",
        help="end when the parent process does",
    )
    return made


def _number(kind: type[T], least: float, most: float = float("inf")) -> Callable[[str], T]:
    def read(text: str) -> T:
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least} and {most}")
        return value

    return read


def _rate(text: str) -> Rate:
    try:
        return Rate.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def settings_of(options: argparse.Namespace) -> Settings:
    return Settings(
        api_key=options.api_key,
        balance=not options.no_balance,
        missing_reasoning=options.missing_reasoning,
        queue_seconds=options.queue,
        keep_alive_seconds=options.keep_alive,
        first_token_seconds=options.first_token,
        tokens_per_second=options.tokens_per_second,
        tokens_per_chunk=options.tokens_per_chunk,
        trailing_usage=options.trailing_usage,
        concurrency=options.concurrency,
        cache_delay=options.cache_delay,
        cache_interval=options.cache_interval,
        cache_tail=options.cache_tail,
        faults=tuple(options.fault),
        seed=options.seed,
    )


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        scenario = load_scenario(options.scenario)
        with _log(options.log) as log:
            server = RehearsalServer(
                scenario,
                settings_of(options),
                port=options.port,
                keep_requests=False,
                on_finished=_writer(log),
            )
            asyncio.run(_serve(server, options.parent_watch))
    except PersonError as error:
        sys.stderr.write(f"{error.message}\n")
        return error.exit_code
    except OSError as error:
        sys.stderr.write(f"The rehearsal endpoint cannot start: {error}.\n")
        return 2
    return 0


def _log(path: Path | None) -> IO[str]:
    return Path(os.devnull if path is None else path).open("a", encoding="utf-8")


def _writer(log: IO[str]) -> Callable[[RequestRecord], None]:
    def write(record: RequestRecord) -> None:
        log.write(json.dumps(record.summary()) + "\n")
        log.flush()

    return write


async def _serve(server: RehearsalServer, parent: int | None) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    watch = (
        asyncio.create_task(_watch(parent or os.getppid(), ended)) if parent is not None else None
    )
    async with server:
        sys.stdout.write(f"rehearsal endpoint on {server.base_url}\n")
        sys.stdout.flush()
        await ended.wait()
    if watch is not None:
        watch.cancel()


async def _watch(parent: int, ended: asyncio.Event) -> None:
    """A process whose parent died belongs to another one: the only sign that needs no pipe."""
    while os.getppid() == parent and not ended.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), _PARENT_CHECK_SECONDS)
    ended.set()


if __name__ == "__main__":
    sys.exit(main())
