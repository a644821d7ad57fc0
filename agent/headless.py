"""A run without an interface: JSON lines for programs, and an account for people. Both listen to the same events."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Literal, Protocol

from pydantic import JsonValue

from ..tools.errors import Exit, PersonError
from ..tools.text import clipped
from .bus import Live, Published
from .events import (
    ApprovalAnswered,
    ApprovalAsked,
    Before,
    BudgetReached,
    CheckStarted,
    Durable,
    Event,
    Evidence,
    MessageCommitted,
    Packed,
    PlanChanged,
    Rebased,
    RepackWeighed,
    Repaired,
    RequestFailed,
    Routed,
    SessionResumed,
    SessionStarted,
    SnapshotTaken,
    Status,
    ToolFinished,
    ToolStarted,
    TurnStarted,
    UsageReported,
    Verified,
    Warned,
)
from .history.journal import encode, harmless
from .messages import AssistantMessage, UserMessage
from .passing import IndexProgress, Passing, ReasoningDelta, RetryScheduled, TextDelta
from .planning.plan_text import plan_json
from .result import EXIT_CODES, Bill, RunResult, TaskResult

Style = Literal["plain", "bold", "dim", "good", "bad", "warn"]
Span = str | tuple[Style, str]

COMMAND_SHOWN = 80
"""Characters of a check's command on the one line that tells how it went."""
TEXT_LINES = 12
"""Lines of one answer's text that people see; `leadline show` has all of them."""


class Screen(Protocol):
    """Where people's text goes. Everything written is hostile; making it harmless and fitting is the screen's part."""

    def line(self, *spans: Span) -> None: ...

    def fitted(self, *spans: Span) -> None: ...

    def paragraph(self, text: str, indent: int = 0, most: int | None = None) -> None: ...

    def status(self, text: str) -> None: ...


# --- for programs ---


class ByteStream(Protocol):
    def write(self, data: bytes, /) -> object: ...

    def flush(self) -> None: ...


class JsonLines:
    """Each durable event as one line, the same bytes as in the journal, and at the end `{"result": {...}}`.

    A stream that can't be written does not stop the run, whose journal has everything. `finish` tells of it, unless the
    reader just went away.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._fault: OSError | None = None

    def __call__(self, published: Published) -> None:
        if isinstance(published, Event):
            self._write(encode(published))

    def finish(self, result: RunResult) -> None:
        """Write the last line. Raises PersonError when not all lines could be written."""
        self._write(json_line({"result": result_json(result)}))
        if self._fault is not None and not isinstance(self._fault, BrokenPipeError):
            raise PersonError(
                f"The JSON lines can't be written: {self._fault.strerror}. "
                f"`leadline show {result.session} --json` prints them again.",
                Exit.NOT_DONE,
            )

    def _write(self, line: bytes) -> None:
        if self._fault is not None:
            return
        try:
            self._stream.write(line + b"\n")
            self._stream.flush()
        except OSError as error:
            self._fault = error


def json_line(value: JsonValue) -> bytes:
    """Compact UTF-8. A file name or patch that is no text loses its odd bytes here; `--patch` keeps them."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return harmless(text.encode("utf-8", "replace"))


def result_json(result: RunResult) -> dict[str, JsonValue]:
    """The result with its documented keys, which are always all there. Money in US dollars, times in seconds."""
    bill = result.bill
    return {
        "session": result.session,
        "status": result.status,
        "exit_code": int(result.exit_code),
        "summary": result.summary,
        "output": result.output,
        "changed": list(result.changed),
        "patch": result.patch,
        "commit": result.commit,
        "branch": result.branch,
        "evidence": [_evidence_json(each) for each in result.evidence],
        "notes": list(result.notes),
        "plan": None if result.plan is None else json.loads(plan_json(result.plan)),
        "tasks": [_task_json(each) for each in result.tasks],
        "assumptions": list(result.assumptions),
        "cost": {
            "usd": round(bill.cost, 8),
            "uncached_usd": round(bill.uncached, 8),
            "saved_usd": round(bill.uncached - bill.cost, 8),
            "requests": bill.requests,
        },
        "cache": {
            "hit_tokens": bill.hit,
            "miss_tokens": bill.miss,
            "output_tokens": bill.output,
            "hit_share": round(bill.hit_share, 4),
            "unexpected_misses": bill.unexpected_misses,
        },
        "models": list(result.models),
        "sandbox": result.sandbox,
        "turns": result.turns,
        "seconds": result.seconds,
    }


