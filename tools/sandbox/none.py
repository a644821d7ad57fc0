"""No confinement, because the person allowed it. Commands still get a watcher that leaves no process behind."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from ..process import Launch
from .base import require_in_place
from .landlock import watched
from .policy import Policy


@dataclass(frozen=True, slots=True)
class Unconfined:
    name: str = "off"
    confined: bool = False
    can_mount: bool = False

    def describe(self, network: bool = False) -> str:  # noqa: ARG002
        return (
            "no sandbox, as allowed: commands can read and write whatever you can, and reach the network; "
            "secrets are only taken out of their environment"
        )

    def command(self, argv: Sequence[str], policy: Policy) -> Launch:
        require_in_place(self.name, policy)
        # The watcher rests on Linux calls; elsewhere the process group has to do.
        return watched(argv) if sys.platform == "linux" else Launch(tuple(argv))
