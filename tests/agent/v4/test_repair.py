"""Verdicts on answers, row by row."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.v4.announce import announces
from leadline.agent.v4.dsml import find_markup
from leadline.agent.v4.repair import Accept, Again, Caps, Fault, judge
from leadline.agent.v4.stream import Counted, Draft, DraftCall
from leadline.tests.agent.v4.bench import SCHEMAS

CAPS = Caps(max_tokens=1_000, turn=4)
ALL: frozenset[Fault] = frozenset(
    {"broken_call", "markup", "empty", "answer_in_reasoning", "repetition", "filtered"}
)
SETTLED = Caps(max_tokens=1_000, turn=4, settled=ALL)
GOOD = DraftCall("c1", "read", '{"path": "a.py"}')
CUT = DraftCall("c2", "read", '{"path": "a.p')
BAR = "\uff5c"


def draft(
    text: str = "",
    *calls: DraftCall,
    reasoning: str = "thought",
    finish: str = "stop",
    output: int = 10,
) -> Draft:
    return Draft(reasoning, text, calls, finish, Counted(100, output, 5, 0), "m")


def accepted(verdict: Accept | Again) -> Accept:
    assert isinstance(verdict, Accept)
    return verdict


def test_a_good_answer_is_taken_as_it_is():
    verdict = accepted(judge(draft("Look.", GOOD, finish="tool_calls"), SCHEMAS, CAPS))
    assert (verdict.text, verdict.reasoning, verdict.finish) == ("Look.", "thought", "tool_calls")
    assert [(call.id, call.arguments_json) for call in verdict.calls] == [("c1", GOOD.arguments)]
    assert (verdict.repairs, verdict.nudge, verdict.verbatim) == ((), None, True)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (draft("", reasoning=""), "empty"),
        (draft(" \n", reasoning=" "), "empty"),
        (draft("", finish="length", reasoning=""), "empty"),
        (draft(""), "answer_in_reasoning"),
        (draft("x", finish="content_filter"), "filtered"),
        (draft("x", CUT, finish="tool_calls"), "broken_call"),
        (draft("x", DraftCall("c", "", "{}")), "broken_call"),
        (draft("x", DraftCall("c", 'read">', "{}")), "broken_call"),
        (draft(f"<{BAR}DSML{BAR}tool_calls>"), "markup"),
        (draft(f"<{BAR}DSML{BAR}tool_calls>", GOOD), "markup"),
    ],
)
def test_what_is_asked_for_again(answer: Draft, fault: str):
    verdict = judge(answer, SCHEMAS, CAPS)
    assert isinstance(verdict, Again)
    assert verdict.fault == fault


def test_nothing_at_all_is_never_kept():
    assert isinstance(judge(draft("", reasoning=""), SCHEMAS, SETTLED), Again)
    assert isinstance(judge(draft("x", finish="content_filter"), SCHEMAS, SETTLED), Again)


def test_a_broken_call_takes_those_after_it_along():
    third = DraftCall("c3", "shell", '{"command": "ls"}')
    verdict = accepted(judge(draft("x", GOOD, CUT, third), SCHEMAS, SETTLED))
    assert [call.id for call in verdict.calls] == ["c1"]
    assert verdict.nudge is not None
    assert "1 after it" in verdict.nudge
    assert not verdict.verbatim


@pytest.mark.parametrize(
    "answer",
    [
        draft("x", CUT, finish="length"),
        draft("x", CUT, finish="tool_calls", output=990),
        draft("x", DraftCall("c", "read", ""), finish="length"),
    ],
)
def test_a_call_cut_by_the_output_limit_is_not_asked_for_again(answer: Draft):
    verdict = accepted(judge(answer, SCHEMAS, CAPS))
    assert verdict.calls == ()
    assert verdict.nudge is not None
    assert "1000 tokens" in verdict.nudge
    assert "smaller pieces" in verdict.nudge


def test_an_answer_cut_by_the_output_limit_is_kept_and_goes_on():
    verdict = accepted(judge(draft("The fix is to", finish="length"), SCHEMAS, CAPS))
    assert (verdict.text, verdict.finish) == ("The fix is to", "length")
    assert verdict.nudge is not None
    verdict = accepted(judge(draft("", finish="length"), SCHEMAS, CAPS))
    assert verdict.reasoning == "thought"
    assert verdict.nudge is not None
    assert "while thinking" in verdict.nudge


def test_ids_that_lack_or_repeat_are_made_unique():
    calls = [
        DraftCall("", "read", "{}"),
        DraftCall("c1", "read", "{}"),
        GOOD,
        DraftCall("", "x", "{}"),
    ]
    verdict = accepted(judge(draft("", *calls), SCHEMAS, CAPS))
    ids = [call.id for call in verdict.calls]
    assert ids == ["call_4_0", "c1", "call_4_2", "call_4_3"]


def test_unknown_tools_and_missing_arguments_are_left_to_dispatch():
    calls = [DraftCall("1", "no_such_tool", "{}"), DraftCall("2", "functions.read", "{}")]
    verdict = accepted(judge(draft("", *calls), SCHEMAS, CAPS))
    assert [call.name for call in verdict.calls] == ["no_such_tool", "functions.read"]
    assert verdict.repairs == ()


CALLS = st.builds(
    DraftCall,
    st.text(max_size=4),
    st.sampled_from(["read", "shell", "", "x y"]),
    st.text(st.sampled_from('{}",:path1 '), max_size=20) | st.just('{"path": "a"}'),
)
TEXTS = st.text(max_size=20) | st.just(f"a <{BAR}DSML{BAR} calls> b") | st.just("now |DSML| then")


@settings(deadline=None)
@given(
    st.builds(
        draft,
        TEXTS,
        reasoning=st.text(max_size=5),
        finish=st.sampled_from(["stop", "length", "tool_calls", "content_filter"]),
    ),
    st.lists(CALLS, max_size=4),
    st.sampled_from([CAPS, SETTLED]),
)
def test_what_is_kept_can_always_be_replayed(base: Draft, calls: list[DraftCall], caps: Caps):
    answer = Draft(base.reasoning, base.text, tuple(calls), base.finish, base.usage, "m")
    verdict = judge(answer, SCHEMAS, caps)
    if isinstance(verdict, Again):
        return
    assert all(isinstance(json.loads(call.arguments_json), dict) for call in verdict.calls)
    ids = [call.id for call in verdict.calls]
    assert len(set(ids)) == len(ids)
    assert all(ids)
    assert find_markup(verdict.text, SCHEMAS) is None
    assert verdict.reasoning == base.reasoning
    assert (verdict.finish == "tool_calls") <= bool(verdict.calls)


def block(body: str, bar: str = BAR, space: str = " ", outer: str = "calls") -> str:
    def tag(text: str, slash: str = "") -> str:
        return f"<{slash}{bar}DSML{bar}{space}{text}>"

    body = body.replace("[[", tag("@").split("@")[0]).replace("[/", tag("@", "/").split("@")[0])
    return f"{tag(outer)}\n{body}\n{tag(outer, '/')}"


READ = '[[invoke name="read">\n[[parameter name="path" string="true">a.py[/parameter>\n[/invoke>'


@pytest.mark.parametrize(("bar", "space", "outer"), [
    (BAR, "", "tool_calls"),
    (BAR, " ", "calls"),
    ("|", "", "tool_calls"),
    ("|", " ", "calls"),
    (BAR, "", "function_calls"),
])  # fmt: skip
def test_markup_of_every_form_is_read(bar: str, space: str, outer: str):
    markup = find_markup("I read.\n\n" + block(READ, bar, space, outer), SCHEMAS)
    assert markup is not None
    assert markup.before == "I read."
    assert [(call.name, json.loads(call.arguments_json)) for call in markup.calls] == [
        ("read", {"path": "a.py"})
    ]


def test_values_of_markup_are_text_or_json():
    body = (
        '[[invoke name="read">[[parameter name="path" string="true">{"a": 1}\n<b>[/parameter>'
        '[[parameter name="limit" string="false">10,[/parameter>'
        '[[parameter name="whole">true[/parameter>[/invoke>' + READ
    )
    markup = find_markup(block(body), SCHEMAS)
    assert markup is not None
    assert [json.loads(call.arguments_json) for call in markup.calls] == [
        {"path": '{"a": 1}\n<b>', "limit": 10, "whole": True},
        {"path": "a.py"},
    ]


DOUBTFUL = {
    "not closed": block(READ).rsplit("<", 1)[0],
    "cut inside a value": block(READ).split("a.py")[0] + "a.p",
    "text follows": block(READ) + "\nand so on",
    "unknown tool": block(READ.replace('"read"', '"rm"')),
    "required argument lacks": block('[[invoke name="read">[/invoke>'),
    "no call": block(""),
    "value is no json": block(READ.replace('string="true">a.py', 'string="false">a.py')),
    "two values in one": block(READ.replace('string="true">a.py', 'string="false">1, "b": 2')),
    "same parameter twice": block(
        READ.replace("[/invoke>", '[[parameter name="path" string="true">b.py[/parameter>[/invoke>')
    ),
    "a mark alone": f"x {BAR}DSML{BAR} y",
    "wrong nesting": block(READ.replace("[/invoke>", "[/calls>")),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_doubtful_markup_is_never_run_nor_kept(name: str):
    text = "Before. " + DOUBTFUL[name]
    markup = find_markup(text, SCHEMAS)
    assert markup is not None
    assert markup.calls == ()
    assert isinstance(judge(draft(text), SCHEMAS, CAPS), Again)
    verdict = accepted(judge(draft(text), SCHEMAS, SETTLED))
    assert verdict.calls == ()
    assert "DSML" not in verdict.text
    assert verdict.nudge is not None


@pytest.mark.parametrize(
    "text",
    [
        "V4 writes `<|DSML|tool_calls>` there.",
        "```xml\n" + block(READ) + "\n```\nThat is the form.",
        "~~~\n" + block(READ) + "\n~~~",
        "DSML is its markup.",
        "a || b",
    ],
)
def test_text_about_markup_is_text(text: str):
    assert find_markup(text, SCHEMAS) is None


@pytest.mark.parametrize(
    "text",
    [
        "Let me now look at the tests:",
        "The bug is in add().\n\nLet me fix it.",
        "I'll run the tests now...",
        "I\u2019ll check the config first.",
        "Now let me update `calc.py`.",
        "Next, I will read the file",
        "\u73b0\u5728\u8ba9\u6211\u770b\u770b\u6d4b\u8bd5\u3002",
        "\u63a5\u4e0b\u6765\u6211\u5c06\u4fee\u6539\u6587\u4ef6\uff1a",
        "**Let me look at it:**",
    ],
)
def test_announcements(text: str):
    assert announces(text)
    verdict = accepted(judge(draft(text), SCHEMAS, CAPS))
    assert (verdict.text, verdict.verbatim) == (text, True)
    assert verdict.nudge is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Done: add() adds now.",
        "The tests pass. Let me know if you need more.",
        "Let me explain. The sign was wrong.",
        "Shall I fix it?",
        "I fixed it: the sign was wrong.",
        "It will run the tests on every push.",
        "\u6d4b\u8bd5\u901a\u8fc7\u4e86\u3002",
    ],
)
def test_no_announcements(text: str):
    assert not announces(text)


def test_schemas_may_be_odd():
    odd: dict[str, dict[str, Any]] = {"read": {"required": "path", "properties": 5}}
    markup = find_markup(block(READ), odd)
    assert markup is not None
    assert len(markup.calls) == 1
