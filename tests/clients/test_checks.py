from datetime import datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from selflearn_client import BadValue, records
from selflearn_client.checks import encode

from trading.models import Bot
from trading.validation import limits

from .conftest import T0, trade


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", "a b"),
        ("id", "x" * 65),
        ("strategy", "RSI"),
        ("market", "a b"),
        ("side", "buy"),
        ("entry_price", 0),
        ("entry_price", -1),
        ("entry_price", True),
        ("exit_price", float("nan")),
        ("exit_price", "1e99999"),
        ("size", "ten"),
        ("entry_time", datetime(2026, 1, 1)),
        ("entry_time", 1.7e12),
        ("entry_time", True),
        ("entry_time", "2026-01-01T00:00:00"),
        ("exit_time", T0.replace(year=2025)),
        ("exit_reason", "  "),
        ("exit_reason", "x" * 41),
        ("mode", "demo"),
        ("currency", "$"),
        ("revision", -1),
        ("revision", 1.5),
        ("pnl_pct", float("inf")),
        ("tag", "x\x00"),
        ("context", {"a": float("nan")}),
        ("context", {"a": "x" * 17_000}),
        ("context", {1: 2}),
        ("context", {"a": "\ud800"}),
        ("context", {"a": 2**64}),
        ("unheard_of", 1),
    ],
)
def test_what_the_server_would_refuse_raises_at_the_call(field, value):
    with pytest.raises(ValueError) as error:
        records.trade(trade(1, **{field: value}))
    assert isinstance(error.value, BadValue)
    assert field in error.value.errors


@pytest.mark.parametrize("field", ["entry_time", "exit_time"])
@pytest.mark.parametrize("value", [datetime(2026, 1, 1), "yesterday", None, 1.7e12])
def test_of_a_time_that_cannot_be_read_only_that_is_told(field, value):
    with pytest.raises(BadValue) as error:
        records.trade(trade(1, **{field: value}))
    assert error.value.errors.keys() == {field}
    assert len(error.value.errors[field]) == 1


def test_a_trade_that_ends_before_it_begins_is_told_so():
    with pytest.raises(BadValue, match="is before entry_time"):
        records.trade(trade(1, exit_time=T0.replace(year=2025)))


def test_every_error_of_a_call_is_told_at_once():
    with pytest.raises(BadValue) as error:
        records.trade({"id": "", "side": "buy"})
    assert {"id", "side", "strategy", "entry_price"} <= error.value.errors.keys()


def test_numbers_of_other_libraries_are_taken():
    row = records.trade(
        trade(
            1,
            entry_price=np.float64(1.5),
            exit_price=Decimal("1.60"),
            size=np.int64(2),
            context={"a": np.float32(0.5), "b": np.int8(3), "c": (1, 2)},
        )
    )
    assert b'"entry_price":1.5' in encode(row)
    assert row["exit_price"] == "1.60"
    assert row["context"] == {"a": 0.5, "b": 3, "c": [1, 2]}


@pytest.mark.django_db
@given(
    price=some.one_of(
        some.floats(), some.integers(), some.text(max_size=12), some.decimals(), some.booleans()
    ),
    moment=some.one_of(some.datetimes(), some.floats(), some.text(max_size=40)),
    context=some.dictionaries(
        some.text(max_size=5),
        some.recursive(
            some.none() | some.booleans() | some.floats() | some.integers() | some.text(max_size=9),
            lambda inner: some.lists(inner, max_size=3),
            max_leaves=5,
        ),
        max_size=4,
    ),
)
def test_what_the_client_takes_the_server_takes(price, moment, context):
    import json

    from trading.api.requests import convert
    from trading.bots.catalog import Declared
    from trading.ingest.trade_schema import TradeIn, TradeRow, read

    try:
        row = records.trade(trade(1, entry_price=price, exit_time=moment, context=context))
    except BadValue:
        return
    struct = convert(json.loads(encode(row)), TradeIn)
    assert isinstance(struct, TradeIn)
    found = read(struct, None, Declared(Bot(name="a")))
    if isinstance(found, TradeRow):
        return
    # Values of the common context and results that nobody could have are the server's to judge.
    beyond = [text for texts in found.values() for text in texts if "beyond" in text]
    assert beyond or all(name.startswith("context.") for name in found), found


def test_the_limits_are_the_servers():
    from selflearn_client import checks

    from trading.ingest import state

    assert checks.ID.pattern == limits.ID.pattern
    assert checks.MARKET.pattern == limits.MARKET.pattern
    assert checks.CURRENCY.pattern == limits.CURRENCY.pattern
    assert checks.STATE_KEY.pattern == state.KEY.pattern
    assert (checks.CONTEXT_BYTES, checks.DEPTH) == (limits.BYTES, limits.DEPTH)
    assert state.VALUE_BYTES == checks.STATE_BYTES
