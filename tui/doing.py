"""What an agent does, in a word and a sign. An early module: the words of `state.activity.Doing` are only its keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .signs import Sign

if TYPE_CHECKING:
    from .state.activity import Doing


@dataclass(frozen=True, slots=True)
class Word:
    """`alone` says all without what it is about; `style` only repeats it in colour."""

    alone: str
    sign: Sign
    style: str = ""


WORDS: Mapping[Doing, Word] = {
    "idle": Word("idle", "waiting", "$text-muted"),
    "asking": Word("asks you", "ask", "bold $warning"),
    "queueing": Word("queues", "waiting", "$warning"),
    "calling": Word("runs", "running", "$primary"),
    "checking": Word("checks", "running", "$accent"),
    "retrying": Word("retries", "warn", "$warning"),
    "writing": Word("writes", "running", "$success"),
    "thinking": Word("thinks", "running", "$success"),
    "waiting": Word("waits", "waiting", "$text-muted"),
    "indexing": Word("indexes", "running", "$primary"),
    "working": Word("works", "running"),
}
