"""What is asked once of an agent whose claim no check contradicts, because only the model can tell.

A doubt is no refusal: the same try goes on, and an agent that insists is believed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from ...prompts.render import render
from ..context.transcript import Transcript
from ..messages import UserMessage
from .verify import Verdict

Doubt = Literal["as_before", "unchanged"]
"""Whether failures that are old are the task; whether nothing has to be changed for it."""


def doubts_of(
    verdict: Verdict | None, *, unchanged: bool, asked: Collection[Doubt]
) -> Mapping[Doubt, str]:
    """Those that were not `asked` before, in words for the model. `unchanged`: the work has changed no file, so checks
    that are green now may have been green before it."""
    texts: dict[Doubt, str] = {}
    if verdict is not None and verdict.as_before:
        texts["as_before"] = render("checks_as_before", evidence=verdict.text)
    if unchanged:
        texts["unchanged"] = render("nothing_changed")
    return {doubt: text for doubt, text in texts.items() if doubt not in asked}


def asked_before(transcript: Transcript) -> set[Doubt]:
    """What the agent was asked in the run that was cut off. The evidence of old failures is not the same each time, so
    that is asked again."""
    return {"unchanged"} if was_told(transcript, render("nothing_changed")) else set()


def was_told(transcript: Transcript, text: str) -> bool:
    return any(isinstance(said, UserMessage) and said.text == text for said in transcript.messages)
