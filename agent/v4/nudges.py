"""What the model is told about an answer of its own that could only be kept in part."""

from __future__ import annotations

CUT_CALL = (
    "Your last answer reached the output limit of {cap} tokens in the middle of a call to {name}. That call was "
    "dropped: it was not run and nothing of it was kept. Do the same in smaller pieces, each well below the limit."
)
BROKEN_CALL = (
    "Your call to {name} did not have a valid JSON object as its arguments ({fault}). It was dropped{others}: "
    "it was not run and nothing of it was kept. Make the call again; if it is long, split it into smaller ones."
)
OTHERS = ", and {count} after it"
MARKUP = (
    "You wrote a tool call as plain text ({doubt}). It was taken out of your answer and was not run. "
    "Make it as a real call."
)
ANNOUNCED = (
    "You announced a next step but made no call. Make the call now, or say that you have finished."
)
IN_REASONING = (
    "Your last answer was empty: nobody but you sees what you think. "
    "Make the next call, or write your answer."
)
CUT_THINKING = (
    "You reached the output limit of {cap} tokens while thinking, before any answer or call. "
    "Do not think it all through again: make the next call now."
)
CUT_TEXT = (
    "Your last answer was cut off at the output limit of {cap} tokens. Go on from where it ends."
)
