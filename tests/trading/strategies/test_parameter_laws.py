from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from trading.strategies.parameters import (
    Boolean,
    Choice,
    Integer,
    Invalid,
    Number,
    Parameter,
    Value,
    parameter_from,
    plain,
)

finite = st.floats(allow_nan=False, allow_infinity=False, width=64)
texts = st.text(max_size=12)
shared: dict[str, st.SearchStrategy[Any]] = {
    **{"unit": texts, "group": texts, "help": texts},
    "tuned": st.booleans(),
}
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)


@st.composite
def numbers(draw: st.DrawFn) -> Number:
    low, default, high = sorted(draw(st.tuples(finite, finite, finite)))
    step = draw(st.none() | st.floats(min_value=1e-6, max_value=1e6))
    log = draw(st.booleans()) and low > 0
    return Number(
        draw(names), default, low, high, step, log=log, **draw(st.fixed_dictionaries(shared))
    )


@st.composite
def integers(draw: st.DrawFn) -> Integer:
    whole = st.integers(min_value=-(10**12), max_value=10**12)
    low, default, high = sorted(draw(st.tuples(whole, whole, whole)))
    log = draw(st.booleans()) and low > 0
    return Integer(
        *(draw(names), default, low, high, draw(st.integers(1, 1000))),
        log=log,
        **draw(st.fixed_dictionaries(shared)),
    )


@st.composite
def choices(draw: st.DrawFn) -> Choice:
    word = st.text(min_size=1, max_size=8).map(str.strip).filter(bool)
    listed = tuple(draw(st.lists(word, min_size=1, max_size=5, unique=True)))
    default = draw(st.sampled_from(listed))
    return Choice(draw(names), default, listed, **draw(st.fixed_dictionaries(shared)))


booleans = st.builds(Boolean, names, st.booleans(), **shared)
parameters = st.one_of(numbers(), integers(), choices(), booleans)
anything: st.SearchStrategy[object] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.decimals(),
    st.fractions(),
    st.lists(st.integers(), max_size=2),
    st.binary(max_size=4),
    st.integers().map(str),
    finite.map(str),
)


def cleaned_or_none(parameter: Parameter, value: object) -> Value | None:
    try:
        return parameter.clean(value)
    except Invalid:
        return None


@given(parameters, anything)
def test_any_value_is_cleaned_or_refused_and_cleaning_twice_changes_nothing(
    parameter: Parameter, value: object
) -> None:
    cleaned = cleaned_or_none(parameter, value)
    if cleaned is not None:
        assert type(cleaned) is type(parameter.default)
        assert parameter.clean(cleaned) == cleaned
        assert parameter.clean(json.loads(json.dumps(cleaned))) == cleaned
        assert parameter.clean(str(cleaned)) == cleaned


@given(numbers(), finite)
def test_a_number_is_accepted_exactly_within_its_bounds(parameter: Number, value: float) -> None:
    accepted = cleaned_or_none(parameter, value) is not None
    assert accepted == (parameter.low <= value <= parameter.high)


@given(parameters)
def test_a_description_makes_the_same_parameter_again(parameter: Parameter) -> None:
    assert parameter_from(json.loads(json.dumps(parameter.describe()))) == parameter


@given(finite)
def test_a_number_told_to_a_person_is_the_number(number: float) -> None:
    text = plain(number)
    assert float(text) == number
    assert "e" not in text
