"""The fast way through the JSON of a body, beside the strict parser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trading.api import parsers

ROWS = [{"id": "a", "context": {"x": 1.5, "y": "12:00"}}, {"id": "b", "context": None}]

texts = st.text("ab:{[, ", max_size=3)
spaces = st.sampled_from(["", "", "", " ", "\n", "\t", "\r"])
scalars = st.one_of(texts.map(json.dumps), st.sampled_from(["1", "-0.5", "true", "null"]))


def joined(draw: Any, parts: list[str], brackets: str) -> str:
    comma = f"{draw(spaces)},{draw(spaces)}"
    return brackets[0] + draw(spaces) + comma.join(parts) + draw(spaces) + brackets[1]


@st.composite
def objects(draw: Any, values: st.SearchStrategy[str]) -> str:
    """An object as text; its keys may stand twice, and have room around their colons."""
    pairs = draw(st.lists(st.tuples(texts, spaces, spaces, values), max_size=4))
    return joined(draw, [f"{json.dumps(key)}{a}:{b}{value}" for key, a, b, value in pairs], "{}")


@st.composite
def arrays(draw: Any, values: st.SearchStrategy[str]) -> str:
    return joined(draw, draw(st.lists(values, max_size=4)), "[]")


documents = arrays(objects(scalars | objects(scalars | objects(scalars)) | arrays(scalars)))


def strictly(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=parsers._object)
    except ValueError:
        return "refused"


@given(documents | arrays(scalars) | objects(scalars))
@example('[{"a" :1,"a":1}]')
@example('[{"a":":","a":1}]')
@example('[{"a": {"b" : 1, "b": 2}, "c": ":"}]')
@example('[{"a":1},{"b":{"c":1,"c":2}}]')
def test_no_key_that_stands_twice_passes_the_fast_way(text):
    try:
        found = parsers._plain_json(text.encode())
    except ValueError:
        return  # the strict parser answers
    assert found == strictly(text)


@given(documents)
def test_all_keys_are_found_only_where_none_stands_twice(text):
    raw = text.encode()
    if parsers._has_all_keys(raw, json.loads(text)):
        assert strictly(text) != "refused"


@pytest.mark.parametrize("separators", [None, (",", ":")])
def test_rows_with_contexts_are_told_at_a_glance(separators):
    assert parsers._has_all_keys(json.dumps(ROWS, separators=separators).encode(), ROWS)


def test_a_key_twice_is_seen_wherever_it_stands():
    for text in ('[{"a":1,"a":1}]', '[{"a":{"b":1,"b":2}}]', '[{"a":1},{"c":{"b":1,"b":2}}]'):
        with pytest.raises(ValueError):
            parsers._plain_json(text.encode())
