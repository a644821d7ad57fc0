from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leadline.agent.v4.profiles import load_profiles
from leadline.agent.v4.sse import Events, TooLongError
from leadline.agent.v4.stream import (
    CallPart,
    Chunk,
    Counted,
    Draft,
    DraftCall,
    StreamError,
    assemble,
    parse_chunk,
)

DEEPSEEK = load_profiles()["deepseek"]
UNITS = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)


def halves(text: str) -> str:
    """The text as UTF-16 code units, as JSON escapes may bring them one by one."""
    units = text.encode("utf-16-le", "surrogatepass")
    return "".join(
        chr(int.from_bytes(units[at : at + 2], "little")) for at in range(0, len(units), 2)
    )


def cut(text: str, places: list[int]) -> list[str]:
    edges = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[a:b] for a, b in itertools.pairwise(edges)]


@settings(deadline=None)
@given(UNITS, UNITS, UNITS, st.lists(st.integers(0, 1000), max_size=12))
def test_the_draft_does_not_depend_on_how_the_text_was_cut(
    reasoning: str, text: str, arguments: str, places: list[int]
):
    reasoning, text, arguments = halves(reasoning), halves(text), halves(arguments)
    end = Chunk(finish="tool_calls", usage=Counted(10, 5, 2, 0), model="m")

    def parts(piece: str, first: bool) -> tuple[CallPart, ...]:
        return (CallPart(0, "c1" if first else "", "read" if first else "", piece),)

    whole = [Chunk(reasoning=reasoning), Chunk(text=text), Chunk(calls=parts(arguments, True)), end]
    pieces = [Chunk(reasoning=piece) for piece in cut(reasoning, places)]
    pieces += [Chunk(text=piece) for piece in cut(text, places)]
    pieces += [Chunk(calls=parts("", True))]
    pieces += [Chunk(calls=parts(piece, False)) for piece in cut(arguments, places)]
    draft = assemble([*pieces, end])
    assert draft == assemble(whole)
    for part in (draft.reasoning, draft.text, draft.calls[0].arguments):
        part.encode()


@settings(deadline=None)
@given(st.text(max_size=60))
def test_whole_text_comes_out_as_it_went_in(text: str):
    assert (
        assemble([Chunk(text=half) for half in halves(text)] + [Chunk(finish="stop")]).text == text
    )


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), max_size=6), st.lists(st.integers(0, 500), max_size=20))
def test_events_do_not_depend_on_how_the_bytes_were_cut(texts: list[str], places: list[int]):
    data = [json.dumps(text, ensure_ascii=False) for text in texts]
    stream = "".join(f": note\r\n\ndata: {line}\n\n" for line in data).encode()
    edges = sorted({0, len(stream), *(place % (len(stream) + 1) for place in places)})
    events = Events()
    got: list[str] = []
    for a, b in itertools.pairwise(edges):
        got += events.feed(stream[a:b])
    got += events.close()
    assert got == data


def test_an_endless_line_is_refused():
    events = Events()

    def endless() -> None:
        for _ in range(40):
            list(events.feed(b"x" * 1024 * 1024))

    with pytest.raises(TooLongError):
        endless()


def event(delta: object, finish: object = None, usage: object = None) -> str:
    return json.dumps(
        {"model": "m", "choices": [{"delta": delta, "finish_reason": finish}], "usage": usage}
    )


def test_a_stream_in_the_apis_own_order():
    usage = {
        "prompt_tokens": 300,
        "completion_tokens": 9,
        "prompt_cache_hit_tokens": 256,
        "completion_tokens_details": {"reasoning_tokens": 4},
    }
    call = {
        "index": 0,
        "id": "c1",
        "type": "function",
        "function": {"name": "read", "arguments": ""},
    }
    lines = [
        event({"role": "assistant", "content": None, "reasoning_content": ""}),
        event({"reasoning_content": "hm"}),
        event({"content": "so"}),
        event({"tool_calls": [call]}),
        event({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}),
        event({}, "tool_calls"),
        json.dumps({"model": "m", "choices": [], "usage": usage}),
    ]
    chunks = [parse_chunk(line, DEEPSEEK) for line in lines]
    assert [chunk.speaks for chunk in chunks] == [False, True, True, True, True, True, False]
    assert assemble(chunks) == Draft(
        "hm", "so", (DraftCall("c1", "read", "{}"),), "tool_calls", Counted(300, 9, 4, 256), "m"
    )


def test_calls_without_an_index_are_told_apart_by_their_ids():
    chunks = [
        Chunk(calls=(CallPart(None, "a", "read", '{"pa'),)),
        Chunk(calls=(CallPart(None, "", "", 'th": 1}'),)),
        Chunk(calls=(CallPart(None, "b", "read", "{}"),), finish="tool_calls"),
    ]
    assert [call.arguments for call in assemble(chunks).calls] == ['{"path": 1}', "{}"]


@pytest.mark.parametrize(
    ("profile", "usage", "cached"),
    [
        ("deepseek", {"prompt_cache_hit_tokens": 128}, 128),
        ("deepseek", {}, None),
        ("deepseek", {"prompt_cache_hit_tokens": 9_999}, 300),
        ("deepseek", {"prompt_cache_hit_tokens": -1}, None),
        ("deepseek", {"prompt_cache_hit_tokens": "128"}, None),
        ("vllm", {"prompt_tokens_details": {"cached_tokens": 64}}, 64),
        ("vllm", {"prompt_tokens_details": None}, None),
        ("vllm", {"prompt_cache_hit_tokens": 128}, None),
    ],
)
def test_where_cached_tokens_stand(profile: str, usage: dict[str, object], cached: int | None):
    counts = {"prompt_tokens": 300, "completion_tokens": 9, **usage}
    chunk = parse_chunk(event({}, None, counts), load_profiles()[profile])
    assert chunk.usage == Counted(300, 9, 0, cached)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "[]",
        "5",
        "{",
        "[" * 100_000,
        '{"error": {"message": "no"}}',
        event({"content": ["a"]}),
        event({"tool_calls": [5]}),
        event({"tool_calls": [{"index": 0, "id": 7}]}),
    ],
)
def test_what_is_no_chunk_is_an_error(data: str):
    with pytest.raises(StreamError):
        parse_chunk(data, DEEPSEEK)


@pytest.mark.parametrize("finish", ["aborted", "insufficient_system_resource", "tired", None])
def test_bad_ends_make_no_draft(finish: str | None):
    with pytest.raises(StreamError):
        assemble([Chunk(text="a"), Chunk(finish=finish)])
