"""Who is asked before the work of a plan begins: its questions, and whether to start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .events_plan import Forecast
from .planning.plan_check import CheckedPlan


class Consult(Protocol):
    async def answers(self, questions: Sequence[str]) -> Sequence[str] | None:
        """One answer for each question, asked together and once; None where nobody is there to answer."""
        ...

    async def approve(self, checked: CheckedPlan, forecast: Forecast) -> bool:
        """Whether the plan may be carried out."""
        ...


class NoConsult:
    """Headless: questions become assumptions, and what can be run is."""

    async def answers(self, questions: Sequence[str]) -> Sequence[str] | None:
        del questions

    async def approve(self, checked: CheckedPlan, forecast: Forecast) -> bool:
        del checked, forecast
        return True
