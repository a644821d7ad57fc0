"""What an earlier run of a session left to go on with: workers in their clones, and prefixes that were primed."""

from __future__ import annotations

from collections.abc import Mapping

from ...tools.registry import schemas_json
from ..bus import Recorder
from ..context.repacking import is_cold
from ..context.transcript import Tools, Transcript
from ..events import MessageCommitted
from ..events_plan import CodemodRun
from ..history.journal import utc_now
from ..history.rebuild import result_of
from ..history.replay import Talk, claim_of, talk_of
from ..kit import Kit
from ..messages import AssistantMessage, SystemMessage, ToolMessage
from ..planning.engine import Prefix
from ..planning.prefixes import PRIME
from ..planning.record import PlanRun
from ..planning.schedule import ENDED
from ..planning.shop import Left


def left_workers(kit: Kit, run: PlanRun) -> Mapping[str, Left]:
    """The workers of tasks that have not ended, by task, their transcripts ready for the next request.

    Calls that were cut off get a result that says so; nothing is run a second time.
    """
    found: dict[str, Left] = {}
    for task, place in run.workers.items():
        now = run.progress.get(task)
        if now is None or now.state in ENDED or now.state == "escalated":
            continue
        if not _had_begun(kit, place.agent):
            continue
        talk = talk_of(kit.journal.events, place.agent)
        recorder = Recorder(kit.journal, kit.bus, place.agent, talk.turn)
        transcript = _transcript(place.agent, talk)
        if transcript is None:
            continue
        unanswered = talk.unanswered()
        for item in unanswered:
            transcript.append(result_of(recorder, item))
        claim = None if unanswered else claim_of(talk.messages)
        kit.ledger.restore(place.agent, transcript.request(), kit.journal.events)
        found[task] = Left(place.base, transcript, recorder, talk.seen, claim)
    return found


def _had_begun(kit: Kit, agent: str) -> bool:
    """Whether a worker had done anything worth going on with; else another one begins, and is told everything."""
    return any(
        event.agent == agent
        and (
            isinstance(event.body, CodemodRun)
            or (
                isinstance(event.body, MessageCommitted)
                and isinstance(event.body.message, AssistantMessage)
            )
        )
        for event in kit.journal.events
    )


def primed_prefixes(kit: Kit) -> Mapping[str, Prefix]:
    """What was primed and the service still has, by the name of the agent that did it."""
    events = kit.journal.events
    found: dict[str, Prefix] = {}
    for name in {event.agent for event in events if event.agent.startswith(f"{PRIME}-")}:
        talk = talk_of(events, name)
        transcript = _transcript(name, talk)
        whole = bool(talk.messages) and isinstance(
            talk.messages[-1], AssistantMessage | ToolMessage
        )
        if transcript and whole and not talk.unanswered() and not is_cold(talk.answered, utc_now()):
            kit.ledger.restore(name, transcript.request(), events)
            found[name] = Prefix.of(transcript)
    return found


def _transcript(name: str, talk: Talk) -> Transcript | None:
    """The transcript as it was; None where nothing was said, or by a release with other tools."""
    tools = Tools.of(schemas_json())
    if not talk.messages or talk.lane is None or talk.tools_digest not in (None, tools.digest):
        return None
    talk.unanswered()  # results that are there become messages by it
    system, *rest = talk.messages
    assert isinstance(system, SystemMessage)
    transcript = Transcript(name, talk.lane, tools, system, start="fork")
    for message in rest:
        transcript.append(message)
    return transcript
