"""Where a remembered text is found, and what is put there."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from leadline.tools.matching import Found, Missing, Several, find, line_range
from leadline.tools.nearest import nearest

LINES = st.text(alphabet="ab \t\n'\u2019", max_size=40)


def replaced(text: str, old: str, new: str, everywhere: bool = False) -> tuple[str, str]:
    """The text after the edit and how the place was found."""
    found = find(text, old, new, everywhere)
    assert isinstance(found, Found), found
    for place in reversed(found.places):
        text = text[: place.start] + place.new + text[place.end :]
    return text, found.how


@given(LINES, st.text(alphabet="ab\n", min_size=1, max_size=8), LINES, LINES)
def test_an_exact_edit_changes_exactly_its_region_and_can_be_reversed(
    head: str, old: str, tail: str, new: str
) -> None:
    text = head + old + tail
    found = find(text, old, new, everywhere=False)
    if isinstance(found, Several):
        assert len(found.lines) > 1
        return
    assert found == Found(found.places, "exact") if isinstance(found, Found) else False
    after, _ = replaced(text, old, new)
    assert after == head + new + tail
    assume(new)
    back = find(after, new, old, everywhere=False)
    assert isinstance(back, Found | Several)
    if isinstance(back, Found):
        assert replaced(after, new, old)[0] == text


@given(st.lists(LINES, min_size=2, max_size=4), st.text(alphabet="ab\n", min_size=1), LINES)
def test_everywhere_is_what_replace_does(parts: list[str], old: str, new: str) -> None:
    text = old.join(parts)
    assert replaced(text, old, new, everywhere=True)[0] == text.replace(old, new)


@given(LINES, LINES, LINES, st.sampled_from(["", " ", "  \n", "\t"]))
def test_a_tolerant_match_is_where_only_whitespace_and_look_alikes_differ(
    head: str, old: str, tail: str, noise: str
) -> None:
    text = head + old.replace("\n", noise + "\n") + tail
    found = find(text, f"a{old}", "new", everywhere=False)
    if isinstance(found, Found):
        (place,) = found.places
        assert _bare(text[place.start : place.end]) == _bare(f"a{old}")


def _bare(text: str) -> str:
    return "".join(text.replace("\u2019", "'").split())


@given(LINES, st.sampled_from(["", "  ", "\t"]))
def test_shifted_lines_are_found_and_replaced_shifted(body: str, indent: str) -> None:
    block = [f"    key{number}{line}".rstrip() for number, line in enumerate(body.split("\n"))]
    text = "start\n" + "\n".join(indent + line for line in block) + "\nend\n"
    new = "\n".join([*block, "    added"])
    after, _ = replaced(text, "\n".join(block), new)
    assert after == text.replace("\nend", f"\n{indent}    added\nend")


def test_more_than_one_exact_place_names_each_line() -> None:
    assert find("x\ny\nx\nxx\n", "x", "z", everywhere=False) == Several((1, 3, 4, 4), "exact")


def test_overlapping_places_are_several() -> None:
    assert isinstance(find("aaa", "aa", "b", everywhere=False), Several)


@pytest.mark.parametrize(
    ("text", "old", "new", "after", "how"),
    [
        # Whitespace at line ends, in the file or in what the model remembers; other lines keep theirs.
        ("a  \nb\t\nc\n", "a\nb\nc\n", "a\nB\nc\n", "a  \nB\nc\n", "whitespace"),
        ("a\n\nb\n", "a\n   \nb", "a\n   \nc", "a\n\nc\n", "whitespace"),
        # The file's last line has no line end, and doesn't get one.
        ("a\nb", "b\n", "c\n", "a\nc", "whitespace"),
        # All lines indented more or less than remembered.
        (
            "if x:\n    if y:\n        go()\n",
            "if y:\n    go()\n",
            "if y:\n    stop()\n\n    go()\n",
            "if x:\n    if y:\n        stop()\n\n        go()\n",
            "indentation",
        ),
        ("a:\n  b: 1\n  c: 2\n", "    b: 1\n    c: 2", "    b: 3", "a:\n  b: 3\n", "indentation"),
        ("\tf(a,\n\t  b)\n", "f(a, \n  b)", "g(a,\n  b)", "\tg(a,\n\t  b)\n", "indentation"),
        # Typographic quotes, dashes and spaces, also within a line.
        ("say \u201chi\u201d now\n", 'say "hi"', "say nothing", "say nothing now\n", "look-alikes"),
        (
            "it\u2019s\na \u2013 b\nend",
            "it's\na - b\nend",
            "it's\na + b\nend",
            "it\u2019s\na + b\nend",
            "look-alikes",
        ),
        # Whole lines go, with their line ends.
        ("a\n  b \nc\n", "b\n", "", "a\nc\n", "indentation"),
    ],
)
def test_tolerant_matches(text: str, old: str, new: str, after: str, how: str) -> None:
    assert replaced(text, old, new) == (after, how)


def test_a_stricter_match_is_taken_before_laxer_ones() -> None:
    text = "f(1) \nx\n    f(1)\n    x\n"
    assert replaced(text, "f(1)\nx", "f(2)\nx")[0] == "f(2)\nx\n    f(1)\n    x\n"


def test_tolerant_matches_are_unique_too() -> None:
    text = "  a\n  b\nmid\n    a\n    b\n"
    assert find(text, "a\nb", "c", everywhere=False) == Several((1, 4), "indentation")


@pytest.mark.parametrize(
    ("text", "old"),
    [
        ("a\n  b\n", "  a\nb"),  # shifted, but not as a whole
        ("\ta\n\tb\n", "    a\n    b"),  # tabs for spaces are no shift
        ("a b\n", "ab"),  # whitespace inside a line counts
        ("\n\n\n", " \n \n"),  # blank lines say nothing
        ("a\n", "a\nb"),
        ("", "a"),
    ],
)
def test_what_is_not_there(text: str, old: str) -> None:
    assert find(text, old, "new", everywhere=False) == Missing()


def test_a_replacement_that_cannot_be_shifted_is_refused() -> None:
    assert find("a:\n  b\n", "      b", "c", everywhere=False) == Missing()


def test_everywhere_takes_exact_places_only() -> None:
    assert find("  a \n", "a\n", "b\n", everywhere=True) == Missing()


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(ValueError, match="everywhere"):
        find("a", "", "b", everywhere=False)


def test_line_ranges_count_from_one() -> None:
    assert line_range("a\nb\nc\n", 2, 5) == (2, 3)
    assert line_range("a\nb\n", 2, 4) == (2, 2)
    assert line_range("a\nb\n", 2, 2) == (2, 2)


def test_the_nearest_text_is_found_where_lines_were_added() -> None:
    text = "import os\n\n\ndef load(path):\n    # open it\n    with open(path) as file:\n        return file.read()\n"
    near = nearest(
        text, "def load(name):\n    with open(name) as file:\n        return file.read()\n"
    )
    assert near
    assert (near.first, near.last) == (4, 7)
    assert not near.whitespace_only


def test_nothing_alike_is_nothing() -> None:
    assert nearest("alpha\nbeta\n", "def load(path):\n    return 1\n") is None
    assert nearest("", "x = 1") is None


def test_tabs_for_spaces_are_only_whitespace() -> None:
    near = nearest("x\n\tgo()\n\tstop()\n", "    go()\n    stop()")
    assert near
    assert (near.first, near.last, near.whitespace_only) == (2, 3, True)


def test_a_file_of_a_hundred_thousand_like_lines_is_searched() -> None:
    text = "".join(f"value_{number % 500} = compute(value, {number})\n" for number in range(50_000))
    near = nearest(
        text, "value_77 = compute(value, 40077)  # old\nvalue_78 = compute(value, 40078)\n"
    )
    assert near
    assert near.first == 40_078
