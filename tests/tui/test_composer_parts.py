from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.tools.sandbox.environment import holds_secret
from leadline.tui.haystack import Haystack
from leadline.tui.text import clean
from leadline.tui.widgets.composer.choices import Asked, Command, asked_at, commands_for
from leadline.tui.widgets.composer.draft import Draft, chip_for, chip_spans, folded, joined
from leadline.tui.widgets.composer.history import FILE, MOST_CHARACTERS, MOST_ENTRIES, History

# Drafts

PIECES = st.text(st.sampled_from("ab[]#1 \npasted lines"), max_size=30)


def draft_of(pieces: list[str], pastes: list[str]) -> Draft:
    """A text with a chip for each paste, between the pieces."""
    chips: dict[str, str] = {}
    text = ""
    for piece, paste in zip(pieces, pastes, strict=False):
        chip = chip_for(paste, chips)
        chips[chip] = paste
        text += f"{piece}|{chip}|"
    return Draft(text, chips)


def said(pieces: list[str], pastes: list[str]) -> str:
    return "".join(f"{a}|{b}|" for a, b in zip(pieces, pastes, strict=False))


@given(st.lists(PIECES, max_size=5), st.lists(PIECES, max_size=5))
def test_a_draft_says_what_was_typed_and_pasted(pieces: list[str], pastes: list[str]) -> None:
    draft = draft_of(pieces, pastes)
    assert draft.expanded == said(pieces, pastes)
    spans = [span for line in draft.text.split("\n") for span in chip_spans(line, draft.chips)]
    assert len(spans) == min(len(pieces), len(pastes))


@given(*[st.lists(PIECES, max_size=4)] * 4)
def test_two_drafts_become_one(
    pieces: list[str], pastes: list[str], more: list[str], other: list[str]
) -> None:
    front, back = draft_of(pieces, pastes), draft_of(more, other)
    both = joined(front, back)
    texts = [text for text in (said(pieces, pastes), said(more, other)) if text]
    assert both.expanded == "\n".join(texts)


@given(st.lists(PIECES, max_size=4), st.lists(PIECES, max_size=4))
def test_folding_changes_no_text(pieces: list[str], pastes: list[str]) -> None:
    draft = draft_of(pieces, [f"<{paste}>" for paste in pastes])
    assert folded(draft.expanded, draft.chips).expanded == draft.expanded


# What was typed before


def test_history_is_kept_once_each_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    history = History(folder)
    for text in ("one", "two", "one", "  ", "three"):
        history.add(Draft(text))
    assert [draft.text for draft in history.entries] == ["two", "one", "three"]
    assert History(folder).entries == history.entries
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_history_is_bounded_and_its_file_too(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"text {number}"}) for number in range(3 * MOST_ENTRIES)]
    (tmp_path / FILE).write_text("\n".join(lines) + "\n")
    assert [draft.text for draft in History(tmp_path).entries][:1] == [f"text {2 * MOST_ENTRIES}"]
    assert len((tmp_path / FILE).read_text().splitlines()) == MOST_ENTRIES


def test_a_torn_or_strange_file_costs_only_what_is_torn(tmp_path: Path) -> None:
    strange = b'\xff\xfe\n[]\n{"text": 3}\n{"text": "a", "chips": {"b": 1}}\n{"text": "good"}\n{"te'
    (tmp_path / FILE).write_bytes(strange)
    History(tmp_path).add(Draft("new"))
    assert [draft.text for draft in History(tmp_path).entries] == ["good", "new"]


