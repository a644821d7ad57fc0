"""The tools in their fixed order, and their schemas in fixed bytes: a part of the prefix that all sessions share."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from ..prompts.render import render
from .ask import ASK
from .base import Tool
from .codemod import CODEMOD
from .edit import EDIT
from .outline import OUTLINE
from .read import READ
from .report import REPORT
from .request_paths import REQUEST_PATHS
from .schemas import JsonSchema, parameters_schema, wire_tool
from .search import SEARCH
from .shell import SHELL
from .update_plan import UPDATE_PLAN
from .write import WRITE

TOOLS: tuple[Tool[Any], ...] = (
    READ, SEARCH, OUTLINE, EDIT, WRITE, CODEMOD, SHELL, REQUEST_PATHS, UPDATE_PLAN, ASK, REPORT,
)  # fmt: skip
"""Any: each tool has its own parameter model, and a tuple can't say that."""


def tool(name: str) -> Tool[Any]:
    """The tool called `name`. Raises KeyError."""
    for candidate in TOOLS:
        if candidate.name == name:
            return candidate
    raise KeyError(name)


def schemas() -> dict[str, JsonSchema]:
    """The parameter schema of each tool by its name, as the model gets it."""
    return {item.name: parameters_schema(item.params) for item in TOOLS}


@cache
def schemas_json() -> str:
    """The `tools` array of a request, the same bytes in every process of a release."""
    wire = [
        wire_tool(name, render(f"tools/{name}"), parameters)
        for name, parameters in schemas().items()
    ]
    return json.dumps(wire, ensure_ascii=False, separators=(",", ":"))
