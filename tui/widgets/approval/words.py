"""The line in which a person says why not, or answers a question."""

from __future__ import annotations

from ..line_input import LineInput


class Words(LineInput):
    DEFAULT_CSS = """
    Words { border: none; height: 1; padding: 0; background: $boost; }
    Words:focus { border: none; }
    """
