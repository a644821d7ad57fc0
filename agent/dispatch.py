"""The one place where calls of the model become actions: validate, role, permission, order, run, record.

A call can fail, be refused or be cut short; it always ends in a result for the model. Only the person's interrupt,
faults of Leadline's own, and that the person's folder is gone get out of here: no model can do anything about those.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from pydantic import ValidationError

from ..tools.base import CommandRunner, Effects, Tool, ToolContext, ToolResult
from ..tools.code.checker import Checker
from ..tools.code.model import CodeLookup
from ..tools.errors import ToolError
from ..tools.git.names import printable, relative, some
from ..tools.params import Params
from ..tools.paths import resolve_inside
from ..tools.permissions import Ask, Mode, Refuse, conflict, decide
from ..tools.sent_plan import LookAtPlan
from .asking.approvals import Approver, Reply
from .asking.question import Standing, question_of
from .bus import Recorder
from .events import ApprovalAnswered, ApprovalAsked, Repaired, ToolFinished, ToolStarted
from .gone import require_folder
from .messages import ToolCall, ToolMessage
from .parameters import as_meant, at_root, explain
from .passing import ToolOutput
from .roles import Role
from .v4.values import is_tree


class BeforeChange(Protocol):
    def __call__(self, paths: tuple[str, ...], *, commands: bool) -> Awaitable[None]: ...


class MayWrite(Protocol):
    """What an agent may write below its root; `entries` spell it for the model."""

    @property
    def entries(self) -> tuple[str, ...]: ...

    def covers(self, path: str) -> bool: ...


def _nobody_cares(_wrote: Mapping[str, str]) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where and with what an agent's calls run.

    `before_change` is awaited once an answer that may change something, with all paths that its calls will write and
    whether it runs commands; it returns when the tree is stored as it is. `touched` is called after each call that may
    have changed something, with the digests of the files that its tool wrote. `may_write` gives what may be written,
    anew for each answer of the model; None is everything. What commands write is not held against it.
    `request_paths` answers a wish for more, see ToolContext, as for `checker` and `look_at_plan`. `known_as` is where
    commands see the root, if not where it lies: the model's absolute paths are those. `command_seconds` is how long a
    command may take that names no limit itself, where a person is to be told.
    """

    root: Path
    commands: CommandRunner
    mode: Mode
    confined: bool
    before_change: BeforeChange
    outputs: Path | None = None
    code: CodeLookup | None = None
    refuse_broken: bool = False
    touched: Callable[[Mapping[str, str]], None] = _nobody_cares
    may_write: Callable[[], MayWrite] | None = None
    request_paths: Callable[[Sequence[str]], Awaitable[str]] | None = None
    known_as: Path | None = None
    checker: Checker | None = None
    command_seconds: float | None = None
    look_at_plan: LookAtPlan | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the calls of one answer came to; messages are in call order. `commands` says that a command ran."""

    messages: tuple[ToolMessage, ...]
    data: tuple[Params, ...]
    mutated: bool
    commands: bool
    denied: bool


@dataclass(slots=True)
class _Prepared:
    """A call on its way. `fault` is set when it will not run."""

    call: ToolCall
    title: str
    effects: Effects = field(default_factory=Effects)
    tool: Tool[Any] | None = None
    params: Params | None = None
    fault: str | None = None
    may_write: MayWrite | None = None


@dataclass(frozen=True, slots=True)
class _Finished:
    message: ToolMessage
    data: Params | None = None
    mutated: bool = False
    command: bool = False
    denied: bool = False


class Dispatcher:
    """Carries out calls for one agent. `seen` grows with what the model reads and writes."""

    def __init__(
        self,
        tools: Sequence[Tool[Any]],
        schemas: Mapping[str, dict[str, Any]],
        role: Role,
        place: Workplace,
        approver: Approver,
        recorder: Recorder,
        seen: dict[str, str],
    ) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._schemas = schemas
        self._role = role
        self._place = place
        self._approver = approver
        self._recorder = recorder
        self._seen = seen

    async def run(self, calls: Sequence[ToolCall]) -> Outcome:
        """Run all calls of one answer: at once where they can't meet, else in call order."""
        require_folder(self._place.known_as or self._place.root)
        # Looked at once, so that what an answer's calls may do does not hang on which of them is faster.
        may_write = self._place.may_write() if self._place.may_write else None
        prepared = [self._prepare(call, may_write) for call in calls]
        changing = [item for item in prepared if item.fault is None and item.effects.mutates]
        if changing:
            paths = self._writable(changing)
            commands = any(item.effects.command is not None for item in changing)
            await self._place.before_change(paths, commands=commands)
        tasks: list[asyncio.Task[_Finished]] = []
        try:
            async with asyncio.TaskGroup() as group:
                for index, item in enumerate(prepared):
                    earlier = [
                        tasks[i]
                        for i in range(index)
                        if conflict(prepared[i].effects, item.effects)
                    ]
                    tasks.append(group.create_task(self._carry_out(item, earlier)))
        except ExceptionGroup as group_of_faults:
            raise group_of_faults.exceptions[0] from None
        done = [task.result() for task in tasks]
        return Outcome(
            tuple(item.message for item in done),
            tuple(item.data for item in done if item.data is not None),
            any(item.mutated for item in done),
            any(item.command for item in done),
            any(item.denied for item in done),
        )

    def _writable(self, changing: Sequence[_Prepared]) -> tuple[str, ...]:
        """The paths that these calls will write, without those that the tools will refuse to."""
        paths: list[str] = []
        for path in (path for item in changing for path in _files(item.effects)):
            with suppress(ToolError, ValueError):
                paths.append(self._plain(path))
        return tuple(paths)

    def _plain(self, path: str) -> str:
        """The path's one spelling, relative to the root. Raises ToolError."""
        root = self._place.root
        return relative(resolve_inside(root, path).relative_to(root))

    def _prepare(self, call: ToolCall, may_write: MayWrite | None) -> _Prepared:
        """Parse, check against the schema, the role and the write set, and let the tool declare its effects."""
        tool = self._tools.get(call.name)
        if tool is None:
            names = ", ".join(self._tools)
            return _Prepared(
                call, call.name, fault=f"There is no tool {call.name}. Tools: {names}."
            )
        if call.name not in self._role.tools:
            fault = f"As {self._role.name} you may not use {call.name}."
            return _Prepared(call, call.name, fault=fault)
        try:
            arguments: object = json.loads(call.arguments_json)
            if not is_tree(arguments):
                raise ToolError("The arguments must be a JSON object.")
            here = at_root(arguments, self._place.known_as)
            mended, places = as_meant(here, tool.params, self._schemas[call.name])
            if places:
                what = f"{call.name}: {', '.join(places)} taken as meant"
                self._recorder.emit(Repaired("arguments", what))
            params = tool.params.model_validate(mended)
            effects = _below(self._place.root, tool.effects(params))
            fault = self._withheld(call.name, params) or self._outside(effects, may_write)
            return _Prepared(call, tool.title(params), effects, tool, params, fault, may_write)
        except ValidationError as error:
            return _Prepared(call, call.name, fault=explain(error, tool.params))
        except ToolError as error:
            return _Prepared(call, call.name, fault=error.message)
        except ValueError as error:
            return _Prepared(call, call.name, fault=f"The arguments are no valid JSON: {error}.")
        except RecursionError:
            return _Prepared(call, call.name, fault="The arguments are nested too deeply.")

    def _withheld(self, name: str, params: Params) -> str | None:
        """Why the role may not make this call of a tool that it may use otherwise."""
        for parameter in self._role.withheld.get(name, ()):
            if getattr(params, parameter):
                return f"As {self._role.name} you may not use `{parameter}` of {name}."
        return None

    def _outside(self, effects: Effects, may_write: MayWrite | None) -> str | None:
        """Why these paths may not be written. Raises ToolError for what is no path inside the root."""
        if may_write is None:
            return None
        for path in map(self._plain, _files(effects)):
            if not may_write.covers(path):
                allowed = some(may_write.entries) or "nothing"
                return (
                    f"{printable(path)} is outside what your task may write ({allowed}). Nothing was written. "
                    "If the task can't be done without it, ask for it with `request_paths`."
                )
        return None

    async def _carry_out(
        self, item: _Prepared, earlier: Sequence[asyncio.Task[_Finished]]
    ) -> _Finished:
        if earlier:
            await asyncio.wait(earlier)
        mutates = item.fault is None and item.effects.mutates
        self._recorder.emit(ToolStarted(item.call.id, item.call.name, item.title, mutates))
        started = monotonic()
        denied = False
        try:
            answer, refusal, denied = await self._permit(item)
            fault = item.fault or refusal
            result = ToolResult(fault, ok=False) if fault else await self._call(item, answer)
        except asyncio.CancelledError:
            text = "Interrupted by the person before it ended; it may have taken effect in part."
            self._finish(item, ToolResult(text, ok=False), monotonic() - started)
            raise
        if mutates:
            self._place.touched(result.wrote)
        message = self._finish(item, result, monotonic() - started)
        mutated = mutates and not denied
        command = mutated and item.effects.command is not None
        return _Finished(message, result.data, mutated, command, denied)

    async def _permit(self, item: _Prepared) -> tuple[str | None, str | None, bool]:
        """The answer to the call's question if it has one, why it may not run if so, and whether that was a denial."""
        if item.fault is not None:
            return None, None, False
        if item.effects.question is not None:
            asked = ApprovalAsked(item.call.id, item.effects.question)
            reply = await self._ask(asked, self._approver.answer)
            return reply.text, None, False
        verdict = decide(self._place.mode, item.effects, self._place.confined)
        if isinstance(verdict, Refuse):
            return None, verdict.reason, False
        if isinstance(verdict, Ask):
            try:
                asked = await self._asked(item, verdict)
            except ToolError as error:  # nobody needs to be asked about what can't be done
                return None, error.message, False
            reply = await self._ask(asked, self._approver.approve)
            if not reply.allowed:
                return None, f"Not allowed. {reply.text}", True
        return None, None, False

    async def _asked(self, item: _Prepared, ask: Ask) -> ApprovalAsked:
        """The question with what the call would do. Raises ToolError where it can't do anything."""
        assert item.tool is not None
        assert item.params is not None
        preview = item.tool.preview
        place = Standing(
            self._place.known_as or self._place.root,
            self._place.command_seconds,
            self._approver.confinement,
            item.effects.command is not None,
        )
        making = preview(item.params, self._context(item, None)) if preview else None
        return await question_of(item.call.id, ask, making, place)

    async def _ask(
        self, asked: ApprovalAsked, ask: Callable[[ApprovalAsked], Awaitable[Reply]]
    ) -> Reply:
        self._recorder.emit(asked)
        try:
            reply = await ask(asked)
        except asyncio.CancelledError:
            self._recorder.emit(ApprovalAnswered(asked.call_id, False, "interrupted", "nobody"))
            raise
        self._recorder.emit(
            ApprovalAnswered(asked.call_id, reply.allowed, reply.text, reply.by, reply.scope)
        )
        return reply

    def _context(self, item: _Prepared, answer: str | None) -> ToolContext:
        return ToolContext(
            self._place.root,
            self._seen,
            self._place.commands,
            lambda text: self._recorder.emit(ToolOutput(item.call.id, text)),
            answer,
            self._place.outputs,
            self._place.code,
            self._place.refuse_broken,
            self._place.request_paths,
            None if item.may_write is None else item.may_write.covers,
            self._place.checker,
            self._place.look_at_plan,
        )

    async def _call(self, item: _Prepared, answer: str | None) -> ToolResult:
        assert item.tool is not None
        assert item.params is not None
        try:
            result = await item.tool.run(item.params, self._context(item, answer))
        except ToolError as error:
            return ToolResult(error.message, ok=False)
        except OSError as error:
            return ToolResult(
                f"{error.strerror or error}: {error.filename or ''}".strip(" :"), ok=False
            )
        self._seen.update(result.seen)
        return result

    def _finish(self, item: _Prepared, result: ToolResult, seconds: float) -> ToolMessage:
        text = sendable(result.text) or "(no output)"
        self._recorder.emit(
            ToolFinished(
                item.call.id,
                result.ok,
                text,
                round(seconds, 3),
                sendable(result.title or item.title),
                sendable(result.detail),
                dict(result.seen) or None,
            )
        )
        return ToolMessage(item.call.id, text, result.ok)


def _files(effects: Effects) -> tuple[str, ...]:
    """What is known to be written. What a tool will find below a folder, it asks for when it does."""
    return tuple(path for path in effects.writes if not path.endswith("/"))


def _below(root: Path, effects: Effects) -> Effects:
    """The same effects with absolute paths inside the root made relative, so that one file has one name."""

    def relative(paths: tuple[str, ...]) -> tuple[str, ...]:
        prefix = f"{root}/"
        return tuple("." if p == str(root) else p.removeprefix(prefix) for p in paths)

    return replace(effects, reads=relative(effects.reads), writes=relative(effects.writes))


def sendable(text: str) -> str:
    """Text without lone surrogates, which neither JSON nor the API can carry."""
    return text.encode("utf-8", "replace").decode("utf-8")
