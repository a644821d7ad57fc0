"""The raw text a model would write for an answer, in V4's or V4.1's own markup. Pure.

A plain answer comes out exactly as the vendor's renderer replays it, so the next request's prompt begins with this
one's prompt and output. The rest of the fields are ways in which a model gets it wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

from .prompt import Dialect
from .tokens import Piece

Stage = Literal["reasoning", "content", "calls"]
"""Where the prompt leaves off: inside `<think>`, after `</think>`, or inside an opened block of calls."""

DSML = "\uff5cDSML\uff5c"
_FILLER = re.compile(r"[\s,]*")
_JSON = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Param:
    """One argument as the model writes it: strings raw, everything else as JSON (or what should be JSON)."""

    name: str
    text: str
    is_string: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call. `broken_json`, when set, reaches the client as the arguments, whatever the parameters are."""

    name: str
    params: tuple[Param, ...]
    broken_json: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the scripted model says. `finish` overrides the finish reason that follows from the rest."""

    reasoning: str = ""
    text: str = ""
    calls: tuple[Call, ...] = ()
    finish: str | None = None
    markup: Literal["calls", "leaked", "ascii"] = "calls"
    """`leaked`: the server takes calls for text; `ascii`: the model spells the markup with plain bars."""
    unfinished: bool = False
    """The last call breaks off in the middle of its last value."""
    calls_while_thinking: bool = False
    text_after: str = ""
    """Text after the block of calls."""


def params_of(arguments: dict[str, Any]) -> tuple[Param, ...]:
    return tuple(
        Param(name, value, True)
        if isinstance(value, str)
        else Param(name, json.dumps(value, ensure_ascii=False), False)
        for name, value in arguments.items()
    )


def call_from_json(name: str, arguments_json: str) -> Call:
    """A call from arguments given as JSON text; the spelling of numbers, lists and objects is kept.

    Text that is no JSON object cannot be written in the markup: the client gets it as it stands.
    """
    try:
        value: object = json.loads(arguments_json)
    except ValueError:
        return Call(name, (), broken_json=arguments_json)
    if not isinstance(value, dict):
        return Call(name, (), broken_json=arguments_json)
    spelled = dict(_spelled_members(arguments_json))
    members = cast("dict[str, object]", value)
    return Call(
        name,
        tuple(
            Param(key, member, True) if isinstance(member, str) else Param(key, spelled[key], False)
            for key, member in members.items()
        ),
    )


def _spelled_members(text: str) -> Iterator[tuple[str, str]]:
    """Each member of a valid JSON object with its value's own spelling."""
    at = text.index("{") + 1
    while (start := _FILLER.match(text, at)) and text[start.end()] != "}":
        key, at = _JSON.raw_decode(text, start.end())
        at = text.index(":", at) + 1
        at += len(text[at:]) - len(text[at:].lstrip())
        _, end = _JSON.raw_decode(text, at)
        yield key, text[at:end]
        at = end


def pieces(answer: Answer, dialect: Dialect, stage: Stage) -> tuple[Piece, ...]:
    """The output that continues a prompt left at `stage`; the end-of-sentence token is not part of it."""
    block = _block(answer, dialect, stage == "calls") if answer.calls else []
    if stage == "calls":
        return tuple(_joined(block))
    out: list[Piece] = []
    in_thought = answer.calls_while_thinking and stage == "reasoning"
    if stage == "reasoning":
        out = [Piece(answer.reasoning), *(block if in_thought else []), Piece("</think>", True)]
    out += [Piece(answer.text), *([] if in_thought else block), Piece(answer.text_after)]
    return tuple(_joined(out))


def _block(answer: Answer, dialect: Dialect, opened: bool) -> list[Piece]:
    bar = Piece("|DSML|") if answer.markup == "ascii" else Piece(DSML, True)
    space, outer = ("", "tool_calls") if dialect == "v4" else (" ", "calls")

    def tag(text: str, closing: bool = False) -> list[Piece]:
        return [Piece("</" if closing else "<"), bar, Piece(space + text)]

    out = [] if opened else [Piece("\n\n"), *tag(f"{outer}>\n")]
    for call in answer.calls:
        out += tag(f'invoke name="{call.name}">\n')
        for param in call.params:
            flag = "true" if param.is_string else "false"
            out += tag(f'parameter name="{param.name}" string="{flag}">')
            if answer.unfinished and param is answer.calls[-1].params[-1]:
                return [*out, Piece(param.text[: len(param.text) // 2])]
            out += [Piece(param.text), *tag("parameter>\n", True)]
        if not call.params and dialect == "v4.1":
            out.append(Piece("\n"))  # as V4.1's renderer writes a call without arguments
        out += tag("invoke>\n", True)
    return out + tag(f"{outer}>", True)


def _joined(parts: Iterable[Piece]) -> Iterator[Piece]:
    """Neighbouring plain pieces as one, as the renderer has them, so that they are tokenised alike."""
    plain = ""
    for part in parts:
        if not part.special:
            plain += part.text
            continue
        if plain:
            yield Piece(plain)
        yield part
        plain = ""
    if plain:
        yield Piece(plain)
