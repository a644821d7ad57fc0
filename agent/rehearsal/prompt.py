"""A request as the vendor's converter understands it, and the prompt its renderer makes of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from deepseek_recipe import (
    ChatCompletionRequest,
    ConversationRequest,
    ConversionError,
    ConversionOptions,
    DeepseekV4Encoding,
    DeepseekV41Encoding,
    ModelVersion,
    ReasoningContentBehavior,
)

from .errors import ApiError, bad_request
from .tokens import Piece, text_of, vocabulary

MissingReasoning = Literal["reject", "fill"]
Dialect = Literal["v4", "v4.1"]

FLASH = "deepseek-flash"
PRO = "deepseek-v4-pro"
CANONICAL = {PRO: PRO, FLASH: FLASH, "deepseek-v4-flash": FLASH}
"""Each id the API takes, and the id that answers: the retired Flash name is an alias of the present one."""

CONTEXT_TOKENS = 1_048_576
MAX_OUTPUT_TOKENS = 393_216

_VERSIONS = {
    name: ModelVersion.DeepseekV4Pro if model == PRO else ModelVersion.DeepseekV41Flash
    for name, model in CANONICAL.items()
}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered prompt. `model` is the canonical id, `dialect` the markup it writes calls in."""

    converted: ConversationRequest
    model: str
    dialect: Dialect
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return text_of(self.pieces)


def read(body: bytes | dict[str, Any], missing_reasoning: MissingReasoning = "reject") -> Prompt:
    """Convert and render a chat completions body, or raise ApiError as the vendor's front end answers."""
    behaviour = (
        ReasoningContentBehavior.Reject
        if missing_reasoning == "reject"
        else ReasoningContentBehavior.FillEmpty
    )
    options = ConversionOptions(reasoning_content_behavior=behaviour)
    try:
        request = ChatCompletionRequest(body)
        model = CANONICAL.get(request.model, "")
        converted = request.convert(options.with_model_versions_by_name(_VERSIONS))
    except ConversionError as error:
        raise ApiError(error.status_code, error.body) from error
    except ValueError as error:
        raise bad_request(str(error)) from error
    encoding = DeepseekV4Encoding() if model == PRO else DeepseekV41Encoding()
    rendered = encoding.render_conversation(converted.conversation)
    pieces = tuple(_pieces(rendered.prompt, rendered.special_ranges))
    return Prompt(converted, model, "v4" if model == PRO else "v4.1", pieces)


def max_tokens(converted: ConversationRequest, prompt_tokens: int) -> int:
    """How long the answer may get, or the 400 for a request that asks for more than the context holds."""
    try:
        return converted.resolve_max_tokens(prompt_tokens, CONTEXT_TOKENS)
    except ConversionError as error:
        raise ApiError(error.status_code, error.body) from error


def render(body: dict[str, Any]) -> str:
    """The prompt of a chat completions body; missing reasoning is filled as with the service's default."""
    return read(body, "fill").text


def count_tokens(text: str) -> int:
    """Tokens of a rendered prompt or any other text by DeepSeek's tokenizer."""
    return vocabulary().count(text)


def _pieces(prompt: str, special_ranges: list[tuple[int, int]]) -> Iterator[Piece]:
    end = 0
    for start, stop in special_ranges:
        if start > end:
            yield Piece(prompt[end:start])
        yield Piece(prompt[start:stop], special=True)
        end = stop
    if end < len(prompt):
        yield Piece(prompt[end:])
