"""What panels and widgets tell whoever holds them. Nothing of a session is called from a widget."""

from __future__ import annotations

from textual.message import Message

from ..agent.wishes import Wish


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
