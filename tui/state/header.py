"""What stands above and below everything else: the session, how it works, and whether it still does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from ...agent.budget import Limits
from ...agent.events import (
    BudgetReached,
    Event,
    Mode,
    Routed,
    SessionEnded,
    SessionResumed,
    SessionStarted,
    Way,
)
from ...agent.v4.cost import role_of


@dataclass(frozen=True, slots=True)
class Header:
    """`lanes` are the newest by role, each with the price of the moment it was routed. `mode` and `sandbox` are as the
    newest run has them. `branch` is the one that the session's commit goes to, where the person named one. `runs`
    counts the times it was begun or gone on with.

    A journal does not say that its process was killed: such a session still counts as running here.
    """

    session: str = ""
    began: str = ""
    run_began: str = ""
    root: str = ""
    task: str = ""
    mode: Mode = "auto"
    sandbox: str = ""
    way: Way = "solo"
    workers: int = 0
    plan_only: bool = False
    commit: bool = False
    branch: str | None = None
    limits: Limits = field(default_factory=Limits)
    lanes: Mapping[str, Routed] = field(default_factory=dict[str, Routed])
    reached: BudgetReached | None = None
    ended: SessionEnded | None = None
    runs: int = 0

    @property
    def status(self) -> Literal["new", "running", "ended"]:
        if self.ended is not None:
            return "ended"
        return "running" if self.runs else "new"


def header_after(header: Header, event: Event) -> Header:
    """The header after an event, which may be of any kind."""
    match event.body:
        case SessionStarted() as body:
            return _begun(event, body)
        case SessionResumed(sandbox=sandbox, mode=mode):
            runs = header.runs + 1
            return replace(
                header,
                run_began=event.at,
                sandbox=sandbox,
                mode=mode or header.mode,
                ended=None,
                reached=None,
                runs=runs,
            )
        case SessionEnded() as body:
            return replace(header, ended=body)
        case BudgetReached() as body:
            return replace(header, reached=body)
        case Routed() as body:
            return replace(header, lanes={**header.lanes, role_of(event.agent): body})
        case _:
            return header


def _begun(event: Event, body: SessionStarted) -> Header:
    turns = _limit(body.settings, "max_turns")
    limits = Limits(
        _limit(body.settings, "budget_usd"),
        _limit(body.settings, "max_minutes"),
        None if turns is None else int(turns),
    )
    return Header(
        session=event.session,
        began=event.at,
        run_began=event.at,
        root=body.root,
        task=body.task,
        mode=body.mode,
        sandbox=body.sandbox,
        way=body.way,
        workers=body.workers,
        plan_only=body.plan_only,
        commit=body.commit,
        branch=body.branch,
        limits=limits,
        runs=1,
    )


def _limit(settings: Mapping[str, str], name: str) -> float | None:
    """A limit from the settings as they are shown; an older journal may not have it, and `-` is none."""
    text = settings.get(name, "-")
    return None if text == "-" else float(text)
