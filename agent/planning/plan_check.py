"""Whether a plan can be run, and the plan as it then is: spelled in one way, no two tasks at once on the same code."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import islice

from ...tools.code.model import CodeTree
from ...tools.codemods.faults import codemod_faults
from ...tools.git.names import printable
from ...tools.text import clipped, is_well_formed
from .plan import Area, Overlap, Plan, Task, WriteSet, folders_above, prerequisites
from .write_set import WriteSetError, new_folders, overlaps, resolve

MAX_TASKS = 100
MAX_FAULTS = 10
MAX_ITEMS = 20
"""Of a plan's checks, questions and assumptions, and of a task's checks."""
MAX_TITLE = 120
MAX_COMMAND = 1_000
MAX_TEXT = 20_000
"""Characters of a goal, a brief, and any other text."""
_MAX_NAMED = 3

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_NO_REASON = frozenset(("", "-", "n/a", "na", "no", "none", "null", "tbd", "todo"))
_SEPARATORS = frozenset((";", "&", "&&", "|", "||", "|&"))
_NEVER_FAIL = frozenset((":", "echo", "printf", "true", "/bin/true"))
_FILTERS = frozenset(("cat", "head", "less", "more", "sort", "tail", "tee"))
"""What a command is piped into to shorten its output; the shell then tells how the filter ended."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One sentence that says what to change. `task` is an id, or None for the plan as a whole; `key` is the field."""

    task: str | None
    key: str
    text: str

    def __str__(self) -> str:
        return self.text if self.task is None else f"task {self.task}: {self.text}"


@dataclass(frozen=True, slots=True)
class PlanFaults:
    """Why a plan can't be run; `str` is for the model. With `more` there are others beside these."""

    faults: tuple[Fault, ...]
    more: bool = False

    def __str__(self) -> str:
        lines = ["The plan can't be run as it is. Change this and send all of it again:"]
        lines += [f"- {fault}" for fault in self.faults]
        return "\n".join([*lines, "- and more; these first"] if self.more else lines)


@dataclass(frozen=True, slots=True)
class AddedDependency:
    """`task` now waits for `on`, because both write what `shared` spells."""

    task: str
    on: str
    shared: tuple[str, ...]

    @property
    def reason(self) -> str:
        named = ", ".join(printable(each) for each in self.shared[:_MAX_NAMED])
        left = len(self.shared) - _MAX_NAMED
        return f"both write {named}{f' and {left} more' if left > 0 else ''}"


@dataclass(frozen=True, slots=True)
class CheckedPlan:
    """A plan that can be run. `write_sets` are those of its tasks, in their order.

    For people: `added` dependencies, `new_paths` that a task is to make, and `own_checks`, commands of the plan's own.
    """

    plan: Plan
    write_sets: tuple[WriteSet, ...]
    added: tuple[AddedDependency, ...] = ()
    new_paths: tuple[str, ...] = ()
    own_checks: tuple[str, ...] = ()


def check_plan(plan: Plan, tree: CodeTree, known_checks: Sequence[str]) -> CheckedPlan | PlanFaults:
    """The plan in its one spelling with the dependencies it lacked, or all that keeps it from being run.

    `known_checks` are the commands that the project or the person gave; others are let in if they can fail. The same
    plan gives the same bytes, and a checked one is left as it is.
    """
    plan = _spelled(plan)
    sets: dict[str, WriteSet] = {}
    found = list(islice(_faults(plan, tree, frozenset(known_checks), sets), MAX_FAULTS + 1))
    if found:
        return PlanFaults(tuple(found[:MAX_FAULTS]), len(found) > MAX_FAULTS)
    tasks = [replace(task, paths=sets[task.id].entries) for task in plan.tasks]
    tasks, added = _separated(tasks, sets, tree)
    plan = replace(plan, tasks=tuple(tasks))
    folders = {"", *(above for path in tree.files for above in folders_above(path))}
    areas = [area for write_set in sets.values() for area in write_set.areas]
    new = {str(area): None for area in areas if _is_new(area, tree, folders)}
    checks = [*plan.checks, *(check for task in tasks for check in task.checks)]
    own = {check: None for check in checks if not _is_known(check, known_checks)}
    return CheckedPlan(plan, tuple(sets.values()), tuple(added), tuple(new), tuple(own))


def _is_new(area: Area, tree: CodeTree, folders: set[str]) -> bool:
    return area.path not in (folders if area.kind == "folder" else tree.files)


# --- one spelling ---


def _spelled(plan: Plan) -> Plan:
    order = {task.id.strip(): number for number, task in enumerate(plan.tasks)}
    return Plan(
        plan.goal.strip(),
        tuple(_spelled_task(task, order) for task in plan.tasks),
        _items(plan.checks),
        _items(plan.open_questions),
        _items(plan.assumptions),
    )


