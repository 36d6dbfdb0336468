from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.quant.sensitivity import grid, shape
from trading.strategies import REGISTRY
from trading.strategies.parameters import Boolean, Choice, Integer, Number


def test_a_short_range_is_tried_step_by_step():
    assert grid(Integer("p", 5, 2, 8, 2), 5) == [2, 4, 5, 6, 8]
    assert grid(Number("x", 0.3, 0.1, 0.5, 0.1), 0.3) == [0.1, 0.2, 0.3, 0.4, 0.5]


def test_a_log_scale_is_tried_by_equal_factors():
    found = grid(Number("x", 1.0, 0.01, 100.0, log=True), 1.0, most=5)
    assert found == pytest.approx([0.01, 0.1, 1.0, 10.0, 100.0])


def test_words_and_switches_are_all_tried():
    assert grid(Choice("c", "b", ("b", "a")), "b") == ["b", "a"]
    assert grid(Boolean("on", True), True) == [False, True]


@given(st.sampled_from([(key, one) for key, rules in REGISTRY.items() for one in rules.parameters]))
def test_every_value_is_valid_and_the_one_at_hand_is_among_them(declared):
    parameter = declared[1]
    found = grid(parameter, parameter.default)
    assert parameter.default in found and len(set(found)) == len(found) <= 26
    assert found == sorted(found) or isinstance(parameter, Choice)
    assert [parameter.clean(value) for value in found] == found


@pytest.mark.parametrize(
    ("totals", "at", "expected"),
    [
        ([1.0, 2.0, 1.5], 1, "plateau"),
        ([1.0, 2.0, 0.9], 1, "spike"),
        ([1.0, 2.0, None], 1, "spike"),
        ([-1.0, -2.0, 3.0], 1, "loss"),
        ([2.0, 1.0], 0, "plateau"),
        ([2.0], 0, "spike"),
        ([None, None], 0, "loss"),
    ],
)
def test_a_result_that_stands_alone_is_a_spike(totals, at, expected):
    assert shape(totals, at) == expected
