"""The panels of a session beside its transcript, in the order of their keys."""

from __future__ import annotations

from collections.abc import Mapping

from ..panels.changes.panel import ChangesPanel
from ..panels.cost.panel import CostPanel
from ..panels.panel import Panel
from ..panels.plan.panel import PlanPanel
from ..panels.workers.panel import WorkersPanel


def new_panels() -> Mapping[str, Panel]:
    """By name, as `pane.SessionPane` knows them."""
    return {
        "plan": PlanPanel(),
        "workers": WorkersPanel(),
        "changes": ChangesPanel(),
        "cost": CostPanel(),
    }
