"""The server that forks a child for each look at what a change broke, as the tools ask it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.tests.support.checkers import command_line, cpu_seconds, servers
from leadline.tests.support.workbench import NoCommands
from leadline.tools.base import ToolContext, ToolResult
from leadline.tools.broken import Broken, broken_by
from leadline.tools.code.checker import Checker
from leadline.tools.process import descendants
from leadline.tools.write import WRITE, WriteParams

ROOT = Path("/")
LARGE = "x = [1, 2, 3]\n" * 37_000
"""Takes a child some tenths of a second."""
MOST = 1_000_000
PARTS = {
    "a.py": ["import os\n", "def f(a):\n    return a + b\n", "os.stat(c)\n", "d(\n", "= e\n"],
    "SConstruct": ["Later()\n", "def f(:\n"],
    "a.pyi": ["x: Later\n", "def f(:\n"],
    "a.js": ["const a = 1;\n", "const b = ;\n", "function f( {\n", "f();\n"],
    "a.go": ["package a\n", "func f() {}\n", "func g( {}\n"],
    "a.json": ['{"a": 1}', '{"a": 1', ",", " "],
    "a.rs": ["fn f() -> u8 { 1 }\n", "fn g( {\n"],
    "a.txt": ["a (\n"],
}


@pytest.fixture
def checker() -> Iterator[Checker]:
    with closing(Checker()) as one:
        yield one


def server() -> int:
    """The process of the one server that this process has."""
    (found,) = servers(os.getpid())
    return found


async def until(true: Callable[[], object]) -> None:
    """Returns when it is so; the test's own time limit is there for when it never is."""
    while not true():
        await asyncio.sleep(0.002)


async def the_child(of: int) -> int:
    """The process that is at work for the server, and has been for longer than it takes to read a request."""
    await until(lambda: descendants(of))
    (child,) = descendants(of)
    await until(lambda: cpu_seconds(child) >= 0.05)
    return child


async def one_more(known: Collection[int]) -> int:
    """The process that is at work for the server besides these, as soon as there is one."""
    await until(lambda: set(descendants(server())) - set(known))
    (child,) = set(descendants(server())) - set(known)
    return child


def reading(child: int) -> Path:
    """Where the system tells of the process, which has limited itself, the last that it does before it reads. Until
    something is awaited it goes on reading, as most of a long request is still here."""
    place = Path(f"/proc/{child}")
    while f"Max address space         {2 << 30} " not in (place / "limits").read_text():
        time.sleep(0.002)
    return place


def sent(path: str, text: str) -> bytes:
    request = {"path": path, "language": "python", "before": None, "after": text}
    return json.dumps(request).encode()


async def asked(checker: Checker, seconds: float = 60.0) -> bytes | None:
    """An answer that takes a while."""
    return await checker.ask(ROOT, "python", sent("a.py", LARGE), MOST, seconds)


async def looked(checker: Checker | None, name: str = "nope") -> Broken:
    return await broken_by(ROOT, "a.py", None, f"{name}\n", checker)


def undefined(name: str = "nope") -> Broken:
    return Broken((), ((1, name),))


changes = st.sampled_from(sorted(PARTS)).flatmap(
    lambda path: st.tuples(
        st.just(path),
        st.none() | st.lists(st.sampled_from(PARTS[path]), max_size=4).map("".join),
        st.lists(st.sampled_from(PARTS[path]), max_size=4).map("".join),
    )
)


@settings(max_examples=10, deadline=None)
@given(st.lists(changes, min_size=1, max_size=6))
async def test_it_says_what_a_process_for_each_says(
    each: list[tuple[str, str | None, str]],
) -> None:
    with closing(Checker()) as checker:
        forked = await asyncio.gather(*(broken_by(ROOT, *change, checker) for change in each))
    started = await asyncio.gather(*(broken_by(ROOT, *change) for change in each))
    assert forked == started


