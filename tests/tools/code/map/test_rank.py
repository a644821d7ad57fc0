"""Which files and symbols come first for a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from leadline.tests.support.maptrees import grow
from leadline.tools.code.map.rank import Hints, RankedFile, rank
from leadline.tools.code.map.signals import MOST_TOUCHED
from leadline.tools.code.map.task import read_task
from leadline.tools.code.model import CodeTree

MakeTree = Callable[[dict[str, str]], CodeTree]


@pytest.fixture
def make_tree(tmp_path: Path) -> MakeTree:
    return lambda files: grow(tmp_path, files)


FILES = {
    "README.md": "# Mail\n\nQuotes headers of messages.\n",
    "mail/headers.py": 'def quote_header(text):\n    """Quotes a header."""\n    return text\n',
    "mail/message.py": "from mail.headers import quote_header\n\n\nclass Message:\n"
    "    def render(self):\n        return quote_header(self.subject)\n\n"
    "    def attach(self, part):\n        self.parts.append(part)\n",
    "mail/smtp.py": "class Smtp:\n    def send(self, message):\n        self.socket.write(message)\n",
    "tests/test_headers.py": "from mail.headers import quote_header\n\n\ndef test_quote_header():\n"
    "    assert quote_header('a header') == 'a header'\n",
}


@dataclass(frozen=True)
class Past:
    changes: Mapping[str, int] = field(default_factory=dict[str, int])
    recent: Sequence[str] = ()


def ranked(tree: CodeTree, text: str, hints: Hints | None = None) -> list[RankedFile]:
    return rank(tree, read_task(text), hints or Hints(), 50)


def order(tree: CodeTree, text: str, hints: Hints | None = None) -> list[str]:
    return [one.path for one in ranked(tree, text, hints)]


def test_words_find_the_file_and_the_symbol(make_tree: MakeTree) -> None:
    best = ranked(make_tree(FILES), "Quoting of headers loses spaces")[0]
    assert best.path == "mail/headers.py"
    assert best.score == 1.0
    assert best.worth[0] > 0


def test_who_uses_what_was_found_comes_before_who_does_not(make_tree: MakeTree) -> None:
    paths = order(make_tree(FILES), "Quoting of headers loses spaces")
    assert paths.index("mail/message.py") < paths.index("mail/smtp.py")


def test_tests_come_after_what_they_test(make_tree: MakeTree) -> None:
    paths = order(make_tree(FILES), "quote_header loses spaces")
    assert paths[0] == "mail/headers.py"


def test_a_named_path_comes_first(make_tree: MakeTree) -> None:
    best = ranked(make_tree(FILES), "Quoting of headers: look at mail/smtp.py")[0]
    assert best.path == "mail/smtp.py"
    assert "named in the task" in best.why


def test_a_named_folder_comes_before_others(make_tree: MakeTree) -> None:
    paths = order(make_tree(FILES), "Spaces get lost in tests/ and nowhere else")
    assert paths[0] == "tests/test_headers.py"


def test_a_failing_test_is_shown_with_what_it_tests(make_tree: MakeTree) -> None:
    paths = order(make_tree(FILES), "FAILED tests/test_headers.py::test_quote_header - ValueError")
    assert paths[:2] == ["tests/test_headers.py", "mail/headers.py"]


def test_a_path_of_another_machine_is_found_by_its_end(make_tree: MakeTree) -> None:
    assert order(make_tree(FILES), "see /srv/app/mail/smtp.py")[0] == "mail/smtp.py"


def test_a_named_symbol_comes_first(make_tree: MakeTree) -> None:
    best = ranked(make_tree(FILES), "`attach` drops the last one")[0]
    assert best.path == "mail/message.py"
    assert "defines attach" in best.why
    names = [symbol.name for symbol in best.symbols]
    assert names[best.worth.index(max(best.worth))] == "attach"


def test_a_line_of_a_trace_finds_the_symbol_around_it(make_tree: MakeTree) -> None:
    trace = 'Traceback:\n  File "/srv/x/mail/message.py", line 6, in ?\n'
    best = ranked(make_tree(FILES), trace)[0]
    assert best.path == "mail/message.py"
    names = [symbol.name for symbol in best.symbols]
    scores = dict(zip(names, best.worth, strict=True))
    assert scores["render"] > scores["attach"]


def test_a_touched_folder_stands_for_its_files_unless_they_are_many(make_tree: MakeTree) -> None:
    assert order(make_tree(FILES), "It is slow", Hints(touched=("mail/",)))[0].startswith("mail/")
    many = {f"gen/part{number}.py": "x = 1\n" for number in range(MOST_TOUCHED + 1)}
    tree = make_tree(FILES | many)
    assert order(tree, "Quoting of headers", Hints(touched=("gen/",))) == order(
        tree, "Quoting of headers"
    )


def test_touched_files_come_up(make_tree: MakeTree) -> None:
    paths = order(make_tree(FILES), "It is slow", Hints(touched=("mail/smtp.py",)))
    assert paths[0] == "mail/smtp.py"


def test_what_nothing_speaks_for_follows_history(make_tree: MakeTree) -> None:
    past = Past({"mail/smtp.py": 9, "mail/message.py": 3})
    found = ranked(make_tree(FILES), "", Hints(past))
    assert [one.path for one in found][:3] == ["mail/smtp.py", "mail/message.py", "mail/headers.py"]
    assert all(one.score == 0 for one in found)


def test_history_decides_between_equals(make_tree: MakeTree) -> None:
    files = {"a.py": "def purge():\n    pass\n", "b.py": "def purge():\n    pass\n"}
    tree = make_tree(files)
    assert order(tree, "purge is slow") == ["a.py", "b.py"]
    assert order(tree, "purge is slow", Hints(Past({"b.py": 5}))) == ["b.py", "a.py"]
    assert order(tree, "purge is slow", Hints(Past(recent=("b.py",)))) == ["b.py", "a.py"]


def test_what_is_left_out_is_not_ranked(make_tree: MakeTree) -> None:
    tree = make_tree({"a.py": "def purge():\n    pass\n", "b.bin": "\0purge"})
    assert order(tree, "purge b.bin") == ["a.py"]


def test_at_most_as_many_as_asked_for(make_tree: MakeTree) -> None:
    tree = make_tree(FILES)
    assert len(rank(tree, read_task("quote header"), Hints(), 2)) == 2
