"""Keeps a transcript in step with the repository: tells of changes in deltas, and weighs a new pack when it may pay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from ..tools.code.model import CodeTree
from ..tools.errors import ToolError
from ..tools.files import load
from .bus import Recorder
from .codebase import Codebase
from .context.deltas import FileChange, changed_paths, changes, delta_text, told_of
from .context.repacking import (
    Prices,
    Sizes,
    forget,
    is_cold,
    is_due,
    repacked,
    turns_to_come,
    weigh,
)
from .context.transcript import Transcript
from .events import MessageCommitted, Rebased
from .events_code import Packed, RepackWeighed
from .messages import AssistantMessage, UserMessage

WAIT_SECONDS = 1.0
"""How long a turn waits at most for what its commands changed, which takes as long as parsing it. What takes longer is
told a turn later."""

MOST_COMPARED = 500
"""Changed files whose bytes are compared with what the model has seen; more are a change of branch or the like."""

REASONS: Mapping[Literal["deltas", "resumed"], str] = {
    "deltas": "a new pack costs less than carrying on with the old one and what changed since",
    "resumed": "the cache is cold, and a new pack costs less to read than the old one and what changed since",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides on a new pack: the session's task, the pack's budget in tokens, the turns that a run may take, and
    what tokens cost at the moment."""

    task: str
    budget: int
    most_turns: int
    prices: Callable[[], Prices]


@dataclass(frozen=True, slots=True)
class _Found:
    """What a look at the tree brought. `now` are digests of changed files, `met` those of when it began."""

    tree: CodeTree
    changed: tuple[FileChange, ...]
    now: Mapping[str, str]
    met: _Met


@dataclass(frozen=True, slots=True)
class _Met:
    """Digests of what the model has `seen` whole, and of what its edits `wrote`, whatever it knows of those files."""

    seen: Mapping[str, str]
    wrote: Mapping[str, str]

    def now(self) -> _Met:
        return _Met(dict(self.seen), dict(self.wrote))

    def is_same(self, path: str, other: _Met) -> bool:
        """Whether nothing was read or written since the other."""
        mine, theirs = self.seen.get(path), other.seen.get(path)
        return mine == theirs and self.wrote.get(path) == other.wrote.get(path)


