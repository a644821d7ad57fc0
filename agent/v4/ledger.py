"""What every request should have hit in the prefix cache, what it hit, and whose fault the rest is. No effects.

The rules (DeepSeek API, "context caching"): the service stores the prompt of a request and its end with the answer, in
whole units; a later request hits what it begins with. So a request must hit what the one before it in its transcript
read and wrote, rounded down; less than that is ours, if the bytes differ, or the service's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ..context.transcript import Request
from ..events import Event, Rebased, RequestSent, UsageReported
from ..events_requests import MissCause
from ..messages import AssistantMessage, Message, Usage
from .arguments import replays_as_written
from .catalog import Catalog, Price
from .compare import Sent, changed_since, common_messages, difference
from .wire import canonical, wire_message

_SLACK = 4
"""Tokens by which the end of an answer may be counted differently when it is read again (its closing mark)."""


@dataclass(frozen=True, slots=True)
class Account:
    """One request's entry: money in US dollars, the tokens it should have hit, and why it hit fewer.

    `note` is what a person should know about the price, "" for nothing.
    """

    cost: float
    cost_uncached: float
    peak: bool
    expected_hit: int
    cause: MissCause
    detail: str
    note: str


@dataclass(frozen=True, slots=True)
class _Mark:
    """Two places the service stored: after the first `messages` messages, and after the answer to them.

    `answered` is 0 when the answer was not kept as the model wrote it.
    """

    messages: int
    prompt: int
    answered: int = 0


@dataclass(slots=True)
class _Track:
    """One transcript so far. `answer` is the last one kept; what is `sent` does not hold it yet."""

    epoch: int
    sent: Sent
    marks: list[_Mark] = field(default_factory=list[_Mark])
    answer: AssistantMessage | None = None

    @property
    def messages(self) -> tuple[Message, ...]:
        return self.sent.messages if self.answer is None else (*self.sent.messages, self.answer)


class Ledger:
    """The accounts of all transcripts of a session. `priced`: whether the catalog's prices hold at this endpoint."""

    def __init__(self, catalog: Catalog, *, priced: bool = True) -> None:
        self._catalog = catalog
        self._priced = priced
        self._numbers: dict[str, int] = {}
        self._tracks: dict[str, _Track] = {}

    def next_number(self, transcript: str) -> int:
        """The number of the next attempt in this transcript, from 1."""
        self._numbers[transcript] = self._numbers.get(transcript, 0) + 1
        return self._numbers[transcript]

    def prompt_parts(self, request: Request) -> tuple[int, int]:
        """The request's prompt as tokens the service counted before, and bytes that it did not."""
        track = self._tracks.get(request.transcript)
        known = self._last_mark(track, request) if track else None
        if known is None or not known.prompt:
            return 0, sum(segment.size for segment in request.segments)
        rest = request.messages[known.messages :]
        return known.prompt, sum(len(canonical(wire_message(message))) for message in rest)

    def record(
        self, request: Request, usage: Usage, model: str, at: datetime, *, cache_known: bool = True
    ) -> Account:
        """The entry of a request that was answered by `model`, sent at `at`.

        `cache_known` is False when the endpoint does not say what it hit; all tokens count as missed then.
        """
        price = self.price(model, at)
        expected, cause, detail = self._judged(request, usage, cache_known)
        self._note(request, usage)
        uncached = Usage(0, usage.prompt, usage.output)
        return Account(
            price.of(usage), price.of(uncached), price.peak, expected, cause, detail, price.note
        )

    def kept(self, request: Request, answer: AssistantMessage, *, verbatim: bool) -> None:
        """The answer to `request` goes into its transcript; `verbatim` when it is what the model wrote."""
        track = self._tracks[request.transcript]
        track.answer = answer
        mark = track.marks[-1]
        if verbatim and all(replays_as_written(call.arguments_json) for call in answer.tool_calls):
            end = mark.prompt + answer.usage.output
            track.marks[-1] = _Mark(mark.messages, mark.prompt, end)

    def price(self, model: str, at: datetime) -> Price:
        """What a million tokens cost here at this minute."""
        if self._priced:
            return self._catalog.price(model, at)
        note = "the prices of this endpoint are not known: costs count as 0"
        return Price(0.0, 0.0, 0.0, peak=False, known=False, note=note)

    def restore(self, transcript: str, request: Request, events: Iterable[Event]) -> None:
        """Take up a session again: `request` is the one its transcript would send now, `events` its journal.

        Without it the first request of a resumed session would count as one without a history.
        """
        marks: list[_Mark] = []
        last: RequestSent | None = None
        sent: RequestSent | None = None
        for event in events:
            if event.agent != transcript:
                continue
            match event.body:
                case RequestSent() as sent:
                    self._numbers[transcript] = sent.request
                case UsageReported(usage=usage) if sent is not None:
                    last = sent
                    marks.append(_Mark(sent.messages, usage.prompt))
                case Rebased():
                    marks.clear()
                case _:
                    pass
        if marks and last is not None:
            before = request.messages[: last.messages]
            broken = changed_since(last.segments, before, request.tools)
            then = Sent(request.lane, request.tools, before, broken)
            self._tracks[transcript] = _Track(request.epoch, then, marks)

    def _judged(
        self, request: Request, usage: Usage, cache_known: bool
    ) -> tuple[int, MissCause, str]:
        own = self._tracks.get(request.transcript)
        if own is not None and own.epoch != request.epoch:
            own = None
        track = own or self._parent(request)
        mark = self._last_mark(track, request) if track else None
        expected = self._stored(mark, request) if mark else 0
        if not cache_known:
            return expected, "unknown", "the endpoint does not report cached tokens"
        if track is None or own is None:
            if usage.hit <= expected - self._unit(request):
                return expected, "service", _read_again(expected, usage)
            return expected, "none" if expected else request.start, ""
        broken = difference(track.sent, request)
        if broken:
            expected = max(expected, self._floor(track.marks[-1].prompt, request))
        # Hits come in whole units: an endpoint that counts otherwise has lost nothing by a few tokens.
        if usage.hit > expected - self._unit(request):
            return expected, "none", ""
        if broken:
            return expected, "ours", broken
        return expected, "service", _read_again(expected, usage)

    def _parent(self, request: Request) -> _Track | None:
        """The transcript this one was forked or rebased from: the one it shares the most messages with."""
        same = [
            track
            for track in self._tracks.values()
            if track.sent.lane == request.lane and track.sent.tools.digest == request.tools.digest
        ]
        if request.start == "first" or not same:
            return None
        return max(same, key=lambda track: common_messages(track.messages, request.messages))

    def _last_mark(self, track: _Track, request: Request) -> _Mark | None:
        """The last place the service stored that this request certainly begins with."""
        if track.sent.lane != request.lane or track.sent.tools.digest != request.tools.digest:
            return None
        common = common_messages(track.messages, request.messages)
        for mark in reversed(track.marks):
            if mark.messages > common:
                continue
            after = request.messages[mark.messages : mark.messages + 1]
            # The prompt that was read ended by opening an answer: it is met again only if one follows here.
            if not after or isinstance(after[0], AssistantMessage):
                return mark if common > mark.messages else _Mark(mark.messages, mark.prompt)
        return None

    def _stored(self, mark: _Mark, request: Request) -> int:
        end = (
            max(mark.prompt, mark.answered - _SLACK)
            if len(request.messages) > mark.messages
            else mark.prompt
        )
        return self._floor(end, request)

    def _floor(self, tokens: int, request: Request) -> int:
        unit = self._unit(request)
        return tokens // unit * unit

    def _unit(self, request: Request) -> int:
        return self._catalog.resolve(request.lane.model).cache_unit

    def _note(self, request: Request, usage: Usage) -> None:
        sent = Sent(request.lane, request.tools, request.messages)
        mark = _Mark(len(request.messages), usage.prompt)
        track = self._tracks.get(request.transcript)
        if track is None or track.epoch != request.epoch or difference(track.sent, request):
            self._tracks[request.transcript] = _Track(request.epoch, sent, [mark])
            return
        track.sent = sent
        track.answer = None
        if track.marks[-1].messages == mark.messages:
            track.marks.pop()
        track.marks.append(mark)


def _read_again(expected: int, usage: Usage) -> str:
    return f"{expected - usage.hit} tokens that were sent before were read again"
