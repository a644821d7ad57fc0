"""Where questions wait for the person: each is an ApprovalAsked, each Answer settles one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...tools.errors import PersonError
from ..asking.allowed import Rule, keep_rule, read_rules, rule_of
from ..asking.approvals import Approver, Asker, Reply
from ..asking.consult import CARRY_OUT, Consult, RecordedConsult
from ..bus import Published, Recorder
from ..dispatch import sendable
from ..events import ApprovalAnswered, ApprovalAsked, Event
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
                rule = rule_of(published.body)
                self._waiting.append(_Waiting(published.agent, call_id, question, reply, rule))
            case ApprovalAnswered(call_id):
                found = self._find(published.agent, call_id)
                if found is not None:
                    self._waiting.remove(found)
            case _:
                pass

    def approver(self, asker: Asker) -> Approver:
        self._allowed |= read_rules(asker.project_folder) | asker.allowed
        return _Approver(self, asker)

    def consult(self, recorder: Recorder) -> Consult:
        async def reply_to(question: str) -> Reply:
            # It was published in this very step, so it is the newest.
            found = self._waiting[-1] if self._waiting else None
            if found is None or (found.agent, found.question) != (recorder.agent, question):
                raise RuntimeError("a question has to be published before its answer is waited for")
            return await found.reply

        return RecordedConsult(recorder, reply_to)

    def answer(self, answer: Answer) -> str | None:
        """Settle the question, and with a wider scope all others like it; why that failed in part or whole, if so."""
        found = self._find(answer.agent, answer.call_id)
        if found is None or found.reply.done():
            return "nothing waits for this answer"
        if answer.plan is not None and found.question != CARRY_OUT:
            return "only the question about a plan takes one"
        text = sendable(answer.text).strip()
        reply = Reply(answer.allowed, text, "person", answer.plan)
        if found.rule is None or not answer.allowed or answer.scope == "once":
            found.reply.set_result(reply)
            return None
        # Kept before the answer is told: what is told is how long it really holds.
        fault = _kept(found, found.rule) if answer.scope == "always" else None
        scope = "session" if fault else answer.scope
        found.reply.set_result(replace(reply, scope=scope))
        self._allowed.add(found.rule)
        for other in self._waiting:
            if other.rule == found.rule and not other.reply.done():
                other.reply.set_result(_by_rule())
        return fault

    def allows(self, rule: Rule | None) -> bool:
        return rule in self._allowed

    async def reply(self, agent: str, call_id: str, folder: Path) -> Reply:
        """The reply to this question, which was published; a yes for good is kept in `folder`."""
        found = self._find(agent, call_id)
        if found is None:
            raise RuntimeError("a question has to be published before its answer is waited for")
        found.folder = folder
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

    @property
    def confinement(self) -> str:
        return self.asker.confinement

    async def approve(self, asked: ApprovalAsked) -> Reply:
        if self.desk.allows(rule_of(asked)):
            return _by_rule()
        reply = await self._reply(asked)
        if reply.allowed or reply.text:
            return reply
        return Reply(False, NO_REASON, "person")

    async def answer(self, asked: ApprovalAsked) -> Reply:
        reply = await self._reply(asked)
        return reply if reply.text else Reply(reply.allowed, NO_ANSWER, "person")

    async def _reply(self, asked: ApprovalAsked) -> Reply:
        return await self.desk.reply(self.asker.agent, asked.call_id, self.asker.project_folder)


def _by_rule() -> Reply:
    return Reply(True, "The person has allowed this before.", "rule")


def _kept(waiting: _Waiting, rule: Rule) -> str | None:
    """Keep what was allowed for good; why that failed, if it did."""
    assert waiting.folder is not None
    try:
        keep_rule(waiting.folder, rule)
    except OSError as error:
        return f"it holds for this session only, because it could not be kept: {error.strerror}"
    except PersonError as error:
        return f"it holds for this session only. {error.message}"
    return None
