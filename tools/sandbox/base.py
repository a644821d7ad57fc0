"""What a sandbox is to those who run commands in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
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

    @property
    def can_mount(self) -> bool:
        """Whether commands can be shown a tree at another path than its own (`Policy.shown_at`).

        Without it a clone has to be used where it is. It then lacks what was installed in the person's tree, and an
        install that points back into that tree would have the wrong one tested: it will do only for trees of which
        nothing is carried (`carried_folders`).
        """
        ...

    def describe(self, network: bool = False) -> str:
        """One sentence for the person: what is active, and what is not, with the network open or closed."""
        ...

    def command(self, argv: Sequence[str], policy: Policy) -> Launch:
        """`argv` under `policy`, ready to start. It looks at the file system, so make it right before the start.

        ToolError if commands cannot be run here, or not as the policy asks.
        """
        ...


def require_in_place(name: str, policy: Policy) -> None:
    """ToolError if `policy` wants the tree shown at another path, for a sandbox that cannot mount.

    The command would run in the tree that is at that path: the person's.
    """
    if policy.shown_at is not None:
        raise ToolError(
            f"Commands cannot be run in this clone: it has to be shown at {policy.shown_at}, which the sandbox "
            f"in use ({name}) cannot do. A person can install a current bubblewrap, or go on without parallel work."
        )


def owner_of(tree: Path) -> int:
    """The user whose folder it is. ToolError where it is gone: no command can be run in it."""
    try:
        return tree.stat().st_uid
    except OSError as error:
        raise ToolError(f"Commands cannot be run: {tree}: {error.strerror}.") from error


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No sandbox works here and the person has not allowed to go without: every command is refused."""

    reason: str
    name: str = "unavailable"
    confined: bool = True
    can_mount: bool = False

    def describe(self, network: bool = False) -> str:  # noqa: ARG002
        return f"no sandbox works here, so commands are refused: {self.reason}"

    def command(self, argv: Sequence[str], policy: Policy) -> Launch:  # noqa: ARG002
        raise ToolError(
            f"Commands cannot be run: no sandbox works on this machine ({self.reason}). A person can install "
            'bubblewrap, or allow unconfined commands with the setting sandbox = "off". Go on without commands.'
        )


def why_not_in_clones(sandbox: Sandbox, carried: Sequence[Path]) -> str | None:
    """Why several agents should not work side by side in clones under `sandbox`, for the person; None if they can.

    `carried` is what `carried_folders` found. Where this is None and the sandbox cannot mount, the clones are used
    where they are, without `shown_at`.
    """
    if sandbox.can_mount:
        return None
    if not sandbox.confined:
        return (
            "no sandbox is active, so nothing keeps a command in a clone from writing the project itself; install "
            "bubblewrap or take back the setting that turned the sandbox off"
        )
    if isinstance(sandbox, Unavailable):
        return sandbox.describe()
    if not carried:
        return None
    names = ", ".join(folder.name for folder in carried[:3]) + (", ..." if len(carried) > 3 else "")
    return (
        f"the sandbox in use ({sandbox.name}) cannot show a clone in the place of the project: commands would miss "
        f"what is installed there ({names}), or test the project instead of the clone; a current bubblewrap can show it"
    )
