"""What a transcript has before its first request, and what it needs before it goes on after a break."""

from __future__ import annotations

import asyncio
import json

from ..prompts.render import render
from ..tools.code.model import CodeTree
from ..tools.git.names import some
from .context.instructions import find_instructions, instructions_text
from .context.transcript import Transcript
from .dispatch import sendable
from .events import MessageCommitted
from .history.journal import utc_now
from .history.replay import Replayed
from .kit import Kit
from .loop import Loop
from .messages import Origin, UserMessage
from .modes import mode_to_tell
from .planning.timings import read_timings
from .survey import environment_text

ORDER: tuple[Origin, ...] = ("pack", "instructions", "environment", "brief", "task", "harness")
"""What several agents can share comes first: the pack, then the repository's own instructions."""

MOST_NAMED = 20
"""Files that an undo touched; the model finds more by itself."""


async def ready(kit: Kit, state: Replayed, transcript: Transcript) -> Transcript:
    """The transcript to send the next request with."""
    if state.tools_digest is None:  # nothing was sent yet
        await _open(kit, state, transcript)
        return transcript
    if state.pack is None or state.claim is not None:
        return transcript
    left = await kit.code.unharmed(_left(kit))
    return await kit.lead.upkeep.resumed(
        transcript, state.pack, state.weighed, state.answered, utc_now(), left
    )


def say_mode(kit: Kit, loop: Loop) -> None:
    """Tell the agent where the session goes on in another mode than the one that it knows of."""
    if text := mode_to_tell(kit.journal.events, loop.transcript.messages):
        loop.say(text, "harness")


def say_unsaid(loop: Loop, state: Replayed) -> None:
    """Tell the agent what happened beside its transcript: an undo, and what the person wants next."""
    if state.restored is not None and state.restored.paths and state.tools_digest is not None:
        paths = some(state.restored.paths, MOST_NAMED)
        loop.say(sendable(render("went_back", paths=paths)), "harness")
    for text in state.unsaid:
        loop.say(text, "person")


async def _left(kit: Kit) -> CodeTree | None:
    """The tree as it was when an earlier run last stored it; None where that can't be told."""
    repository = kit.place.repository
    if kit.store is None or kit.store.last is None:
        return None
    # The index names contents by SHA-1.
    if repository is None or repository.object_format != "sha1":
        return None
    return await kit.code.older(await kit.store.files(kit.store.last))


async def _open(kit: Kit, state: Replayed, transcript: Transcript) -> None:
    """Add the first messages. What a last run that was cut off this early has said already stays as it is."""
    said = {message.origin for message in state.messages if isinstance(message, UserMessage)}
    done = max((ORDER.index(origin) + 1 for origin in said.intersection(ORDER)), default=0)
    packing = asyncio.create_task(_pack(kit, transcript) if done == 0 else _nothing())
    try:
        texts = await _texts(kit)
        await packing
    finally:
        packing.cancel()
        await asyncio.wait({packing})
    for origin in ORDER[done:]:
        text = texts.get(origin)
        if text is not None:
            _commit(kit, transcript, UserMessage(sendable(text), origin))


async def _nothing() -> None:
    pass


async def _pack(kit: Kit, transcript: Transcript) -> None:
    """Begin the transcript with a pack, if there is to be one."""
    if not kit.pack_budget:
        return
    tree = await kit.code.unharmed(kit.code.first())
    if tree is None:
        return
    pack = await kit.code.unharmed(kit.code.pack(tree, kit.job.task, kit.pack_budget))
    if pack is not None:
        _commit(kit, transcript, UserMessage(pack.text, "pack"))
        kit.lead.recorder.emit(pack.event)
        kit.lead.upkeep.packed(tree, pack.event)


async def _texts(kit: Kit) -> dict[Origin, str | None]:
    """The other first messages: the project's ways, where it is, what its part is, what to do."""
    instructions, environment = await asyncio.gather(
        asyncio.to_thread(find_instructions, kit.place.root, kit.place.below),
        environment_text(
            kit.place,
            kit.files,
            kit.checks,
            read_timings(kit.project_folder),
            kit.commands,
            kit.settings.command_seconds,
        ),
    )
    wanted = kit.job.output_schema
    schema = json.dumps(wanted, indent=1, ensure_ascii=False) if wanted is not None else None
    return {
        "instructions": instructions_text(instructions),
        "environment": environment,
        "brief": render(kit.lead.role.brief),
        "task": render("task", task=kit.job.task),
        "harness": render("schema_wanted", schema=schema) if schema is not None else None,
    }


def _commit(kit: Kit, transcript: Transcript, message: UserMessage) -> None:
    kit.lead.recorder.emit(MessageCommitted(message))
    transcript.append(message)
