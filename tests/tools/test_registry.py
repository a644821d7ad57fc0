"""The tools as the model sees them: pinned, because every byte is in every prefix, and short."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from deepseek_recipe import (
    ChatCompletionRequest,
    ConversionOptions,
    DeepseekV4Encoding,
    DeepseekV41Encoding,
)
from leadline.agent.rehearsal.tokens import vocabulary
from leadline.prompts.render import render
from leadline.tools.params import Params
from leadline.tools.registry import TOOLS, schemas, schemas_json, tool
from leadline.tools.schemas import parameters_schema
from pydantic import Field
from syrupy.assertion import SnapshotAssertion

NAMES = [item.name for item in TOOLS]
MAX_SCHEMA_TOKENS = 1_420
"""Of all schemas together with the frame that DeepSeek renders around them."""
MAX_TOKENS = 2_090
"""Of all that comes before a session's first message."""


def test_the_order_is_fixed() -> None:
    expected = "read search outline edit write codemod shell request_paths update_plan ask report"
    assert expected.split() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_schemas(name: str, snapshot: SnapshotAssertion) -> None:
    assert json.dumps(schemas()[name], indent=1) == snapshot


@pytest.mark.parametrize("name", NAMES)
def test_descriptions(name: str, snapshot: SnapshotAssertion) -> None:
    assert render(f"tools/{name}") == snapshot


def test_the_wire_bytes_are_the_same_in_every_process() -> None:
    command = (
        "import sys; from leadline.tools.registry import schemas_json;"
        "sys.stdout.buffer.write(schemas_json().encode())"
    )
    for seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": seed, "LC_ALL": "C"}
        argv = [sys.executable, "-c", command]
        ran = subprocess.run(argv, check=True, capture_output=True, env=environment)
        assert ran.stdout == schemas_json().encode()


def test_the_wire_form() -> None:
    wire = json.loads(schemas_json())
    assert [item["function"]["name"] for item in wire] == NAMES
    assert all(item["type"] == "function" for item in wire)
    assert all(item["function"]["parameters"]["type"] == "object" for item in wire)
    assert schemas_json().isascii()


@pytest.mark.parametrize(
    ("model", "encoding"),
    [("DeepSeek-V4.1-Flash", DeepseekV41Encoding()), ("DeepSeek-V4-Pro", DeepseekV4Encoding())],
)
def test_what_the_schemas_cost(
    model: str, encoding: DeepseekV4Encoding | DeepseekV41Encoding
) -> None:
    messages = [{"role": "system", "content": render("system")}, {"role": "user", "content": "x"}]

    def tokens(tools: str) -> int:
        body = {"model": model, "messages": messages, "tools": json.loads(tools)}
        converted = ChatCompletionRequest(body).convert(ConversionOptions())
        return vocabulary().count(encoding.render_conversation(converted.conversation).prompt)

    everything = tokens(schemas_json())
    assert everything - tokens("[]") <= MAX_SCHEMA_TOKENS
    assert everything <= MAX_TOKENS


def test_tools_by_name() -> None:
    assert [tool(name).name for name in NAMES] == NAMES
    with pytest.raises(KeyError):
        tool("delete")


class Inner(Params):
    """Not for the model."""

    size: int = 3


class Outer(Params):
    inner: Inner = Field(description="a part")
    several: list[Inner] | None = None
    word: str | None = Field(default=None, description="one word")
    flag: bool = False


def test_a_schema_says_no_more_than_it_must() -> None:
    inner = {"type": "object", "properties": {"size": {"type": "integer", "default": 3}}}
    assert parameters_schema(Outer) == {
        "type": "object",
        "properties": {
            "inner": inner,
            "several": {"type": "array", "items": inner},
            "word": {"type": "string", "description": "one word"},
            "flag": {"type": "boolean"},
        },
        "required": ["inner"],
    }


def test_a_choice_of_types_is_refused() -> None:
    class Either(Params):
        value: int | str

    with pytest.raises(TypeError, match="one type"):
        parameters_schema(Either)
