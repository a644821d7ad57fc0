"""How files look at each level, and that counts of the fragments add up to the count of the text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.tools.code.map.levels import (
    MORE,
    file_forms,
    harmless,
    names_lines,
    shown_path,
    whole_body,
    whole_end,
    whole_header,
    whole_of,
)
from leadline.tools.code.map.listing import ETC, folders_of, listing
from leadline.tools.code.model import FileFacts, Symbol
from leadline.tools.code.tokens import count_tokens

BAR = "\N{FULLWIDTH VERTICAL LINE}"


def symbol(name: str, *, parent: int = -1, signature: str = "", doc: str = "") -> Symbol:
    return Symbol("function", name, name, 3, 9, signature or f"def {name}()", doc, parent)


def test_a_symbol_has_its_lines_its_signature_and_its_doc() -> None:
    facts = FileFacts((symbol("Box"), symbol("open", parent=0, doc="Opens it.")))
    box, opened = file_forms("a.py", facts.symbols).symbols
    assert box.line == "3-9 def Box()\n"
    assert opened.line == "3-9   def open()  # Opens it.\n"
    assert opened.holder == "Box:"


def test_names_stand_on_a_line_for_each_holder() -> None:
    facts = FileFacts((symbol("Box"), symbol("open", parent=0), symbol("shut", parent=0)))
    lines = names_lines(file_forms("a.py", facts.symbols), (0, 1, 2))
    assert lines == ["names: Box\n", "Box: open shut\n"]


def test_what_is_no_plain_name_gets_its_own_line() -> None:
    facts = FileFacts((symbol("operator=="), symbol("run")))
    lines = names_lines(file_forms("a.cpp", facts.symbols), (0, 1))
    assert lines == ["names: run\n", "3-9 def operator==()\n"]


def test_control_tokens_are_broken_up() -> None:
    for token in (f"<{BAR}User{BAR}>", "<think>", "</think>", f"{BAR}DSML{BAR}", "<|EOT|>"):
        assert token not in harmless(f"x {token} y")
    facts = FileFacts((symbol("f", signature=f"def f(x='<{BAR}User{BAR}>')"),))
    assert f"<{BAR}User" not in file_forms("a.py", facts.symbols).symbols[0].line


def test_odd_paths_are_quoted_on_one_line() -> None:
    assert shown_path("src/a-b_c.py") == "src/a-b_c.py"
    assert shown_path("a\nb.py") == '"a\\nb.py"'
    assert shown_path("a\udcff.py") == '"a\\udcff.py"'
    assert shown_path("with space.py") == '"with space.py"'


def whole_text(path: str, text: str) -> str:
    whole = whole_of(text)
    assert whole is not None
    return whole_header(path, whole) + whole_body(text) + whole_end(whole)


def test_whole_texts_say_what_they_are() -> None:
    assert whole_text("a.py", "x = 1\ny = 2\n") == "== a.py: whole, 2 lines\nx = 1\ny = 2\n"
    assert whole_text("a.py", "x = 1") == (
        "== a.py: whole, 1 line, no line end at the end\nx = 1\n"
    )
    assert whole_text("a.py", "x\r\n") == "== a.py: whole, 1 line, CRLF line ends\nx\n"


def test_a_text_with_headers_of_its_own_is_fenced_by_longer_ones() -> None:
    text = "== b.py: whole, 1 line\n=== c\n"
    assert whole_text("a.txt", text) == f"==== a.txt: whole, 2 lines\n{text}==== end\n"


def test_what_can_not_be_shown_as_it_is() -> None:
    for text in ("", "a\r\nb\n", "a\rb\n", "\udcff\n", f"<{BAR}User{BAR}>\n", "<think>\n"):
        assert whole_of(text) is None


TEXT = st.lists(
    st.sampled_from([*"aB1 _.=<(\"'\n\t:#/\u4fee\u00e9\u2028\u0301", "\r\n", "== ", "name"]),
    max_size=30,
).map("".join)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(TEXT.filter(bool), TEXT, TEXT), min_size=1, max_size=5), TEXT)
def test_counts_of_an_outline_add_up(parts: list[tuple[str, str, str]], path: str) -> None:
    facts = FileFacts(
        tuple(
            Symbol("function", name, f"X.{name}", 1, 12, signature, doc, at - 1 if at % 2 else -1)
            for at, (name, signature, doc) in enumerate(parts)
        )
    )
    forms = file_forms(path, facts.symbols)
    pieces = [forms.header, *(one.line for one in forms.symbols)]
    named: dict[str, list[str]] = {}
    for one in forms.symbols:
        if one.name:
            named.setdefault(one.holder, []).append(one.name)
        else:
            pieces.append(one.line)
    line_ends = len(named)
    for holder, names in named.items():
        pieces += [holder, *names]
    pieces.append(MORE)
    text = "".join(
        (
            forms.header,
            *(one.line for one in forms.symbols),
            *names_lines(forms, range(len(forms.symbols))),
            MORE,
        )
    )
    assert count_tokens([text])[0] == sum(count_tokens(pieces)) + line_ends


@settings(max_examples=80, deadline=None)
@given(TEXT, TEXT)
def test_counts_of_whole_texts_add_up(first: str, second: str) -> None:
    pieces: list[str] = []
    for path, text in (("a.py", first), ("b_", second)):
        whole = whole_of(text)
        if whole is not None:
            pieces += [whole_header(path, whole), whole_body(text), whole_end(whole)]
    pieces.append("== c.py\n")
    assert count_tokens(["".join(pieces)])[0] == sum(count_tokens(pieces))


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXT.filter(lambda path: path.strip("/") != ""), max_size=12), st.integers(0, 80))
def test_a_listing_costs_what_it_says(paths: list[str], budget: int) -> None:
    folders = folders_of(sorted(set(paths)), ())
    counts = {one.path: count_tokens(one.fragments()) for one in folders}
    lines, tokens = listing(folders, counts, frozenset(paths[:2]), budget)
    assert count_tokens(["".join(lines)])[0] == tokens <= budget


def test_a_listing_leaves_out_what_is_shown_and_says_that_there_is_more() -> None:
    paths = [f"src/part{n:02}.py" for n in range(60)]
    folders = folders_of(paths, ())
    counts = {one.path: count_tokens(one.fragments()) for one in folders}
    (line,), _ = listing(folders, counts, {"src/part00.py"}, 1000)
    assert line.startswith("src/: part01.py part02.py ")
    assert line.endswith(f"part39.py{ETC}\n")
