"""The interface on terminals that are small, slow, without colours or UTF-8, or go away; and what never reaches one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import random
from typing import Any

import pytest
from leadline.agent.events import SessionEnded
from leadline.agent.history.journal import FILE, read_events
from leadline.agent.rehearsal.settings import Settings
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.support.needs import BUBBLEWRAP
from leadline.tests.support.processes import is_running, nap
from leadline.tests.support.ptys import Pty, pty
from leadline.tests.support.scripts import MEND, Say, report, sequence, shell
from leadline.tests.support.waiting import answer

pytestmark = [BUBBLEWRAP, pytest.mark.timeout(400)]

F = {3: b"\x1bOR", 4: b"\x1bOS", 5: b"\x1b[15~", 6: b"\x1b[17~", 7: b"\x1b[18~"}
F9 = b"\x1b[20~"
LEAVE = b"\x11"
SHOWN = {
    3: "no plan",
    4: "at work",
    5: "whole session",
    6: "spent",
    7: "Sessions of this place: 1",
}
READY = "? help"


def folder_of(place: Stage) -> Path:
    [file] = (place.home / "sessions").glob(f"*/{FILE}")
    return file.parent


def count(place: Stage, kind: str) -> int:
    """How many such events the only session has by now."""
    files = (place.home / "sessions").glob(f"*/{FILE}")
    return sum(file.read_bytes().count(f'"kind":"{kind}"'.encode()) for file in files)


def ended(place: Stage) -> list[str]:
    """How each of its runs ended."""
    events = read_events(folder_of(place))
    return [event.body.status for event in events if isinstance(event.body, SessionEnded)]


async def until_end(it: Pty, place: Stage) -> None:
    await it.until(lambda: count(place, "session_ended"), "the end of the session")


async def look_around(it: Pty) -> None:
    """Open each panel, and the list of sessions."""
    for key, text in SHOWN.items():
        mark = it.mark
        it.press(F[key])
        await it.shows(text, mark)


async def leave(it: Pty) -> None:
    it.press(LEAVE)
    assert await it.ends() == 0
    assert "Traceback" not in it.text()


async def test_without_utf_8_what_reaches_the_terminal_is_ascii(stage: MakeStage) -> None:
    said = Say(
        text="Ünïcödé — “quotes” … 中文 ✓\n\n| ä | ö |\n|---|---|\n| 1 | 2 |", calls=MEND.calls
    )
    place = await stage(sequence(said, report(summary="Größer als ☃.")))
    async with pty(cwd=place.repo, env={**place.env, "LC_ALL": "C"}) as it:
        await it.shows(READY)
        it.press("mache é größer 中\r".encode())
        await until_end(it, place)
        await look_around(it)
        await leave(it)
        assert max(it.written) < 0x80
        assert "mache ? gr??er ??" in it.text()


COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[1-6]|4[1-6]|9[1-6]|10[1-6])[;m]")
"""One of the sixteen that is no shade of grey."""


async def test_a_terminal_that_goes_away_ends_at_a_safe_point(stage: MakeStage) -> None:
    """Whether or not a signal tells of it. The first has no colours, the second few signs."""
    first, second = nap(), nap()
    place = await stage(sequence(MEND, shell(" ".join(first)), shell(" ".join(second)), report()))
    no_colours = {"TERM": "xterm", "NO_COLOR": "1"}
    async with pty(cwd=place.repo, env={**place.env, **no_colours}) as it:
        await it.shows(READY)
        it.press(b"make add work\r")
        await it.until(lambda: is_running(*first), "the first command")
        await look_around(it)
        await it.hang_up()
        assert await it.ends() != 0
        assert not COLOUR.search(it.written)
    assert not is_running(*first)
    assert ended(place) == ["interrupted"]

    command = ("open", folder_of(place).name)
    console = {**place.env, "TERM": "linux"}
    async with pty(*command, cwd=place.repo, env=console, owned=False) as it:
        await it.shows("interrupted")
        it.press(b"/resume\r")
        await it.until(lambda: is_running(*second), "the second command")
        await it.hang_up()
        assert await it.ends() != 0
        assert not re.search("[\u2500-\u28ff]", it.text())
    assert not is_running(*second)
    assert ended(place) == ["interrupted", "interrupted"]
    assert (await place("resume")).code == 0


async def test_what_is_typed_before_there_is_anything_to_see_is_sent(stage: MakeStage) -> None:
    """The terminal still turned Enter into a new line then."""
    place = await stage(sequence(MEND, report()))
    async with pty(cwd=place.repo, env=place.env) as it:
        it.press(b"make add work\r")
        await until_end(it, place)
        it.press(b"and a line\nbelow it")  # ctrl+j, from now on
        await it.shows("below it")
        await leave(it)
    assert ended(place) == ["done"]


async def test_a_slow_terminal_holds_up_nothing(stage: MakeStage) -> None:
    much = "for i in $(seq 40); do seq 500; sleep 0.05; done"
    place = await stage(sequence(shell(much), MEND, report(summary="It adds.")))
    async with pty(cwd=place.repo, env=place.env, rate=6000) as it:
        await it.shows(READY)
        it.press(b"make add work\r")
        await until_end(it, place)
        behind = it.mark
        it.press(b"hello there")
        await it.shows("hello there", behind)
        assert it.mark - behind < 60_000  # what it had no time for was left out
        await leave(it)
    assert ended(place) == ["done"]


EVIL = "\x1b]52;c;UFdORUQ=\x07\x1b]0;PWNED\x07\x1bP+q544e\x1b\\\x1b[2J\x1b[?1049l\x1b[8m\x9b2J\x9d0;PWNED\x9c\x1bc"
OBEYED = re.compile(
    rb"\x1b\]|\x1bP|\x1b\[2J|\x1b\[8m|\x1bc|\xc2[\x80-\x9f]|PWNED\x07|[\x00-\x06\x0e-\x1a]"
)

POINTER = re.compile(rb"\x1b\]22;[a-z-]+\x07")
"""Textual's own: the shape of the mouse pointer."""


