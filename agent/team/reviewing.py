"""The reviewer at work: in a clone that has the whole change, with all that the planner was told."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from ...prompts.render import render
from ...tools.errors import PersonError
from ...tools.git.objects import tree_patch
from ...tools.git.snapshot import Snapshot
from ...tools.registry import TOOLS, schemas, schemas_json
from ..asking.approvals import Nobody
from ..bus import Recorder
from ..context.transcript import Tools
from ..dispatch import Dispatcher, Workplace, sendable
from ..events_plan import Forked, Reviewed
from ..idle import nothing_changed, nothing_to_keep, nothing_to_tell
from ..kit import Kit
from ..lanes import route
from ..loop import Loop
from ..planning.plan import Plan
from ..planning.record import plans_of
from ..planning.review import review
from ..roles import REVIEWER
from ..v4.facts import Rung
from .anew import wanted
from .crew import Crew


async def reviewed_by(
    kit: Kit, crew: Crew, plan: Plan, base: Snapshot, tree: str
) -> Reviewed | str:
    """The reviewer's word on what the commit `tree` changed since `base`; or why there is none, for the person."""
    role = kit.catalog.role(REVIEWER.name)
    tier = "pro" if role.model == "pro" else "flash"
    prefix = await crew.prefixes.for_one(Rung(tier, kit.catalog.efforts[role.effort], 1))
    number = 1 + len({e.agent for e in kit.journal.events if e.agent.startswith(REVIEWER.name)})
    name = f"{REVIEWER.name}-{number}"
    clones = crew.work.clones
    clone = await crew.work.whole(name, tree)
    recorder = Recorder(kit.journal, kit.bus, name)
    commands = crew.work.commands(clone, recorder)
    code = crew.work.code(clone)
    recorder.emit(Forked(prefix.agent, len(prefix.messages)))
    route(recorder, kit.ledger, REVIEWER.name, prefix.lane, role.reason)
    place = Workplace(
        clone.root,
        commands,
        "plan",
        commands.confined,
        nothing_to_keep,
        commands.outputs,
        code,
        known_as=crew.work.root,
    )
    dispatcher = Dispatcher(TOOLS, schemas(), REVIEWER, place, Nobody(), recorder, {})
    transcript = prefix.begin(name, Tools.of(schemas_json()))
    loop = Loop(
        transcript,
        kit.client,
        dispatcher,
        recorder,
        kit.budget,
        asyncio.Queue(),
        nothing_changed,
        nothing_to_tell,
    )
    loop.say(render(REVIEWER.brief), "brief")
    if where := crew.work.where(clone):
        loop.say(where, "harness")
    try:
        patch = await tree_patch(crew.store, base.tree, tree, None)
        text = sendable(patch.decode("utf-8", "replace"))
        found = await review(loop, wanted(kit), plan, _notes(kit), text)
        return found if isinstance(found, Reviewed) else found.reason
    finally:
        await commands.close()
        with suppress(PersonError, OSError):  # what can't be removed stays in the session's folder
            await clones.give_back(clone)


def _notes(kit: Kit) -> dict[str, str]:
    """Why tasks that are done have changed nothing."""
    progress = plans_of(kit.journal.events).runs[0].progress
    notes = {task: now.reason for task, now in progress.items() if now.state == "done"}
    return {task: sendable(reason) for task, reason in notes.items() if reason}
