"""An answer's output tokens through the vendor's stream processor, as the chunks a client gets. Pure."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from deepseek_recipe import (
    ChatCompletionChunk,
    ChatCompletionRequest,
    ConversationRequest,
    InferenceChunk,
    InferenceFinishReason,
    PromptUsage,
    StreamProcessor,
    Tokenizer,
)

from .generate import Answer, Stage
from .scenario import call_id

Chunk = dict[str, Any]
"""A `chat.completion.chunk` as JSON."""

_BACKEND_FINISH = {
    "length": InferenceFinishReason.Length,
    "content_filter": InferenceFinishReason.ContentFilter,
}


@dataclass(frozen=True, slots=True)
class Step:
    """Chunks that leave together, and how many output tokens the model wrote for them."""

    tokens: int
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """What is said of an answer beside its text. `mark` and `nonce` make the call ids, see `call_id`."""

    answer_id: str
    model: str
    prompt_tokens: int
    hit_tokens: int
    mark: str
    nonce: bytes
    trailing_usage: bool = False


def stage_of(converted: ConversationRequest) -> Stage:
    options = converted.parsing_options
    if options.starts_in_tool_calls:
        return "calls"
    stage = options.thinking_initial_stage
    return "reasoning" if stage and stage.starts_in_reasoning() else "content"


def steps(
    converted: ConversationRequest,
    answer: Answer,
    output: array[int],
    cut_short: bool,
    header: Header,
    decoder: Tokenizer,
    tokens_per_step: int,
) -> list[Step]:
    """The whole stream: the opening chunk, the text in steps of some tokens, the finish.

    `cut_short` says that `output` was cut at max_tokens. Finish reasons that the vendor's backend does not know
    (insufficient_system_resource, made-up ones) are put in afterwards, and so are the ids of calls.
    """
    options = converted.parsing_options
    if answer.markup == "leaked":
        options.parse_tool_calls = False
    generator = ChatCompletionRequest.chunk_generator(converted, header.answer_id, header.model)
    processor = StreamProcessor(generator, options, decoder)
    usage = PromptUsage(
        prompt_tokens=header.prompt_tokens, prompt_cache_hit_tokens=header.hit_tokens
    )
    wanted = "length" if cut_short else answer.finish
    reason = _BACKEND_FINISH.get(wanted or "", InferenceFinishReason.Stop)
    ready = InferenceChunk.ready(prompt_usage=usage, system_fingerprint="fp_rehearsal")
    pushed = [_step(0, processor.push(ready))]
    for start in range(0, len(output), tokens_per_step):
        part = output[start : start + tokens_per_step].tolist()
        pushed.append(_step(len(part), processor.push(InferenceChunk.tokens(part))))
    pushed.append(_step(0, [*processor.push(InferenceChunk.finish(reason)), *processor.finish()]))
    rewrite = _Rewrite(answer, header, None if wanted in _BACKEND_FINISH else wanted)
    return [replace(step, chunks=tuple(rewrite.chunks(step.chunks))) for step in pushed]


def _step(tokens: int, chunks: Iterable[object]) -> Step:
    return Step(
        tokens,
        tuple(json.loads(c.to_json()) for c in chunks if isinstance(c, ChatCompletionChunk)),
    )


class _Rewrite:
    """The few things that a script decides and the vendor's processor cannot know."""

    def __init__(self, answer: Answer, header: Header, finish: str | None) -> None:
        self._answer = answer
        self._header = header
        self._finish = finish

    def chunks(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        for chunk in chunks:
            choice: Chunk = chunk["choices"][0]
            if choice["delta"].get("tool_calls"):
                yield from self._call_chunks(chunk)
            elif choice["finish_reason"] is not None:
                yield from self._last_chunks(chunk, choice)
            else:
                yield chunk

    def _call_chunks(self, chunk: Chunk) -> Iterator[Chunk]:
        for call in chunk["choices"][0]["delta"]["tool_calls"]:
            index: int = call["index"]
            known = index < len(self._answer.calls)
            broken = self._answer.calls[index].broken_json if known else None
            if "id" in call:
                call["id"] = call_id(index, self._header.mark, self._header.nonce)
                yield chunk
                if broken is not None:
                    yield from _argument_chunks(chunk, index, broken)
            elif broken is None:
                yield chunk

    def _last_chunks(self, chunk: Chunk, choice: Chunk) -> Iterator[Chunk]:
        if self._finish is not None:
            choice["finish_reason"] = self._finish
        if not self._header.trailing_usage:
            yield chunk
            return
        usage = chunk.pop("usage")
        yield chunk
        yield {**chunk, "choices": [], "usage": usage}


def _argument_chunks(chunk: Chunk, index: int, text: str) -> Iterator[Chunk]:
    half = len(text) // 2
    for part in (text[:half], text[half:]):
        delta = {"tool_calls": [{"index": index, "function": {"arguments": part}}]}
        choice = {**chunk["choices"][0], "delta": delta}
        yield {**chunk, "choices": [choice]}


def whole(chunks: Iterable[Chunk]) -> Chunk:
    """The chunks of a stream as one `chat.completion`, as a request without `stream` gets it."""
    message: Chunk = {"role": "assistant", "content": ""}
    calls: dict[int, Chunk] = {}
    body: Chunk = {}
    for chunk in chunks:
        body |= {key: value for key, value in chunk.items() if key != "choices"}
        for choice in chunk["choices"]:
            delta: Chunk = choice["delta"]
            for field in ("reasoning_content", "content"):
                if delta.get(field) is not None:
                    message[field] = message.get(field, "") + delta[field]
            for call in delta.get("tool_calls") or ():
                _add_call(calls, call)
            body["choices"] = [
                {
                    "index": 0,
                    "message": message,
                    "logprobs": choice["logprobs"],
                    "finish_reason": choice["finish_reason"],
                }
            ]
    if calls:
        message["tool_calls"] = [calls[index] for index in sorted(calls)]
    return body | {"object": "chat.completion"}


def _add_call(calls: dict[int, Chunk], call: Chunk) -> None:
    known = calls.get(call["index"])
    if known is None:
        calls[call["index"]] = {**call, "function": dict(call["function"])}
    else:
        known["function"]["arguments"] += call["function"].get("arguments", "")
