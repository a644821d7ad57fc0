"""What was allowed for good: exactly that, kept outside the repository."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.agent.asking.allowed import FILE, Rule, keep_rule, read_rules
from leadline.tools.errors import PersonError

RULE = Rule("May Leadline run `make test`?", "bubblewrap: no network")


def test_what_was_kept_is_read_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "projects" / "p"
    assert read_rules(folder) == frozenset()
    keep_rule(folder, RULE)
    keep_rule(folder, RULE)
    other = Rule("May Leadline run `make test install`?", RULE.confinement)
    keep_rule(folder, other)
    assert read_rules(folder) == {RULE, other}
    assert Rule(RULE.question, "no sandbox, as allowed") not in read_rules(folder)
    assert folder.stat().st_mode & 0o077 == 0


@given(rules=st.sets(st.builds(Rule, st.text(max_size=20), st.text(max_size=5)), max_size=5))
def test_any_rule_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rules: set[Rule]
) -> None:
    folder = tmp_path_factory.mktemp("rules")
    for rule in rules:
        keep_rule(folder, rule)
    assert read_rules(folder) == rules


@pytest.mark.parametrize("text", ["", "{}", '[{"question": "q"}]', '[{"question": 1}]', "[null]"])
def test_a_damaged_file_is_not_guessed_at(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(PersonError, match="Mend the file or remove it"):
        read_rules(tmp_path)
    with pytest.raises(PersonError):
        keep_rule(tmp_path, RULE)
    assert (tmp_path / FILE).read_text() == text


def test_sessions_that_keep_rules_at_once_lose_none(tmp_path: Path) -> None:
    rules = [Rule(f"q{number}", "c") for number in range(40)]

    def keep(some: list[Rule]) -> None:
        for rule in some:
            keep_rule(tmp_path, rule)

    threads = [threading.Thread(target=keep, args=(rules[at::4],)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_rules(tmp_path) == set(rules)
