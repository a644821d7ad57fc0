"""What panels and widgets tell whoever holds them. Nothing of a session is called from a widget."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from textual.message import Message

if TYPE_CHECKING:
    from ..agent.host.wishes import Wish


class Wished(Message):
    """The person wants something of the session."""

    def __init__(self, wish: Wish) -> None:
        super().__init__()
        self.wish = wish


class AgentOpened(Message):
    """The person wants to read this agent's transcript."""

    def __init__(self, agent: str) -> None:
        super().__init__()
        self.agent = agent


class PanelOpened(Message):
    """The person wants another panel of the session: `session`, `plan`, `workers`, `changes` or `cost`."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class SteerAsked(Message):
    """The person wants to say something to this agent: the composer is to be pointed at it."""

    def __init__(self, agent: str) -> None:
        super().__init__()
        self.agent = agent


class SessionChosen(Message):
    """The person wants this session on the screen: to `open` it and look, to `resume` it, or to `fork` it."""

    def __init__(self, folder: Path, how: Literal["open", "resume", "fork"]) -> None:
        super().__init__()
        self.folder = folder
        self.how: Literal["open", "resume", "fork"] = how
