"""The transcript of a session that was cut off, ready for its next request."""

from __future__ import annotations

from ...prompts.render import render
from ...tools.registry import schemas_json
from ..bus import Recorder
from ..context.transcript import Lane, Start, Tools, Transcript
from ..events import MessageCommitted, Rebased, Status, ToolFinished, ToolStarted
from ..messages import SystemMessage, ToolMessage, UserMessage
from .replay import Replayed, Unanswered

FINISHED: tuple[Status, ...] = ("done", "unverified", "planned")
"""How a session ends that came to where it was to go."""

OTHER_TOOLS = "this release of Leadline has other tool schemas than the one that began the session"


def rebuilt(recorder: Recorder, state: Replayed, lane: Lane) -> Transcript:
    """The transcript as it was, with a result for each call that has none; a new one if nothing was said yet.

    Its system message stays the one it began with; where the tools of this release differ, a new epoch begins.
    """
    if not state.messages:
        system = SystemMessage(render("system"))
        recorder.emit(MessageCommitted(system))
        return Transcript(recorder.agent, lane, Tools.of(schemas_json()), system)
    system, *rest = state.messages
    assert isinstance(system, SystemMessage)
    tools = Tools.of(schemas_json())
    begun: Start = "rebase" if state.epoch else "fork" if state.forked else "first"
    transcript = Transcript(recorder.agent, lane, tools, system, start=begun, epoch=state.epoch)
    if state.tools_digest not in (None, tools.digest):
        transcript = transcript.rebase(OTHER_TOOLS, ())
        recorder.emit(Rebased(OTHER_TOOLS, transcript.epoch, keeps_messages=True))
    for message in rest:
        transcript.append(message)
    for item in state.unanswered:
        transcript.append(result_of(recorder, item))
    stopped = state.ended is not None and state.ended.status not in FINISHED
    if stopped and state.tools_digest is not None:
        note = UserMessage(render("resumed"), "harness")
        recorder.emit(MessageCommitted(note))
        transcript.append(note)
    return transcript


def result_of(recorder: Recorder, item: Unanswered) -> ToolMessage:
    """The result of a call that the last run had no time for. Nothing is run a second time: the model decides."""
    if item.finished is not None:
        return ToolMessage(item.call.id, item.finished.text, item.finished.ok)
    midway = item.started and item.mutates
    text = render("interrupted_midway" if midway else "interrupted_unstarted")
    if not item.started:
        recorder.emit(ToolStarted(item.call.id, item.call.name, item.call.name, mutates=False))
    recorder.emit(ToolFinished(item.call.id, False, text, 0.0, item.call.name))
    return ToolMessage(item.call.id, text, ok=False)
