"""What a person reads at the end of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...agent.events import Evidence, Status
from ...agent.headless import Screen, Span, Style, evidence_line, plural
from ...agent.planning.schedule import State
from ...agent.result import RunResult, TaskResult
from ...tools.errors import Exit
from ..text import first_line

FILES_LISTED = 20
CHECKS_LISTED = 10
REPORTS_SHOWN = 10
"""Tasks, up to which each one's worker has a word at the end."""
TASKS_LISTED = 20
ASSUMPTIONS_LISTED = 20

SENTENCES: dict[Status, str] = {
    "planned": "Planned; nothing was changed.",
    "done": "Done and verified.",
    "unverified": "Done by the model's word; no check proves it.",
    "not_done": "Not done.",
    "permission": "Stopped: something it needed was not allowed.",
    "limit": "Stopped: a limit was reached.",
    "unavailable": "Stopped: the model could not be reached.",
    "conflict": "Stopped: something is left for you to decide.",
    "interrupted": "Interrupted.",
    "usage": "Not started.",
}


_TASK_STYLES: dict[State, Style] = {"done": "good", "failed": "bad", "skipped": "warn"}
"""Of a task in another state the run ended before it did."""


def _word(evidence: Evidence) -> Span:
    if evidence.green:
        return "good", "verified"
    return ("warn", "no worse") if evidence.no_worse else ("bad", "not green")


class Summary:
    """The block that ends a run."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, result: RunResult, *, ways_back: bool = True) -> None:
        """`ways_back`: tell how to look at the session and how to undo it."""
        style: Style = "good" if result.exit_code == Exit.DONE else "warn"
        self._screen.line()
        self._screen.line((style, SENTENCES[result.status]))
        if result.summary.strip():
            self._screen.paragraph(result.summary, indent=2)
        if result.status != "planned":
            self._tasks(result.tasks, at_home=bool(result.changed))
        self._changes(result)
        self._evidence(result.evidence)
        for note in result.notes:
            self._screen.line(("warn", "note"), f": {note}")
        self._assumptions(result.assumptions)
        self._money(result)
        if ways_back:
            self._ways_back(result)

    def _evidence(self, evidence: Sequence[Evidence]) -> None:
        """All that is not green, and as many of the others as a person looks at."""
        green = [each for each in evidence if each.green]
        for each in evidence:
            if not each.green or each in green[:CHECKS_LISTED]:
                self._screen.line(_word(each), f": {evidence_line(each)}")
        if len(green) > CHECKS_LISTED:
            more = plural(len(green) - CHECKS_LISTED, "more check is", "more checks are")
            self._screen.line(("good", "verified"), f": {more} green")

    def _tasks(self, tasks: Sequence[TaskResult], *, at_home: bool) -> None:
        """Those first that are not done: they are what a person has to look at. `at_home`: what is done has come into
        the person's tree."""
        if not tasks:
            return
        counts = Counter(each.state if each.state in _TASK_STYLES else "left" for each in tasks)
        said = ", ".join(f"{count} {state}" for state, count in counts.most_common())
        self._screen.line(f"{plural(len(tasks), 'task')}: {said}")
        listed = sorted(tasks, key=lambda task: task.state == "done")[:TASKS_LISTED]
        widest = max(len(each.id) for each in listed)
        for each in listed:
            style = _TASK_STYLES.get(each.state, "dim")
            word = each.state if each.state in _TASK_STYLES else "left"
            head = f"  {each.id:<{widest}}  {_took(each)}"
            self._screen.fitted("  ", (style, f"{word:<7}"), head, _told(each))
            if 1 < len(tasks) <= REPORTS_SHOWN and each.state == "done" and each.report:
                self._screen.paragraph(first_line(each.report), indent=10, most=2)
        if len(tasks) > TASKS_LISTED:
            self._screen.line(f"  and {len(tasks) - TASKS_LISTED} more")
        if counts["done"] and counts["left"] and not at_home:
            self._screen.line("what is done is kept in the session, and not in your tree yet")

    def _assumptions(self, assumptions: Sequence[str]) -> None:
        for each in assumptions[:ASSUMPTIONS_LISTED]:
            self._screen.line(("warn", "assumed"), f": {each}")
        if len(assumptions) > ASSUMPTIONS_LISTED:
            self._screen.line(f"  and {len(assumptions) - ASSUMPTIONS_LISTED} more assumptions")

    def _changes(self, result: RunResult) -> None:
        changes = tuple(diffstat(result.patch))
        if not changes:
            return
        added, removed = sum(c.added for c in changes), sum(c.removed for c in changes)
        self._screen.line(f"changed {plural(len(changes), 'file')}, +{added} -{removed}")
        for each in changes[:FILES_LISTED]:
            count = "binary" if each.binary else f"+{each.added} -{each.removed}"
            self._screen.fitted(f"  {count:>11}  ", each.path)
        if len(changes) > FILES_LISTED:
            self._screen.line(f"  and {len(changes) - FILES_LISTED} more")

    def _money(self, result: RunResult) -> None:
        bill = result.bill
        if not bill.requests:
            return
        saved = bill.uncached - bill.cost
        self._screen.paragraph(
            f"cost: ${bill.cost:.4f} for {plural(bill.requests, 'request')}, "
            f"{bill.hit_share:.1%} of {bill.hit + bill.miss:,} prompt tokens from the cache, "
            f"which saved ${max(saved, 0.0):.4f}"
        )
        if bill.unexpected_misses:
            count = plural(
                bill.unexpected_misses, "unexpected cache miss", "unexpected cache misses"
            )
            self._screen.line(("warn", f"{count}; `leadline cost {result.session}` says whose"))
        self._screen.line(
            f"models: {', '.join(result.models)}; {result.seconds:.0f} s, {result.turns} turns"
        )

    def _ways_back(self, result: RunResult) -> None:
        if result.commit:
            where = f" on {result.branch}" if result.branch else ""
            self._screen.line(f"commit: {result.commit}{where}")
        if result.status == "planned":
            self._screen.paragraph(
                "`leadline run --plan FILE` carries it out, FILE being its JSON, edited or as it is"
            )
        if result.session:
            name = result.session
            ways = [f"session {name}"]
            if result.status in ("interrupted", "limit", "unavailable"):
                ways.append("`leadline resume` goes on with it")
            if result.changed:
                ways.append(
                    "`leadline diff` shows the change, `leadline undo --to 0` takes it back"
                )
            self._screen.paragraph("; ".join(ways))


