"""A way to every screen of the interface, with the showcase's sessions on them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from leadline.agent.events import SessionEnded
from leadline.tests.support import showcase
from leadline.tests.support.exhibit import Exhibit
from leadline.tests.support.showcase import SANDBOX
from leadline.tui.screens.welcome import Welcome

Way = Callable[[Exhibit], Awaitable[None]]


async def session(it: Exhibit) -> None:
    await it.tell(showcase.solo())


async def plan_asked(it: Exhibit) -> None:
    await it.tell(showcase.planned())
    await it.press("f3", "j")


async def plan(it: Exhibit) -> None:
    await it.tell(showcase.running())
    await it.press("f3", "j", "j", "j", "j")


async def news(it: Exhibit) -> None:
    await it.tell(showcase.running())


async def workers(it: Exhibit) -> None:
    await it.tell(showcase.running())
    await it.press("f4", "j")


async def cost(it: Exhibit) -> None:
    await it.tell(showcase.running())
    await it.press("f6")
    await it.shows("per million")


async def changes(it: Exhibit) -> None:
    await it.tell(showcase.mending(), ended=SessionEnded("done", 0, "Totals are rounded once."))
    await it.press("f5")
    await it.shows("tax.py")
    await it.press("j", "j", "j", "enter")
    await it.shows("RATES")


async def changes_other_way(it: Exhibit) -> None:
    """Side by side where they were one below the other, and the other way round. The panel is as it was left."""
    await it.press("f5")
    await it.shows("RATES")
    await it.press("d")


async def approval_command(it: Exhibit) -> None:
    await it.tell(showcase.asks_to_run())
    await it.press("f9")


async def approval_diff(it: Exhibit) -> None:
    await it.tell(showcase.asks_to_change())
    await it.press("f9")


async def sessions(it: Exhibit) -> None:
    await it.tell(showcase.solo())
    await it.press("f7")
    await it.shows("jQuery")


async def completion(it: Exhibit) -> None:
    await it.tell(showcase.solo())
    await it.press("slash", "r", "e")


async def welcome(it: Exhibit) -> None:
    async def keep(key: str) -> None:
        del key

    where = Welcome(
        "DEEPSEEK_API_KEY", "api.deepseek.com", "/home/ada/.leadline/keys", "auto", SANDBOX
    )
    it.app.welcome(where, keep)


async def help_(it: Exhibit) -> None:
    await it.tell(showcase.solo())
    await it.press("f1")


async def pager(it: Exhibit) -> None:
    await it.tell(showcase.solo())
    await it.rest()
    it.control.transcript.focus()
    await it.press(*["k"] * 10, "v")
    await it.shows("Whole text")


SCREENS: Mapping[str, Way] = {  # in this order
    "session": session,
    "news": news,
    "plan asked": plan_asked,
    "plan": plan,
    "workers": workers,
    "changes": changes,
    "changes the other way": changes_other_way,
    "cost": cost,
    "approval of a command": approval_command,
    "approval of a change": approval_diff,
    "sessions": sessions,
    "completion": completion,
    "help": help_,
    "welcome": welcome,
    "pager": pager,
}