def _spelled_task(task: Task, order: Mapping[str, int]) -> Task:
    wanted = sorted(_items(task.depends_on), key=lambda name: (order.get(name, len(order)), name))
    return Task(
        task.id.strip(),
        " ".join(task.title.split()),
        task.brief.strip(),
        tuple(dict.fromkeys(task.paths)),
        tuple(wanted),
        _items(task.checks),
        task.no_check_reason.strip(),
        task.tier,
        task.codemod and replace(task.codemod, paths=tuple(dict.fromkeys(task.codemod.paths))),
    )


def _items(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(stripped for text in texts if (stripped := text.strip())))


# --- faults ---


def _faults(
    plan: Plan, tree: CodeTree, known: frozenset[str], sets: dict[str, WriteSet]
) -> Iterator[Fault]:
    """What is wrong, the plan itself first. Puts the tasks' write sets into `sets` on the way."""
    yield from _text_faults(None, "goal", plan.goal)
    for key, texts in (
        ("checks", plan.checks),
        ("open_questions", plan.open_questions),
        ("assumptions", plan.assumptions),
    ):
        yield from _list_faults(None, key, texts)
    for command in plan.checks:
        yield from _check_faults(None, command, known)
    if not plan.tasks:
        yield Fault(None, "tasks", "the plan has no tasks; give at least one.")
    if len(plan.tasks) > MAX_TASKS:
        text = (
            f"{len(plan.tasks)} tasks are too many (at most {MAX_TASKS}); put small ones together."
        )
        yield Fault(None, "tasks", text)
        return
    yield from _id_faults(plan.tasks)
    yield from _order_faults(plan.tasks)
    made = new_folders((path for task in plan.tasks for path in task.paths), tree)
    for task in plan.tasks:
        yield from _task_faults(task, known)
        yield from _path_faults(task, tree, made, sets)


def _id_faults(tasks: Sequence[Task]) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, task in enumerate(tasks, 1):
        shown = _shown(task.id)
        if not _ID.fullmatch(task.id):
            rule = "letters, digits, - and _, at most 40, the first a letter or digit"
            yield Fault(None, "id", f"task {number} has the id `{shown}`; an id is made of {rule}.")
        elif task.id.casefold() in seen:
            yield Fault(None, "id", f"the id {shown} is given twice; give each task its own.")
        seen.add(task.id.casefold())


def _order_faults(tasks: Sequence[Task]) -> Iterator[Fault]:
    """Dependencies on no task or on itself, then a cycle among the others."""
    ids = [task.id for task in tasks]
    for task in tasks:
        for name in task.depends_on:
            if name == task.id:
                yield _fault(task, "depends_on", "it depends on itself; take that out.")
            elif name not in ids:
                near = difflib.get_close_matches(name[:100], ids, 1)
                hint = f"did you mean {near[0]}?" if near else f"the ids are {_some(ids)}."
                text = f"it depends on `{_shown(name)}`, which is no task of the plan; {hint}"
                yield _fault(task, "depends_on", text)
    direct = {
        task.id: [name for name in task.depends_on if name in ids and name != task.id]
        for task in tasks
    }
    try:
        TopologicalSorter(direct).prepare()
    except CycleError as error:
        # Each of the cycle comes before the next one; told the other way round: each waits for the next.
        cycle: list[str] = list(reversed(error.args[1]))
        way = " -> ".join(map(_shown, cycle))
        text = f"tasks wait for each other in a circle: {way}; take one of these dependencies out."
        yield Fault(None, "depends_on", text)


def _task_faults(task: Task, known: frozenset[str]) -> Iterator[Fault]:
    yield from _text_faults(task, "title", task.title, MAX_TITLE)
    yield from _text_faults(task, "brief", task.brief)
    yield from _list_faults(task, "checks", task.checks)
    for command in task.checks:
        yield from _check_faults(task, command, known)
    if task.no_check_reason:
        yield from _text_faults(task, "no_check_reason", task.no_check_reason)
    if not task.checks and task.no_check_reason.casefold().rstrip(".") in _NO_REASON:
        text = "it has no check; name a command in checks, or say in no_check_reason why there is none."
        yield _fault(task, "checks", text)


def _path_faults(
    task: Task, tree: CodeTree, made: frozenset[str], sets: dict[str, WriteSet]
) -> Iterator[Fault]:
    if not task.paths:
        text = (
            "its paths are empty; name what it writes, or leave it out if it only looks or checks."
        )
        yield _fault(task, "paths", text)
    try:
        sets[task.id] = resolve(task.paths, tree, made)
    except WriteSetError as error:
        for fault in error.faults:
            yield _fault(task, "paths", fault.message)
    yield from _codemod_faults(task, tree, made, sets.get(task.id))


