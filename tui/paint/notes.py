"""What was said to the model, and what stands between: notes, and news of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from textual.content import Content

from ...agent.headless import Span, Style
from ...agent.messages import Origin
from ...prompts.render import render
from ..safe import content, line
from ..signs import Sign, sign
from ..state.blocks import Mark, News, Note, NoteKind, Said
from ..text import first_line
from .inline import FAINT
from .lines import cut_to, fold, headed, left_out, plain_text
from .live import paint_text
from .part import Part

MOST_LINES = 12
"""Lines of what a person said that are shown without being opened."""
MOST_CHARS = 300
"""Characters of a note that are shown without being opened."""

_ORIGINS: Mapping[Origin, str] = {
    "pack": "the repository, packed",
    "instructions": "instructions of the repository",
    "environment": "the environment",
    "brief": "the brief",
    "harness": "Leadline to the model",
    "delta": "what changed in the repository",
}
"""What is not from the person, in words."""

_NOTES: Mapping[NoteKind, tuple[str, Sign | None, str]] = {
    "lane": ("model: ", None, FAINT),
    "pack": ("", None, FAINT),
    "rebased": ("the cached prefix is given up: ", None, FAINT),
    "retried": ("request failed, it is sent again: ", "warn", "$text-warning"),
    "failed": ("request failed: ", "failed", "$text-error"),
    "repaired": ("an answer with a fault: ", None, FAINT),
    "warning": ("warning: ", "warn", "$text-warning"),
    "limit": ("limit: ", "warn", "$text-warning"),
    "miss": ("unexpected cache miss: ", "warn", "$text-warning"),
    "claim": ("", None, ""),
    "asked": ("asks: ", "ask", "$text-warning"),
    "answered": ("answered: ", None, FAINT),
    "left_out": (
        "not in the snapshots, so undo can't bring it back: ",
        "warn",
        "$text-warning",
    ),
    "restored": ("", None, FAINT),
    "resumed": ("resumed", None, FAINT),
}
"""What is said before a note's text, the sign before that, and the style of both."""

_WHOLE: tuple[NoteKind, ...] = ("claim", "ended")
"""Notes that people wait for."""

_GOOD = ("done", "planned")
"""Ends that were wanted, as the note of an end begins with them."""

_STYLES: Mapping[Style, str] = {
    "plain": "",
    "bold": "bold",
    "dim": FAINT,
    "good": "$text-success",
    "bad": "$text-error",
    "warn": "$text-warning",
}

_MARKS: Mapping[Mark, str] = {
    "ok": "$text-success",
    "warn": "$text-warning",
    "failed": "$text-error",
    "cut": "$text-warning",
}
"""Styles of the signs before news of a task."""


def paint_said(said: Said, opened: bool, width: int) -> Iterator[Part]:
    if said.origin not in _ORIGINS:
        yield from _person(said, opened)
        return
    words = f"{_ORIGINS[said.origin]}, {said.text.chars:,} characters"
    if said.origin in ("harness", "brief") and not opened:
        first = first_line(said.text.text[:2_000]).removeprefix("Leadline: ")
        words = f"{_ORIGINS[said.origin]}: {first}"
    yield Part(cut_to(fold(opened) + line(words, FAINT), width), wrap=False)
    if opened:
        yield from plain_text(said.text.text, FAINT, Content("  "))
        yield from left_out(said.text)


def opens_said(said: Said) -> bool:
    return said.origin in _ORIGINS or said.text.text.strip().count("\n") >= MOST_LINES


def _person(said: Said, opened: bool) -> Iterator[Part]:
    """With a bar at the left, so that what people said is found while scrolling by."""
    bar = Content.styled(f"{sign('cursor')} ", "$accent")
    text = said.text.text.strip()
    if said.origin == "task":
        text = text.removeprefix(_before_task()).strip()
    lines = content(text).plain.split("\n")
    shown = lines if opened else lines[:MOST_LINES]
    yield from plain_text("\n".join(shown), "", bar)
    if len(lines) > len(shown):
        more = f"{sign('folded')} {len(lines) - len(shown):,} more lines"
        yield Part(line(more, FAINT), bar, bar)
    elif not said.text.whole:
        yield from left_out(said.text)


@cache
def _before_task() -> str:
    """What the model is told before a task. A person knows whose it is."""
    return render("task", task="").strip()


def paint_note(note: Note, opened: bool, width: int) -> Iterator[Part]:
    if note.kind == "claim":  # the model's last word, which is Markdown like its others
        yield from paint_text(note.text, width)
        return
    if note.kind == "ended":
        yield from _ended(note.text)
        return
    words, mark, style = _NOTES.get(note.kind, (f"{note.kind}: ", None, FAINT))
    text = note.text.strip()
    if note.kind == "resumed":
        text = f"; cut off before, so perhaps done in part: {text}" if text else ""
    if not opened and opens_note(note):
        text = f"{' '.join(text[:MOST_CHARS].split())}{sign('more')}"
    before = f"{sign(mark)} " if mark else ""
    first = Content.styled(before, style)
    rest = Content(" " * first.cell_length)
    for number, part in enumerate(plain_text(f"{words}{text}", style)):
        yield Part(part.content, rest if number else first, rest)


def _ended(text: str) -> Iterator[Part]:
    first, _, why = text.partition("\n")
    good = first.startswith(_GOOD)
    mark = Content.styled(
        f"{sign('ok' if good else 'warn')} ", "$text-success" if good else "$text-warning"
    )
    yield Part(line(first, "bold"), mark, Content(" " * mark.cell_length))
    yield from plain_text(why) if why else ()


def opens_note(note: Note) -> bool:
    return note.kind not in _WHOLE and len(note.text) > MOST_CHARS


def paint_news(news: News, opened: bool, width: int) -> Iterator[Part]:
    lines = [_spans(spans) for spans in news.lines]
    if not news.mark:
        yield from map(Part, lines)
        return
    mark = Content.styled(f"{sign(news.mark)} ", _MARKS[news.mark])
    rest = Content(" " * mark.cell_length)
    if not opens_news(news):
        yield from (Part(each, mark, rest) for each in lines)
        return
    begin = mark + fold(opened)
    for each in lines:
        yield Part(each, begin, rest) if opened else headed(begin + each, width)
    if opened and news.detail is not None:
        yield from plain_text(news.detail.text, FAINT, rest)
        yield from left_out(news.detail)


def opens_news(news: News) -> bool:
    return news.detail is not None


def _spans(spans: tuple[Span, ...]) -> Content:
    pieces = [
        content(span) if isinstance(span, str) else content(span[1], _STYLES.get(span[0], ""))
        for span in spans
    ]
    return Content.assemble(*pieces)
