"""Answers gone wrong in the ways that V4's answers go wrong (v4 field reports and DeepSeek's own list). Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import cast

from .faults import Fault
from .generate import Answer, Call, Param

REPEATED_CHARACTERS = 30_000
"""How long repeating reasoning runs unless max_tokens ends it: about the longest block reported."""


class DoesNotFitError(ValueError):
    """The fault cannot be shown on this answer."""


def mangle(answer: Answer, fault: Fault) -> Answer:
    """`answer` with an answer fault applied; raises DoesNotFitError."""
    return _MANGLERS[fault.name](answer, fault)


def _on_last_call(change: Callable[[Call, Fault], Call]) -> Callable[[Answer, Fault], Answer]:
    def changed(answer: Answer, fault: Fault) -> Answer:
        calls = _calls(answer, fault)
        return replace(answer, calls=(*calls[:-1], change(calls[-1], fault)))

    return changed


def _calls(answer: Answer, fault: Fault) -> tuple[Call, ...]:
    if not answer.calls:
        raise DoesNotFitError(f"{fault.name} needs an answer with a tool call")
    return answer.calls


def _truncated(answer: Answer, fault: Fault) -> Answer:
    if not _calls(answer, fault)[-1].params:
        raise DoesNotFitError(f"{fault.name} needs a call with arguments")
    return replace(answer, unfinished=True)


def _invalid_json(call: Call, fault: Fault) -> Call:
    """A value that is no JSON: `10,` or `True`, or a string that the model forgot to mark as one."""
    if not call.params:
        raise DoesNotFitError(f"{fault.name} needs a call with arguments")
    index = next((i for i, param in enumerate(call.params) if not param.is_string), -1)
    param = call.params[index]
    text = {"true": "True", "false": "False", "null": "None"}.get(param.text, f"{param.text},")
    bad = replace(param, text=param.text if param.is_string else text, is_string=False)
    params = list(call.params)
    params[index] = bad
    return replace(call, params=tuple(params))


def _string_numbers(call: Call, fault: Fault) -> Call:
    params = tuple(
        param if param.is_string else _with_numbers_as_strings(param) for param in call.params
    )
    if params == call.params:
        raise DoesNotFitError(f"{fault.name} needs a call with a number in its arguments")
    return replace(call, params=params)


def _with_numbers_as_strings(param: Param) -> Param:
    value: object = json.loads(param.text)
    if _is_number(value):
        return Param(param.name, param.text, is_string=True)
    return Param(param.name, json.dumps(_quoted(value), ensure_ascii=False), is_string=False)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _quoted(value: object) -> object:
    if _is_number(value):
        return json.dumps(value)
    if isinstance(value, list):
        return [_quoted(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        return {key: _quoted(item) for key, item in cast("dict[str, object]", value).items()}
    return value


def _unknown_tool(call: Call, fault: Fault) -> Call:
    return replace(call, name=fault.value or f"{call.name}_everything")


def _leaked(answer: Answer, fault: Fault) -> Answer:
    _calls(answer, fault)
    return replace(answer, markup="ascii" if fault.name.endswith("ascii") else "leaked")


def _announced(answer: Answer, fault: Fault) -> Answer:
    tool = _calls(answer, fault)[0].name
    return replace(answer, text=f"Let me now use {tool} on it:", calls=())


def _in_reasoning(answer: Answer, fault: Fault) -> Answer:
    if not answer.text:
        raise DoesNotFitError(f"{fault.name} needs an answer with text")
    return replace(answer, reasoning=f"{answer.reasoning}\n\n{answer.text}", text="", calls=())


def _repeating(answer: Answer) -> Answer:
    block = f"{answer.reasoning or 'Wait, let me look at that once more.'}\n"
    reasoning = block * (REPEATED_CHARACTERS // len(block) + 1)
    return replace(answer, reasoning=reasoning, text="", calls=(), finish="length")


def _in_thinking(answer: Answer, fault: Fault) -> Answer:
    _calls(answer, fault)
    return replace(answer, calls_while_thinking=True)


def _text_after(answer: Answer, fault: Fault) -> Answer:
    _calls(answer, fault)
    return replace(answer, text_after="\n\nI have made the call and wait for its result.")


def _cut_mid_word(answer: Answer, fault: Fault) -> Answer:
    _calls(answer, fault)
    return replace(answer, text="I have seen enough of the code, so next I will che")


def _finish(default: str) -> Callable[[Answer, Fault], Answer]:
    return lambda answer, fault: replace(answer, finish=fault.value or default)


_MANGLERS: dict[str, Callable[[Answer, Fault], Answer]] = {
    "truncated-arguments": _truncated,
    "invalid-json-arguments": _on_last_call(_invalid_json),
    "string-numbers": _on_last_call(_string_numbers),
    "unknown-tool": _on_last_call(_unknown_tool),
    "empty-arguments": _on_last_call(lambda call, _: replace(call, params=())),
    "dsml-in-content": _leaked,
    "dsml-in-content-ascii": _leaked,
    "empty-answer": lambda answer, _: replace(answer, text="", calls=()),
    "announced-call": _announced,
    "answer-in-reasoning": _in_reasoning,
    "repeating-reasoning": lambda answer, _: _repeating(answer),
    "call-inside-thinking": _in_thinking,
    "text-after-call": _text_after,
    "cut-mid-word": _cut_mid_word,
    "unknown-finish": _finish("tired"),
    "insufficient-system-resource": _finish("insufficient_system_resource"),
}
