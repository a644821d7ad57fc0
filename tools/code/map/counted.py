"""Token counts of what a map is made of, made once and kept: a warm map never loads the tokenizer.

Fragments are named by what they say, whole texts by their blob, so a count can't be out of date.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from ..index.content import blob_id
from ..model import CodeTree, CountStore, SourceFile
from ..tokens import count_tokens
from .levels import Whole, whole_body, whole_end, whole_header, whole_of

_WHOLE = b"whole 1 "
"""To be changed with what `whole_body` or `whole_of` give."""
_WHOLE_NUMBERS = 5


def count_lists(lists: Mapping[str, Sequence[str]], store: CountStore) -> dict[str, list[int]]:
    """The exact count of each fragment of each list, by the list's name."""
    keys = {name: _key(fragments) for name, fragments in lists.items()}
    known = _get(store, keys.values())
    missing = [name for name, key in keys.items() if len(known.get(key, ())) != len(lists[name])]
    if missing:
        texts = list(dict.fromkeys(text for name in missing for text in lists[name]))
        sums = dict(zip(texts, count_tokens(texts), strict=True))
        new = {keys[name]: tuple(sums[text] for text in lists[name]) for name in missing}
        store.put(new)
        known.update(new)
    return {name: list(known[key]) for name, key in keys.items()}


def count_wholes(tree: CodeTree, files: Iterable[SourceFile], store: CountStore) -> dict[str, int]:
    """What each file costs when it is given whole, by path. Those that can't be given so are missing."""
    keys = {file.path: _WHOLE + bytes.fromhex(file.blob) for file in files if file.blob}
    known = _get(store, keys.values())
    new: dict[bytes, tuple[int, ...]] = {}
    bodies: dict[bytes, str] = {}
    for path, key in keys.items():
        if key not in new and len(known.get(key, (0,))) not in (0, _WHOLE_NUMBERS):
            new[key] = ()
            text = tree.text(path)
            whole = None if text is None else _exactly(text, tree.files[path].blob)
            if text is not None and whole is not None:
                bodies[key] = whole_body(text)
                new[key] = (whole.lines, whole.crlf, whole.open_end, whole.fence)
    counts = count_tokens(list(bodies.values()))
    for key, tokens in zip(bodies, counts, strict=True):
        new[key] = (tokens, *new[key])
    if new:
        store.put(new)
    known.update(new)
    wholes = {path: known[key] for path, key in keys.items() if known[key]}
    around = count_lists({path: _around(path, one) for path, one in wholes.items()}, store)
    return {path: one[0] + sum(around[path]) for path, one in wholes.items()}


def _exactly(text: str, blob: str) -> Whole | None:
    """How to show a text whole, if its UTF-8 bytes are what is on disk: no other encoding, no byte order mark."""
    whole = whole_of(text)
    if whole is None:
        return None
    return whole if blob_id(text.encode()) == blob else None


def _around(path: str, numbers: tuple[int, ...]) -> tuple[str, str]:
    lines, crlf, open_end, fence = numbers[1:]
    whole = Whole(lines, crlf > 0, open_end > 0, fence)
    return whole_header(path, whole), whole_end(whole)


def _key(fragments: Sequence[str]) -> bytes:
    joined = "\0".join(fragments).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(joined, digest_size=16).digest()


def _get(store: CountStore, keys: Iterable[bytes]) -> dict[bytes, tuple[int, ...]]:
    return dict(store.get(list(dict.fromkeys(keys))))
