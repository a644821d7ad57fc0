"""The `ask` tool: one question to the person, who has answered by the time it runs."""

from __future__ import annotations

from collections.abc import Sequence

from .base import Effects, Tool, ToolContext, ToolResult
from .errors import ToolError
from .params import Params


class AskParams(Params):
    question: str
    options: list[str] | None = None


def _question(params: AskParams) -> str:
    """The question as it is shown: the options below it, numbered so that a number is an answer."""
    options = (f"{number}. {option}" for number, option in enumerate(params.options or (), 1))
    return "\n".join((params.question.strip(), *options))


def _effects(params: AskParams) -> Effects:
    # Said here and not in _run: nobody should be asked nothing.
    if not params.question.strip():
        raise ToolError("The question is empty.")
    return Effects(question=_question(params))


def _title(params: AskParams) -> str:
    return f"asks: {' '.join(params.question.split())}"


def _meant(answer: str, options: Sequence[str]) -> str:
    """The option whose number the person gave, or the answer in the person's own words."""
    number = answer.strip().rstrip(".)")
    if number.isascii() and number.isdigit() and 1 <= int(number) <= len(options):
        return options[int(number) - 1]
    return answer.strip()


async def _run(params: AskParams, context: ToolContext) -> ToolResult:
    if context.answer is None or not context.answer.strip():
        raise ToolError("Nobody answered. Choose what is safest and say so in your report.")
    answer = _meant(context.answer, params.options or ())
    return ToolResult(answer, detail=answer)


ASK = Tool("ask", AskParams, _effects, _title, _run)