class Upkeep:
    """For one transcript. `seen` is what the model has read and written, shared with dispatch."""

    def __init__(
        self, code: Codebase, recorder: Recorder, seen: dict[str, str], terms: Terms
    ) -> None:
        self._code = code
        self._recorder = recorder
        self._seen = seen
        self._wrote: dict[str, str] = {}
        self._terms = terms
        self._known: CodeTree | None = None
        self._pack: Packed | None = None
        self._weighed: RepackWeighed | None = None
        self._look: asyncio.Task[_Found | None] | None = None

    def packed(self, tree: CodeTree, pack: Packed) -> None:
        """The transcript begins with this pack of this tree."""
        if self._pack is not None:
            forget(self._seen, self._pack.seen)
        self._seen.update(pack.seen)
        self._known, self._pack, self._weighed = tree, pack, None

    async def resumed(
        self,
        transcript: Transcript,
        pack: Packed,
        weighed: RepackWeighed | None,
        answered: datetime | None,
        now: datetime,
        left: CodeTree | None,
    ) -> Transcript:
        """The transcript to go on with after a break.

        `answered` is when its last answer came, `left` the tree as it was then, None where that isn't known.
        """
        self._pack, self._weighed = pack, weighed
        tree = self._known = await self._code.unharmed(self._code.first())
        if tree is None or tree.digest == pack.tree:
            return transcript
        cold = is_cold(answered, now)
        fresh = await self._weigh(transcript, "resumed", _delta_texts(transcript), cold=cold)
        if fresh is transcript and left is not None:
            compared = asyncio.to_thread(_compared, left, tree, self._met().now())
            self._say(transcript, await self._code.unharmed(compared))
        return fresh

    def touched(self, wrote: Mapping[str, str]) -> None:
        """A call has changed the tree, perhaps; `wrote` are the digests of the files that it wrote itself."""
        self._wrote.update(wrote)
        self._code.changed()

    def look(self) -> None:
        """Begin to look at the tree, beside a request that has just gone out. What is found is told after its turn."""
        if self._look is None and self._known is not None:
            self._look = asyncio.create_task(self._code.unharmed(self._looked(self._known)))

    async def __call__(self, transcript: Transcript, *, commands: bool) -> Transcript:
        """See `loop.KeepUp`. What commands changed is waited for a moment; all else is told a turn later."""
        told = await self._tell(transcript, WAIT_SECONDS if commands else 0)
        if (
            commands and self._look is None
        ):  # what was found until now may be older than what they did
            self.look()
            told = await self._tell(transcript, WAIT_SECONDS) or told
        return await self._perhaps_repack(transcript) if told else transcript

    async def _tell(self, transcript: Transcript, seconds: float) -> bool:
        """Add what the look under way has found if it ends within so many seconds; whether there was any news."""
        if self._look is None:
            return False
        await asyncio.wait({self._look}, timeout=seconds)
        if not self._look.done():
            return False
        found, self._look = self._look.result(), None
        return self._say(transcript, found)

    def _say(self, transcript: Transcript, found: _Found | None) -> bool:
        """Add what of it is news to the model; whether there was any."""
        text = self._news(found) if found is not None else None
        if text is None:
            return False
        delta = UserMessage(text, "delta")
        self._recorder.emit(MessageCommitted(delta))
        transcript.append(delta)
        return True

    async def close(self) -> None:
        if self._look is not None:
            self._look.cancel()
            await asyncio.wait({self._look})

    async def _looked(self, known: CodeTree) -> _Found | None:
        """What differs from the tree that the model knows of, None if nothing does."""
        met = self._met().now()
        self._code.changed()
        tree = await self._code.tree()
        return await asyncio.to_thread(_compared, known, tree, met)

    def _met(self) -> _Met:
        return _Met(self._seen, self._wrote)

    def _news(self, found: _Found) -> str | None:
        """What of it is news to the model, in words; it is told once."""
        self._known = found.tree
        met = self._met()
        same = (change.path for change in found.changed if met.is_same(change.path, found.met))
        paths = [
            path for path in same if path not in found.now or found.now[path] != met.wrote.get(path)
        ]
        news = set(told_of(met.seen, paths, found.now))
        return delta_text([change for change in found.changed if change.path in news])

    async def _perhaps_repack(self, transcript: Transcript) -> Transcript:
        texts = _delta_texts(transcript)
        # No token is shorter than a byte, so that few bytes need no counting.
        if self._pack is None or not is_due(sum(len(text.encode()) for text in texts), None):
            return transcript
        return await self._weigh(transcript, "deltas", texts, cold=False)

    async def _weigh(
        self,
        transcript: Transcript,
        occasion: Literal["deltas", "resumed"],
        texts: list[str],
        *,
        cold: bool,
    ) -> Transcript:
        """Decide on a new pack, on record, and make the new epoch if it pays."""
        assert self._pack is not None
        assert self._known is not None
        tree, terms = self._known, self._terms
        tail = await self._code.unharmed(asyncio.to_thread(_counted, texts, transcript))
        if tail is None or (occasion == "deltas" and not is_due(tail.deltas, self._weighed)):
            return transcript
        new = await self._code.unharmed(self._code.pack(tree, terms.task, terms.budget))
        if new is None:
            return transcript
        sizes = Sizes(tail.context, self._pack.tokens, tail.deltas, new.event.tokens)
        turns = turns_to_come(self._recorder.turn, terms.most_turns)
        self._weighed = weigh(occasion, sizes, terms.prices(), turns, cold=cold)
        self._recorder.emit(self._weighed)
        if not self._weighed.repack:
            return transcript
        fresh = transcript.rebase(REASONS[occasion], repacked(transcript.messages, new.text))
        self._recorder.emit(
            Rebased(REASONS[occasion], fresh.epoch, keeps_messages=True, pack=new.text)
        )
        self._recorder.emit(new.event)
        self.packed(tree, new.event)
        return fresh


@dataclass(frozen=True, slots=True)
class _Tokens:
    context: int
    deltas: int


def _counted(texts: list[str], transcript: Transcript) -> _Tokens:
    """Tokens of the deltas and of the whole context: what the service counted last, and what came since."""
    # Loads the tokenizer, which most sessions never need.
    from .packs import count

    context, tail = 0, list[str]()
    for message in reversed(transcript.messages):
        if isinstance(message, AssistantMessage):
            context = message.usage.prompt + message.usage.output
            break
        tail.append(message.text)
    return _Tokens(context + count(tail), count(texts))


def _delta_texts(transcript: Transcript) -> list[str]:
    return [
        message.text
        for message in transcript.messages
        if isinstance(message, UserMessage) and message.origin == "delta"
    ]


def _compared(before: CodeTree, tree: CodeTree, met: _Met) -> _Found | None:
    paths = changed_paths(before, tree)
    if not paths:
        return None
    now = _digests(tree.root, paths[:MOST_COMPARED])
    return _Found(tree, changes(before, tree, paths), now, met)


def _digests(root: Path, paths: Iterable[str]) -> dict[str, str]:
    """Of the files as they are, without those that can't be read."""
    found: dict[str, str] = {}
    for path in paths:
        try:
            file = load(root, path)
        except (OSError, ToolError):
            continue
        if file is not None:
            found[path] = file.digest
    return found
