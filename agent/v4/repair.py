"""Judges a whole answer: take it, mended if need be, or ask again. Pure.

One row for every known fault of V4's answers. What is taken can always be replayed: its calls hold valid JSON, no
markup stands in its text, its reasoning is as the model wrote it. Nothing is run that the model did not plainly say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ...prompts.render import render
from ..messages import Finish, ToolCall
from .announce import announces
from .arguments import BadArgumentsError, Sound, sound_arguments
from .dsml import Markup, find_markup
from .stream import Draft, DraftCall
from .values import Tree

Fault = Literal["broken_call", "markup", "empty", "answer_in_reasoning", "repetition", "filtered"]
Schemas = Mapping[str, Tree]
"""Names of the tools, and the JSON schemas of their parameters."""

_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")
_NEAR_CAP = 0.95


@dataclass(frozen=True, slots=True)
class Caps:
    """`max_tokens` of the request; `turn` makes ids unique that an endpoint did not give.

    `settled` are faults that were asked again often enough: they are now settled as far as honesty allows.
    """

    max_tokens: int
    turn: int = 0
    settled: frozenset[Fault] = frozenset()


@dataclass(frozen=True, slots=True)
class Accept:
    """An answer to keep.

    `repairs` are pairs of fault and what was done. `nudge` is for the model, after the results of the calls, once.
    `verbatim` is False when something of what the model wrote was changed, so that its end is not in the cache.
    """

    text: str
    reasoning: str
    calls: tuple[ToolCall, ...]
    finish: Finish
    repairs: tuple[tuple[str, str], ...] = ()
    nudge: str | None = None
    verbatim: bool = True


@dataclass(frozen=True, slots=True)
class Again:
    """An answer to throw away. The same request is to be sent again; when that was done often enough, give up."""

    fault: Fault
    note: str


Verdict = Accept | Again


def judge(draft: Draft, schemas: Schemas, caps: Caps) -> Verdict:
    """What to do with this answer."""
    if draft.finish == "content_filter":
        return Again("filtered", "the service's content filter ended the answer")
    markup = find_markup(draft.text, schemas)
    if markup is not None:
        return _with_markup(draft, markup, caps)
    if draft.calls:
        return _with_calls(draft, caps)
    if not draft.text.strip():
        return _without_text(draft, caps)
    accepted = Accept(draft.text, draft.reasoning, (), _finish(draft, ()))
    if draft.finish == "length":
        return _nudged(accepted, "cut_text", render("nudges/cut_text", cap=str(caps.max_tokens)))
    if announces(draft.text):
        return _nudged(accepted, "missing_call", render("nudges/announced"))
    return accepted


def _nudged(accepted: Accept, fault: str, nudge: str) -> Accept:
    repairs = (*accepted.repairs, (fault, "the model is told"))
    return replace(accepted, nudge=nudge, repairs=repairs)


def _without_text(draft: Draft, caps: Caps) -> Verdict:
    """No call and no text. Thinking is never passed off as an answer: it is kept as what it is, and replayed."""
    if not draft.reasoning.strip():
        return Again("empty", "the answer is empty")
    accepted = Accept(draft.text, draft.reasoning, (), _finish(draft, ()))
    if draft.finish == "length":
        return _nudged(
            accepted, "cut_thinking", render("nudges/cut_thinking", cap=str(caps.max_tokens))
        )
    if "answer_in_reasoning" in caps.settled:
        return _nudged(accepted, "answer_in_reasoning", render("nudges/in_reasoning"))
    return Again("answer_in_reasoning", "the answer is empty, all it says is in its thinking")


def _with_markup(draft: Draft, markup: Markup, caps: Caps) -> Verdict:
    """Call markup in the text: made into real calls when nothing is in doubt, and taken out of the text always."""
    if markup.calls and not draft.calls and draft.finish != "length":
        calls = tuple(
            ToolCall(f"call_{caps.turn}_{index}", call.name, call.arguments_json)
            for index, call in enumerate(markup.calls)
        )
        done = ("markup", f"{len(calls)} written as text made into real calls")
        text = markup.before
        return Accept(text, draft.reasoning, calls, "tool_calls", (done,), verbatim=False)
    doubt = markup.doubt or "beside real calls"
    if "markup" not in caps.settled:
        return Again("markup", f"call markup in the text: {doubt}")
    cleaned = replace(draft, text=markup.before)
    if draft.calls:
        verdict = _with_calls(cleaned, caps)
    else:
        verdict = Accept(markup.before, draft.reasoning, (), _finish(draft, ()))
    if isinstance(verdict, Again):
        return verdict
    nudge = verdict.nudge or render("nudges/markup", doubt=doubt)
    done = ("markup", "taken out of the text; the model is told")
    return replace(verdict, nudge=nudge, repairs=(*verdict.repairs, done), verbatim=False)


def _with_calls(draft: Draft, caps: Caps) -> Verdict:
    calls: list[ToolCall] = []
    repairs: list[tuple[str, str]] = []
    for index, call in enumerate(draft.calls):
        try:
            sound = _sound(call, draft)
        except BadArgumentsError as fault:
            kept = _accept_calls(draft, calls, repairs)
            return _with_broken(draft, kept, index, str(fault), caps)
        if sound.repair:
            repairs.append(("call_json", f"{call.name}: {sound.repair}"))
        taken = {earlier.id for earlier in calls}
        new_id = call.id if call.id and call.id not in taken else f"call_{caps.turn}_{index}"
        calls.append(ToolCall(new_id, call.name, sound.json))
    return _accept_calls(draft, calls, repairs)


def _accept_calls(draft: Draft, calls: list[ToolCall], repairs: list[tuple[str, str]]) -> Accept:
    verbatim = not repairs and len(calls) == len(draft.calls)
    kept = tuple(calls)
    finish = _finish(draft, kept)
    return Accept(draft.text, draft.reasoning, kept, finish, tuple(repairs), verbatim=verbatim)


def _with_broken(draft: Draft, kept: Accept, index: int, fault: str, caps: Caps) -> Verdict:
    """A call that can't be run. Cut by the output limit, it would be cut again: no use in asking for the same.

    The calls after it go too, because they were written to follow it.
    """
    call = draft.calls[index]
    name = call.name if _NAME.fullmatch(call.name) else "a tool"
    if _at_cap(draft, caps):
        return _nudged(
            kept, "cut_call", render("nudges/cut_call", cap=str(caps.max_tokens), tool=name)
        )
    if "broken_call" not in caps.settled:
        return Again("broken_call", f"a call to {name} can't be read: {fault}")
    after = len(draft.calls) - index - 1
    others = f", and {after} after it" if after else ""
    nudge = render("nudges/broken_call", tool=name, fault=fault, others=others)
    return _nudged(kept, "broken_call", nudge)


def _sound(call: DraftCall, draft: Draft) -> Sound:
    if not _NAME.fullmatch(call.name):
        raise BadArgumentsError("its name is no tool's name")
    if not call.arguments.strip() and draft.finish == "length":
        raise BadArgumentsError("its arguments are missing")
    return sound_arguments(call.arguments)


def _at_cap(draft: Draft, caps: Caps) -> bool:
    output = draft.usage.output if draft.usage else 0
    return draft.finish == "length" or output >= _NEAR_CAP * caps.max_tokens


def _finish(draft: Draft, calls: tuple[ToolCall, ...]) -> Finish:
    if draft.finish == "length":
        return "length"
    return "tool_calls" if calls else "stop"
