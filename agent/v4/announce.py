"""Recognises an answer that ends by announcing a step and then makes no call. Pure.

V4 sometimes stops after "Let me now look at the tests:" as if it had made the call.
"""

from __future__ import annotations

import re

_COLONS = (":", "\uff1a")
_ENDS = " .!\u2026\u3002\uff01*_`"
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[\u3002\uff01\uff1f])")
_OPENERS = r"(?:(?:ok|okay|good|great|right|perfect|so|and|now|next|first|then|finally)[,.:]?\s+)*"
_INTENT = r"(?:let me|let's|let us|i'll|i will|i'm going to|i am going to|i'm about to)\s+"
_ADVERBS = r"(?:now|next|first|also|then|quickly|just|start by|begin by|go ahead and)\s+"
_TALK = r"(?!know\b|explain\b|summari[sz]e\b|be clear\b|stop\b|leave\b|wait\b|stay\b|need\b)"
_ENGLISH = re.compile(rf"{_OPENERS}{_INTENT}(?:{_ADVERBS})*{_TALK}\w+", re.IGNORECASE)
_CHINESE = re.compile(
    r"(?:\u597d\u7684?[\uff0c,]?)?(?:\u73b0\u5728|\u63a5\u4e0b\u6765|\u9996\u5148|\u7136\u540e)?[\uff0c,]?"
    r"(?:\u6211\u6765|\u6211\u5c06|\u6211\u4f1a|\u8ba9\u6211)"
)


def announces(text: str) -> bool:
    """Whether the last line ends in a colon, or its last sentence says what the model is about to do."""
    lines = text.split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    bare = last.rstrip(_ENDS)
    if bare.endswith(_COLONS):
        return True
    if last.endswith("?"):
        return False
    sentence = _SENTENCE_END.split(bare)[-1].lstrip("-*#_ ").replace("\u2019", "'")
    return bool(_ENGLISH.match(sentence) or _CHINESE.match(sentence))
