from __future__ import annotations

import pytest

from trading.ingest.context import read_context
from trading.strategies import get

RSI = get("rsi_bb")


def test_a_context_is_sorted_into_common_columns_declared_features_and_the_rest():
    errors: dict = {}
    sent = {"mfe_pct": 1, "price_trend": "up", "rsi_value": 61.5, "note": {"a": [1]}}
    found = read_context(RSI, sent, errors)
    assert errors == {}
    assert found.common == {"mfe_pct": 1.0, "price_trend": "up"}
    assert found.features == {"rsi_value": 61.5}
    assert found.other == {"note": {"a": [1]}}


@pytest.mark.parametrize("sent", [None, {}])
def test_an_empty_context_is_none(sent):
    assert read_context(RSI, sent, {}) is None


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("entry_hour", 23, 23),
        ("entry_hour", 5.0, 5),
        ("entry_day_of_week", 0, 0),
        ("volatility_bps", 3, 3.0),
        ("mae_pct", 0, 0.0),
        ("reached_tp", False, False),
        ("volatility_trend", "stable", "stable"),
        ("mfe_pct", None, None),
        ("reached_sl", None, None),
        ("price_trend", None, ""),
    ],
)
def test_common_columns_take_what_they_are_declared_for(name, value, kept):
    errors: dict = {}
    found = read_context(RSI, {name: value}, errors).common[name]
    assert errors == {}
    assert found == kept and type(found) is type(kept)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("entry_hour", 24),
        ("entry_hour", -1),
        ("entry_hour", 5.5),
        ("entry_hour", True),
        ("entry_day_of_week", 7),
        ("volatility_bps", "3"),
        ("mfe_pct", True),
        ("mfe_pct", 1e301),
        ("mfe_pct", []),
        ("reached_tp", 1),
        ("reached_tp", "true"),
        ("price_trend", "UP"),
        ("price_trend", 1),
        ("price_trend", ["up"]),
        ("volatility_trend", {}),
    ],
)
def test_a_common_column_refuses_anything_else_by_its_name(name, value):
    errors: dict = {}
    read_context(RSI, {name: value, "note": 1}, errors)
    assert set(errors) == {f"context.{name}"}


@pytest.mark.parametrize("value", [float("nan"), "\x00", "\ud800", 10**400])
@pytest.mark.parametrize("name", ["mfe_pct", "rsi_value", "note"])
def test_what_cannot_be_stored_is_refused_wherever_it_stands(name, value):
    errors: dict = {}
    assert read_context(RSI, {name: value}, errors) is None
    assert set(errors) == {"context"}
