"""Finds out while a stream runs that the model only repeats itself. Pure.

V4 sometimes thinks in circles until the output limit, with a block of a few words or of many thousands of characters.
Drafting the same file two or three times while thinking is ordinary, so only what was said three times before counts.
"""

from __future__ import annotations

import re
import string
from collections import Counter, deque

_LETTERS = string.ascii_letters + string.digits + "_"
_LONGEST = 16
_WORD = re.compile(rf"[A-Za-z0-9_]{{1,{_LONGEST}}}|[^\sA-Za-z0-9_]")
_GRAM = 8
_WINDOW = 1_500
_SEEN_BEFORE = 3
_SHARE = 0.75
_BLANK_RUN = 4_000


class RepeatDetector:
    """Fed with the pieces of one text. How the text is cut makes no difference in the end.

    It repeats when three quarters of the last 1,500 words and signs end a group of eight that came at least three
    times before (a loop may have a counter in it), or when it is nothing but white space for 4,000 characters.
    """

    def __init__(self) -> None:
        self._open = ""
        self._gram: deque[str] = deque(maxlen=_GRAM)
        self._seen: Counter[int] = Counter()
        self._window: deque[bool] = deque(maxlen=_WINDOW)
        self._stale = 0
        self._blanks = 0
        self._found = False

    def feed(self, piece: str) -> bool:
        """Whether the text repeats itself by now. Once true it stays true."""
        if self._found or not piece:
            return self._found
        text = self._open + piece
        # The last word may go on in the next piece; of a very long one only the last part is open.
        open_length = (len(text) - len(text.rstrip(_LETTERS))) % _LONGEST
        closed = len(text) - open_length
        self._open = text[closed:]
        for word in _WORD.findall(text[:closed]):
            self._take(word)
        solid = piece.rstrip()
        self._blanks = len(piece) - len(solid) + (0 if solid else self._blanks)
        self._found = self._found or self._blanks >= _BLANK_RUN
        return self._found

    def _take(self, word: str) -> None:
        self._gram.append(word)
        if len(self._gram) < _GRAM:
            return
        gram = hash(tuple(self._gram))
        stale = self._seen[gram] >= _SEEN_BEFORE
        self._seen[gram] += 1
        if len(self._window) == _WINDOW:
            self._stale -= self._window[0]
        self._window.append(stale)
        self._stale += stale
        if len(self._window) == _WINDOW and self._stale >= _SHARE * _WINDOW:
            self._found = True
