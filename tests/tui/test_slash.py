"""The table of commands, and that the interface and plain mode do what it says."""

from __future__ import annotations

import pytest
from leadline.tools.errors import PersonError
from leadline.tui.control import commands, slash
from leadline.tui.plain import commands as plain
from leadline.tui.themes import THEMES


def test_each_does_all_that_the_table_offers_there_and_no_more() -> None:
    assert commands.DOES.keys() == slash.offered("interface").keys()
    assert plain.DOES.keys() == slash.offered("lines").keys()


def test_each_is_told_with_what_it_needs() -> None:
    assert all(each.help for each in slash.TABLE.values())
    assert all(each.rest == each.rest.upper() for each in slash.TABLE.values())
    assert slash.described()["fork TEXT"] == slash.TABLE["fork"].help
    assert "fork" not in slash.alone()
    assert "plan" in slash.alone()


def test_the_themes_are_all_named() -> None:
    assert all(name in slash.TABLE["theme"].help for name in THEMES)


@pytest.mark.parametrize(
    ("name", "rest", "where", "why"),
    [
        ("nothing", "", "lines", "There is no /nothing. /help lists"),
        ("status", "", "interface", "/status is for plain mode."),
        ("vim", "", "lines", "/vim is for the full interface."),
        ("stop", "now", "lines", "/stop takes nothing after it"),
        ("fork", " ", "interface", "/fork needs TEXT after it"),
    ],
)
def test_what_is_typed_wrong_is_refused_with_the_way_out(
    name: str, rest: str, where: slash.Where, why: str
) -> None:
    with pytest.raises(PersonError, match=why):
        slash.checked(name, rest, where)


def test_what_follows_is_given_cleaned() -> None:
    assert slash.checked("plan", "  mend it ", "interface") == "mend it"
    assert slash.checked("plan", "", "lines") == ""


def test_a_step_is_a_number() -> None:
    assert (slash.step_of(""), slash.step_of("0")) == (None, 0)
    for text in ("-1", "1.5", "²", "x"):
        with pytest.raises(PersonError, match="is a number"):
            slash.step_of(text)
