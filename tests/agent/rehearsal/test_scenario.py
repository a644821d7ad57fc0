from __future__ import annotations

from typing import Any

import pytest
from leadline.agent.rehearsal import ScenarioError, load_scenario, parse_scenario
from leadline.agent.rehearsal.conversation import Conversation, WireBody, conversation_of
from leadline.agent.rehearsal.generate import Answer
from leadline.agent.rehearsal.scenario import Scenario, call_id


def turns(*tables: str) -> Scenario:
    """A scenario of turns, each given as the lines of its table."""
    return parse_scenario('name = "t"\n' + "".join(f"[[turn]]\n{table}\n" for table in tables))


def talk(*messages: dict[str, Any], model: str = "deepseek-flash", tools: str = "") -> Conversation:
    body = WireBody.model_validate(
        {
            "model": model,
            "messages": list(messages) or [{"role": "user", "content": "hello"}],
            "tools": [{"function": {"name": name}} for name in tools.split()],
        }
    )
    return conversation_of(body, model, thinking=True)


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def called(scenario: Scenario, step: str, tool: str, result: str) -> list[dict[str, Any]]:
    """An answer of `step` with one call, and the result that came."""
    mark = next(turn.mark() for turn in scenario.turn if turn.step == step)
    made = call_id(0, mark, result.encode())
    call = {"id": made, "type": "function", "function": {"name": tool, "arguments": "{}"}}
    return [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": made, "content": result},
    ]


def step(scenario: Scenario, conversation: Conversation) -> str:
    played = scenario.play(conversation)
    return f"none: {played}" if isinstance(played, str) else played[0].step


def answer(scenario: Scenario, conversation: Conversation) -> Answer:
    played = scenario.play(conversation)
    assert not isinstance(played, str), played
    return played[1]


LOOP = turns(
    'step = "look"\nwhen.answers = 0\ncall = [{ tool = "read", arguments = {} }]',
    'step = "fix"\nafter = ["look", "fix"]\nwhen.result = "FAILED"\n'
    'call = [{ tool = "edit", arguments = {} }]',
    'step = "end"\nafter = ["look", "fix"]\ntext = "All green."',
    'step = "more"\nafter = "end"\ntext = "As I said."',
)


def test_a_sequence_follows_what_really_happened() -> None:
    start = [user("go")]
    look = called(LOOP, "look", "read", "1 FAILED")
    again = called(LOOP, "fix", "edit", "still FAILED")
    green = called(LOOP, "fix", "edit", "ok")
    said = {"role": "assistant", "content": "All green.\n"}
    assert step(LOOP, talk(*start)) == "look"
    assert step(LOOP, talk(*start, *look)) == "fix"
    assert step(LOOP, talk(*start, *look, *again)) == "fix"
    assert step(LOOP, talk(*start, *look, *again, *green)) == "end"
    assert step(LOOP, talk(*start, *look, *green, said, user("sure?"))) == "more"


def test_nothing_is_remembered_between_requests() -> None:
    late = talk(user("go"), *called(LOOP, "look", "read", "ok"))
    assert [step(LOOP, late), step(LOOP, talk(user("go"))), step(LOOP, late)] == [
        "end",
        "look",
        "end",
    ]


@pytest.mark.parametrize(
    ("when", "conversation", "fits"),
    [
        ("answers = 0", talk(), True),
        ("answers = 1", talk(), False),
        ("answers_min = 1", talk(), False),
        ("answers_max = 0", talk(), True),
        ('role = "user"', talk(), True),
        ('role = "tool"', talk(), False),
        ('model = "deepseek-v4-pro"', talk(), False),
        ('model = "deepseek-v4-pro"', talk(model="deepseek-v4-pro"), True),
        ("thinking = false", talk(), False),
        ('offers = ["read", "edit"]', talk(tools="read edit"), True),
        ('offers = ["read", "edit"]', talk(tools="read"), False),
        ('system = "planner"', talk({"role": "system", "content": "a planner"}, user("x")), True),
        ('system = "planner"', talk(), False),
        ('first_user = "one"', talk(user("one"), user("two")), True),
        ('user = "one"', talk(user("one"), user("two")), False),
        ('any_user = "one"', talk(user("one"), user("two")), True),
        ('user = ["t", "wo"]', talk(user("two")), True),
        ('user = ["t", "x"]', talk(user("two")), False),
        ('user.lacks = "two"', talk(user("two")), False),
        ('any_user.lacks = "two"', talk(user("two"), user("one")), False),
        ("user.matches = '^b.d$'", talk(user("a\nbad\nc")), True),
        ('answer = "hm"', talk({"role": "assistant", "content": "hm"}, user("x")), True),
        ('result = "x"', talk(), False),
        ('result.lacks = "x"', talk(), True),
        ('result.tool = "read"', talk(), False),
        ('result.tool = "read"', talk(*called(LOOP, "look", "read", "r")), True),
        ('result.tool = "edit"', talk(*called(LOOP, "look", "read", "r")), False),
        ('result = "r"', talk(*called(LOOP, "look", "read", "r"), user("hurry")), True),
        (
            'any_result = "old"',
            talk(*called(LOOP, "look", "read", "old"), *called(LOOP, "fix", "edit", "new")),
            True,
        ),
        (
            'result = "old"',
            talk(*called(LOOP, "look", "read", "old"), *called(LOOP, "fix", "edit", "new")),
            False,
        ),
    ],
)
def test_conditions(when: str, conversation: Conversation, fits: bool) -> None:
    scenario = turns(f'step = "s"\nwhen.{when}\ntext = "yes"')
    assert (step(scenario, conversation) == "s") is fits


