"""The ask tool."""

from __future__ import annotations

from pathlib import Path

import pytest
from leadline.tests.support.workbench import Workbench
from leadline.tools.ask import ASK, AskParams
from leadline.tools.errors import ToolError


def test_the_question_is_declared_with_its_options() -> None:
    effects = ASK.effects(AskParams(question="Which one? ", options=["the old", "the new"]))
    assert effects.question == "Which one?\n1. the old\n2. the new"
    assert not effects.mutates
    assert ASK.effects(AskParams(question="Why?")).question == "Why?"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("both\n", "both"),
        ("2", "the new"),
        (" 1. ", "the old"),
        ("3", "3"),
        ("0", "0"),
        ("²", "²"),
        ("2 of them", "2 of them"),
    ],
)
async def test_the_answer_is_the_result(tmp_path: Path, answer: str, text: str) -> None:
    bench = Workbench(tmp_path, answer=answer)
    result = await bench.call(ASK, question="Which?", options=["the old", "the new"])
    assert (result.text, result.ok) == (text, True)


@pytest.mark.parametrize("answer", [None, "", "  "])
async def test_no_answer_is_told(tmp_path: Path, answer: str | None) -> None:
    with pytest.raises(ToolError, match="Nobody answered"):
        await Workbench(tmp_path, answer=answer).call(ASK, question="Which?")


def test_an_empty_question_is_never_put_to_anybody() -> None:
    with pytest.raises(ToolError, match="empty"):
        ASK.effects(AskParams(question=" "))


def test_null_stands_for_no_options() -> None:
    assert AskParams.model_validate({"question": "?", "options": None}).options is None
