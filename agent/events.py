"""Everything that happens in a session, as values.

Durable events go into the journal before anybody sees them, and everything that is shown, resumed, undone or billed is
computed from them. Passing events exist only on the bus. Every start has exactly one end: TurnStarted/TurnEnded,
RequestSent/(UsageReported | RequestFailed), ToolStarted/ToolFinished, ApprovalAsked/ApprovalAnswered,
CheckStarted/Verified, PlanStarted/PlanEnded, SessionStarted or SessionResumed/SessionEnded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Discriminator, JsonValue

from .events_code import Packed, RepackWeighed
from .events_plan import PlanEvent
from .events_requests import (
    Repaired,
    RequestFailed,
    RequestSent,
    Routed,
    UsageReported,
)
from .messages import AssistantMessage, SystemMessage, UserMessage
from .passing import Passing

Mode = Literal["plan", "ask", "auto", "full"]
Way = Literal["solo", "planned", "refactor"]
"""How a session works: one agent alone; a planner and then as many workers as the plan needs; the same, cut as far as
it can be."""
Status = Literal[
    "planned",
    "done",
    "unverified",
    "not_done",
    "permission",
    "limit",
    "unavailable",
    "conflict",
    "interrupted",
    "usage",
]


# --- the session ---


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """`root` is the work tree; `checks` are those the person named; `settings` the values in force, without secrets.

    `workers` is how many may be at work at once, `plan_only` that the session ends with the plan. `checked_out` is the
    branch or commit, for people; journals of older releases have none.
    """

    version: str
    root: str
    task: str
    mode: Mode
    sandbox: str
    settings: dict[str, str]
    checks: tuple[str, ...] = ()
    output_schema: JsonValue = None
    commit: bool = False
    branch: str | None = None
    way: Way = "solo"
    workers: int = 0
    plan_only: bool = False
    checked_out: str = ""
    kind: Literal["session_started"] = "session_started"


@dataclass(frozen=True, slots=True)
class SessionResumed:
    """`interrupted_calls` are titles of calls that may have taken effect in part when the last run was stopped.

    `more` is what the person wants next, where the session does not only go on with what it was at. `mode` is the one
    it goes on in; journals of older releases have none, and it was the one before.
    """

    version: str
    sandbox: str
    interrupted_calls: tuple[str, ...]
    more: str = ""
    mode: Mode | None = None
    kind: Literal["session_resumed"] = "session_resumed"


@dataclass(frozen=True, slots=True)
class SessionForked:
    """All before this event is a copy: this event's agent begins with what it said and was told in the session
    `parent`. What else happened there, and what it cost, is on record there alone.

    `tools_digest` is of the tools that were sent last there, None where nothing was; `answered` is when the last answer
    came, which tells whether the service still has what both begin with.
    """

    parent: str
    tools_digest: str | None
    answered: str
    kind: Literal["session_forked"] = "session_forked"


@dataclass(frozen=True, slots=True)
class SessionEnded:
    status: Status
    exit_code: int
    summary: str
    kind: Literal["session_ended"] = "session_ended"


# --- turns: one answer of the model and the tool results that follow it ---


@dataclass(frozen=True, slots=True)
class TurnStarted:
    kind: Literal["turn_started"] = "turn_started"


@dataclass(frozen=True, slots=True)
class TurnEnded:
    seconds: float
    kind: Literal["turn_ended"] = "turn_ended"


@dataclass(frozen=True, slots=True)
class MessageCommitted:
    """The transcript grew by this message. Results of tools are in ToolFinished instead, and join in call order."""

    message: Annotated[SystemMessage | UserMessage | AssistantMessage, Discriminator("role")]
    kind: Literal["message_committed"] = "message_committed"


@dataclass(frozen=True, slots=True)
class Rebased:
    """A new epoch of the transcript began: the cached prefix is given up, for this reason.

    `keeps_messages` is True where only what stands before them (the tools of another release) changed. `pack` is the
    text that took the old pack's place, if that was it: the deltas fell away then, all other messages stayed.
    """

    reason: str
    epoch: int
    keeps_messages: bool = False
    pack: str | None = None
    kind: Literal["rebased"] = "rebased"


@dataclass(frozen=True, slots=True)
class Warned:
    """Something a person should know that does not stop the run."""

    text: str
    kind: Literal["warned"] = "warned"


# --- tools ---


@dataclass(frozen=True, slots=True)
class ToolStarted:
    call_id: str
    tool: str
    title: str
    mutates: bool
    kind: Literal["tool_started"] = "tool_started"


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """`text` is what the model is told, to the byte; `detail` is for people (a diff, a tail).

    `seen` maps paths to the digest of the content the model now knows.
    """

    call_id: str
    ok: bool
    text: str
    seconds: float
    title: str
    detail: str = ""
    seen: dict[str, str] | None = None
    kind: Literal["tool_finished"] = "tool_finished"


@dataclass(frozen=True, slots=True)
class ApprovalAsked:
    """A question to the person. One whether a call may run has a `rule`: what a yes allows where it holds for more than
    this call, in words.

    `detail` is what the call would run, to the letter, or a diff of what it would change as things are: `shows` says
    which. `left_out` counts lines of a diff that is too long. `terms` are what else there is to know of it, and
    `confinement` is what confines the command, "" where none runs.
    """

    call_id: str
    question: str
    rule: str = ""
    shows: Literal["", "command", "diff"] = ""
    detail: str = ""
    left_out: int = 0
    terms: tuple[str, ...] = ()
    confinement: str = ""
    kind: Literal["approval_asked"] = "approval_asked"


@dataclass(frozen=True, slots=True)
class ApprovalAnswered:
    """`scope` is how long a yes holds for the same question, see `wishes.Scope`."""

    call_id: str
    allowed: bool
    answer: str
    by: Literal["person", "rule", "nobody"]
    scope: Literal["once", "session", "always"] = "once"
    kind: Literal["approval_answered"] = "approval_answered"


@dataclass(frozen=True, slots=True)
class PlanItem:
    text: str
    state: Literal["open", "doing", "done"]


@dataclass(frozen=True, slots=True)
class PlanChanged:
    items: tuple[PlanItem, ...]
    kind: Literal["plan_changed"] = "plan_changed"


@dataclass(frozen=True, slots=True)
class Reported:
    """The model says its work has ended. A claim: only Verified proves anything."""

    claim: Literal["done", "not_done"]
    summary: str
    kind: Literal["reported"] = "reported"


# --- the work tree ---


@dataclass(frozen=True, slots=True)
class SnapshotTaken:
    """The whole work tree is stored. Step 0 is the person's own state before the first change.

    `before` is the snapshot that the step began from: what the person changed since the last step is in it already.
    `paths` are the only ones that the step touched, where that is known; None after commands. A step `by` the person is
    one in which they took back a part of what was done.
    """

    step: int
    commit: str
    tree: str
    label: str
    left_out: tuple[str, ...] = ()
    before: str = ""
    paths: tuple[str, ...] | None = None
    by: Literal["session", "person"] = "session"
    kind: Literal["snapshot_taken"] = "snapshot_taken"


@dataclass(frozen=True, slots=True)
class Restored:
    """The person went to another step by undo or redo."""

    step: int
    commit: str
    paths: tuple[str, ...]
    kind: Literal["restored"] = "restored"


# --- proof ---


@dataclass(frozen=True, slots=True)
class CheckStarted:
    """`before`: see `Verified`."""

    command: str
    before: bool = False
    kind: Literal["check_started"] = "check_started"


@dataclass(frozen=True, slots=True)
class Before:
    """What the same check said of the tree before the first change: how many failed, how many of them pass now, and
    how many fail only now."""

    failed: int
    mended: int
    new: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """One check that Leadline ran itself, on the tree with this id.

    `before` is there for a red check that was red before the first change as well, test by test.
    """

    command: str
    tree: str
    exit_code: int | None
    passed: int
    failed: int
    skipped: int
    ran_nothing: bool
    seconds: float
    output_file: str
    before: Before | None = None

    @property
    def green(self) -> bool:
        return self.exit_code == 0 and self.failed == 0 and not self.ran_nothing

    @property
    def no_worse(self) -> bool:
        """Whether it is red by nothing but what failed before the first change."""
        return self.before is not None and not self.before.new


@dataclass(frozen=True, slots=True)
class Verified:
    """`before`: the check ran on the tree as it was before the first change, to tell what is new."""

    evidence: Evidence
    before: bool = False
    kind: Literal["verified"] = "verified"


@dataclass(frozen=True, slots=True)
class BudgetReached:
    """`limit` names what ran out: budget, minutes or turns."""

    limit: Literal["budget", "minutes", "turns"]
    text: str
    kind: Literal["budget_reached"] = "budget_reached"


Durable = Annotated[
    SessionStarted
    | SessionResumed
    | SessionForked
    | SessionEnded
    | TurnStarted
    | TurnEnded
    | MessageCommitted
    | Rebased
    | Packed
    | RepackWeighed
    | RequestSent
    | UsageReported
    | RequestFailed
    | Repaired
    | Routed
    | Warned
    | ToolStarted
    | ToolFinished
    | ApprovalAsked
    | ApprovalAnswered
    | PlanChanged
    | Reported
    | SnapshotTaken
    | Restored
    | CheckStarted
    | Verified
    | BudgetReached
    | PlanEvent,
    Discriminator("kind"),
]


Body = Durable | Passing


@dataclass(frozen=True, slots=True)
class Event:
    """A durable body with its place: `seq` counts from 1 without gaps, `at` is UTC, `agent` names who it is about."""

    seq: int
    at: str
    session: str
    agent: str
    turn: int
    body: Durable