async def test_no_escape_of_others_reaches_the_terminal_and_much_is_no_trouble(
    stage: MakeStage,
) -> None:
    name = "a\x1b]0;PWNED\x07\x1b[2Jb.txt"
    much = "".join(
        f"{random():.12f} {EVIL if number % 100 == 0 else ''}\n" for number in range(4_000)
    )
    printed = "; ".join(
        (
            "seq 100000",
            "head -c 100000 /dev/urandom",
            r"printf '\033]52;c;UFdORUQ=\a\033]0;PWNED\a\033[2J\033[?1049l\033c\n'",
            "ls",
        )
    )
    place = await stage(
        sequence(
            Say(
                text=f"# A {EVIL} title\n\n`{EVIL}` [bold]{EVIL}[/bold]", calls=shell(printed).calls
            ),
            Say(text=much, calls=(("edit", {"path": name, "edits": [{"old": "x", "new": EVIL}]}),)),
            report(summary=f"Ended {EVIL} well."),
        ),
        Settings(tokens_per_chunk=5000),
    )
    (place.repo / name).write_text("x\n")
    async with pty(cwd=place.repo, env=place.env, size=(120, 40)) as it:
        await it.shows(READY)
        it.press(f"\x1b[200~do {EVIL} it\x1b[201~\r".encode())
        await until_end(it, place)
        await it.shows("well.")
        await look_around(it)
        await leave(it)
        assert OBEYED.findall(POINTER.sub(b"", bytes(it.written))) == []
    assert ended(place) == ["not_done"]


async def test_a_question_is_answered_on_a_tiny_terminal_without_colours(stage: MakeStage) -> None:
    place = await stage(sequence(MEND, report(summary="It adds.")))
    env = {**place.env, "TERM": "xterm", "NO_COLOR": "1"}
    async with pty("open", "--mode", "ask", cwd=place.repo, env=env, size=(20, 5)) as it:
        await it.shows(">")
        it.press(b"make add work\r")
        await it.shows("? the agent asks")

        async def press() -> None:
            it.press(b"y")

        async def is_answered() -> bool:
            return count(place, "approval_answered") > 0

        await answer(press, is_answered)
        await until_end(it, place)
        await leave(it)
        assert not COLOUR.search(it.written)
    assert ended(place) == ["done"]


LATER = frozenset({"by", "paths", "before"})
"""Fields that a version might not have written yet."""


async def test_a_long_answer_of_a_session_of_another_version(stage: MakeStage) -> None:
    place = await stage(sequence(Say(text="LONG", calls=MEND.calls), report(summary="It adds.")))
    assert (await place.run()).code in (0, 3)
    journal = folder_of(place) / FILE
    events = [_older(json.loads(line)) for line in journal.read_text().splitlines()]
    long = "".join(f"Line {number} of a long answer.\\n" for number in range(180_000))
    assert len(long) > 5_000_000
    lines = "".join(map(_line, events)).replace('"LONG"', f'"{long}"')
    event = events[-1] | {"body": {"kind": "of_the_future", "what": EVIL}}
    future = [_line(event | {"seq": len(events) + number}) for number in range(2)]
    journal.write_text("".join((lines, *future)))
    async with pty("open", journal.parent.name, cwd=place.repo, env=place.env) as it:
        await it.shows("damaged")
        journal.write_text(lines)
        it.press(F[7])
        await it.shows("Sessions of this place: 1")
        mark = it.mark
        it.press(b"\r")
        await it.shows("It adds.", mark)
        mark = it.mark
        it.press(b"\x1b[5~" * 3)
        await it.shows("a long answer", mark)
        await leave(it)


def _older(event: dict[str, Any]) -> dict[str, Any]:
    """As a version had it that knew less."""
    body = event.get("body", {})
    known = {name: value for name, value in body.items() if name not in LATER}
    return {**event, "body": known} if body else event


def _line(event: dict[str, Any]) -> str:
    return json.dumps(event, separators=(",", ":")) + "\n"
