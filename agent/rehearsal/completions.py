"""One chat completions request, from its bytes to the last byte of the answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from hashlib import blake2b

from aiohttp import web
from pydantic import ValidationError

from .cache import Domain, Prefix, PrefixCache
from .conversation import WireBody, conversation_of
from .delivery import deliver
from .effects import accident, http_error, timing
from .errors import ApiError, bad_request, broken_script, too_many
from .faults import Fault, FaultPlan
from .generate import Answer, pieces
from .mangle import DoesNotFitError, mangle
from .prompt import Prompt, max_tokens, read
from .scenario import Scenario, Turn
from .settings import RequestRecord, Settings
from .stream import Header, stage_of, steps
from .tokens import Tokens, Vocabulary


@dataclass(frozen=True, slots=True)
class _Question:
    """A request that passed the converter, with everything its answer depends on."""

    raw: dict[str, object]
    body: WireBody
    prompt: Prompt
    prefix: Prefix
    max_tokens: int

    @property
    def domain(self) -> Domain:
        return self.prompt.model, self.body.user_id or ""

    @property
    def digest(self) -> bytes:
        return blake2b(self.prefix.tokens.tobytes(), digest_size=16).digest()


class Completions:
    """Answers requests with a scenario. What it keeps: the cache, the fault plan, what is in flight."""

    def __init__(
        self,
        scenario: Scenario,
        settings: Settings,
        clock: Callable[[], float],
        vocabulary: Callable[[], Awaitable[Vocabulary]],
        record: Callable[[RequestRecord], None],
        finished: Callable[[RequestRecord], None],
    ) -> None:
        self._scenario = scenario
        self._settings = settings
        self._clock = clock
        self._vocabulary = vocabulary
        self._record = record
        self._finished = finished
        self._in_flight: Counter[str] = Counter()
        self._answers = 0
        self.plan = FaultPlan(settings.faults, settings.seed)
        self.cache = PrefixCache(
            clock,
            write_delay=settings.cache_delay,
            interval=settings.cache_interval,
            tail=settings.cache_tail,
        )

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Raises ApiError for every answer that is not 200."""
        raw = await request.read()
        vocabulary = await self._vocabulary()
        # Long prompts take tens of milliseconds: in a thread, so that other streams keep flowing.
        asked = await asyncio.to_thread(self._understand, raw, vocabulary)
        with self._seat(asked.prompt.model):
            talk = conversation_of(
                asked.body,
                asked.prompt.model,
                asked.prompt.converted.conversation.thinking_mode,
            )
            played = self._scenario.play(talk)
            if isinstance(played, str):
                raise broken_script(played)
            return await self._perform(request, vocabulary, asked, *played)

    def _understand(self, raw: bytes, vocabulary: Vocabulary) -> _Question:
        prompt = read(raw, self._settings.missing_reasoning)
        try:
            body = WireBody.model_validate_json(raw)
        except ValidationError as error:
            raise bad_request(str(error)) from error
        prefix = self.cache.prefix(vocabulary.encode(prompt.pieces))
        limit = max_tokens(prompt.converted, len(prefix.tokens))
        return _Question(json.loads(raw), body, prompt, prefix, limit)

    @contextlib.contextmanager
    def _seat(self, model: str) -> Generator[None]:
        """A place among the requests in flight, from here to the last byte; 429 when all are taken."""
        limit = self._settings.concurrency
        if limit is not None and self._in_flight[model] >= limit:
            raise too_many(f"Too many requests in flight for {model}: the limit is {limit}")
        self._in_flight[model] += 1
        try:
            yield
        finally:
            self._in_flight[model] -= 1

    async def _perform(
        self,
        request: web.Request,
        vocabulary: Vocabulary,
        asked: _Question,
        turn: Turn,
        answer: Answer,
    ) -> web.StreamResponse:
        answer, fault = self._with_fault(asked, turn, answer)
        record = RequestRecord(
            at=self._clock(),
            body=asked.raw,
            model=asked.prompt.model,
            prompt=asked.prompt.text,
            tokens=asked.prefix.tokens,
            hit=0,
            step=turn.step,
            fault=fault.name if fault else None,
        )
        self._record(record)
        try:
            if fault and fault.kind == "http":
                raise http_error(fault)
            record.hit = self.cache.hit(asked.domain, asked.prefix)
            output = vocabulary.encode(
                pieces(answer, asked.prompt.dialect, stage_of(asked.prompt.converted))
            )
            return await self._send(request, vocabulary, asked, turn, answer, fault, output, record)
        except ApiError as error:
            record.status, record.end = error.status, "refused"
            raise
        finally:
            if record.end == "running":
                record.end = "left"
            self._finished(record)

    async def _send(
        self,
        request: web.Request,
        vocabulary: Vocabulary,
        asked: _Question,
        turn: Turn,
        answer: Answer,
        fault: Fault | None,
        output: Tokens,
        record: RequestRecord,
    ) -> web.StreamResponse:
        cut_short = len(output) > asked.max_tokens
        output = output[: asked.max_tokens]
        stream = steps(
            asked.prompt.converted,
            answer,
            output,
            cut_short,
            self._header(asked, turn, fault, record),
            vocabulary.decoder,
            self._settings.tokens_per_chunk,
        )
        response, complete = await deliver(
            request,
            asked.prompt.converted.stream,
            stream,
            timing(self._settings, turn.pace, fault),
            accident(fault, stream),
            lambda: self.cache.store_input(asked.domain, asked.prefix),
        )
        if not complete:
            record.end = "cut"
            return response
        self.cache.store_output(asked.domain, asked.prefix, output)
        record.output_tokens = len(output)
        record.end = "complete"
        return response

    def _with_fault(
        self, asked: _Question, turn: Turn, answer: Answer
    ) -> tuple[Answer, Fault | None]:
        choice = self.plan.choose(turn.step, turn.planned_faults(), asked.digest)
        if choice is None:
            return answer, None
        if choice.fault.kind != "answer":
            return answer, choice.fault
        try:
            return mangle(answer, choice.fault), choice.fault
        except DoesNotFitError as error:
            if not choice.wanted:
                return answer, None
            raise broken_script(f"step {turn.step!r}: {error}") from error

    def _header(
        self, asked: _Question, turn: Turn, fault: Fault | None, record: RequestRecord
    ) -> Header:
        self._answers += 1
        name = fault.name if fault else ""
        wrong = (fault.value if fault else None) or f"{asked.prompt.model}-other"
        return Header(
            answer_id=f"rehearsal-{self._answers}",
            model=wrong if name == "wrong-model" else asked.prompt.model,
            prompt_tokens=record.prompt_tokens,
            hit_tokens=record.hit,
            mark=turn.mark(),
            nonce=asked.digest,
            trailing_usage=self._settings.trailing_usage or name == "trailing-usage",
        )
