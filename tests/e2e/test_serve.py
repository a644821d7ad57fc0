"""`leadline serve` without a browser: who is let in, what is started for a page, and how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from aiohttp import ClientSession, WSServerHandshakeError
from leadline.agent.events import SessionEnded, SessionResumed
from leadline.agent.journal import read_events
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.support.processes import is_running
from leadline.tests.support.repos import write_files
from leadline.tests.support.scripts import MEND, Say, report, sequence, shell
from leadline.tests.support.served import client, guest, processes_in, served, until, visit
from leadline.tui.browser import child
from leadline.tui.browser.child import Child, Program

SECONDS = f"{100_000 + os.getpid()}.25"
NAP = f"sleep {SECONDS}"
"""A command that nobody waits for, and that no other run of these tests has."""
EVIL = "http://evil.example"


def sessions(place: Stage) -> list[Path]:
    return sorted((place.home / "sessions").glob("*")) if place.home.exists() else []


async def status(session: ClientSession, address: str, **headers: str) -> int:
    async with session.get(address, headers=headers, allow_redirects=False) as answer:
        return answer.status


# --- who is let in ---


async def test_the_address_opens_once(stage: MakeStage) -> None:
    async with served(await stage(sequence(Say()))) as server:
        async with client() as mine:
            async with mine.get(server.address, allow_redirects=False) as answer:
                room = server.origin + answer.headers["Location"]
                cookie = answer.headers["Set-Cookie"]
            assert "token" not in room
            assert "HttpOnly" in cookie
            # Cookies go to all ports of a machine: this one only to a path that no other server knows.
            assert f"Path={room.removeprefix(server.origin).rstrip('/')}" in cookie
            assert await status(mine, room) == 200
        async with client() as other:
            assert await status(other, server.address) == 403
            assert await status(other, room) == 403
            assert await status(other, server.origin) == 403


async def test_only_this_machine_and_our_own_page_are_heard(stage: MakeStage) -> None:
    async with served(await stage(sequence(Say()))) as server, client() as session:
        assert await status(session, server.address, Host="evil.example") == 403
        assert await status(session, server.address, Origin=EVIL) == 403
        async with session.head(server.address) as answer:  # as a messenger looks for a preview
            assert answer.status == 403
        async with session.get(server.address) as answer:
            room = str(answer.url)
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert await status(session, room, Host="evil.example") == 403
        assert await status(session, f"{room}static/") == 403
        assert await status(session, f"{room}static/js") == 403
        assert await status(session, f"{room}static/js/textual.js") == 200
        assert await status(session, f"{room}download/x") == 404
        for origin in (EVIL, "null", server.origin.replace("127.0.0.1", "localhost")):
            with pytest.raises(WSServerHandshakeError):
                await session.ws_connect(f"{room}ws", headers={"Origin": origin})
        async with client() as other:
            with pytest.raises(WSServerHandshakeError):
                await other.ws_connect(f"{room}ws", headers={"Origin": server.origin})


# --- what is started for a page ---


async def test_nothing_of_the_repository_is_imported(stage: MakeStage) -> None:
    """Also where the person has told Python to look into the folder they stand in."""
    place = (await stage(sequence(Say()))).having(PYTHONPATH=".")
    names = ("textual", "pydantic", "aiohttp", "rich", "tui", "agent")
    trap = f"open({str(place.repo / 'sprung.log')!r}, 'w')"
    write_files(place.repo, {f"{name}/__init__.py": trap for name in names})
    async with served(place) as server, visit(server) as visitor:
        write_files(place.repo, {"leadline/__init__.py": trap})
        await visitor.shows("Type a task below")
    assert not (place.repo / "sprung.log").exists()


async def test_settings_go_along(stage: MakeStage) -> None:
    place = await stage(sequence(Say()))
    flags = ("--mode", "plan", "--no-network", "--verify", "echo 'a b' $(touch x.log)")
    async with served(place, *flags, "--budget-usd", "3.5") as server, visit(server) as visitor:
        await visitor.shows("mode plan", "$0.00 of $3.50")
        assert any(
            "--no-network --verify=echo 'a b' $(touch x.log)" in line
            for line in processes_in(place.repo)
        )
    assert not (place.repo / "x.log").exists()


async def test_what_no_page_of_ours_says_is_passed_over(stage: MakeStage) -> None:
    async with served(await stage(sequence(Say()))) as server, visit(server) as visitor:
        await visitor.shows("Type a task below")
        for text in ("", "{", "[]", '"x"', "[1]", '["stdin", 5]', '["quit"]', '["resize", {}]'):
            await visitor.socket.send_str(text)
        await visitor.socket.send_bytes(b"\xff")
        await visitor.socket.send_json(["resize", {"width": -5, "height": 10**9}])
        await visitor.socket.send_json(["resize", {"width": 90, "height": 20}])
        await visitor.type("still \udc00here")
        await visitor.shows("still here")


async def test_a_page_shows_why_its_interface_did_not_come(stage: MakeStage) -> None:
    place = await stage(sequence(Say()))
    async with served(place) as server, guest(server) as someone:
        config = Path(place.env["LEADLINE_CONFIG"])
        config.write_text('mode = "often"\n')
        async with someone.page() as visitor:
            assert b"mode: it must be one of plan" in await visitor.closed()
        config.write_text("")
        async with someone.page() as visitor:
            await visitor.shows("Type a task below")
        ran = await server.ends()
    assert ran.code == 0
    assert "mode: it must be one of plan" in ran.err


# --- how it ends ---


async def test_a_closed_page_leaves_its_session_at_a_safe_point(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, shell(NAP), report()))
    async with served(place) as server, guest(server) as someone:
        async with someone.page() as visitor:
            await visitor.shows("Type a task below")
            await visitor.type("make add work\r")
            await visitor.shows(f"runs $ {NAP}")
            await until(lambda: is_running("sleep", SECONDS))
        await until(lambda: not is_running("sleep", SECONDS))
        await until(lambda: len(processes_in(place.repo)) == 1)  # the server
        [folder] = sessions(place)
        assert isinstance(read_events(folder)[-1].body, SessionEnded)
        async with someone.page() as visitor:
            await visitor.shows("Type a task below")
            await visitor.type("\x1b[18~")  # F7
            await visitor.shows("make add work")
            await visitor.type("r")
            await until(
                lambda: any(isinstance(event.body, SessionResumed) for event in read_events(folder))
            )
            await visitor.shows("Did it.")
    await until(lambda: processes_in(place.repo) == [])  # what was killed takes a moment


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_and_what_runs_can_be_resumed(
    stage: MakeStage, number: signal.Signals
) -> None:
    place = await stage(sequence(MEND, shell(NAP), report()))
    async with served(place) as server, visit(server) as visitor:
        await visitor.shows("Type a task below")
        await visitor.type("make add work\r")
        await visitor.shows(f"runs $ {NAP}")
        await until(lambda: is_running("sleep", SECONDS))
        ran, _ = await asyncio.gather(server.ends(number), visitor.closed())
    assert (ran.code, ran.err) == (0, "")
    await until(lambda: processes_in(place.repo) == [])  # what was killed takes a moment
    assert not is_running("sleep", SECONDS)
    [folder] = sessions(place)
    assert isinstance(read_events(folder)[-1].body, SessionEnded)
    assert (await place("resume", "--json")).result["status"] == "done"


async def test_an_interface_ends_with_a_server_that_was_killed(stage: MakeStage) -> None:
    place = await stage(sequence(Say()))
    async with served(place) as server, visit(server) as visitor:
        await visitor.shows("Type a task below")
        os.kill(server.process.pid, signal.SIGKILL)
        await until(lambda: processes_in(place.repo) == [])


async def test_an_interface_that_hangs_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "PATIENCE", 0.1)
    monkeypatch.setattr(child, "HURRY", 0.1)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('__GANGLION__', flush=True);"
        "time.sleep(987.25)"
    )
    argv = (sys.executable, "-c", deaf)
    hung = await Child.start(Program(argv, dict(os.environ)), 80, 24)
    hung.type("x" * 1_000_000)  # nobody takes it
    reading = asyncio.create_task(anext(hung.painted(), None))
    await until(lambda: is_running(*argv))
    assert await hung.end() == ""
    assert await reading is None
    assert not is_running(*argv)


# --- what is said of mistakes ---


async def test_a_port_that_is_taken(stage: MakeStage) -> None:
    place = await stage(sequence(Say()))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ran = await place("serve", "--port", port)
    assert ran.code == 2
    assert f"Port {port} can't be taken: Address already in use." in ran.err
    assert (await place("serve", "--port", "65536")).code == 2


@pytest.mark.parametrize("missing", ["aiohttp", "textual_serve"])
async def test_without_its_extra(stage: MakeStage, missing: str) -> None:
    place = await stage(sequence(Say()))
    script = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from leadline.tui.cli import main; sys.exit(main(['serve']))"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", script), cwd=place.repo, env=place.env, stderr=-1
    )
    _, told = await process.communicate()
    assert process.returncode == 2
    assert f"{missing} is missing" in told.decode()
    assert "pip install 'leadline[serve]'" in told.decode()


async def test_wrong_settings_are_told_before_an_address(stage: MakeStage) -> None:
    ran = await (await stage(sequence(Say())))("serve", "--mode", "often")
    assert (ran.code, ran.out) == (2, "")
    assert "--mode: it must be one of" in ran.err
