"""What happens to the pack: the part of the repository that a transcript begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Packed:
    """The pack of this transcript was made.

    `tokens` of at most `budget` are used. `levels` counts files by how much of them it shows: `whole`, `signatures`,
    `names`, `path`; `files` are all files there are, `complete` says that all text went in whole. `tree` names the
    state of the work tree. `seconds` cover the pack and what of the index had to be brought up to date for it. `seen`
    maps the paths of whole files to the digest of the content that the model knows.
    """

    tokens: int
    budget: int
    files: int
    levels: dict[str, int]
    complete: bool
    tree: str
    seconds: float
    seen: dict[str, str]
    kind: Literal["packed"] = "packed"

    @property
    def shown(self) -> int:
        """How many files it shows more of than the path."""
        return sum(count for level, count in self.levels.items() if level != "path")


@dataclass(frozen=True, slots=True)
class RepackWeighed:
    """Whether a new pack in place of the old one would pay, and the sum it was decided by.

    Of the next request, in tokens: `context` is all of it as things are, of which `pack` and `deltas` would give way
    to `new_pack`. `cold` says that the service has dropped what it stored. `turns` are those expected to follow. Prices
    are US dollars per million input tokens at the moment, sums US dollars; output costs the same either way.
    """

    occasion: Literal["deltas", "resumed"]
    context: int
    pack: int
    deltas: int
    new_pack: int
    cold: bool
    turns: int
    hit: float
    miss: float
    peak: bool
    carry_on_usd: float
    repack_usd: float
    repack: bool
    kind: Literal["repack_weighed"] = "repack_weighed"
