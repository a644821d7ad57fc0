"""What a model may send as a codemod, and what it is told of anything else."""

from __future__ import annotations

import json
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.tools.codemods.faults import codemod_faults
from leadline.tools.codemods.metavars import mentions, telling_words
from leadline.tools.codemods.model import Codemod, Rule
from leadline.tools.codemods.sent import FORM, read_codemod
from leadline.tools.errors import ToolError
from pydantic import JsonValue

RULE: dict[str, object] = {"language": "python", "pattern": "old($A)", "rewrite": "new($A)"}
SENT: dict[str, object] = {"paths": ["pkg/"], "rules": [RULE]}
NONE: list[str] = []
WIDE: dict[str, object] = {"all": [{"kind": "x"}] * 300}
DEEP: dict[str, object] = json.loads('{"not":' * 250 + "{}" + "}" * 250)


def read(sent: dict[str, object]) -> Codemod:
    return read_codemod(cast("dict[str, JsonValue]", sent))


def told(sent: dict[str, object]) -> list[str]:
    with pytest.raises(ToolError) as caught:
        read(sent)
    head, *lines = caught.value.message.split("\n")
    assert head == "The codemod was not taken. Change this:"
    return lines


def test_rules_and_scripts_are_read() -> None:
    rule = Rule("python", "new($A)", "old($A)")
    assert read(SENT) == Codemod(("pkg/",), (rule,))
    assert read({"paths": ["*.py"], "script": "x = 1"}) == Codemod(("*.py",), script="x = 1")
    inner: dict[str, JsonValue] = {"pattern": "old($A)", "inside": {"kind": "block"}}
    sent: dict[str, object] = {"language": "go", "rule": inner, "rewrite": "$A"}
    assert read(SENT | {"rules": [sent]}).rules == (Rule("go", "$A", rule=inner),)


def test_who_sends_nothing_is_told_the_form() -> None:
    assert told({}) == ["- `paths` is missing; write a list of texts.", FORM]


@pytest.mark.parametrize(
    ("sent", "line"),
    [
        ({"path": ["a"], "paths": ["a"], "script": "x"}, "there is no key `path`; did you mean `paths`?"),
        (SENT | {"rules": {"a": 1}}, "`rules` must be a list of objects, one a rule."),
        (SENT | {"rules": ["x"]}, "rule 1: it must be an object with the keys language, rewrite"),
        (SENT | {"rules": [RULE, {"language": "go", "pattern": "x"}]}, "rule 2: `rewrite` is missing"),
        (SENT | {"rules": [RULE | {"rewrit": "x"}]}, "rule 1: there is no key `rewrit`; did you mean"),
        (SENT | {"rules": [RULE | {"rule": "x"}]}, "rule 1: `rule` must be a rule object"),
        (SENT | {"paths": ["a", 3]}, "entry 2 of `paths` must be a text."),
        (SENT | {"script": 3}, "`script` must be a text."),
        (SENT | {"paths": NONE}, "`paths` is empty"),
        (SENT | {"paths": ["/etc"]}, "the path `/etc` is not inside the project"),
        (SENT | {"paths": ["a/../../b"]}, "the path `a/../../b` is not inside the project"),
        (SENT | {"paths": ["sub/.git/config"]}, "the path `sub/.git/config` lies in .git"),
        (SENT | {"paths": ["a\x1b[2J"]}, "the path `a?[2J` is empty, too long or not printable"),
        (SENT | {"paths": ["*/*/*/*/*/*.py"]}, "the path `*/*/*/*/*/*.py` has too many wildcards"),
        (SENT | {"script": "x"}, "it has `rules` and a `script`"),
        ({"paths": ["a"]}, "it has neither `rules` nor a `script`"),
        (SENT | {"rules": [RULE | {"language": "Pythn"}]}, "rule 1: no rules can be made for the language `Pythn`; d"),
        (SENT | {"rules": [RULE | {"language": "toml"}]}, "rule 1: no rules can be made for the language `toml`"),
        (SENT | {"rules": [RULE | {"pattern": " "}]}, "rule 1: it has no `pattern`"),
        (SENT | {"rules": [RULE | {"rule": {"kind": "x"}}]}, "rule 1: it has a `pattern` and a `rule`"),
        (SENT | {"rules": [RULE | {"pattern": "$A"}]}, "rule 1: its `pattern` matches everything"),
        (SENT | {"rules": [RULE | {"rewrite": "new($$$ARGS, $A)"}]}, "rule 1: its rewrite has $ARGS, which it"),
        (SENT | {"rules": [RULE | {"rewrite": "\0$A"}]}, "rule 1: it has a NUL"),
        (SENT | {"rules": [RULE | {"rewrite": "\ud800"}]}, "rule 1: it has a NUL or half of a surrogate"),
        (SENT | {"rules": [RULE] * 21}, "it has 21 rules; at most 20"),
        ({"paths": ["a"], "script": "x" * 20_001}, "`script` has 20,001 characters"),
        (SENT | {"rules": [{"language": "go", "rewrite": "", "rule": WIDE}]}, "rule 1: its `rule` has more than"),
        (SENT | {"rules": [{"language": "go", "rewrite": "", "rule": DEEP}]}, "rule 1: its `rule` has more than"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(sent: dict[str, object], line: str) -> None:
    assert told(sent)[0].startswith(f"- {line}")


def test_a_dollar_may_be_code() -> None:
    rule = Rule("bash", "export $FOO", "echo $A")
    assert list(codemod_faults(Codemod(("a",), (rule,)))) == []


def test_not_all_of_many_faults_are_said() -> None:
    lines = told({"paths": ["/a"] * 40, "script": "x"})
    assert lines[-1] == "- and 30 more; these first"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["language", "pattern", "rewrite", "rule", "any", "all", "odd"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["paths", "rules", "script", "odd"]), JSON, max_size=4))
def test_whatever_is_sent_is_read_or_told(sent: dict[str, object]) -> None:
    said = ""
    faults: list[str] = []
    try:
        faults = list(codemod_faults(read(SENT | sent)))
    except ToolError as error:
        said = error.message
    assert faults == []
    assert not said or "\n- " in said


def words(rule: Rule) -> set[tuple[str, ...]]:
    return {tuple(sorted(each)) for each in telling_words(rule)}


def test_the_words_that_tell_where_something_could_be() -> None:
    assert words(Rule("python", "", "self.$NAME.old($$$ARGS, key=1)")) == {("key", "old", "self")}
    assert words(Rule("python", "", "$A + $_B")) == set()
    either = Rule("go", "", rule={"any": [{"pattern": "a()"}, {"pattern": "b()"}, {"kind": "x"}]})
    assert words(either) == {("a",), ("b",)}
    both = Rule(
        "go", "", rule={"pattern": "a()", "inside": {"pattern": "b($$$X)"}, "not": {"pattern": "c"}}
    )
    assert words(both) == {("a", "b")}
    every = Rule(
        "go", "", rule={"all": [{"pattern": "a()"}, {"any": [{"pattern": "b"}, {"pattern": "c"}]}]}
    )
    assert words(every) == {("a", "b"), ("a", "c")}


def test_a_text_mentions_whole_words_only() -> None:
    alternatives = (frozenset({"load", "self"}),)
    assert mentions("self.load", alternatives)
    assert not mentions("self.load_all and loads", alternatives)
    assert not mentions("anything", ())
