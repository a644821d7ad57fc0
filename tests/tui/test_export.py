"""Exported sessions: a real one from its journal, and hostile texts."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.agent.events import Event, MessageCommitted
from leadline.agent.history.journal import read_events
from leadline.agent.history.store import find_session
from leadline.agent.messages import AssistantMessage, Usage
from leadline.tests.e2e.conftest import MakeStage, stage, variables
from leadline.tests.support.scripts import MEND, report, sequence
from leadline.tools.errors import PersonError
from leadline.tui.export.file import export
from leadline.tui.export.markdown import as_markdown, fenced
from leadline.tui.export.page import as_page
from markdown_it import MarkdownIt

__all__ = ["stage", "variables"]  # fixtures


TEXT = (
    "html",
    "meta",
    "title",
    "style",
    "h1",
    "h2",
    "h3",
    "p",
    "a",
    "em",
    "strong",
    "code",
    "br",
    "hr",
)
BLOCKS = ("pre", "ul", "ol", "li", "blockquote", "table", "thead", "tbody", "tr", "th", "td")


class Tags(HTMLParser):
    """Which tags and attributes a page really has."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


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


ANSWERS = st.lists(
    st.sampled_from(
        [
            *(
                "~~~",
                "```",
                "<!--",
                "-->",
                "<pre>",
                "<?",
                "<script>",
                "&lt;",
                "### You",
                "a",
                "===",
                "---",
                "|-|",
                "",
            ),
            *(
                "> ",
                ">",
                "- a",
                "1. b",
                "    x",
                "[a]: b",
                "[",
                "\\",
                "\t",
                "\r",
                "\u2028### You",
                "\x0c",
                "`",
                "**",
            ),
        ]
    ),
    max_size=8,
)


@given(ANSWERS, st.sampled_from(["\n", "\n\n", " ", ""]))
def test_no_answer_swallows_or_fakes_what_follows(pieces: list[str], between: str) -> None:
    text = f"x{between}{between.join(pieces)}"
    tokens = MarkdownIt("commonmark").parse(as_markdown([said(text), said("after")]))
    outside = [token for token in tokens if token.level == 0 and token.nesting >= 0]
    assert [token.tag for token in outside] == ["h2", "h3", "blockquote", "h3", "blockquote"]
    last = tokens[[token.map for token in tokens].index(outside[-1].map) :]
    assert [token.content for token in last if token.type == "inline"] == ["after"]
    assert as_page([said(text), said("after")]).endswith(
        "<blockquote>\n<p>after</p>\n</blockquote>\n</html>\n"
    )


@given(ANSWERS)
def test_a_page_has_the_tags_that_it_closes(pieces: list[str]) -> None:
    tags = Tags()
    tags.feed(as_page([said("x\n" + "\n".join(pieces))]))
    assert tags.names <= {*TEXT, *BLOCKS}
    assert tags.open == []


@pytest.mark.parametrize("mark", ["[", "*a ", "` ", "<", "_a", "![", "[a]("])
def test_what_would_be_slow_to_render_is_shown_as_it_is(mark: str) -> None:
    text = f"**before**\n\n{mark * 20_000}\n\n**after**"
    page = as_page([said(text)])
    assert f"<pre>{escape(mark * 20_000)}\n</pre>" in page
    assert "<strong>before</strong>" in page
    assert "<strong>after</strong>" in page


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
