"""One request that reads what many agents share, so that the service has it before they begin: paid for once.

A stored unit ends where a request's input or output ends, and a request hits a unit only by beginning with all of it.
So the agents fork a transcript that holds the priming answer: each of theirs then begins with a whole unit. Without it
they would all miss, the first as much as the last, as requests that are under way together share nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ...prompts.render import render
from ..bus import Recorder
from ..context.transcript import Transcript
from ..events import MessageCommitted, ToolFinished, ToolStarted
from ..loop import Model
from ..messages import AssistantMessage, ToolMessage, UserMessage


async def prime(
    shared: Transcript,
    model: Model,
    recorder: Recorder,
    seconds: float,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Transcript:
    """`shared` with the priming request and its answer: what agents of this lane are to fork, from now on.

    Returns when the service has stored it, which takes it so many `seconds`. `recorder` is that of an agent of its own:
    the answer belongs to nobody's work. Raises what `model` raises.
    """

    def add(message: UserMessage | AssistantMessage) -> None:
        recorder.emit(MessageCommitted(message))
        shared.append(message)

    add(UserMessage(render("prime"), "harness"))
    answer = await model.answer(shared.request(), recorder.emit)
    add(answer.message)
    # A model that calls tools all the same is told that nothing was done: a call without a result fits no request.
    for call in answer.message.tool_calls:
        told = ToolMessage(call.id, render("prime_called"), ok=False)
        recorder.emit(ToolStarted(call.id, call.name, call.name, mutates=False))
        recorder.emit(ToolFinished(call.id, told.ok, told.text, 0.0, call.name))
        shared.append(told)
    await sleep(seconds)
    return shared