async def test_forty_at_once_get_their_own_answers(checker: Checker) -> None:
    names = [f"name_{number}" for number in range(40)]
    found = await asyncio.gather(*(looked(checker, name) for name in names))
    assert found == [undefined(name) for name in names]
    assert descendants(server()) == []


async def test_one_server_serves_all_calls_of_a_tool(tmp_path: Path, checker: Checker) -> None:
    context = ToolContext(tmp_path, {}, NoCommands(), lambda _: None, checker=checker)

    async def written(number: int) -> ToolResult:
        return await WRITE.run(WriteParams(path=f"{number}.py", content="nope()\n"), context)

    first = await written(0)
    assert first.text == "created 0.py, 1 line\nundefined: nope (line 1)"
    before = server()
    await asyncio.gather(*map(written, range(1, 5)))
    assert server() == before


async def test_a_child_has_nothing_but_its_connection(
    tmp_path: Path, checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "value")
    await looked(checker)
    others: dict[int, asyncio.Task[bytes | None]] = {}
    for _ in range(3):
        asking = asyncio.create_task(asked(checker))
        child = await one_more(others)
        os.kill(child, signal.SIGSTOP)  # it is there until it is let go on
        others[child] = asking
    request = sent("a.py", LARGE)
    asking = asyncio.create_task(checker.ask(tmp_path, "python", request, MOST, 60.0))
    place = reading(await one_more(others))
    opened = {each.name: str(each.readlink()) for each in (place / "fd").iterdir()}
    assert len(opened) == 3
    assert opened["0"] == opened["1"]
    assert opened["0"].startswith("socket:")
    assert opened["2"] == "/dev/null"
    assert (place / "cwd").readlink() == tmp_path
    environment = (place / "environ").read_bytes().split(b"\0")
    assert {word.partition(b"=")[0] for word in environment if word} == {b"LC_ALL", b"PATH"}
    for each in others:
        os.kill(each, signal.SIGCONT)
    assert await asking == b"\n[]\n[]\n"
    assert await asyncio.gather(*others.values()) == [b"\n[]\n[]\n"] * 3


async def test_a_child_that_crashes_costs_its_own_answer_only(checker: Checker) -> None:
    await looked(checker)
    one = server()
    asking = asyncio.create_task(asked(checker))
    os.kill(await the_child(one), signal.SIGSEGV)
    assert await asking == b"\n"  # it was begun, and nothing came of it
    assert await looked(checker) == undefined()
    assert server() == one
    assert descendants(one) == []


async def test_a_child_that_hangs_is_killed_at_the_time_limit(checker: Checker) -> None:
    await looked(checker)
    asking = asyncio.create_task(asked(checker, seconds=1.0))
    os.kill(await the_child(server()), signal.SIGSTOP)
    assert await looked(checker) == undefined()
    assert await asking == b"\n"
    await until(lambda: not descendants(server()))


async def test_a_child_that_nobody_waits_for_is_killed(checker: Checker) -> None:
    await looked(checker)
    asking = asyncio.create_task(asked(checker))
    os.kill(await the_child(server()), signal.SIGSTOP)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await until(lambda: not descendants(server()))


@pytest.mark.parametrize("request_bytes", [b"", b"{", b"[]", b'{"path": "a.py"}', b"\xff"])
async def test_a_request_that_is_none(checker: Checker, request_bytes: bytes) -> None:
    assert await checker.ask(ROOT, "python", request_bytes, MOST, 60.0) == b"\n"
    assert await looked(checker) == undefined()


async def test_an_answer_is_no_longer_than_wanted(checker: Checker) -> None:
    text = "\n".join(f"{'a' * 500}_{number}" for number in range(200))
    request = sent("a.py", text)
    whole = await checker.ask(ROOT, "python", request, MOST, 60.0)
    cut = await checker.ask(ROOT, "python", request, 1, 60.0)
    assert whole is not None
    assert cut is not None
    assert whole.startswith(cut)
    assert len(whole) > 100_000 > len(cut)


