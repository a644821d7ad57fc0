"""What changed in the repository since the model was told of it, as signatures. Pure.

A pack is frozen; what others change afterwards (commands, formatters, the person) is told in a few lines at the end of
the conversation, where it costs its own length and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...prompts.render import render
from ...tools.code.model import NOTHING_KNOWN, CodeTree, FileFacts, Symbol

MOST_LINES = 60
"""Of one message, files and symbols together."""
MOST_OF_A_FILE = 15
MOST_NAMED = 400
"""Characters of the names of files there is no room for."""
MOST_WIDTH = 200
"""Characters of one line."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that is not as it was. `before` or `after` is None where there was, or is, no such file."""

    path: str
    before: FileFacts | None
    after: FileFacts | None


def changed_paths(before: CodeTree, after: CodeTree) -> tuple[str, ...]:
    """The paths whose content differs, in order; what rules leave out of the index is left out here too."""
    if before.digest == after.digest:
        return ()
    old, new = before.files, after.files
    differing: list[str] = []
    for path in sorted(old.keys() | new.keys()):
        was, now = old.get(path), new.get(path)
        if all(one is None or one.left_out for one in (was, now)):
            continue
        if was is None or now is None or was.blob != now.blob:
            differing.append(path)
    return tuple(differing)


def changes(before: CodeTree, after: CodeTree, paths: Iterable[str]) -> tuple[FileChange, ...]:
    """What became of these paths."""
    return tuple(FileChange(path, _facts(before, path), _facts(after, path)) for path in paths)


def _facts(tree: CodeTree, path: str) -> FileFacts | None:
    file = tree.files.get(path)
    if file is None:
        return None
    return NOTHING_KNOWN if file.left_out else tree.facts(path)


def delta_text(changed: Sequence[FileChange]) -> str | None:
    """The message that tells of these changes; None where no file came or went and no signature changed."""
    blocks = [block for block in map(_block, changed) if block]
    if not blocks:
        return None
    lines: list[str] = []
    unnamed: list[str] = []
    for block in blocks:
        if unnamed or len(lines) + len(block) > MOST_LINES:
            unnamed.append(block[0].removesuffix(":"))
        else:
            lines += block
    if unnamed:
        lines.append(_rest(unnamed))
    return render("delta", changes="\n".join(lines))


def _rest(unnamed: Sequence[str]) -> str:
    names = ", ".join(unnamed)
    if len(names) > MOST_NAMED:
        names = f"{names[:MOST_NAMED].rpartition(', ')[0]}, ..."
    return f"and {len(unnamed)} more: {names}"


def _block(change: FileChange) -> list[str]:
    """A line for the file and one for each symbol; nothing if all signatures are as they were."""
    path = _line(change.path)
    if change.after is None:
        return [f"- {path} (gone)"]
    if change.before is None:
        return _filled(f"+ {path} (new)", [_place("+", each) for each in _telling(change.after)])
    told = _symbols(change.before, change.after)
    return _filled(f"~ {path}", told) if told else []


def _filled(head: str, told: Sequence[str]) -> list[str]:
    if not told:
        return [head]
    more = len(told) - MOST_OF_A_FILE
    tail = [f"  and {more} more"] if more > 0 else []
    return [f"{head}:", *told[:MOST_OF_A_FILE], *tail]


def _symbols(before: FileFacts, after: FileFacts) -> list[str]:
    """Symbols that came, went or are declared otherwise, in the order of their places in the file as it is."""
    was, now = _signatures(before), _signatures(after)
    gone = was - now
    came = now - was
    if not gone and not came:
        return []
    lost = Counter(name for name, _ in gone.elements())
    told: list[str] = []
    for symbol in _telling(after):
        key = _key(symbol)
        if not came[key]:
            continue
        came[key] -= 1
        changed = lost[symbol.qualified] > 0
        lost[symbol.qualified] -= changed
        told.append(_place("~" if changed else "+", symbol))
    for symbol in _telling(before):
        key = _key(symbol)
        if gone[key] and lost[symbol.qualified] > 0:
            gone[key] -= 1
            lost[symbol.qualified] -= 1
            told.append(f"  - {_line(symbol.qualified)}")
    return told


def _signatures(facts: FileFacts) -> Counter[tuple[str, str]]:
    return Counter(_key(symbol) for symbol in _telling(facts))


def _key(symbol: Symbol) -> tuple[str, str]:
    return symbol.qualified, symbol.signature


def _telling(facts: FileFacts) -> list[Symbol]:
    """Without headings and tables: they change with the text that they head, and nothing calls them."""
    return [symbol for symbol in facts.symbols if symbol.kind != "section"]


def _place(sign: str, symbol: Symbol) -> str:
    lines = str(symbol.first) if symbol.first == symbol.last else f"{symbol.first}-{symbol.last}"
    scope = symbol.qualified.rpartition(".")[0]
    where = f" (in {scope})" if scope else ""
    return _line(f"  {sign} {lines}: {symbol.signature or symbol.name}{where}")


def _line(text: str) -> str:
    """A name or signature on one line: names of files may hold any character."""
    plain = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return plain if len(plain) <= MOST_WIDTH else f"{plain[:MOST_WIDTH]}..."


def told_of(known: Mapping[str, str], paths: Iterable[str], now: Mapping[str, str]) -> list[str]:
    """Those of the paths whose content the model has not seen: `known` and `now` map paths to digests."""
    return [path for path in paths if path not in now or known.get(path) != now[path]]
