"""What a sandbox is to those who run commands in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..errors import ToolError
from ..process import Launch
from .policy import Policy


class Sandbox(Protocol):
    """One way to enforce a policy.

    `name` is "bubblewrap", "landlock", "off" or "unavailable"; `confined` tells whether anything is enforced at all.
    """

    @property
    def name(self) -> str: ...

    @property
    def confined(self) -> bool: ...

    def describe(self, network: bool = False) -> str:
        """One sentence for the person: what is active, and what is not, with the network open or closed."""
        ...

    def command(self, argv: Sequence[str], policy: Policy) -> Launch:
        """`argv` under `policy`, ready to start. It looks at the file system, so make it right before the start.

        ToolError if commands cannot be run here.
        """
        ...


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No sandbox works here and the person has not allowed to go without: every command is refused."""

    reason: str
    name: str = "unavailable"
    confined: bool = True

    def describe(self, network: bool = False) -> str:  # noqa: ARG002
        return f"no sandbox works here, so commands are refused: {self.reason}"

    def command(self, argv: Sequence[str], policy: Policy) -> Launch:  # noqa: ARG002
        raise ToolError(
            f"Commands cannot be run: no sandbox works on this machine ({self.reason}). A person can install "
            'bubblewrap, or allow unconfined commands with the setting sandbox = "off". Go on without commands.'
        )
