"""A plan as people meet it: to read in a terminal, and as JSON to edit and hand back with `--plan FILE`."""

from __future__ import annotations

import dataclasses
import difflib
import json
import unicodedata
from collections.abc import Iterator, Sequence
from typing import cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from ...tools.codemods.model import Codemod, Rule
from ...tools.codemods.told import codemod_lines, places
from ...tools.errors import PersonError
from ...tools.files import plural
from ...tools.git.names import printable
from ...tools.text import clipped
from .plan import Plan, Task, remaining_chain
from .plan_check import CheckedPlan

COLUMNS = 80
MAX_CHARS = 4_000_000
"""Of a plan's file."""
MAX_FAULTS = 10
_MOST_SAID = 80
_PLAN_KEYS = [each.name for each in dataclasses.fields(Plan)]
_TASK_KEYS = [each.name for each in dataclasses.fields(Task)]
_CODEMOD_KEYS = [each.name for each in dataclasses.fields(Codemod)]
_RULE_KEYS = [each.name for each in dataclasses.fields(Rule)]
_PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)
_INDENT = 4
_LABEL = 9
_TEXTS = {
    "string_type": "must be a text",
    "tuple_type": "must be a list",
    "dataclass_type": "must be an object in { }",
    "dataclass_exact_type": "must be an object in { }",
    "dict_type": "must be an object in { }",
    "mapping_type": "must be an object in { }",
    "literal_error": 'must be "flash" or "pro"',
}


class PlanFileError(PersonError):
    """A text that is no plan; the message names each place."""


# --- to read ---


def show_plan(checked: CheckedPlan) -> str:
    """The plan for a terminal of 80 columns, nothing in it able to steer the terminal. Ends with a line end."""
    plan = checked.plan
    tasks = plan.tasks
    longest = max(remaining_chain(tasks).values(), default=0)
    head = [
        *_wrapped(plan.goal, ""),
        "",
        f"{plural(len(tasks), 'task')}, {longest} in a row at most",
    ]
    blocks = [head, *(_task(number, task) for number, task in enumerate(tasks, 1))]
    lists = (
        ("Checks at the end", plan.checks),
        ("Questions", plan.open_questions),
        ("Assumed", plan.assumptions),
        ("Order added", [f"{each.task} after {each.on}: {each.reason}" for each in checked.added]),
        ("To be made", checked.new_paths),
        ("Checks of the plan's own", checked.own_checks),
    )
    blocks += [_listed(title, items) for title, items in lists if items]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _task(number: int, task: Task) -> list[str]:
    head = f"{number}. "
    title = _wrapped(f"{task.id}: {task.title}", head, " " * len(head))
    rows = [("model", "Flash" if task.tier == "flash" else "Pro")]
    rows += [("after", ", ".join(task.depends_on))] if task.depends_on else []
    rows += _labelled("writes", task.paths)
    rows += _labelled("checks", task.checks)
    rows += [("no check", task.no_check_reason)] if task.no_check_reason else []
    if task.codemod is not None:
        rows += _labelled(
            "codemod", [*codemod_lines(task.codemod, MAX_CHARS), f"in {places(task.codemod)}"]
        )
    indent = " " * _INDENT
    hanging = " " * (_INDENT + _LABEL)
    lines = [
        line
        for label, text in rows
        for line in _wrapped(text, f"{indent}{label:<{_LABEL}}", hanging)
    ]
    brief = [line for part in task.brief.splitlines() for line in _wrapped(part, indent, indent)]
    script = task.codemod.script if task.codemod else ""
    code = [line for part in script.splitlines() for line in _verbatim(part, f"{indent}| ")]
    return [*title, *lines, *code, "", *brief]


def _labelled(label: str, texts: Sequence[str]) -> list[tuple[str, str]]:
    return [("" if at else label, text) for at, text in enumerate(texts)]


def _listed(title: str, items: Sequence[str]) -> list[str]:
    lines = [line for item in items for line in _wrapped(item, "  - ", " " * _INDENT)]
    return [f"{title}:", *lines]


def _wrapped(text: str, first: str, rest: str = "") -> list[str]:
    """`text` in lines of at most `COLUMNS`, begun with `first` and `rest`; a word that is longer is cut."""
    lines: list[str] = []
    line, used = first, _width(first)
    empty = True
    for piece in _pieces(text, COLUMNS - max(_width(first), _width(rest))):
        gap = 0 if empty else 1
        if not empty and used + gap + _width(piece) > COLUMNS:
            lines.append(line)
            line, used, gap = rest, _width(rest), 0
        line += " " * gap + piece
        used += gap + _width(piece)
        empty = False
    return [*lines, line.rstrip()]


def _verbatim(text: str, first: str) -> list[str]:
    """A line of code with its white space, cut where it is too long. A person is to see all that would run."""
    lines: list[str] = []
    line, used = first, _width(first)
    for char in printable(text.expandtabs(4)):
        if used + _columns(char) > COLUMNS:
            lines.append(line)
            line, used = first, _width(first)
        line += char
        used += _columns(char)
    return [*lines, line.rstrip()]


