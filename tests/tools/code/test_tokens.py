"""Token counts, held against the rehearsal endpoint's, which encodes as the vendor does."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.rehearsal.tokens import Piece, vocabulary
from leadline.tools.code.tokens import count_tokens

CODE = st.text(
    st.sampled_from("ab_ZÉ中かー\n\r\t  0123456789().,'\"#={}\u0301\u00a0\x1c\u2028"), max_size=60
)
ANY = st.text(max_size=60)


def test_counts_in_order() -> None:
    assert count_tokens([]) == []
    assert count_tokens(["", "a", "def f(x):\n    return x\n"]) == [0, 1, 8]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(CODE, ANY), max_size=4))
def test_counts_are_the_vendors(texts: list[str]) -> None:
    expected = [len(vocabulary().encode([Piece(text)])) for text in texts]
    assert count_tokens(texts) == expected


@settings(max_examples=150, deadline=None)
@given(CODE, CODE)
def test_cut_before_a_visible_character_nothing_is_lost(first: str, second: str) -> None:
    if second[:1].isspace() or not second:
        second = "x" + second
    whole, *parts = count_tokens([f"{first}\n{second}", f"{first}\n", second])
    assert whole == sum(parts)


def test_long_texts_count_as_short_ones() -> None:
    text = "".join(
        f"def name_{number}(a, b):\n    return a + b * {number}\n\n\n" for number in range(2_000)
    )
    assert count_tokens([text]) == [len(vocabulary().encode([Piece(text)]))]


def test_special_tokens_in_a_file_are_text() -> None:
    spelling = "<\uff5cUser\uff5c>"
    assert count_tokens([spelling]) == [len(vocabulary().encode([Piece(spelling)]))]
    assert count_tokens([spelling])[0] > 1


def test_half_surrogates_do_not_stop_it() -> None:
    assert count_tokens(["a\ud800b"]) == count_tokens(["a?b"])
