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
from leadline.agent.events import SessionEnded
from leadline.agent.history.journal import read_events
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.support.processes import is_running, nap
from leadline.tests.support.repos import write_files
from leadline.tests.support.scripts import MEND, Say, sequence, shell
from leadline.tests.support.served import client, guest, processes_in, served, visit
from leadline.tests.support.waiting import until
from leadline.tui.browser import child
from leadline.tui.browser.child import Child, Program

pytestmark = pytest.mark.timeout(400)

EVIL = "http://evil.example"


def ends_of(place: Stage) -> list[str]:
    """How each run of the only session ended."""
    [folder] = (place.home / "sessions").glob("*")
    bodies = [event.body for event in read_events(folder)]
    assert isinstance(bodies[-1], SessionEnded)
    return [body.status for body in bodies if isinstance(body, SessionEnded)]


async def status(session: ClientSession, address: str, **headers: str) -> int:
    async with session.get(address, headers=headers, allow_redirects=False) as answer:
        return answer.status


async def test_only_who_has_the_address_is_let_in_and_once(stage: MakeStage) -> None:
    async with served(await stage(sequence(Say()))) as server, client() as mine:
        # Who has no business here does not use it up.
        assert await status(mine, server.origin) == 403
        assert await status(mine, server.address, Host="evil.example") == 403
        assert await status(mine, server.address, Origin=EVIL) == 403
        async with mine.head(server.address) as answer:  # as a messenger looks for a preview
            assert answer.status == 403

        async with mine.get(server.address, allow_redirects=False) as answer:
            room = server.origin + answer.headers["Location"]
            cookie = answer.headers["Set-Cookie"]
        assert "token" not in room
        assert "HttpOnly" in cookie
        # Cookies go to all ports of a machine: this one only to a path that no other server knows.
        assert f"Path={room.removeprefix(server.origin).rstrip('/')}" in cookie
        async with mine.get(room) as answer:
            assert answer.status == 200
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert await status(mine, room, Host="evil.example") == 403
        assert await status(mine, f"{room}static/") == 403
        assert await status(mine, f"{room}static/js") == 403
        assert await status(mine, f"{room}static/js/textual.js") == 200
        assert await status(mine, f"{room}download/x") == 404
        for origin in (EVIL, "null", server.origin.replace("127.0.0.1", "localhost")):
            with pytest.raises(WSServerHandshakeError):
                await mine.ws_connect(f"{room}ws", headers={"Origin": origin})

        async with client() as other:
            assert await status(other, server.address) == 403
            assert await status(other, room) == 403
            assert await status(other, server.origin) == 403
            with pytest.raises(WSServerHandshakeError):
                await other.ws_connect(f"{room}ws", headers={"Origin": server.origin})


async def test_a_page_is_given_the_interface_that_was_asked_for(stage: MakeStage) -> None:
    """Nothing of the repository is imported, also where the person has told Python to look into the folder they stand
    in; what no page of ours says is passed over; and the interface ends with a server that was killed."""
    place = (await stage(sequence(Say()))).having(PYTHONPATH=".")
    names = ("textual", "pydantic", "aiohttp", "rich", "tui", "agent")
    trap = f"open({str(place.repo / 'sprung.log')!r}, 'w')"
    write_files(place.repo, {f"{name}/__init__.py": trap for name in names})
    flags = ("--mode", "plan", "--no-network", "--verify", "echo 'a b' $(touch x.log)")
    async with served(place, *flags, "--budget-usd", "3.5") as server, visit(server) as visitor:
        write_files(place.repo, {"leadline/__init__.py": trap})
        await visitor.shows("Type a task below", "mode plan", "$0.00 of $3.50")
        assert any(
            "--no-network --verify=echo 'a b' $(touch x.log)" in line
            for line in processes_in(place.repo)
        )
        for text in ("", "{", "[]", '"x"', "[1]", '["stdin", 5]', '["quit"]', '["resize", {}]'):
            await visitor.socket.send_str(text)
        await visitor.socket.send_bytes(b"\xff")
        await visitor.socket.send_json(["resize", {"width": -5, "height": 10**9}])
        await visitor.socket.send_json(["resize", {"width": 90, "height": 20}])
        await visitor.type("still \udc00here")
        await visitor.shows("still here")
        os.kill(server.process.pid, signal.SIGKILL)
        await until(lambda: processes_in(place.repo) == [], "the end of all")
    assert not list(place.repo.glob("*.log"))


async def test_a_session_is_never_lost_with_what_shows_it(stage: MakeStage) -> None:
    """It comes to a safe point when its page is closed, and when the server is told to end. A page whose interface
    can't begin says why."""
    first, second = nap(), nap()
    place = await stage(sequence(MEND, shell(" ".join(first)), shell(" ".join(second))))
    config = Path(place.env["LEADLINE_CONFIG"])
    async with served(place) as server, guest(server) as someone:
        config.write_text('mode = "often"\n')
        async with someone.page() as visitor:
            assert b"mode: it must be one of plan" in await visitor.closed()
        config.write_text("")

        async with someone.page() as visitor:
            await visitor.shows("Type a task below")
            await visitor.type("make add work\r")
            await until(lambda: is_running(*first), "the first command")
        await until(lambda: len(processes_in(place.repo)) == 1, "the interface's end")
        assert not is_running(*first)
        assert ends_of(place) == ["interrupted"]

        async with someone.page() as visitor:
            await visitor.shows("Type a task below")
            await visitor.type("\x1b[18~")  # F7
            await visitor.shows("make add work")
            await visitor.type("r")
            await until(lambda: is_running(*second), "the second command")
            ran, _ = await asyncio.gather(server.ends(signal.SIGINT), visitor.closed())
    assert ran.code == 0
    assert ran.err.count("\n") == 1
    assert "mode: it must be one of plan" in ran.err
    await until(lambda: processes_in(place.repo) == [], "the end of all")
    assert not is_running(*second)
    assert ends_of(place) == ["interrupted", "interrupted"]


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


async def test_mistakes_are_told_instead_of_an_address(stage: MakeStage) -> None:
    place = await stage(sequence(Say()))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        used, no_port, wrong = await asyncio.gather(
            place("serve", "--port", port),
            place("serve", "--port", "65536"),
            place("serve", "--mode", "often"),
        )
    assert [(ran.code, ran.out) for ran in (used, no_port, wrong)] == [(2, "")] * 3
    assert f"Port {port} can't be taken: Address already in use." in used.err
    assert "--mode: it must be one of" in wrong.err


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
