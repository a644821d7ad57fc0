"""What names a content and all that its facts were made by, so that facts made otherwise are never taken for it."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import sys
from contextlib import suppress
from pathlib import Path

MADE_BY = (
    "code/languages.py", "code/parsing.py", "code/extract.py", "code/docs.py", "code/noise.py", "code/signatures.py",
    "code/words.py", "code/model.py", "code/rules.py", "code/index/content.py", "code/index/packed.py",
    "code/index/postings.py", "code/index/worker.py", "text.py", "limits.py",
)  # fmt: skip
"""The modules, below `tools`, whose change can change what is known of a file; beside the queries."""


@functools.cache
def fingerprint() -> bytes:
    """Of the extractor: its modules, its queries and the parsers installed."""
    digest = hashlib.blake2b(sys.byteorder.encode(), digest_size=16)
    tools = Path(__file__).parents[2]
    queries = sorted((tools / "code" / "queries").glob("*.scm"))
    for path in (*(tools / name for name in MADE_BY), *queries):
        with suppress(OSError):
            digest.update(b"%s\0%d\0" % (path.name.encode(), len(data := path.read_bytes())) + data)
    for name in _parsers():
        digest.update(os.fsencode(name) + b"\0")
    return digest.digest()


def blob_key(blob: str, language: str | None) -> bytes:
    """Names the facts of a content (git blob id, hex) taken as this language."""
    text = f"{blob} {language or ''}"
    return hashlib.blake2b(text.encode(), digest_size=20, key=fingerprint()).digest()


def _parsers() -> list[str]:
    """The grammars' wheels with their versions, by the names of their folders: asking for metadata is slow."""
    spec = importlib.util.find_spec("tree_sitter")
    if spec is None or spec.origin is None:
        return []
    packages = Path(spec.origin).parent.parent
    with os.scandir(packages) as entries:
        names = [entry.name for entry in entries]
    return sorted(
        name for name in names if name.startswith("tree_sitter") and name.endswith("-info")
    )