def _pieces(text: str, room: int) -> Iterator[str]:
    """The words of a text, each cut into parts of at most `room` columns."""
    for word in text.split():
        part, used = "", 0
        for char in printable(word):
            if used + _columns(char) > room:
                yield part
                part, used = "", 0
            part += char
            used += _columns(char)
        yield part


def _width(text: str) -> int:
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


# --- to edit ---


def plan_json(plan: Plan) -> str:
    """The plan as JSON, every key in its fixed place, so that it can be edited. `read_plan` gives the same plan back.

    What is not printable is escaped: what an editor shows is what there is. Ends with a line end.
    """
    text = json.dumps(dataclasses.asdict(plan), indent=2, ensure_ascii=False)
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text) + "\n"


def _escaped(char: str) -> str:
    return json.dumps(char)[1:-1]


def read_plan(text: str) -> Plan:
    """The plan that a person wrote or edited; whether it can be run is for `check_plan`.

    Raises PlanFileError: what is no JSON, keys that no plan has, values of another type, each with its place.
    """
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_CHARS:
        raise PlanFileError(f"The plan has more than {MAX_CHARS:,} characters; split the task.")
    value = _parsed(text)
    faults = _unknown_keys(value)
    try:
        plan = _PLAN.validate_json(text, strict=True)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        faults += [_told(each, value) for each in details]
    else:
        if not faults:
            return plan
    left = len(faults) - MAX_FAULTS
    lines = ["The plan's file needs changes:", *(f"- {fault}." for fault in faults[:MAX_FAULTS])]
    raise PlanFileError("\n".join([*lines, f"- and {left} more."] if left > 0 else lines))


class _RepeatedKeyError(ValueError):
    """An object of the file has a key twice, so that one of the values would be lost."""


def _parsed(text: str) -> object:
    try:
        text.encode()
        return json.loads(text, object_pairs_hook=_unrepeated)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise PlanFileError(f"The plan is no JSON: {error.msg} ({where}).") from error
    except _RepeatedKeyError as error:
        raise PlanFileError(f"The plan's file needs changes:\n- {error}.") from error
    except UnicodeEncodeError as error:
        raise PlanFileError("The plan is no UTF-8 text; save it as such.") from error
    except (RecursionError, ValueError) as error:
        raise PlanFileError("The plan is no JSON of a plan: it nests or counts too far.") from error


def _unrepeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        name = found.get("id")
        where = f"task {_said(name)}: " if isinstance(name, str) else ""
        raise _RepeatedKeyError(f'{where}the key "{_said(twice)}" is given twice')
    return found


def _unknown_keys(value: object) -> list[str]:
    """Keys that no plan and no task has, and what they may have been meant to be."""
    plan = _object(value)
    found = [f"{_odd(key, _PLAN_KEYS)}" for key in plan if key not in _PLAN_KEYS]
    for number, task in enumerate(_list(plan.get("tasks"))):
        where = _place(("tasks", number), value)
        codemod = _object(_object(task).get("codemod"))
        rules = map(_object, _list(codemod.get("rules")))
        for part, known in (
            (_object(task), _TASK_KEYS),
            (codemod, _CODEMOD_KEYS),
            *((rule, _RULE_KEYS) for rule in rules),
        ):
            found += [f"{where}: {_odd(key, known)}" for key in part if key not in known]
    return found


def _odd(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key[:_MOST_SAID].casefold(), known, 1, 0.5)
    hint = f'did you mean "{near[0]}"?' if near else f"the keys are {', '.join(known)}"
    return f'there is no key "{_said(key)}"; {hint}'.removesuffix("?")


def _told(error: ErrorDetails, value: object) -> str:
    """One fault in a person's words, its place first."""
    where, kind = error["loc"], error["type"]
    if kind == "missing":
        above = _place(where[:-1], value)
        return f'{above}: "{where[-1]}" is missing' if above else f'"{where[-1]}" is missing'
    said = _TEXTS.get(kind) or printable(clipped(error["msg"], _MOST_SAID))
    return f"{_place(where, value) or 'the plan'} {said}"


def _place(where: Sequence[int | str], value: object) -> str:
    """`task models, depends_on 2`: entries of lists are counted from 1."""
    parts: list[str] = []
    rest = list(where)
    if len(rest) > 1 and rest[0] == "tasks" and isinstance(rest[1], int):
        task = _object(_list(_object(value).get("tasks"))[rest[1]])
        name = task.get("id")
        parts.append(f"task {_said(name) if isinstance(name, str) else rest[1] + 1}")
        rest = rest[2:]
    for each in rest:
        if isinstance(each, int) and parts:
            parts[-1] += f" {each + 1}"
        else:
            parts.append(str(each))
    return ", ".join(parts)


def _object(value: object) -> dict[str, object]:
    return cast(dict[str, object], value) if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return cast(list[object], value) if isinstance(value, list) else []


def _said(text: str) -> str:
    return printable(clipped(text, _MOST_SAID))
