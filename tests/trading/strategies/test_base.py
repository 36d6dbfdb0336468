from __future__ import annotations

import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.strategies.base import Below, Feature, Group, InvalidValues, Strategy
from trading.strategies.parameters import BadDeclaration, Boolean, Choice, Integer, Number, Value

FAST = Integer("fast", 8, 1, 100, group="signal")
SLOW = Integer("slow", 21, 2, 200, group="signal")
TARGET = Number("target", 8.0, 0.5, 100, group="exits")
TRAILING = Boolean("trailing", False, group="exits")
KIND = Choice("kind", "simple", ("simple", "wilder"))


def crossing(rule: Below = Below("fast", "slow")) -> Strategy:  # noqa: B008 - frozen
    return Strategy(
        key="crossing",
        title="Two averages",
        groups=(Group("signal", "Signal"), Group("exits", "Exits")),
        parameters=(FAST, SLOW, TARGET, TRAILING, KIND),
        rules=(rule,),
    )


def errors(
    values: dict[str, object], partial: bool = False, strategy: Strategy | None = None
) -> dict[str, list[str]]:
    with pytest.raises(InvalidValues) as caught:
        (strategy or crossing()).clean(values, partial=partial)
    return caught.value.errors


def test_values_come_back_typed_complete_and_in_declared_order() -> None:
    cleaned = crossing().clean({"trailing": "on", "slow": "30", "target": 9})
    assert list(cleaned.items()) == [
        *(("fast", 8), ("slow", 30), ("target", 9.0), ("trailing", True), ("kind", "simple"))
    ]


def test_a_partial_set_holds_only_what_was_given() -> None:
    assert crossing().clean({"target": 9, "fast": 5}, partial=True) == {"fast": 5, "target": 9.0}


def test_every_error_is_found_at_once_and_sits_under_its_name() -> None:
    assert errors({"fast": 0, "target": True, "kind": "best", "trailing": 1, "spede": 3}) == {
        "fast": ["must be between 1 and 100"],
        "target": ["must be a number"],
        "kind": ["must be one of simple, wilder"],
        "trailing": ["must be on or off"],
        "spede": ["is not a parameter of crossing"],
    }


def test_a_misspelt_name_is_told_the_nearest_one() -> None:
    assert errors({"fats": 3}) == {"fats": ["is not a parameter of crossing; did you mean fast?"]}


def test_a_flood_of_unknown_names_is_refused_quickly() -> None:
    started = time.perf_counter()
    assert len(errors({f"f{i}a{'s' * 100}t": 1 for i in range(20_000)})) == 20_000
    assert time.perf_counter() - started < 5


def test_the_error_reads_as_one_line() -> None:
    with pytest.raises(InvalidValues, match=r"^fast must be between 1 and 100; slow must be a num"):
        crossing().clean({"fast": 0, "slow": "x"})


def test_the_error_survives_the_way_between_processes() -> None:
    error = InvalidValues({"fast": ["must be a number"]})
    assert pickle.loads(pickle.dumps(error)).errors == error.errors


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"fast": 30}, {"fast": ["must be below slow (21)"]}),
        ({"fast": 21}, {"fast": ["must be below slow (21)"]}),
        ({"slow": 5}, {"slow": ["must be above fast (8)"]}),
        ({"fast": 50, "slow": 40}, {"fast": ["must be below slow (40)"]}),
    ],
)
def test_a_broken_rule_blames_the_value_that_was_sent(
    values: dict[str, object], expected: dict[str, list[str]]
) -> None:
    assert errors(values) == expected


def test_a_rule_may_allow_equal_values() -> None:
    strategy = crossing(Below("fast", "slow", or_equal=True))
    assert strategy.clean({"fast": 21})["fast"] == 21
    assert errors({"fast": 22}, strategy=strategy) == {"fast": ["must not be above slow (21)"]}
    assert errors({"slow": 7}, strategy=strategy) == {"slow": ["must not be below fast (8)"]}


def test_a_rule_is_left_alone_where_one_of_its_values_is_refused_or_absent() -> None:
    assert errors({"fast": 90, "slow": "x"}) == {"slow": ["must be a number"]}
    assert crossing().clean({"fast": 90}, partial=True) == {"fast": 90}
    assert errors({"fast": 90, "slow": 9}, partial=True) == {"fast": ["must be below slow (9)"]}


def test_defaults_are_a_new_dict_each_time() -> None:
    strategy = crossing()
    strategy.defaults()["fast"] = 1
    assert strategy.defaults()["fast"] == 8


def test_a_stored_set_is_completed_and_keeps_what_was_live() -> None:
    stored: dict[str, Value] = {"fast": 500, "slow": 30, "gone": 1}
    assert crossing().complete(stored) == {**crossing().defaults(), "fast": 500, "slow": 30}


def test_a_parameter_is_found_by_its_name() -> None:
    assert crossing().parameter("slow") is SLOW
    with pytest.raises(KeyError):
        crossing().parameter("gone")


def test_a_strategy_without_candles_has_no_candle_interval() -> None:
    assert crossing().candle_interval is None


def test_a_strategy_survives_the_way_between_processes() -> None:
    strategy = crossing()
    strategy.clean({})
    assert pickle.loads(pickle.dumps(strategy)) == strategy


@pytest.mark.parametrize(
    "contradiction",
    [
        {"key": "Bad Key"},
        {"key": "k" * 41},
        {"aliases": ("bad alias",)},
        {"parameters": (FAST, FAST)},
        {"parameters": (FAST,), "groups": ()},
        {"groups": (Group("signal", "One"), Group("signal", "Two"))},
        {"rules": (Below("fast", "missing"),)},
        {"rules": (Below("slow", "fast"),)},
        {"features": (Feature("same", "number"), Feature("same", "boolean"))},
        {"filters": ("trend", "trend")},
        {"exit_reasons": ("stop_loss", "stop_loss")},
    ],
)
def test_a_strategy_that_contradicts_itself_is_refused(contradiction: dict[str, object]) -> None:
    sound = {
        "key": "sound",
        "title": "Sound",
        "parameters": (FAST, SLOW),
        "groups": (Group("signal", "Signal"),),
    }
    with pytest.raises(BadDeclaration):
        Strategy(**{**sound, **contradiction})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "feature",
    [
        {"name": "two words", "kind": "number"},
        {"name": "trend", "kind": "text"},
        {"name": "trend", "kind": "number", "at": "noon"},
        {"name": "trend", "kind": "number", "choices": ("up", "down")},
    ],
)
def test_a_feature_that_contradicts_itself_is_refused(feature: dict[str, object]) -> None:
    with pytest.raises(BadDeclaration):
        Feature(**feature)  # type: ignore[arg-type]


VALUES = st.one_of(st.integers(-5, 220), st.floats(), st.booleans(), st.text(max_size=4))


@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("fast", "slow", "target", "trailing", "kind"), VALUES)
    ),
    st.booleans(),
)
def test_what_is_accepted_once_is_accepted_again_unchanged(
    values: dict[str, object], partial: bool
) -> None:
    strategy = crossing()
    try:
        cleaned = strategy.clean(values, partial=partial)
    except InvalidValues as invalid:
        assert set(invalid.errors) <= set(values)
    else:
        assert strategy.clean(cleaned, partial=partial) == cleaned
        assert strategy.complete(cleaned) == {**strategy.defaults(), **cleaned}