def _codemod_faults(
    task: Task, tree: CodeTree, made: frozenset[str], allowed: WriteSet | None
) -> Iterator[Fault]:
    """A codemod changes whole files, so a symbol in the task's paths is no leave for it."""
    if task.codemod is None:
        return
    faults = [_fault(task, "codemod", f"codemod: {text}") for text in codemod_faults(task.codemod)]
    yield from faults
    if faults:
        return
    try:
        places = resolve(task.codemod.paths, tree, made)
    except WriteSetError as error:
        for fault in error.faults:
            yield _fault(task, "codemod", f"codemod: {fault.message}")
        return
    outside = [
        str(place)
        for place in places.areas
        if allowed is not None and not any(area.contains(place) for area in allowed.areas)
    ]
    if outside:
        named = _some([f"`{path}`" for path in outside])
        text = f"its codemod may change {named}, which its paths don't hold as a whole; add that to paths."
        yield _fault(task, "codemod", text)


def _list_faults(task: Task | None, key: str, texts: Sequence[str]) -> Iterator[Fault]:
    if len(texts) > MAX_ITEMS:
        yield _fault(task, key, f"{key} has {len(texts)} entries; at most {MAX_ITEMS} are allowed.")
        return
    for text in texts:
        yield from _text_faults(task, key, text)


def _text_faults(task: Task | None, key: str, text: str, most: int = MAX_TEXT) -> Iterator[Fault]:
    if not text:
        yield _fault(task, key, f"{key} is empty; say it in a few words.")
    elif len(text) > most:
        yield _fault(
            task, key, f"{key} has {len(text):,} characters; at most {most:,} are allowed."
        )
    elif not is_well_formed(text):
        yield _fault(task, key, f"{key} has half of a surrogate pair; write the whole character.")


def _fault(task: Task | None, key: str, text: str) -> Fault:
    return Fault(None if task is None else _shown(task.id), key, text)


def _shown(text: str) -> str:
    return printable(clipped(text, 60))


def _some(ids: Sequence[str]) -> str:
    left = len(ids) - MAX_FAULTS
    named = ", ".join(map(_shown, ids[:MAX_FAULTS]))
    return f"{named} and {left} more" if left > 0 else named


# --- checks ---


def _is_known(command: str, known: Sequence[str]) -> bool:
    """Whether a command is one of the project's, be it with more arguments."""
    words = _words(command)
    if words is None or _SEPARATORS.intersection(words):
        return command in known
    return any(command == each or command.startswith(f"{each} ") for each in known)


def _check_faults(task: Task | None, command: str, known: frozenset[str]) -> Iterator[Fault]:
    """Why a command proves nothing. What the person or the project gave is their matter."""
    if command in known:
        return
    said = f"the check `{_shown(command)}`"
    if len(command) > MAX_COMMAND or not command.isprintable():
        yield _fault(
            task, "checks", f"{said} is not one line of plain text; join commands by `&&`."
        )
        return
    words = _words(command)
    if words is None:
        yield _fault(task, "checks", f"{said} has a quote that is not closed; close it.")
    elif words:
        fault = _always_green(words)
        if fault:
            yield _fault(task, "checks", f"{said} {fault}")


def _words(command: str) -> list[str] | None:
    """The words of a command, what separates commands apart; None if a quote is not closed."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:
        return None


def _always_green(words: Sequence[str]) -> str:
    """Why a command can't fail, or empty."""
    ends = [at for at, word in enumerate(words) if word in _SEPARATORS]
    start = ends[-1] + 1 if ends else 0
    last, before = words[start:], words[ends[-1]] if ends else ""
    if not last:
        return "ends in a separator; end it with the command that proves the work."
    if last[0] in _NEVER_FAIL or list(last) == ["exit", "0"]:
        if before == "&&":
            return ""
        return "can't fail; name a command that fails when the work is wrong."
    if before in ("|", "|&") and last[0] in _FILTERS and "pipefail" not in words:
        return (
            f"hides how it ended behind `{last[0]}`; leave the pipe out, long output is cut anyway."
        )
    return ""


# --- tasks that would meet ---


def _separated(
    tasks: list[Task], sets: Mapping[str, WriteSet], tree: CodeTree
) -> tuple[list[Task], list[AddedDependency]]:
    """The tasks, each waiting for those before it in the list that it would meet.

    Only tasks are joined of which neither waits for the other, so no cycle can come of it. The nearest one before is
    looked at first: a row of tasks on one file becomes a chain, not a mesh.
    """
    tasks = list(tasks)
    added: list[AddedDependency] = []
    order = {task.id: number for number, task in enumerate(tasks)}
    before = prerequisites(tasks)
    for later, task in enumerate(tasks):
        for earlier in reversed(range(later)):
            on = tasks[earlier].id
            if on in before[task.id] or task.id in before[on]:
                continue
            shared = overlaps(sets[on], sets[task.id], tree)
            if not shared:
                continue
            depends = sorted({*tasks[later].depends_on, on}, key=order.__getitem__)
            tasks[later] = replace(tasks[later], depends_on=tuple(depends))
            before = prerequisites(tasks)
            added.append(AddedDependency(task.id, on, _spellings(shared)))
    return tasks, added


def _spellings(shared: Sequence[Overlap]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(each) for each in shared))
