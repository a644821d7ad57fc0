"""What a codemod is and what it came to: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from ..code.languages import LANGUAGES

RULE_LANGUAGES = tuple(name for name in LANGUAGES if name not in ("sql", "toml"))
"""Languages that rules can be about: those we tell files by, without the two that ast-grep has no grammar for."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Puts `rewrite` in place of what `pattern` matches in files of `language`.

    Both are ast-grep's: `$A` is any node, `$$$ARGS` any number of them. `rule` is a rule object of ast-grep's in place
    of the pattern, for what one pattern can't say.
    """

    language: str
    rewrite: str
    pattern: str = ""
    rule: Mapping[str, JsonValue] | None = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class Codemod:
    """Either `rules`, each on the result of those before it, or a `script`, never both.

    A script is Python that defines `change(path: str, text: str) -> str`, where lines of a text end in LF. `paths` say
    where it looks: files, folders and globs. Files that git ignores are never looked at.
    """

    paths: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    script: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """A file that is changed. `matches` counts what rules replaced in it; a script's file counts as one.

    `before` and `after` are the digests of its content, sha256 as hex.
    """

    path: str
    matches: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that would be changed and is left as it is; `reason` goes on after its path."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class CodemodReport:
    """What a codemod did, or in a dry run would do. Paths are sorted.

    `looked_at` counts files, `left_out` those among `paths` that were not looked at (vendored, generated, binary, very
    large). `rule_matches` counts by rule, all files together, also in those of `kept`. `unmatched` are files that hold
    every fixed word of a pattern and where nothing matched; `unparsed` those among the files with such words in which a
    part makes no sense to the parser, so that a match may have been missed. `samples` are unified diffs.
    """

    applied: bool
    looked_at: int
    left_out: int
    changed: tuple[Changed, ...]
    rule_matches: tuple[int, ...]
    unmatched: tuple[str, ...]
    unparsed: tuple[str, ...]
    kept: tuple[Kept, ...]
    samples: tuple[str, ...]

    @property
    def matches(self) -> int:
        return sum(each.matches for each in self.changed)

    @property
    def residue(self) -> tuple[str, ...]:
        """The files that are left for somebody to look at, each once."""
        kept = (each.path for each in self.kept)
        return tuple(sorted({*self.unmatched, *self.unparsed, *kept}))