def failure_result(message: str, exit_code: Exit) -> RunResult:
    """The result of a run that ended before it began, or in a fault."""
    by_code: dict[Exit, Status] = {code: status for status, code in EXIT_CODES.items()}
    return RunResult(
        session="",
        status=by_code[exit_code],
        exit_code=exit_code,
        summary=message,
        patch="",
        changed=(),
        evidence=(),
        notes=(),
        bill=Bill(0.0, 0.0, 0, 0, 0, 0, 0),
        models=(),
        sandbox="",
        turns=0,
        seconds=0.0,
    )


def _task_json(task: TaskResult) -> dict[str, JsonValue]:
    return {**asdict(task), "models": list(task.models), "usd": round(task.usd, 8)}


def _evidence_json(evidence: Evidence) -> dict[str, JsonValue]:
    return {
        "command": evidence.command,
        "tree": evidence.tree,
        "exit_code": evidence.exit_code,
        "green": evidence.green,
        "passed": evidence.passed,
        "failed": evidence.failed,
        "skipped": evidence.skipped,
        "ran_nothing": evidence.ran_nothing,
        "seconds": evidence.seconds,
        "output_file": evidence.output_file,
        "before": _before_json(evidence.before),
    }


def _before_json(before: Before | None) -> JsonValue:
    if before is None:
        return None
    return {"failed": before.failed, "mended": before.mended, "new": before.new}


# --- for people ---


