"""Exported sessions: a real one from its journal, and hostile texts."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.agent.events import Event, MessageCommitted
from leadline.agent.journal import read_events
from leadline.agent.messages import AssistantMessage, Usage
from leadline.agent.store import find_session
from leadline.tests.e2e.conftest import MakeStage, stage, variables
from leadline.tests.support.scripts import MEND, report, sequence
from leadline.tools.errors import PersonError
from leadline.tui.export.file import export
from leadline.tui.export.markdown import as_markdown, fenced
from leadline.tui.export.page import as_page
from markdown_it import MarkdownIt

__all__ = ["stage", "variables"]  # fixtures


class Tags(HTMLParser):
    """Which tags and attributes a page really has."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


def said(text: str) -> Event:
    message = AssistantMessage(text, None, (), "stop", Usage(0, 0, 0, 0), "deepseek-flash")
    return Event(1, "2026-11-29T00:00:00Z", "s", "main", 1, MessageCommitted(message))


async def test_a_session_becomes_a_document(stage: MakeStage, tmp_path: Path) -> None:
    place = await stage(sequence(MEND, report(summary="Mended `add`.")))
    await place.run()
    folder = find_session(place.home, None)
    written = export(folder, tmp_path, "")
    text = written.read_text(encoding="utf-8")
    assert written.name == f"leadline-{folder.name}.md"
    for part in ("make add work", "deepseek-flash", "calc.py", "Mended `add`.", "from the cache"):
        assert part in text
    page = export(folder, tmp_path, "page.html").read_text(encoding="utf-8")
    assert "make add work" in page
    assert as_page(read_events(folder)) == page


async def test_what_is_there_is_not_overwritten(stage: MakeStage, tmp_path: Path) -> None:
    place = await stage(sequence(MEND, report()))
    await place.run()
    mine = tmp_path / "mine.md"
    mine.write_text("mine")
    with pytest.raises(PersonError, match="exists already"):
        export(find_session(place.home, None), tmp_path, str(mine))
    assert mine.read_text() == "mine"
    with pytest.raises(PersonError, match=r"\.md or \.html"):
        export(find_session(place.home, None), tmp_path, "session.docx")


@given(st.text(alphabet=st.sampled_from("`~ab \n<>"), max_size=80))
def test_no_text_leaves_its_fence(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(f"{fenced(text)}\n\nafter")
    assert [token.type for token in tokens] == [
        "fence",
        "paragraph_open",
        "inline",
        "paragraph_close",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[click](javascript:alert(1))",
        "![x](https://example.org/pixel.png)",
        '<img src=x onerror="alert(1)">',
        "```\nnever closed",
    ],
)
def test_a_page_runs_and_loads_nothing_of_a_model(text: str) -> None:
    tags = Tags()
    tags.feed(as_page([said(text), said("a second answer")]))
    assert not tags.names & {"script", "img", "iframe", "link"}
    assert not {name for name in tags.attributes if name.startswith("on")} | (
        tags.attributes & {"src"}
    )
    assert 'href="javascript' not in as_page([said(text)])
    assert "<p>a second answer</p>" in as_page([said(text), said("a second answer")])


def test_escapes_reach_no_document() -> None:
    assert "\x1b" not in as_markdown([said("\x1b]0;title\x07red \x1b[31mtext")])