def _took(task: TaskResult) -> str:
    """What a task that is done cost. It stands before the title, which may be cut."""
    if task.state != "done":
        return ""
    tries = f" in {plural(task.tries, 'try', 'tries')}" if task.tries > 1 else ""
    return f"${task.usd:.4f}{tries}  "


def _told(task: TaskResult) -> str:
    """What a task was, and why it is not done, or done without a change."""
    return f"{task.title}: {task.reason}" if task.reason else task.title


# --- diffstat ---


@dataclass(frozen=True, slots=True)
class Changed:
    """Lines added to and removed from one file of a patch."""

    path: str
    added: int
    removed: int
    binary: bool


def diffstat(patch: str) -> Iterator[Changed]:
    """What a git patch changes, file by file. Hunk headers say how many lines belong to a hunk, so content that looks
    like a header is never taken for one."""
    path, added, removed, binary = "", 0, 0, False
    old = new = 0
    for line in patch.split("\n"):
        if old > 0 or new > 0:
            sign = line[:1]
            added += sign == "+"
            removed += sign == "-"
            old -= sign in ("-", " ", "")
            new -= sign in ("+", " ", "")
        elif line.startswith("diff --git "):
            if path:
                yield Changed(path, added, removed, binary)
            path, added, removed, binary = _named(line), 0, 0, False
        elif line.startswith("@@ "):
            old, new = _hunk_size(line)
        elif line.startswith(("--- ", "+++ ", "rename to ")):
            path = _better(line, path)
        elif line.startswith(("GIT binary patch", "Binary files ")):
            binary = True
    if path:
        yield Changed(path, added, removed, binary)


def _named(header: str) -> str:
    """The path of a file that was only created, deleted or made executable: both halves of the header are the same."""
    names = header.removeprefix("diff --git ")
    half = names[len(names) // 2 + 1 :]
    return half.removeprefix("b/")


def _better(line: str, path: str) -> str:
    """The path as the more precise lines say it; the old one where the new side is /dev/null."""
    name = line.removeprefix("rename to ") if line.startswith("rename") else line[4:]
    name = name.rstrip("\t")
    if name == "/dev/null":
        return path
    return name if line.startswith("rename") else name[2:]


def _hunk_size(header: str) -> tuple[int, int]:
    """Lines on the old and on the new side."""
    sizes = [part.partition(",")[2] or "1" for part in header.split(" ")[1:3]]
    return int(sizes[0]), int(sizes[1])