class Progress:
    """Tells a person what happens, line by line."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._titles: dict[str, str] = {}
        self._model = ""

    def __call__(self, published: Published) -> None:
        if isinstance(published, Live):
            self._passing(published.body)
        else:
            self._durable(published.body)

    def _passing(self, body: Passing) -> None:
        match body:
            case ReasoningDelta():
                self._screen.status("thinking")
            case TextDelta():
                self._screen.status("writing")
            case IndexProgress(done, total):
                self._screen.status(f"indexing the repository: {done:,} of {total:,} files")
            case RetryScheduled(reason, seconds, attempt):
                text = f"retry {attempt} in {seconds:.1f} s: {reason}"
                self._screen.line(("warn", text))
            case _:
                pass

    def _durable(self, body: Durable) -> None:
        match body:
            case SessionStarted() | SessionResumed() | Routed():
                self._opening(body)
            case Packed():
                self._screen.line(("dim", packed_line(body)))
            case RepackWeighed():
                self._screen.line(("dim", weighed_line(body)))
            case TurnStarted():
                self._screen.status("waiting for the model")
            case MessageCommitted(message=AssistantMessage(text=text)) if text.strip():
                self._screen.paragraph(text, most=TEXT_LINES)
            case MessageCommitted(message=UserMessage(text=text, origin="harness" | "delta")):
                self._screen.fitted(("dim", f"to the model: {text}"))
            case ToolStarted() | ToolFinished() | ApprovalAsked() | ApprovalAnswered():
                self._tool(body)
            case CheckStarted() | Verified():
                self._check(body)
            case PlanChanged():
                self._plan(body)
            case _:
                self._trouble(body)

    def _opening(self, body: SessionStarted | SessionResumed | Routed) -> None:
        match body:
            case SessionStarted():
                self._screen.line(("dim", f"{body.root}, mode {body.mode}"))
                self._screen.paragraph(body.sandbox)
            case SessionResumed(mode=mode):
                if mode is not None:
                    self._screen.line(("dim", f"mode {mode}"))
                self._screen.paragraph(body.sandbox)
                if body.interrupted_calls:
                    titles = "; ".join(body.interrupted_calls)
                    text = f"cut off when it was stopped, so perhaps done in part: {titles}"
                    self._screen.line(("warn", text))
            case Routed():
                line = f"{body.role}: {body.model}, effort {body.effort} ({body.reason})"
                if line != self._model:
                    self._model = line
                    self._screen.paragraph(line)

    def _tool(self, body: ToolStarted | ToolFinished | ApprovalAsked | ApprovalAnswered) -> None:
        match body:
            case ToolStarted():
                self._titles[body.call_id] = body.title or body.tool
                self._screen.status(body.title or body.tool)
            case ToolFinished():
                title = body.title or self._titles.get(body.call_id, "")
                seconds = f"{body.seconds:5.1f} s "
                if body.ok:
                    self._screen.fitted(("good", "ok     "), ("dim", seconds), title)
                else:
                    self._screen.fitted(("bad", "failed "), ("dim", seconds), title)
                    # Output of a command is long and begins with what went well; its title has the exit code.
                    if body.text.count("\n") <= 1:
                        self._screen.fitted(" " * 15, ("dim", body.text))
            case ApprovalAsked():
                self._screen.paragraph(body.question)
            case ApprovalAnswered():
                by = {"person": "by you", "rule": "by a rule", "nobody": "nobody is here to ask"}
                word = "go on" if body.allowed else "not allowed"
                self._screen.line(("dim", f"{word}: {by[body.by]}"))

    def _check(self, body: CheckStarted | Verified) -> None:
        if isinstance(body, CheckStarted):
            where = " on the tree as it was before" if body.before else ""
            self._screen.status(f"checking{where}: {body.command}")
            return
        style: Style = "dim" if body.before else "good" if body.evidence.green else "bad"
        self._screen.fitted(
            (style, "before " if body.before else "check  "),
            evidence_line(body.evidence, COMMAND_SHOWN),
        )

    def _plan(self, body: PlanChanged) -> None:
        done = sum(item.state == "done" for item in body.items)
        now = next((item.text for item in body.items if item.state == "doing"), "")
        tail = f": {now}" if now else ""
        self._screen.fitted(("dim", f"plan   {done} of {len(body.items)} done{tail}"))

    def _trouble(self, body: Durable) -> None:
        """What did not go as it should."""
        match body:
            case Warned(text):
                self._screen.line(("warn", f"warning: {text}"))
            case RequestFailed(reason=reason, retry=False):
                self._screen.line(("bad", f"request failed: {reason}"))
            case Repaired(fault, action):
                self._screen.line(("dim", f"answer with a fault ({fault}): {action}"))
            case Rebased(reason):
                self._screen.line(("dim", f"the cached prefix is given up: {reason}"))
            case BudgetReached(_, text):
                self._screen.line(("warn", text))
            case UsageReported(cause="ours" | "service", detail=detail):
                self._screen.line(("dim", f"unexpected cache miss: {detail}"))
            case SnapshotTaken(left_out=left_out) if left_out:
                names = ", ".join(left_out[:5]) + (", ..." if len(left_out) > 5 else "")
                text = f"not in the snapshots, so undo can't bring it back: {names}"
                self._screen.line(("warn", text))
            case _:
                pass


def evidence_line(evidence: Evidence, most: int | None = None) -> str:
    """A check in words: command, cut to `most` characters, counts, seconds."""
    rows = ((evidence.failed, "failed"), (evidence.passed, "passed"), (evidence.skipped, "skipped"))
    counts = ", ".join(f"{number} {word}" for number, word in rows if number)
    if evidence.ran_nothing:
        said = "no test ran, so it proves nothing"
    elif counts:
        said = counts
    elif evidence.exit_code is None:
        said = "ended before it had a result"
    else:
        said = f"exit code {evidence.exit_code}"
    command = evidence.command if most is None else clipped(evidence.command, most)
    return f"{command}: {said} in {evidence.seconds:.1f} s{_since(evidence.before)}"


def _since(before: Before | None) -> str:
    """What has changed since the tree before the first change."""
    if before is None:
        return ""
    if before.new:
        return f"; {before.new} of them new, {before.failed} failed before"
    if before.mended:
        return f"; {before.mended} of {before.failed} that failed before pass now, none is new"
    return (
        f"; all {before.failed} failed before as well"
        if before.failed > 1
        else "; it failed before as well"
    )


def packed_line(pack: Packed) -> str:
    """A pack in words: how much of the repository is in it, and what it costs."""
    which = f"all {pack.files:,}" if pack.complete else f"{pack.shown:,} of {pack.files:,}"
    whole = " whole" if pack.complete else ""
    return f"Packed {which} files{whole}, {pack.tokens:,} tokens, {pack.seconds:.1f} s"


def weighed_line(weighed: RepackWeighed) -> str:
    """The sum behind a decision for or against a new pack."""
    what = "a new pack" if weighed.repack else "no new pack"
    state = "cold" if weighed.cold else "warm"
    return (
        f"{what}: carrying on costs ${weighed.carry_on_usd:.5f}, a new one ${weighed.repack_usd:.5f} "
        f"({weighed.deltas:,} tokens of deltas, cache {state}, {plural(weighed.turns, 'turn')} expected)"
    )


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count} {one}" if count == 1 else f"{count} {many or one + 's'}"
