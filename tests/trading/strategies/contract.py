"""What every registered strategy must keep: `check` functions that take the strategy alone."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator

import pytest

from trading.strategies.base import InvalidValues, Strategy
from trading.strategies.common import COMMON_CONTEXT
from trading.strategies.parameters import Integer, Number, Parameter, parameter_from


def ranged(strategy: Strategy) -> Iterator[Number | Integer]:
    for parameter in strategy.parameters:
        if isinstance(parameter, Number | Integer):
            yield parameter


def outside(parameter: Number | Integer) -> tuple[float, float]:
    """The nearest values that are just too low and just too high."""
    if isinstance(parameter, Integer):
        return parameter.low - 1, parameter.high + 1
    return math.nextafter(parameter.low, -math.inf), math.nextafter(parameter.high, math.inf)


def errors_of(strategy: Strategy, values: dict[str, object], partial: bool = True) -> list[str]:
    try:
        strategy.clean(values, partial=partial)
    except InvalidValues as invalid:
        return list(invalid.errors)
    return []


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.lower().replace("_", " ")))


def check_cleaning_the_defaults_changes_nothing(strategy: Strategy) -> None:
    defaults = strategy.defaults()
    cleaned = strategy.clean(defaults)
    assert cleaned == defaults
    assert list(cleaned) == list(defaults)
    assert [type(value) for value in cleaned.values()] == [type(v) for v in defaults.values()]


def check_an_empty_set_opens_with_the_defaults(strategy: Strategy) -> None:
    assert strategy.clean({}) == strategy.complete({}) == strategy.defaults()


def check_an_empty_partial_set_stays_empty(strategy: Strategy) -> None:
    assert strategy.clean({}, partial=True) == {}


def check_every_bound_is_accepted(strategy: Strategy) -> None:
    for parameter in ranged(strategy):
        for bound in (parameter.low, parameter.high):
            assert strategy.clean({parameter.name: bound}, partial=True) == {parameter.name: bound}


def check_a_value_just_outside_a_bound_is_refused(strategy: Strategy) -> None:
    for parameter in ranged(strategy):
        for value in outside(parameter):
            assert errors_of(strategy, {parameter.name: value}) == [parameter.name]


def check_every_default_lies_on_the_grid_of_its_step(strategy: Strategy) -> None:
    for parameter in ranged(strategy):
        if parameter.step is not None:
            steps = (parameter.default - parameter.low) / parameter.step
            assert steps == pytest.approx(round(steps)), parameter.name


def check_a_form_may_send_every_value_as_text(strategy: Strategy) -> None:
    defaults = strategy.defaults()
    assert strategy.clean({name: str(value) for name, value in defaults.items()}) == defaults


def check_the_description_is_json_and_says_everything(strategy: Strategy) -> None:
    described = strategy.describe()
    assert json.loads(json.dumps(described, allow_nan=False)) == described
    parameters: list[Parameter] = list(strategy.parameters)
    assert [parameter_from(parameter.describe()) for parameter in parameters] == parameters


def check_every_parameter_is_in_a_group_and_no_group_is_empty(strategy: Strategy) -> None:
    used = {parameter.group for parameter in strategy.parameters}
    assert used == {group.key for group in strategy.groups}
    assert all(group.label for group in strategy.groups)


def check_every_ranged_parameter_carries_a_unit(strategy: Strategy) -> None:
    assert [parameter.name for parameter in ranged(strategy) if not parameter.unit] == []


def check_the_help_says_more_than_the_name(strategy: Strategy) -> None:
    parameters = [(parameter.name, parameter.help) for parameter in strategy.parameters]
    features = [(feature.name, feature.help) for feature in strategy.features]
    for name, text in parameters + features:
        assert len(words(text) - words(name)) >= 3, name
        assert text.endswith("."), name


def check_every_rule_refuses_the_opposite_on_the_value_that_was_sent(strategy: Strategy) -> None:
    for rule in strategy.rules:
        lower, upper = strategy.parameter(rule.lower), strategy.parameter(rule.upper)
        assert isinstance(lower, Number | Integer)
        assert isinstance(upper, Number | Integer)
        both: dict[str, object] = {rule.lower: lower.high, rule.upper: upper.low}
        assert errors_of(strategy, both) == [rule.lower], rule
        if upper.low < lower.default:
            alone: dict[str, object] = {rule.upper: upper.low}
            assert errors_of(strategy, alone, partial=False) == [rule.upper], rule


def check_an_unknown_name_is_an_error_under_that_name(strategy: Strategy) -> None:
    assert errors_of(strategy, {"no_such_thing": 1}) == ["no_such_thing"]


def check_a_stored_set_opens_without_what_was_removed(strategy: Strategy) -> None:
    stored = {**strategy.defaults(), "removed_long_ago": 1}
    first = stored.pop(strategy.parameters[0].name)
    assert first == strategy.parameters[0].default
    assert strategy.complete(stored) == strategy.defaults()


def check_features_are_unique_and_beside_the_common_context(strategy: Strategy) -> None:
    names = [feature.name for feature in (*strategy.features, *COMMON_CONTEXT)]
    assert len(names) == len(set(names))


def check_a_category_lists_its_values(strategy: Strategy) -> None:
    for feature in strategy.features:
        assert bool(feature.choices) == (feature.kind == "category"), feature.name


def check_filters_and_exit_reasons_are_identifiers(strategy: Strategy) -> None:
    names = (*strategy.filters, *strategy.exit_reasons)
    assert all(name.isidentifier() and name == name.lower() for name in names)


def check_a_strategy_that_can_be_replayed_says_how_it_decides(strategy: Strategy) -> None:
    if strategy.replayable:
        assert strategy.filters
        assert strategy.exit_reasons
        assert strategy.candle_interval


CHECKS = [check for name, check in list(globals().items()) if name.startswith("check_")]