def test_histories_of_several_processes_lose_nothing(tmp_path: Path) -> None:
    def add(number: int) -> None:
        history = History(tmp_path)
        for place in range(20):
            history.add(Draft(f"{number} {place}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    assert len(History(tmp_path).entries) == 160


def test_secrets_and_very_long_texts_are_not_kept(tmp_path: Path) -> None:
    history = History(tmp_path, holds_secret)
    history.add(Draft("use sk-" + "a1" * 20))
    history.add(Draft("!export DEPLOY_TOKEN=hunter2hunter2"))
    history.add(Draft("[pasted 9 lines #1]", {"[pasted 9 lines #1]": "password = 'correct horse'"}))
    history.add(Draft("x" * (MOST_CHARACTERS + 1)))
    history.add(Draft("see commit " + "0a" * 20))
    assert [draft.text[:10] for draft in history.entries] == ["x" * 10, "see commit"]
    assert [draft.text[:10] for draft in History(tmp_path).entries] == ["see commit"]


@pytest.mark.parametrize(
    "text",
    [
        "https://me:hunter2@host/x",
        "1http://me:a:b@host",
        f"ssh://{'x' * 20}@host",
        "eyJhbGciOiJI.eyJzdWIiOiJ4",
    ],
)
def test_ways_to_write_a_secret(text: str) -> None:
    assert holds_secret(f"look at {text} now")


@pytest.mark.parametrize("piece", ["x", "a://", ":", "eyJ-", "-"])
def test_a_secret_is_looked_for_in_no_time(piece: str) -> None:
    assert not holds_secret(piece * (MOST_CHARACTERS // len(piece)))


def test_a_folder_that_cant_be_written_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    history = History(tmp_path / "file" / "below")
    history.add(Draft("kept"))
    assert history.entries == (Draft("kept"),)


def test_a_link_in_its_place_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    (tmp_path / FILE).symlink_to(tmp_path / "other")
    History(tmp_path).add(Draft("text"))
    assert (tmp_path / "other").read_text() == ""


# What is asked for


@pytest.mark.parametrize(
    ("row", "line", "asked"),
    [
        (0, "/", Asked("command", 0, "")),
        (0, "/exp", Asked("command", 0, "exp")),
        (1, "/exp", None),
        (0, "/exp a", None),
        (0, "/etc/hosts", None),
        (0, "a @", Asked("mention", 2, "")),
        (0, "/export @src/a", Asked("mention", 8, "src/a")),
        (3, "(@a.py:Na", Asked("mention", 1, "a.py:Na")),
        (0, "me@example.org", None),
        (0, "@a b", None),
        (0, "x" * 300 + " @ab", Asked("mention", 301, "ab")),
    ],
)
def test_what_is_asked(row: int, line: str, asked: Asked | None) -> None:
    assert asked_at(row, line, len(line)) == asked


def test_commands_are_ranked() -> None:
    commands = [Command(name, "") for name in ("resume", "fork", "rename", "summary")]
    assert [found.label for found in commands_for("re", commands)] == ["/resume", "/rename"]
    assert [found.label for found in commands_for("sm", commands)] == ["/summary", "/resume"]
    assert len(commands_for("", commands)) == 4


# Fuzzy search

PATHS = [
    "agent/loop.py",
    "docs/composer.md",
    "tests/tui/test_composer.py",
    "tui/composer/area.py",
    "tui/composer/composer.py",
    "tui/Composer_old.py",
]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("composer", ["docs/composer.md", "tui/composer/composer.py", "tui/Composer_old.py"]),
        ("COMPOSER.PY", ["tui/composer/composer.py", "tests/tui/test_composer.py"]),
        ("composer/a", ["tui/composer/area.py"]),
        ("tcarea", ["tui/composer/area.py"]),
        ("lp", ["agent/loop.py"]),
        ("zzz", []),
    ],
)
def test_the_best_path_comes_first(query: str, first: list[str]) -> None:
    found = [PATHS[at] for _, at in Haystack(PATHS, "/").find(query, 8)]
    assert found[: len(first)] == first
    assert found or not first


LETTERS = st.text(st.sampled_from("abB/._\u0130\u00df(*"), max_size=8)


@given(st.lists(LETTERS, max_size=20), LETTERS)
def test_all_that_has_the_letters_in_their_order_is_found(texts: list[str], query: str) -> None:
    def has(text: str) -> bool:
        letters = iter(text.lower())
        return all(letter in letters for letter in query.lower())

    found = [at for _, at in Haystack(texts, "/").find(query, 50)]
    assert sorted(found) == [at for at, text in enumerate(texts) if has(text)]


def test_a_hostile_name_takes_no_time() -> None:
    assert Haystack(["a" * 4_000] * 300, "/").find("a" * 60 + "b", 8) == []


@given(st.text())
def test_any_text_can_be_a_chip(text: str) -> None:
    chip = chip_for(clean(text), {})
    assert list(chip_spans(chip, {chip: text})) == [(0, len(chip))]
