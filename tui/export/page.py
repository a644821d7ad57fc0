"""A session as a page of HTML: one file, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from markdown_it import MarkdownIt

from ...agent.events import Event, SessionStarted
from ..paint.groups import bounds, is_heavy
from ..text import clean, one_line
from .markdown import Written, document

_STYLE = """
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif;
  color: #1b2126; background: #fbfbf9; }
pre { padding: .6rem .8rem; overflow-x: auto; background: #f2f2ee; border-left: 3px solid #1f6f9f; }
code { font: .9em/1.4 ui-monospace, monospace; }
blockquote { margin: 0 0 1rem; padding-left: .8rem; border-left: 1px solid #8a949c; }
table { border-collapse: collapse; } td, th { border: 1px solid #ccc; padding: .2rem .6rem; }
@media (prefers-color-scheme: dark) { body { color: #d8dee4; background: #11161b; } pre { background: #1f2730; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Whatever a model wrote, the page loads and runs nothing."""

_RENDERER = (
    MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image", "reference"])
)
"""Without definitions of links: one would change what stands elsewhere."""


def as_page(events: Sequence[Event]) -> str:
    """The same as the Markdown, rendered; HTML in it is shown as text."""
    rendered = "".join(
        f"<blockquote>\n{''.join(_rendered(clean(part.text)))}</blockquote>\n"
        if isinstance(part, Written)
        else _RENDERER.render(part)
        for part in document(events)
    )
    title = next((e.body.task for e in events if isinstance(e.body, SessionStarted)), "Leadline")
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{escape(one_line(title)[:120])}</title>\n<style>{_STYLE}</style>\n"
        f"{rendered}</html>\n"
    )


def _rendered(text: str) -> Iterator[str]:
    """What a model wrote. A block that the renderer would be slow with comes as it is."""
    if not is_heavy(text):
        yield _RENDERER.render(text)
        return
    lines = text.split("\n")
    begins = [group.line for group in bounds(text)]
    for begin, end in zip(begins, [*begins[1:], len(lines)], strict=True):
        block = "\n".join(lines[begin:end])
        yield f"<pre>{escape(block)}</pre>\n" if is_heavy(block) else _RENDERER.render(block)
