"""A codemod as a model sends it: read, and what is wrong with it told in words. Pure.

No schema says what it holds, because schemas are in every prefix.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from pydantic import Field, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from ..errors import ToolError
from ..git.names import printable
from ..params import Params
from ..text import clipped
from .faults import codemod_faults
from .model import Codemod, Rule

FORM = (
    'A codemod is {"paths": ["pkg/", "tests/**/*.py"], "rules": [{"language": "python", '
    '"pattern": "old($$$ARGS)", "rewrite": "new($$$ARGS)"}]}. Rules are ast-grep\'s, each on the result of those '
    "before: `$A` is any node, `$$$ARGS` any number. `rule`, in place of `pattern`, is a rule object of ast-grep's. "
    "`script`, in place of `rules`, is Python that defines `change(path, text)` and returns the new text; it "
    "gets every text file below `paths`."
)
MAX_FAULTS = 10
_MOST_SHOWN = 60
_FORMS = {
    "rules": "a list of objects, one a rule",
    "paths": "a list of texts",
    "rule": "a rule object of ast-grep's",
}


class SentRule(Params):
    language: str
    rewrite: str
    pattern: str = ""
    rule: dict[str, JsonValue] | None = None


class SentCodemod(Params):
    """Of the right types, and nothing else is known of it yet: see `codemod_faults`."""

    paths: list[str]
    rules: list[SentRule] = Field(default_factory=list[SentRule])
    script: str = ""


def codemod_of(sent: SentCodemod) -> Codemod:
    """The same codemod as a value of ours."""
    rules = (Rule(each.language, each.rewrite, each.pattern, each.rule) for each in sent.rules)
    return Codemod(tuple(sent.paths), tuple(rules), sent.script)


def read_codemod(sent: dict[str, JsonValue]) -> Codemod:
    """The codemod in a parameter. Raises ToolError: for each place what is wrong, and what to write there."""
    try:
        codemod = codemod_of(SentCodemod.model_validate(sent, strict=True))
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise _not_taken([told(each["loc"], each) for each in details], FORM) from error
    require_fit(codemod)
    return codemod


def require_fit(codemod: Codemod) -> None:
    """Raises ToolError: what keeps the codemod from being run."""
    faults = list(codemod_faults(codemod))
    if faults:
        raise _not_taken(faults)


def told(where: Sequence[int | str], error: ErrorDetails) -> str:
    """One fault of a type; `where` is its place in the codemod."""
    if not where:
        return f"`codemod` must be an object with the keys {_keys(SentCodemod)}."
    within: type[Params] = SentCodemod
    place = ""
    if len(where) > 1 and where[0] == "rules":
        place = f"rule {int(where[1]) + 1}: "
        where, within = where[2:], SentRule
        if not where:
            return f"{place}it must be an object with the keys {_keys(within)}."
    key = str(where[0])
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(_shown(key).casefold(), within.model_fields, 1, 0.5)
        hint = f"did you mean `{near[0]}`?" if near else f"the keys are {_keys(within)}."
        return f"{place}there is no key `{_shown(key)}`; {hint}"
    form = _FORMS.get(key, "a text")
    if error["type"] == "missing":
        return f"{place}`{key}` is missing; write {form}."
    if len(where) > 1 and key == "paths":
        return f"{place}entry {int(where[1]) + 1} of `paths` must be a text."
    return f"{place}`{key}` must be {form}."


def _not_taken(faults: Sequence[str], form: str = "") -> ToolError:
    left = len(faults) - MAX_FAULTS
    more = [f"- and {left} more; these first"] if left > 0 else []
    lines = [f"- {fault}" for fault in faults[:MAX_FAULTS]]
    end = [form] if form else []
    return ToolError("\n".join(["The codemod was not taken. Change this:", *lines, *more, *end]))


def _keys(model: type[Params]) -> str:
    return ", ".join(model.model_fields)


def _shown(text: str) -> str:
    return printable(clipped(text, _MOST_SHOWN))
