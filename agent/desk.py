"""Where questions wait for the person: each is an ApprovalAsked, each Answer settles one.

Whoever asks publishes the question and waits for its answer in the same step of the event loop; by that the desk knows
which call a question is about.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from ..tools.errors import PersonError
from .allowed import Rule, keep_rule, read_rules
from .approvals import Approver, Asker, Reply
from .bus import Published, Recorder
from .consult import Consult, RecordedConsult
from .dispatch import sendable
from .events import ApprovalAnswered, ApprovalAsked, Event
from .wishes import Answer

NO_REASON = "The person said no and gave no reason."
NO_ANSWER = (
    "The person leaves this to you. Choose what is most likely wanted, go on, and name the "
    "assumption in your report."
)


@dataclass(slots=True, eq=False)
class _Waiting:
    """A question without an answer. `rule` is what a yes to it can become, kept in `folder`."""

    agent: str
    call_id: str
    question: str
    reply: asyncio.Future[Reply]
    rule: Rule | None = None
    folder: Path | None = None


@dataclass(slots=True)
class Desk:
    """A `person.Person` whose answers come by `answer`. All of it belongs to the session's thread."""

    _waiting: list[_Waiting] = field(default_factory=list[_Waiting])
    _allowed: set[Rule] = field(default_factory=set[Rule])

    def listen(self, published: Published) -> None:
        if not isinstance(published, Event):
            return
        match published.body:
            case ApprovalAsked(call_id, question):
                reply = asyncio.get_running_loop().create_future()
                self._waiting.append(_Waiting(published.agent, call_id, question, reply))
            case ApprovalAnswered(call_id):
                found = self._find(published.agent, call_id)
                if found is not None:
                    self._waiting.remove(found)
            case _:
                pass

    def approver(self, asker: Asker) -> Approver:
        self._allowed |= read_rules(asker.project_folder)
        return _Approver(self, asker)

    def consult(self, recorder: Recorder) -> Consult:
        async def reply_to(question: str) -> Reply:
            return await self.reply(recorder.agent, question)

        return RecordedConsult(recorder, reply_to)

    def answer(self, answer: Answer) -> str | None:
        """Settle the question, and with a wider scope all others like it; why that failed in part or whole, if so."""
        found = self._find(answer.agent, answer.call_id)
        if found is None or found.reply.done():
            return "nothing waits for this answer"
        found.reply.set_result(Reply(answer.allowed, sendable(answer.text).strip(), "person"))
        if found.rule is None or not answer.allowed or answer.scope == "once":
            return None
        self._allowed.add(found.rule)
        for other in self._waiting:
            if other.rule == found.rule and not other.reply.done():
                other.reply.set_result(_by_rule())
        return _kept(found) if answer.scope == "always" else None

    def allows(self, rule: Rule) -> bool:
        return rule in self._allowed

    async def reply(
        self, agent: str, question: str, rule: Rule | None = None, folder: Path | None = None
    ) -> Reply:
        """The reply to the question that this agent has just published."""
        found = self._waiting[-1] if self._waiting else None
        if found is None or (found.agent, found.question) != (agent, question):
            raise RuntimeError("a question has to be published before its answer is waited for")
        found.rule, found.folder = rule, folder
        return await found.reply

    def _find(self, agent: str, call_id: str) -> _Waiting | None:
        for each in self._waiting:
            if (each.agent, each.call_id) == (agent, call_id):
                return each
        return None


@dataclass(frozen=True, slots=True)
class _Approver:
    desk: Desk
    asker: Asker

    async def approve(self, question: str) -> Reply:
        rule = Rule(question, self.asker.confinement)
        if self.desk.allows(rule):
            return _by_rule()
        reply = await self.desk.reply(self.asker.agent, question, rule, self.asker.project_folder)
        if reply.allowed or reply.text:
            return reply
        return Reply(False, NO_REASON, "person")

    async def answer(self, question: str) -> Reply:
        reply = await self.desk.reply(self.asker.agent, question)
        return reply if reply.text else Reply(reply.allowed, NO_ANSWER, "person")


def _by_rule() -> Reply:
    return Reply(True, "The person has allowed this before.", "rule")


def _kept(waiting: _Waiting) -> str | None:
    """Keep what was allowed for good; why that failed, if it did."""
    assert waiting.rule is not None
    assert waiting.folder is not None
    try:
        keep_rule(waiting.folder, waiting.rule)
    except OSError as error:
        return f"it holds for this session only, because it could not be kept: {error.strerror}"
    except PersonError as error:
        return f"it holds for this session only. {error.message}"
    return None
