"""What sessions of this interface begin with: settings, and what the person changed of them since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...agent.events import Way
from ...agent.session import Start
from ...agent.settings.config import Settings, find_project_root, load_settings
from ...agent.settings.files import user_config_file
from ...tools.errors import PersonError
from ..commands.begin import refuse_modes_without_workers
from ..commands.run import in_its_way

CHANGEABLE = (
    "mode",
    "solo",
    "workers",
    "budget_usd",
    "verify",
    "network",
    "max_turns",
    "max_minutes",
)
"""Settings that a person can change for the sessions to come without leaving."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Where sessions begin and by which settings. `flags` are those of the command line and what was changed since, as
    texts like there; `with_project` is whether the repository's own file counts."""

    folder: Path
    environ: Mapping[str, str]
    flags: Mapping[str, object] = field(default_factory=dict[str, object])
    with_project: bool = True
    _known: list[Settings] = field(default_factory=list[Settings], compare=False, repr=False)
    """The newest that could be read, if any."""

    @property
    def root(self) -> Path:
        return find_project_root(self.folder)

    def settings(self, root: Path | None = None) -> Settings:
        """Those in force now, for sessions of `root`. Raises PersonError."""
        place = (root or self.root) if self.with_project else None
        found = load_settings(self.flags, self.environ, user_config_file(self.environ), place)
        self._known[:] = [found]
        return found

    def last_settings(self) -> Settings:
        """Those in force, or where one of the files was broken since they were read, as an agent may do with the
        repository's own, those before: for what is looked at, not for what begins. Raises PersonError at first."""
        try:
            return self.settings()
        except PersonError:
            if not self._known:
                raise
            return self._known[0]

    def changed(self, name: str, value: str) -> Opening:
        """With another setting; `-` is what it was before anything was said of it. Raises PersonError."""
        if name not in CHANGEABLE:
            known = ", ".join(CHANGEABLE)
            raise PersonError(f"{name} can't be changed here. What can be: {known}.")
        flags = {key: each for key, each in self.flags.items() if key != name}
        if value != "-":
            flags[name] = (
                [value] if name == "verify" else _switch(value) if name == "network" else value
            )
        new = replace(self, flags=flags)
        new.settings()
        return new

    def told(self, typed: str) -> tuple[Opening, str]:
        """With another setting as a person types it, `name value`; and a sentence that says so. Raises PersonError."""
        name, _, value = typed.partition(" ")
        value = value.strip()
        if not value:
            known = ", ".join(CHANGEABLE)
            raise PersonError(
                f"/set needs a setting and its value; - takes it back. Settings: {known}."
            )
        new = self.changed(name, value)
        return new, f"{name} is {value} for what begins or goes on from now on"

    def start(self, task: str, way: Way | None = None, *, plan_only: bool = False) -> Start:
        """How a session with this task begins; `way` None is as `leadline run` would. Raises PersonError."""
        start = Start(folder=self.folder, task=task, settings=self.settings(), plan_only=plan_only)
        if way != "refactor":
            return in_its_way(start, ("a plan",) if plan_only else ())
        refuse_modes_without_workers(start.settings, "refactor")
        return replace(start, way=way)


def _switch(value: str) -> bool:
    known = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
    if value.casefold() not in known:
        raise PersonError(f"It must be on or off, not {value!r}.")
    return known[value.casefold()]
