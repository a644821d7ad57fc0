"""Laws that hold for every run, whatever happened in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from leadline.agent.rehearsal.server import RehearsalServer

OPENING = "<\N{FULLWIDTH VERTICAL LINE}Assistant\N{FULLWIDTH VERTICAL LINE}><think>"
"""What the renderer ends a prompt with; an answer takes its place in the next one."""

KEYS = {
    "request_sent": "request",
    "usage_reported": "request",
    "request_failed": "request",
    "tool_started": "call_id",
    "tool_finished": "call_id",
    "approval_asked": "call_id",
    "approval_answered": "call_id",
}
PAIRS: Mapping[str, tuple[str, ...]] = {
    "session_started": ("session_ended",),
    "turn_started": ("turn_ended",),
    "request_sent": ("usage_reported", "request_failed"),
    "tool_started": ("tool_finished",),
    "approval_asked": ("approval_answered",),
    "check_started": ("verified",),
    "plan_started": ("plan_ended",),
}


def prefix_holds(server: RehearsalServer) -> None:
    """What was sent once is the beginning of what is sent next."""
    prompts = [record.prompt for record in server.requests]
    assert prompts
    for earlier, later in pairwise(prompts):
        assert later.startswith(earlier.removesuffix(OPENING))


def each_start_has_one_end(events: Sequence[Mapping[str, Any]]) -> None:
    """In order, for each agent: an end comes after its start, and nothing starts twice before it ended."""
    told = [(event["agent"], event["body"]) for event in events if "body" in event]
    for start, ends in PAIRS.items():
        open_now: Counter[object] = Counter()
        for agent, body in told:
            key = agent, body.get(KEYS.get(body["kind"], ""))
            if body["kind"] == start:
                open_now[key] += 1
                assert open_now[key] == 1, (start, key)
            elif body["kind"] in ends:
                open_now[key] -= 1
                assert open_now[key] == 0, (body["kind"], key)
        assert not +open_now, f"{start} without an end: {open_now}"


def numbered_without_gaps(events: Sequence[Mapping[str, Any]]) -> None:
    numbers = [event["seq"] for event in events if "seq" in event]
    assert numbers == list(range(1, len(numbers) + 1))
