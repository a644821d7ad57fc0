"""Scenarios: a scripted model as a TOML file. README.md beside this file describes the format.

A script sees the conversation in the request and nothing else, so that a client which was killed and resumed, a
fork of a conversation and clients side by side all get the answer their own conversation calls for.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from ...tools.errors import PersonError
from .conditions import Strict, When, Words
from .conversation import Conversation, Said
from .faults import Fault, Planned
from .generate import Answer, call_from_json, params_of
from .generate import Call as SpokenCall
from .templates import BUILT_IN, fill, fill_value, names_in

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MARK = 10
ALWAYS = 2**31


class ScenarioError(PersonError):
    """A scenario file that cannot be played."""


class Call(Strict):
    """A tool call: `arguments` as a table, or `raw` as JSON text, valid or not."""

    tool: str
    arguments: dict[str, Any] | None = None
    raw: str | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Call:
        if (self.arguments is None) == (self.raw is None):
            raise ValueError(f"the call of {self.tool} needs either arguments or raw")
        return self

    def spoken(self, values: dict[str, str]) -> SpokenCall:
        if self.raw is not None:
            return call_from_json(self.tool, fill(self.raw, values))
        filled = cast("dict[str, Any]", fill_value(self.arguments, values))
        return SpokenCall(self.tool, params_of(filled))


class TurnFault(Strict):
    """A fault of this turn; `times` is how often it is shown before the normal answer, 0 for always."""

    name: str
    times: int = Field(default=1, ge=0)
    seconds: float | None = None
    after: float = Field(default=0.5, ge=0, le=1)
    value: str | None = None

    @model_validator(mode="after")
    def _known(self) -> TurnFault:
        self.planned()
        return self

    def planned(self) -> Planned:
        fault = Fault(self.name, self.seconds, self.after, self.value)
        return Planned(fault, self.times or ALWAYS)


class Pace(Strict):
    """How fast this turn comes, where it differs from the server's own pace; see Settings."""

    queue_seconds: float | None = None
    first_token_seconds: float | None = None
    tokens_per_second: float | None = None


def _as_faults(value: object) -> object:
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    return [{"name": item} if isinstance(item, str) else item for item in items]


class Turn(Strict):
    step: str
    after: Words = ()
    when: When = When()
    reasoning: str = ""
    text: str = ""
    call: tuple[Call, ...] = ()
    finish: str | None = None
    fault: Annotated[tuple[TurnFault, ...], BeforeValidator(_as_faults)] = ()
    pace: Pace = Pace()

    @model_validator(mode="after")
    def _known_placeholders(self) -> Turn:
        known = BUILT_IN | self.when.capture_names()
        spoken = [self.reasoning, self.text, *chain(*((c.arguments, c.raw) for c in self.call))]
        unknown = next((name for name in names_in(spoken) if name not in known), None)
        if unknown is not None:
            raise ValueError(
                f"step {self.step}: <<{unknown}>> is captured by no pattern of this turn; "
                f"known are {', '.join(sorted(known))}"
            )
        return self

    def mark(self) -> str:
        """What the ids of this step's calls carry, so that the step is known again in any conversation."""
        return _letters(blake2b(self.step.encode()).digest(), _MARK)

    def said(self, said: Said) -> bool:
        """Whether `said` is an answer of this step: by its calls' ids, without calls by its text."""
        if said.call_ids:
            return any(call_id[8 : 8 + _MARK] == self.mark() for call_id in said.call_ids)
        if self.call or not self.text:
            return False
        parts = re.split(r"<<[^<>]*>>", self.text)
        pattern = "(?s:.*)".join(re.escape(part) for part in parts)
        return re.fullmatch(pattern.strip(), said.text.strip()) is not None

    def answer(self, values: dict[str, str]) -> Answer:
        return Answer(
            reasoning=fill(self.reasoning, values),
            text=fill(self.text, values),
            calls=tuple(call.spoken(values) for call in self.call),
            finish=self.finish,
        )

    def planned_faults(self) -> tuple[Planned, ...]:
        return tuple(fault.planned() for fault in self.fault)


class Scenario(Strict):
    name: str
    about: str = ""
    turn: tuple[Turn, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _steps(self) -> Scenario:
        steps = [turn.step for turn in self.turn]
        twice = next((step for step in steps if steps.count(step) > 1), None)
        if twice is not None:
            raise ValueError(f"two turns are called step {twice!r}")
        for turn in self.turn:
            for named in (*turn.after, *turn.when.done, *turn.when.not_done):
                if named not in steps:
                    raise ValueError(f"step {turn.step}: there is no step {named!r}")
        return self

    def play(self, talk: Conversation) -> tuple[Turn, Answer] | str:
        """The first turn that is due and its answer, or why none is, turn by turn."""
        steps = [self.step_of(said) for said in talk.answers]
        reasons: list[str] = []
        for turn in self.turn:
            if turn.after and not (steps and steps[-1] in turn.after):
                last = f"of step {steps[-1]}" if steps and steps[-1] else "of no known step"
                last = last if talk.answers else "not there yet"
                reasons.append(f"{turn.step}: the newest answer is {last}")
                continue
            outcome = turn.when.ask(talk, frozenset(step for step in steps if step))
            if not outcome.failure:
                return turn, turn.answer(dict(_built_in(talk)) | dict(outcome.captures))
            reasons.append(f"{turn.step}: {outcome.failure}")
        return f"no turn of scenario {self.name!r} fits this request ({'; '.join(reasons)})"

    def step_of(self, said: Said) -> str | None:
        return next((turn.step for turn in self.turn if turn.said(said)), None)


def call_id(index: int, mark: str, nonce: bytes) -> str:
    """An id of the service's shape, `call_00_` and 20 letters, that tells its step and is the same on a retry."""
    return f"call_{index:02d}_{mark}{_letters(nonce + bytes([index % 256]), 20 - _MARK)}"


def parse_scenario(text: str, source: str = "scenario") -> Scenario:
    try:
        return Scenario.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{source} is not valid TOML: {error}.") from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'scenario'}: {item['msg']}"
            for item in error.errors(include_url=False)
        )
        raise ScenarioError(f"{source} cannot be played: {problems}.") from error


def load_scenario(path: Path) -> Scenario:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"The scenario {path} cannot be read: {error}.") from error
    return parse_scenario(text, str(path))


def _letters(seed: bytes, count: int) -> str:
    return "".join(_ALPHABET[byte % 62] for byte in blake2b(seed).digest()[:count])


def _built_in(talk: Conversation) -> Iterator[tuple[str, str]]:
    yield "result", talk.results[-1].text if talk.results else ""
    yield "user", talk.users[-1] if talk.users else ""
    yield "answers", str(len(talk.answers))
    yield "model", talk.model
