"""When a turn of a scenario is due: questions about the conversation, and nothing else. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from .conversation import Conversation, Result


def _as_list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else [value]


def _as_patterns(value: object) -> object:
    try:
        return [
            re.compile(pattern, re.MULTILINE) if isinstance(pattern, str) else pattern
            for pattern in _as_list(value)
        ]
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error


Words = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
"""One text or a list of them."""

Patterns = Annotated[tuple[re.Pattern[str], ...], BeforeValidator(_as_patterns)]


class Strict(BaseModel):
    """A table of a scenario file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why a condition does not hold ("" if it holds), and what its patterns captured."""

    failure: str = ""
    captures: Mapping[str, str] = field(default_factory=dict[str, str])


class TextTest(Strict):
    """A question to one text, or to any one of several. A bare text means `contains`."""

    contains: Words = ()
    matches: Patterns = ()
    lacks: Words = ()

    @model_validator(mode="before")
    @classmethod
    def _bare_text(cls, value: object) -> object:
        bare = isinstance(value, str | list)
        return {"contains": cast("object", value)} if bare else value

    def ask(self, texts: list[str]) -> Outcome:
        unwanted = next((word for word in self.lacks if any(word in text for text in texts)), None)
        if unwanted is not None:
            return Outcome(f"has {unwanted!r}")
        if not (self.contains or self.matches):
            return Outcome()
        for text in texts:
            found = [pattern.search(text) for pattern in self.matches]
            if all(word in text for word in self.contains) and all(found):
                return Outcome(captures=dict(_groups(found)))
        wanted = [*map(repr, self.contains), *(f"/{pattern.pattern}/" for pattern in self.matches)]
        return Outcome(f"lacks {' and '.join(wanted)}")


class ResultTest(TextTest):
    """A question to a tool's result; with `tool` only that tool's results are asked."""

    tool: str | None = None

    def ask_results(self, results: tuple[Result, ...]) -> Outcome:
        texts = [result.text for result in results if self.tool in (None, result.tool)]
        if not texts and not self.lacks_only():
            return Outcome(f"has no result{f' of {self.tool}' if self.tool else ''}")
        return self.ask(texts)

    def lacks_only(self) -> bool:
        return bool(self.lacks) and not (self.contains or self.matches or self.tool)


def _groups(found: list[re.Match[str] | None]) -> Iterator[tuple[str, str]]:
    for match in found:
        if match is not None:
            yield from ((name, value or "") for name, value in match.groupdict().items())


class When(Strict):
    """All that is given must hold. README.md beside this file says what each means."""

    answers: int | None = None
    answers_min: int | None = None
    answers_max: int | None = None
    role: str | None = None
    model: str | None = None
    thinking: bool | None = None
    offers: Words = ()
    done: Words = ()
    not_done: Words = ()
    system: TextTest | None = None
    first_user: TextTest | None = None
    user: TextTest | None = None
    any_user: TextTest | None = None
    answer: TextTest | None = None
    result: ResultTest | None = None
    any_result: ResultTest | None = None

    def capture_names(self) -> frozenset[str]:
        tests = [test for _, test in self._text_tests()] + [
            test for _, test in self._result_tests()
        ]
        return frozenset(name for t in tests for p in t.matches for name in p.groupindex)

    def ask(self, talk: Conversation, done: frozenset[str]) -> Outcome:
        """`done` holds the steps whose answers are in the conversation."""
        failure = next(self._plain_failures(talk, done), "")
        if failure:
            return Outcome(failure)
        texts = {
            "system": [talk.system],
            "first_user": list(talk.users[:1]),
            "user": list(talk.users[-1:]),
            "any_user": list(talk.users),
            "answer": [said.text for said in talk.answers[-1:]],
        }
        results = {"result": talk.new_results, "any_result": talk.results}
        outcomes = [(place, test.ask(texts[place])) for place, test in self._text_tests()]
        outcomes += [
            (place, test.ask_results(results[place])) for place, test in self._result_tests()
        ]
        captures: dict[str, str] = {}
        for place, outcome in outcomes:
            if outcome.failure:
                return Outcome(f"{place} {outcome.failure}")
            captures |= outcome.captures
        return Outcome(captures=captures)

    def _text_tests(self) -> Iterator[tuple[str, TextTest]]:
        for place in ("system", "first_user", "user", "any_user", "answer"):
            test: TextTest | None = getattr(self, place)
            if test is not None:
                yield place, test

    def _result_tests(self) -> Iterator[tuple[str, ResultTest]]:
        for place in ("result", "any_result"):
            test: ResultTest | None = getattr(self, place)
            if test is not None:
                yield place, test

    def _plain_failures(self, talk: Conversation, done: frozenset[str]) -> Iterator[str]:
        count = len(talk.answers)
        if self.answers not in (None, count):
            yield f"answers is {count}, not {self.answers}"
        if self.answers_min is not None and count < self.answers_min:
            yield f"answers is {count}, less than {self.answers_min}"
        if self.answers_max is not None and count > self.answers_max:
            yield f"answers is {count}, more than {self.answers_max}"
        if self.role not in (None, talk.last_role):
            yield f"role is {talk.last_role}, not {self.role}"
        if self.model not in (None, talk.model):
            yield f"model is {talk.model}, not {self.model}"
        if self.thinking not in (None, talk.thinking):
            yield f"thinking is {talk.thinking}"
        yield from (f"{tool} is not offered" for tool in self.offers if tool not in talk.offered)
        yield from (f"step {step} is not done" for step in self.done if step not in done)
        yield from (f"step {step} is done" for step in self.not_done if step in done)
