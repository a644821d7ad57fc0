"""How large a pack may be, and the message around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leadline.agent.context.packing import pack_budget, pack_text, quality_window, wrapper
from leadline.agent.rehearsal.prompt import count_tokens
from leadline.agent.v4.catalog import load_catalog
from leadline.agent.v4.facts import Model, Quality

CATALOG = load_catalog()


def measured(*points: tuple[int, float]) -> Model:
    quality = tuple(Quality(tokens=tokens, score=score) for tokens, score in points)
    return CATALOG.unknown.model_copy(update={"quality": quality, "context": 1_048_576})


@pytest.mark.parametrize("name", ["deepseek-v4-pro", "deepseek-flash"])
def test_the_models_of_today(name: str) -> None:
    model = CATALOG.resolve(name)
    assert quality_window(model) == 131_072
    assert pack_budget(model, None) == 32_768


def test_a_model_that_nobody_measured() -> None:
    model = CATALOG.resolve("somebody-s-model")
    assert not model.known
    assert quality_window(model) == 32_768
    assert pack_budget(model, None) == 8_192


@pytest.mark.parametrize(
    ("points", "window"),
    [
        (((8_192, 0.9),), 8_192),
        (((8_192, 0.9), (16_384, 0.85), (32_768, 0.84)), 16_384),
        (((8_192, 0.9), (16_384, 0.7), (32_768, 0.9)), 32_768),
        (((8_192, 0.5), (16_384, 0.9)), 16_384),
    ],
)
def test_the_window_ends_before_the_drop(
    points: tuple[tuple[int, float], ...], window: int
) -> None:
    assert quality_window(measured(*points)) == window


@given(st.integers(0, 2**31 - 1), st.sampled_from(["deepseek-flash", "whatever"]))
def test_the_persons_number_holds_up_to_what_fits(wanted: int, name: str) -> None:
    model = CATALOG.resolve(name)
    budget = pack_budget(model, wanted)
    assert budget <= wanted
    assert budget + model.answer_cap <= model.context
    assert budget == wanted or budget + model.answer_cap == model.context


def test_the_parts_of_the_message_add_up() -> None:
    """So that the count of the map and that of its wrapper are the count of the message."""
    before, after = wrapper()
    for text in ("Map of it.\n== a.py\n1 def f()\n", "Map\nand more\n", "Map\n}\n"):
        parts = [before, text, after]
        assert pack_text(text) == "".join(parts)
        assert count_tokens(pack_text(text)) == sum(map(count_tokens, parts))
    assert count_tokens(before) + count_tokens(after) <= 100
