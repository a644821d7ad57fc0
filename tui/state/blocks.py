"""What a transcript is made of, as people see it. Texts are as they came: making them harmless is the screen's part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...agent.events import ApprovalAnswered, ApprovalAsked, Evidence
from ...agent.headless import Span
from ...agent.messages import Origin
from .texts import Excerpt

CardState = Literal["running", "ok", "failed", "cut"]
"""`cut` is what a killed run left without an end."""

NoteKind = Literal[
    "lane",
    "pack",
    "rebased",
    "retried",
    "failed",
    "repaired",
    "warning",
    "limit",
    "miss",
    "claim",
    "asked",
    "answered",
    "left_out",
    "restored",
    "resumed",
    "ended",
]
"""What a note is about: another lane, the pack, a prefix that was given up, a request that failed and is sent again or
is not, a mended answer, a limit, an unexpected cache miss, the model's claim to be done, a question and its answer,
files that no snapshot has, an undo or redo, and the run's own ends."""

Mark = Literal["", "ok", "warn", "failed", "cut"]
"""How it stands with what the news is about: nothing to say, landed, tried again, ended without it, stopped."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the model was told. `origin` says by whom, and so whether people want to see it unfolded."""

    seq: int
    at: str
    text: Excerpt
    origin: Origin


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `reasoning` is None where thinking was off; `calls` counts the tools it asked for."""

    seq: int
    at: str
    text: Excerpt
    reasoning: Excerpt | None
    calls: int
    model: str


@dataclass(frozen=True, slots=True)
class Approval:
    """A question about a call, answered or not. `title` says which call, "" where it is about none. `asked` is the
    question with all that it shows, until it is answered."""

    seq: int
    at: str
    agent: str
    call_id: str
    question: str
    title: str = ""
    answer: ApprovalAnswered | None = None
    asked: ApprovalAsked | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A call of a tool. `detail` is for who opens it: a diff or a tail, else what the model was told; None until the
    call has ended, as `seconds` are. What it prints meanwhile is in `now.Now.outputs`."""

    seq: int
    at: str
    call_id: str
    tool: str
    title: str
    mutates: bool
    state: CardState = "running"
    seconds: float | None = None
    detail: Excerpt | None = None
    approval: Approval | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """A check that Leadline runs. `evidence` is there once it ended; `before`: see `Verified`."""

    seq: int
    at: str
    command: str
    before: bool
    evidence: Evidence | None = None
    cut: bool = False

    @property
    def running(self) -> bool:
        return self.evidence is None and not self.cut


@dataclass(frozen=True, slots=True)
class Note:
    """Something beside the conversation that a person should be able to see."""

    seq: int
    at: str
    kind: NoteKind
    text: str


@dataclass(frozen=True, slots=True)
class News:
    """What became of a plan. One of a `task` begins with a `mark` and has in `detail` what its worker was told."""

    seq: int
    at: str
    lines: tuple[tuple[Span, ...], ...]
    mark: Mark = ""
    detail: Excerpt | None = None
    task: str = ""


Block = Said | Answer | Card | Proof | Note | News
