"""A streamed answer put together: chunks in, one draft out. Pure.

The draft holds what the model wrote, character for character; whether it is any good is judged in `repair`.
Field names and the order of chunks: DeepSeek API, "create chat completion".
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from .profiles import Profile
from .values import Tree, as_list, as_tree, is_tree, mended

KEPT_FINISHES = frozenset({"stop", "length", "tool_calls", "content_filter"})
"""Ends that make a draft; any other, known or not, is a failed request."""


class StreamError(Exception):
    """The stream did not carry a whole answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class CallPart:
    """A piece of a tool call. `index` is None where an endpoint does not number its calls."""

    index: int | None
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Counted:
    """Tokens as reported. `cached` is None when the endpoint does not say."""

    prompt: int
    output: int
    reasoning: int
    cached: int | None


@dataclass(frozen=True, slots=True)
class Chunk:
    reasoning: str = ""
    text: str = ""
    calls: tuple[CallPart, ...] = ()
    finish: str | None = None
    usage: Counted | None = None
    model: str = ""

    @property
    def speaks(self) -> bool:
        """Whether the model said something in it; an opening chunk with empty fields does not count."""
        return bool(self.reasoning or self.text or self.calls or self.finish)


@dataclass(frozen=True, slots=True)
class DraftCall:
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A whole answer as it came. `usage` is None when none was reported, `model` "" likewise."""

    reasoning: str
    text: str
    calls: tuple[DraftCall, ...]
    finish: str
    usage: Counted | None
    model: str


def parse_chunk(data: str, profile: Profile) -> Chunk:
    """One event's data as a chunk. Raises StreamError when it is no chunk, or when it is an error report."""
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise StreamError("the stream holds something that is not JSON") from error
    if not is_tree(raw):
        raise StreamError("the stream holds something that is not a chunk")
    if raw.get("error"):
        raise StreamError(f"the service broke off: {_message(raw['error'])}")
    choices = as_list(raw.get("choices"))
    choice = as_tree(choices[0]) if choices else {}
    delta = as_tree(choice.get("delta"))
    finish = choice.get("finish_reason")
    return Chunk(
        reasoning=_first_text(delta, profile.reasoning_from),
        text=_text(delta.get("content")),
        calls=tuple(_call_part(part) for part in as_list(delta.get("tool_calls"))),
        finish=finish if isinstance(finish, str) else None,
        usage=_counted(raw.get("usage"), profile.cached_tokens),
        model=_text(raw.get("model")),
    )


class Assembly:
    """Grows by chunks. How the text was cut into them makes no difference to the draft."""

    def __init__(self) -> None:
        self._reasoning = _Writing()
        self._text = _Writing()
        self._calls: dict[int, _Call] = {}
        self._finish: str | None = None
        self._usage: Counted | None = None
        self._model = ""

    def feed(self, chunk: Chunk) -> tuple[str, str]:
        """Take a chunk; gives the reasoning and the text it added, fit to be shown."""
        for part in chunk.calls:
            self._take_call(part)
        self._finish = chunk.finish or self._finish
        self._usage = chunk.usage or self._usage
        self._model = chunk.model or self._model
        return self._reasoning.add(chunk.reasoning), self._text.add(chunk.text)

    def draft(self) -> Draft:
        """The whole answer. Call it after the end mark; raises StreamError when the answer did not end well."""
        if self._finish is None:
            raise StreamError("the answer ended without a finish reason")
        if self._finish not in KEPT_FINISHES:
            raise StreamError(f"the service ended the answer with '{self._finish[:60]}'")
        return Draft(
            self._reasoning.whole(),
            self._text.whole(),
            tuple(call.draft() for _, call in sorted(self._calls.items())),
            self._finish,
            self._usage,
            self._model,
        )

    def _take_call(self, part: CallPart) -> None:
        last = max(self._calls, default=-1)
        index = part.index
        if index is None:
            index = last + 1 if part.id or last < 0 else last
        call = self._calls.setdefault(index, _Call())
        call.id = call.id or part.id
        call.name = call.name or part.name
        call.arguments.add(part.arguments)


def assemble(chunks: Iterable[Chunk]) -> Draft:
    """All chunks of one whole stream as a draft."""
    assembly = Assembly()
    for chunk in chunks:
        assembly.feed(chunk)
    return assembly.draft()


class _Writing:
    """Text that grows. Half a surrogate pair at the end of a piece waits for its other half."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._half = ""

    def add(self, piece: str) -> str:
        piece = self._half + piece
        self._half = ""
        if piece and "\ud800" <= piece[-1] <= "\udbff":
            piece, self._half = piece[:-1], piece[-1]
        piece = mended(piece)
        self._parts.append(piece)
        return piece

    def whole(self) -> str:
        return "".join(self._parts) + mended(self._half)


class _Call:
    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments = _Writing()

    def draft(self) -> DraftCall:
        return DraftCall(mended(self.id), mended(self.name), self.arguments.whole())


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    raise StreamError("a chunk has something else where text belongs")


def _first_text(delta: Tree, names: tuple[str, ...]) -> str:
    return next((_text(delta[name]) for name in names if delta.get(name) is not None), "")


def _call_part(raw: object) -> CallPart:
    if not is_tree(raw):
        raise StreamError("a chunk has a tool call that is none")
    function = as_tree(raw.get("function"))
    index = raw.get("index")
    return CallPart(
        index if isinstance(index, int) else None,
        _text(raw.get("id")),
        _text(function.get("name")),
        _text(function.get("arguments")),
    )


def _counted(raw: object, cached_path: str) -> Counted | None:
    if not is_tree(raw):
        return None
    prompt, output = _count(raw, "prompt_tokens"), _count(raw, "completion_tokens")
    if prompt is None or output is None:
        return None
    cached = _count(raw, cached_path) if cached_path else None
    reasoning = _count(raw, "completion_tokens_details.reasoning_tokens")
    return Counted(prompt, output, reasoning or 0, None if cached is None else min(cached, prompt))


def _count(raw: Tree, path: str) -> int | None:
    value: object = raw
    for name in path.split("."):
        value = value.get(name) if is_tree(value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _message(error: object) -> str:
    message = error.get("message") if is_tree(error) else error
    return str(message)[:300]
