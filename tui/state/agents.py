"""One agent as it is shown: its transcript, and what of it is under way. From durable events alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...agent.events import (
    ApprovalAnswered,
    ApprovalAsked,
    CheckStarted,
    Event,
    MessageCommitted,
    PlanChanged,
    PlanItem,
    Reported,
    RequestFailed,
    RequestSent,
    Routed,
    ToolFinished,
    ToolStarted,
    TurnEnded,
    TurnStarted,
    UsageReported,
    Verified,
)
from ...agent.events_plan import Forked, WorkerBegan
from ...agent.messages import AssistantMessage, UserMessage
from ...agent.v4.cost import role_of
from .blocks import Answer, Approval, Block, Card, Proof, Said
from .notes import noted
from .pages import Pages
from .texts import excerpt

_EMPTY: Pages[Block] = Pages()


@dataclass(frozen=True, slots=True)
class AgentView:
    """`task` is the id of a worker's task. `lane` has model, effort, reason and price as they were routed last.

    Under way are: a turn, a request by its number and the time it was sent, the calls of the newest turn as places in
    the transcript by call id, a check as its place. `usd` is what its requests cost; `context` the tokens of the newest
    one with its answer, which the next one begins with. `began` and `newest` are times of its first and last event.
    """

    name: str
    began: str = ""
    newest: str = ""
    task: str = ""
    worker: WorkerBegan | None = None
    lane: Routed | None = None
    forked: Forked | None = None
    turn: int = 0
    in_turn: bool = False
    request: int | None = None
    sent_at: str = ""
    transcript: Pages[Block] = _EMPTY
    calls: Mapping[str, int] = field(default_factory=dict[str, int])
    check: int | None = None
    items: tuple[PlanItem, ...] = ()
    claim: Reported | None = None
    requests: int = 0
    usd: float = 0.0
    context: int = 0

    @property
    def role(self) -> str:
        return role_of(self.name)

    @property
    def running(self) -> tuple[Card, ...]:
        """The calls under way, the newest last."""
        cards = (self.transcript[place] for place in self.calls.values())
        return tuple(card for card in cards if isinstance(card, Card) and card.state == "running")

    @property
    def checking(self) -> Proof | None:
        """The check under way."""
        block = None if self.check is None else self.transcript[self.check]
        return block if isinstance(block, Proof) else None

    @property
    def at_work(self) -> bool:
        """Whether anything began that has not ended."""
        return self.in_turn or self.request is not None or self.check is not None

    def card(self, call_id: str) -> tuple[int, Card] | None:
        """A call of the newest turn, with its place in the transcript."""
        place = self.calls.get(call_id)
        block = None if place is None else self.transcript[place]
        return (place, block) if place is not None and isinstance(block, Card) else None

    def with_block(self, block: Block) -> AgentView:
        return replace(self, transcript=self.transcript.append(block))


def agent_after(view: AgentView, event: Event) -> AgentView:
    """The agent after an event of its own, which may be of any kind."""
    same_lane = event.body == view.lane
    view = replace(view, newest=event.at, began=view.began or event.at)
    match event.body:
        case MessageCommitted():
            return _message(view, event, event.body)
        case ToolStarted() | ToolFinished():
            return _call(view, event, event.body)
        case CheckStarted() | Verified():
            return _proof(view, event, event.body)
        case ApprovalAsked() | ApprovalAnswered():
            return _approval(view, event, event.body)
        case TurnStarted() | TurnEnded() | RequestSent() | RequestFailed() | UsageReported():
            view = _turn(view, event, event.body)
        case _:
            view = _standing(view, event)
    note = None if same_lane else noted(event)
    return view if note is None else view.with_block(note)


def cut_off(view: AgentView) -> AgentView:
    """Nothing of it is under way any more. A call keeps its place: a resumed run may still say how it ended."""
    if not (view.at_work or view.running):
        return view
    for card in view.running:
        view = _cut_card(view, view.calls[card.call_id], card)
    return replace(_cut_check(view), in_turn=False, request=None)


def _cut_card(view: AgentView, place: int, card: Card) -> AgentView:
    if card.state != "running":
        return view
    return replace(view, transcript=view.transcript.put(place, replace(card, state="cut")))


def _cut_check(view: AgentView) -> AgentView:
    if view.check is None or view.checking is None:
        return view
    cut = replace(view.checking, cut=True)
    return replace(view, check=None, transcript=view.transcript.put(view.check, cut))


def _message(view: AgentView, event: Event, body: MessageCommitted) -> AgentView:
    match body.message:
        case UserMessage(text, origin):
            said = Said(event.seq, event.at, excerpt(text, event.seq), origin)
            return view.with_block(said)
        case AssistantMessage() as message:
            thought = message.reasoning
            answer = Answer(
                event.seq,
                event.at,
                excerpt(message.text, event.seq),
                None if thought is None else excerpt(thought, event.seq),
                len(message.tool_calls),
                message.model,
            )
            return view.with_block(answer)
        case _:  # the system prompt is the same for all and says nothing to people
            return view


def _call(view: AgentView, event: Event, body: ToolStarted | ToolFinished) -> AgentView:
    found = view.card(body.call_id)
    if isinstance(body, ToolStarted):
        if found is not None:
            view = _cut_card(view, *found)
        card = Card(event.seq, event.at, body.call_id, body.tool, body.title, body.mutates)
        calls = {**view.calls, body.call_id: len(view.transcript)}
        return replace(view, calls=calls, transcript=view.transcript.append(card))
    begun = found[1] if found else Card(event.seq, event.at, body.call_id, "", "", False)
    ended = replace(
        begun,
        title=body.title or begun.title,
        state="ok" if body.ok else "failed",
        seconds=body.seconds,
        detail=excerpt(body.detail or body.text, event.seq),
    )
    if found is None:
        return view.with_block(ended)
    return replace(view, transcript=view.transcript.put(found[0], ended))


def _proof(view: AgentView, event: Event, body: CheckStarted | Verified) -> AgentView:
    if isinstance(body, CheckStarted):
        view = _cut_check(view)
        proof = Proof(event.seq, event.at, body.command, body.before)
        place = _place_of(view, proof)
        if place < len(view.transcript):
            return replace(view, check=place, transcript=view.transcript.put(place, proof))
        return replace(view, check=place, transcript=view.transcript.append(proof))
    evidence, begun = body.evidence, view.checking
    if view.check is None or begun is None:
        return view.with_block(
            Proof(event.seq, event.at, evidence.command, body.before, body.evidence)
        )
    ended = replace(begun, evidence=evidence)
    return replace(view, check=None, transcript=view.transcript.put(view.check, ended))


def _place_of(view: AgentView, proof: Proof) -> int:
    """At the end of the transcript; in the place of the same check of the tree before the first change, which runs
    twice where it is red, to tell a flaky test."""
    end = len(view.transcript)
    last = view.transcript[-1] if end else None
    again = (
        isinstance(last, Proof) and proof.before and last.before and last.command == proof.command
    )
    return end - 1 if again else end


def _approval(view: AgentView, event: Event, body: ApprovalAsked | ApprovalAnswered) -> AgentView:
    """On the card of the call that it is about; one about no call stands by itself."""
    found = view.card(body.call_id)
    if found is None:
        note = noted(event)
        return view if note is None else view.with_block(note)
    place, card = found
    if isinstance(body, ApprovalAsked):
        approval = asked(event, body, card)
    elif card.approval is not None:
        approval = replace(card.approval, answer=body, asked=None)
    else:
        approval = None
    return replace(view, transcript=view.transcript.put(place, replace(card, approval=approval)))


def asked(event: Event, body: ApprovalAsked, card: Card | None) -> Approval:
    """The question, with the call that it is about."""
    title = (card.title or card.tool) if card else ""
    return Approval(
        event.seq, event.at, event.agent, body.call_id, body.question, title, asked=body
    )


def _turn(
    view: AgentView,
    event: Event,
    body: TurnStarted | TurnEnded | RequestSent | RequestFailed | UsageReported,
) -> AgentView:
    match body:
        case TurnStarted():
            return replace(cut_off(view), turn=event.turn, in_turn=True, calls={}, claim=None)
        case TurnEnded():
            return replace(view, in_turn=False)
        case RequestSent():
            return replace(view, request=body.request, sent_at=event.at)
        case RequestFailed():
            return replace(view, request=None)
        case UsageReported():
            return replace(
                view,
                request=None,
                requests=view.requests + 1,
                usd=view.usd + body.cost,
                context=body.usage.prompt + body.usage.output,
            )


def _standing(view: AgentView, event: Event) -> AgentView:
    match event.body:
        case Routed() as body:
            return replace(view, lane=body)
        case Forked() as body:
            return replace(view, forked=body)
        case WorkerBegan() as body:
            return replace(view, task=body.task, worker=body)
        case PlanChanged(items=items):
            return replace(view, items=items)
        case Reported() as body:
            return replace(view, claim=body)
        case _:
            return view
