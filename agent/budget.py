"""What a run may use up: money, minutes, turns. Checked before each request; pure but for the clock handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .events import BudgetReached, Event, SessionResumed, UsageReported


@dataclass(frozen=True, slots=True)
class Limits:
    """None means no limit. Money in US dollars."""

    usd: float | None = None
    minutes: float | None = None
    turns: int | None = None


def _nothing() -> float:
    return 0.0


@dataclass(slots=True)
class Budget:
    """Counts what was used. `clock` gives seconds; `minutes` count from when the run (or the resume) began, turns from
    when the person last said what they want, when there were `turns_before`. `held` is money that is put aside for
    others."""

    limits: Limits
    clock: Callable[[], float]
    held: Callable[[], float] = _nothing
    started: float = field(init=False)
    spent: float = 0.0
    last_cost: float = 0.0
    turns: int = 0
    turns_before: int = 0

    def __post_init__(self) -> None:
        self.started = self.clock()

    def note(self, body: object) -> None:
        if isinstance(body, UsageReported):
            self.spent += body.cost
            self.last_cost = body.cost

    def allow(self, usd: float | None) -> None:
        """From here on this much more may be spent; None for no limit."""
        total = None if usd is None else self.spent + usd
        self.limits = replace(self.limits, usd=total)

    def begin_anew(self) -> None:
        """The person wants something new: there are all the turns for it."""
        self.turns_before = self.turns

    def replay(self, events: tuple[Event, ...]) -> None:
        """Count what an earlier run of the session spent."""
        for event in events:
            self.note(event.body)
            self.turns = max(self.turns, event.turn)
            if isinstance(event.body, SessionResumed) and event.body.more:
                self.begin_anew()

    def reached(self) -> BudgetReached | None:
        """Which limit stops the next request, if one does.

        The next request is reserved at the price of the last one: a session's requests grow slowly, and a limit that
        is passed by one request every time is no limit. The first one has none to go by: something must be left.
        """
        limits = self.limits
        if limits.usd is not None:
            used = self.spent + self.held()
            if used + self.last_cost > limits.usd or used >= limits.usd:
                return self._spent(limits.usd)
        if self.seconds_left() == 0:
            return self.minutes_over()
        if limits.turns is not None and self.turns - self.turns_before >= limits.turns:
            return BudgetReached("turns", f"All {limits.turns} turns are used.")
        return None

    def _spent(self, usd: float) -> BudgetReached:
        held = self.held()
        aside = f" and ${held:.4f} put aside for those at work" if held else ""
        text = f"${self.spent:.4f} of ${usd:.4f} are spent{aside}; another request does not fit."
        return BudgetReached("budget", text)

    def seconds_left(self) -> float | None:
        """Until the minutes are over: what is under way is cut short then. None without a limit."""
        if self.limits.minutes is None:
            return None
        return max(0.0, self.limits.minutes * 60 - (self.clock() - self.started))

    def minutes_over(self) -> BudgetReached:
        return BudgetReached("minutes", f"The {self.limits.minutes:g} minutes are over.")
