"""Private clones of a session: where they are, and how commands run in them, as if each were the person's tree."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..prompts.render import render
from ..tools.code.live import LiveCode
from ..tools.commands import SandboxedCommands
from ..tools.errors import PersonError
from ..tools.git.clones import Clone, Clones
from ..tools.git.snapshot import Snapshot
from ..tools.git.store import Store
from ..tools.git.survey import Reason
from ..tools.paths import is_file
from ..tools.sandbox.base import Sandbox, why_not_in_clones
from ..tools.sandbox.carried import carried_folders
from ..tools.sandbox.detect import able_to_mount
from ..tools.sandbox.policy import Access
from ..tools.slots import Slots, SlottedCommands, Wait
from .bus import Recorder
from .history.journal import Journal
from .passing import CommandWaits
from .planning.baseline import Surroundings
from .settings.config import Settings

LiveOf = Callable[[Path, Callable[[], Awaitable[Sequence[str]]]], LiveCode]


class NotApartError(Exception):
    """A clone's commands could write into the person's tree: a fault of ours, found before the first of them ran."""


def surroundings(
    root: Path, settings: Settings, journal: Journal, store: Store, sandbox: Sandbox, network: bool
) -> Surroundings:
    """What it takes to run commands in clones of the tree `root`; `network` says whether they may reach it."""
    folder = journal.folder / "clones"

    def commands(able: Sandbox, clone: Clone, carried: tuple[Path, ...]) -> SandboxedCommands:
        return SandboxedCommands(
            able,
            clone.root,
            journal.folder / "commands" / clone.name,
            leadline_home=settings.home,
            writable=True,
            network=network,
            default_seconds=settings.command_seconds,
            cache=folder / "cache" / clone.name,
            shown_at=root if able.can_mount else None,
            carried=carried if able.can_mount else (),
            borrowed=clone.borrowed,
            git_writable=True,
        )

    return Surroundings(root, folder, journal.session, store, sandbox, commands)


@dataclass(frozen=True, slots=True)
class Clonework:
    """The clones of a session's workers. `shown_at` is where commands see each of them, None for where it lies;
    `live` makes what answers questions about a part of one."""

    clones: Clones
    shown_at: Path | None
    _around: Surroundings
    _sandbox: Sandbox
    _carried: tuple[Path, ...]
    _slots: Slots
    _known: tuple[str, ...]
    live: LiveOf

    async def whole(self, name: str, base: str) -> Clone:
        """The clone of this name that an earlier run left, if it still is one; else a new one with this commit."""
        clone = self.clones.find(name)
        if clone is not None and not is_file(clone.git_dir / "HEAD"):
            await self.clones.remove(clone)
            clone = None
        return clone or await self.clones.make(base, name)

    async def keep_only(self, names: Collection[str]) -> None:
        """Remove the clones of all others, whom nobody goes on with."""
        for name in self.clones.names():
            clone = None if name in names else self.clones.find(name)
            if clone is not None:
                with suppress(
                    PersonError, OSError
                ):  # what can't be removed stays in the session's folder
                    await self.clones.remove(clone)

    def commands(self, clone: Clone, recorder: Recorder) -> SlottedCommands:
        """A runner for the clone. Raises NotApartError rather than run where the person's tree could be written."""
        plain = self._around.commands(self._sandbox, clone, self._carried)
        _require_apart(plain, clone, self._around.root)

        def tell(wait: Wait) -> None:
            recorder.emit(CommandWaits(wait.command, wait.seconds))

        return SlottedCommands(plain, self._slots, self._known, tell)

    @property
    def root(self) -> Path:
        return self._around.root

    def where(self, clone: Clone) -> str | None:
        """What an agent has to know of the place of its clone; None where commands see it at that of the person's tree,
        which is what the environment card says."""
        if self.shown_at is not None:
            return None
        return render("copy_elsewhere", root=str(clone.root), person=str(self.root))

    def code(self, clone: Clone) -> LiveCode:
        """What answers questions about the clone's symbols."""
        return self.live(clone.root, lambda: self.clones.list_files(clone))


async def open_clonework(
    around: Surroundings,
    folder: Path,
    base: Snapshot,
    slots: Slots,
    known: Sequence[str],
    live: LiveOf,
) -> Clonework | str:
    """The clones below `folder`, or why several agents can't work side by side here, for the person.

    `known` are commands that are checks, which take one of the `slots`.
    """
    ignored = [left.path for left in base.left_out if left.reason is Reason.IGNORED_FOLDER]
    carried = carried_folders(around.root, ignored)
    sandbox = await able_to_mount(around.sandbox, around.root)
    reason = why_not_in_clones(sandbox, carried)
    if reason is not None:
        return reason
    clones = await Clones.open(around.store, folder, around.session)
    shown_at = around.root if sandbox.can_mount else None
    return Clonework(clones, shown_at, around, sandbox, carried, slots, tuple(known), live)


def _require_apart(commands: SandboxedCommands, clone: Clone, root: Path) -> None:
    """Every place that commands may write is the clone or Leadline's own, never the person's tree or its `.git`."""
    policy = commands.policy()
    person = Path(os.path.realpath(root))
    own = Path(os.path.realpath(clone.root))
    writable = [policy.source(place) for place, access in policy.places() if access is Access.WRITE]
    met = [
        place for place in writable if place.is_relative_to(person) or person.is_relative_to(place)
    ]
    if met or own.is_relative_to(person) or not is_file(clone.git_dir / "HEAD"):
        raise NotApartError(f"the clone {clone.name} is not apart from {person}: {met or own}")