async def test_a_server_that_was_killed_is_started_anew_once(checker: Checker) -> None:
    assert await looked(checker) == undefined()
    first = server()
    os.kill(first, signal.SIGKILL)
    await asyncio.to_thread(os.waitid, os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert await looked(checker) == undefined()
    second = server()
    assert second != first
    os.kill(second, signal.SIGKILL)
    await asyncio.to_thread(os.waitid, os.P_PID, second, os.WEXITED | os.WNOWAIT)
    assert await looked(checker) == undefined()  # from a process of its own
    assert await checker.ask(ROOT, "python", sent("a.py", ""), MOST, 60.0) is None
    assert servers(os.getpid()) == []


async def test_a_child_that_outlived_its_server_is_ended_and_what_it_was_asked_is_asked_anew(
    checker: Checker,
) -> None:
    await looked(checker)
    first = server()
    slow = asyncio.create_task(asked(checker))
    orphan = await the_child(first)
    os.kill(orphan, signal.SIGSTOP)
    os.kill(first, signal.SIGKILL)
    await asyncio.to_thread(os.waitid, os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert await looked(checker) == undefined()
    assert await slow is None
    await until(lambda: not command_line(orphan))


async def test_answers_of_before_and_after_the_death_of_the_server_are_whole(
    checker: Checker,
) -> None:
    await looked(checker)
    names = [f"name_{number}" for number in range(12)]
    asking = [asyncio.create_task(looked(checker, name)) for name in names]
    await until(lambda: descendants(server()))
    os.kill(server(), signal.SIGKILL)
    asking += [asyncio.create_task(looked(checker, name)) for name in names]
    assert await asyncio.gather(*asking) == [undefined(name) for name in names] * 2


@pytest.mark.parametrize("argv", [("/nowhere/to/be/found",), (sys.executable, "-I", "-c", "")])
async def test_without_a_server_a_process_is_started_for_each(argv: tuple[str, ...]) -> None:
    with closing(Checker(argv)) as checker:
        for number in range(4):
            assert await looked(checker, f"name_{number}") == undefined(f"name_{number}")


async def test_a_folder_that_is_gone_says_nothing(tmp_path: Path, checker: Checker) -> None:
    gone = tmp_path / "gone"
    assert await checker.ask(gone, "python", sent("a.py", "nope\n"), MOST, 60.0) is None
    assert await broken_by(gone, "a.py", None, "nope\n", checker) == Broken()


async def test_nothing_is_left_after_it_is_closed() -> None:
    checker = Checker()
    await looked(checker)
    one = server()
    asking = asyncio.create_task(asked(checker))
    child = await the_child(one)
    checker.close()
    assert servers(os.getpid()) == []
    assert await asking is None
    await until(lambda: not command_line(child))
    checker.close()
    assert await looked(checker) == undefined()
    assert servers(os.getpid()) == []


async def test_one_that_was_never_asked_starts_nothing() -> None:
    with closing(Checker()):
        assert servers(os.getpid()) == []


PARENT = """
import asyncio, json
from pathlib import Path
from leadline.tools.code.checker import Checker

request = {"path": "a.py", "language": "python", "before": None, "after": "x = [1, 2, 3]\\n" * 150_000}
asyncio.run(Checker().ask(Path("/"), "python", json.dumps(request).encode(), 1000, 600.0))
"""
"""Asks what takes a child several times as long as `LARGE` does."""


async def test_nothing_outlives_a_parent_that_is_killed() -> None:
    asks = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT)
    try:
        await until(lambda: servers(asks.pid))
        (one,) = servers(asks.pid)
        child = await the_child(one)
    finally:
        asks.kill()
        await asks.wait()
    meanwhile = asyncio.create_task(broken_by(ROOT, "a.py", None, LARGE))
    await until(lambda: not command_line(one) and not command_line(child))
    assert not meanwhile.done()  # by itself the child would have ended after it
    await meanwhile
