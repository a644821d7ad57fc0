"""The interface's state, and the one function that makes the next of it. Pure: what is published is all it knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ...agent.bus import Live, Published
from ...agent.events import ApprovalAnswered, ApprovalAsked, Event, SessionEnded, SessionResumed
from ...agent.history.replay import MAIN
from .activity import Activity, activity
from .agents import AgentView, agent_after, asked, cut_off
from .blocks import Approval, Note
from .changes import Changes, changes_after
from .header import Header, header_after
from .money import Money, money_after
from .news import with_news
from .notes import ended
from .now import IDLE, Now, now_after, now_with
from .plan import PlanView, plan_after

Waiting = Mapping[tuple[str, str], Approval]
"""Questions that nobody has answered yet, the oldest first, by agent and call id."""


@dataclass(frozen=True, slots=True)
class State:
    """All but `now` is a function of the durable events alone, of which `seq` is the last and `at` its time.

    `now` has only agents that something is to be said of at this moment.
    """

    header: Header = field(default_factory=Header)
    agents: Mapping[str, AgentView] = field(default_factory=dict[str, AgentView])
    plan: PlanView = field(default_factory=PlanView)
    waiting: Waiting = field(default_factory=dict[tuple[str, str], Approval])
    changes: Changes = field(default_factory=Changes)
    money: Money = field(default_factory=Money)
    now: Mapping[str, Now] = field(default_factory=dict[str, Now])
    seq: int = 0
    at: str = ""

    @property
    def workers(self) -> tuple[AgentView, ...]:
        """Agents that were given a task, in the order in which they began."""
        return tuple(view for view in self.agents.values() if view.task)

    @property
    def usd_left(self) -> float | None:
        """What may still be spent by the session's own settings; None without a limit."""
        limit = self.header.limits.usd
        return None if limit is None else max(0.0, limit - self.money.total.cost)

    def doing(self, agent: str) -> Activity:
        """What this agent does at the moment. Raises KeyError for one that there is not."""
        return activity(self.agents[agent], self.now_of(agent), self.waiting.values())

    def now_of(self, agent: str) -> Now:
        return self.now.get(agent, IDLE)


def reduce(state: State, published: Published) -> State:
    """The state after what was published. An event that the state has already changes nothing.

    Costs the same whatever the length of the transcripts: all but what changed is shared with `state`.
    """
    if isinstance(published, Live):
        return _passing(state, published)
    if published.seq <= state.seq:
        return state
    return _durable(state, published)


def state_of(events: Iterable[Published]) -> State:
    """The state after all of these, from the first of the session on."""
    state = State()
    for published in events:
        state = reduce(state, published)
    return state


def at_rest(state: State) -> State:
    """The state when nothing runs any more, also where the journal does not say so: a process that was killed says
    nothing."""
    agents = {name: cut_off(view) for name, view in state.agents.items()}
    plan = replace(state.plan, board=replace(state.plan.board, workers=0))
    return replace(state, agents=agents, plan=plan, waiting={}, now={})


def _passing(state: State, live: Live) -> State:
    """A session that has ended has nothing under way, though a word of another thread may still be on its way."""
    if state.header.ended is not None:
        return state
    agent = live.agent
    before = state.now.get(agent, IDLE)
    view = state.agents.get(agent) or AgentView(agent)
    now = now_with(before, live.body, view)
    return state if now is before else _with_now(state, agent, now)


def _durable(state: State, event: Event) -> State:
    plan = plan_after(state.plan, event)
    agents = _agents_after(state, event, plan)
    now = state.now.get(event.agent)
    if now is not None:
        state = _with_now(state, event.agent, now_after(now, event.body))
    over = isinstance(event.body, SessionEnded | SessionResumed)
    return State(
        header=header_after(state.header, event),
        agents=agents,
        plan=plan,
        waiting={} if over else _waiting_after(state, event),
        changes=changes_after(state.changes, event),
        money=money_after(state.money, event),
        now={} if over else state.now,
        seq=event.seq,
        at=event.at,
    )


def _with_now(state: State, agent: str, now: Now) -> State:
    if now == IDLE:
        others = {name: each for name, each in state.now.items() if name != agent}
        return replace(state, now=others)
    return replace(state, now={**state.now, agent: now})


def _agents_after(state: State, event: Event, plan: PlanView) -> Mapping[str, AgentView]:
    agents = dict(state.agents)
    if isinstance(event.body, SessionEnded | SessionResumed):
        agents = {name: cut_off(view) for name, view in agents.items()}
    view = agents.get(event.agent) or AgentView(event.agent)
    agents[event.agent] = agent_after(view, event)
    main = agents.get(MAIN)
    told = with_news(main or AgentView(MAIN), event, state.header, state.plan, plan)
    if main is not None or len(told.transcript):
        agents[MAIN] = told
    view = agents[event.agent]
    end = ended(event, state.header, state.money, _said_last(view))
    if end is not None:
        agents[event.agent] = view.with_block(end)
    return agents


def _said_last(view: AgentView) -> Iterator[str]:
    """What stands right above the end of the agent's transcript: its report, or why its last request failed."""
    if view.claim is not None:
        yield view.claim.summary
    last = view.transcript[-1] if len(view.transcript) else None
    if isinstance(last, Note):
        yield last.text


def _waiting_after(state: State, event: Event) -> Waiting:
    body = event.body
    if isinstance(body, ApprovalAsked):
        view = state.agents.get(event.agent)
        found = view.card(body.call_id) if view else None
        approval = asked(event, body, found[1] if found else None)
        return {**state.waiting, (event.agent, body.call_id): approval}
    if isinstance(body, ApprovalAnswered):
        mine = event.agent, body.call_id
        return {key: each for key, each in state.waiting.items() if key != mine}
    return state.waiting