def test_content_and_tool_are_asked_of_the_same_result() -> None:
    both = turns('step = "s"\nwhen.result = { tool = "read", contains = "green" }\ntext = "yes"')
    calls = [
        {"id": f"c{i}", "type": "function", "function": {"name": name, "arguments": "{}"}}
        for i, name in enumerate(["read", "shell"])
    ]
    asked: dict[str, Any] = {"role": "assistant", "content": "", "tool_calls": calls}

    def results(*texts: str) -> list[dict[str, Any]]:
        return [
            {"role": "tool", "tool_call_id": f"c{i}", "content": text}
            for i, text in enumerate(texts)
        ]

    assert step(both, talk(asked, *results("green", "red"))) == "s"
    assert step(both, talk(asked, *results("red", "green"))).startswith("none")


def test_done_and_not_done() -> None:
    scenario = turns(
        'step = "first"\nwhen.not_done = "first"\ncall = [{ tool = "read", arguments = {} }]',
        'step = "rest"\nwhen.done = "first"\ntext = "yes"',
    )
    past = called(scenario, "first", "read", "r")
    assert step(scenario, talk()) == "first"
    assert step(scenario, talk(*past, {"role": "assistant", "content": "hm"}, user("x"))) == "rest"


def test_what_a_pattern_captured_is_inserted() -> None:
    scenario = turns(
        'step = "s"\n'
        "when.result.matches = ['line (?P<line>\\d+)', '^(?P<code>x .*)$']\n"
        'reasoning = "<<answers>> so far"\n'
        'text = "Line <<line>> of <<model>>: <<user>>"\n'
        'call = [{ tool = "read", arguments = { start = "<<line|int>>", old = ["<<code>>"] } },'
        ' { tool = "edit", raw = \'{"text": <<code|json>>, "at": <<line|int>>}\' }]'
    )
    made = answer(scenario, talk(user("go"), *called(LOOP, "look", "read", 'line 07\nx "= 1\n')))
    assert made.reasoning == "1 so far"
    assert made.text == "Line 07 of deepseek-flash: go"
    assert [(p.name, p.text) for p in made.calls[0].params] == [
        ("start", "7"),
        ("old", '["x \\"= 1"]'),
    ]
    assert [(p.name, p.text) for p in made.calls[1].params] == [("text", 'x "= 1'), ("at", "7")]


def test_a_text_with_insertions_is_known_again() -> None:
    scenario = turns(
        'step = "a"\nwhen.answers = 0\nwhen.user.matches = "(?P<n>[0-9]+)"\ntext = "Is <<n>> enough?"',
        'step = "b"\nafter = "a"\ntext = "yes"',
    )
    asked = answer(scenario, talk(user("take 12"))).text
    past = {"role": "assistant", "content": asked}
    assert step(scenario, talk(user("take 12"), past, user("so?"))) == "b"
    assert step(scenario, talk(user("x"), {"role": "assistant", "content": "Is"}, user("y"))) == (
        "none: no turn of scenario 't' fits this request "
        "(a: answers is 1, not 0; b: the newest answer is of no known step)"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = 't'\n", "turn: Field required"),
        ("name = 't'\nturn = []", "at least 1 item"),
        ("name = ", "not valid TOML"),
        ("name = 't'\n[[turn]]\nstep='s'\nwhen.usr = 'x'", "when.usr: Extra inputs"),
        ("name = 't'\n[[turn]]\nstep='s'\nwhen.user.matches = '('", "not a regular expression"),
        ("name = 't'\n[[turn]]\nstep='s'\n[[turn]]\nstep='s'", "two turns are called step 's'"),
        ("name = 't'\n[[turn]]\nstep='s'\nafter='z'", "there is no step 'z'"),
        ("name = 't'\n[[turn]]\nstep='s'\ntext='<<z>>'", "<<z>> is captured by no pattern"),
        ("name = 't'\n[[turn]]\nstep='s'\nfault='rain'", "no fault is called 'rain'"),
        ("name = 't'\n[[turn]]\nstep='s'\ncall=[{tool='x'}]", "either arguments or raw"),
    ],
)
def test_a_broken_file_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text, "fix-bug.toml")
    assert says in caught.value.message
    assert caught.value.message.startswith("fix-bug.toml ")


def test_a_missing_file_is_named(tmp_path: Any) -> None:
    with pytest.raises(ScenarioError, match=r"none\.toml cannot be read"):
        load_scenario(tmp_path / "none.toml")
