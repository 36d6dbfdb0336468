from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.story import MONDAY_SECONDS, NOW, payload, trade
from trading.clock import to_micros
from trading.ingest.trade_schema import TradeIn, TradeRow, read
from trading.strategies import get, split
from trading.validation import limits


class Known:
    """The built-in strategies."""

    def find(self, name: str):
        return (*split(name), get(name))


def check(sent: dict[str, Any]) -> TradeRow | dict:
    """The row, or the errors by field, also where the shape itself is wrong."""
    try:
        return read(msgspec.convert(sent, TradeIn), NOW + limits.FUTURE, Known())
    except msgspec.ValidationError as error:
        place = str(error).partition("`$.")[2].rstrip("`") or str(error).split("`")[1]
        return {place: [str(error)]}


def errors_of(**changes: Any) -> set[str]:
    found = check(payload(**changes))
    return set(found) if isinstance(found, dict) else set()


def row(**changes: Any) -> TradeRow:
    found = check(payload(**changes))
    assert isinstance(found, TradeRow), found
    return found


def test_a_sound_trade_is_accepted():
    found = row()
    assert (found.entry_price, found.exit_price, found.size) == (100, 102, Decimal("0.5"))
    assert (found.mode, found.currency, found.arm, found.tag) == ("live", "USD", "", "")
    assert found.exit_at - found.entry_at == 3_600_000_000
    assert (found.revision, found.reported_version, found.context) == (0, None, None)


NUMBERS = ("entry_price", "exit_price", "size", "stop_loss")
NO_NUMBER = (
    0,
    -1,
    "NaN",
    "sNaN",
    "Infinity",
    1e17,
    "1E+1000000",
    1e-30,
    True,
    "1,5",
    "١",
    " 1 ",
    "1_000",
    "0x10",
    "1" * 1001,
    "",
    "9999999999999999.999999999999",
    "1e-320",
    [],
    {},
    10**400,
)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", NO_NUMBER, ids=lambda value: str(value)[:20])
def test_prices_and_sizes_are_positive_amounts(name, value):
    assert errors_of(**{name: value}) == {name}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (0.1, "0.1"),
        ("0.1234567890123456", "0.123456789012346"),
        (0.30000000000000004, "0.3"),
        ("1e2", "100"),
        ("1e-12", "0.000000000001"),
    ],
)
def test_prices_and_sizes_keep_fifteen_digits(name, value, kept):
    # Small enough a size that the money stays within bounds, whatever the price.
    changes = {"size": "1e-6", "exit_price": 100, name: value}
    if name in ("entry_price", "exit_price"):
        changes |= {"entry_price": value, "exit_price": value}
    assert getattr(row(**changes), name) == Decimal(kept)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"id": ""}, {"id"}),
        ({"id": None}, {"id"}),
        ({"id": 7}, {"id"}),
        ({"id": True}, {"id"}),
        ({"id": {}}, {"id"}),
        ({"id": []}, {"id"}),
        ({"id": "x" * 65}, {"id"}),
        ({"id": "a b"}, {"id"}),
        ({"id": "a\n"}, {"id"}),
        ({"id": "a "}, {"id"}),
        ({"id": "a\x00"}, {"id"}),
        ({"id": "é"}, {"id"}),
        ({"side": "LONG"}, {"side"}),
        ({"side": None}, {"side"}),
        ({"market": "x" * 65}, {"market"}),
        ({"market": "ВTC"}, {"market"}),
        ({"market": "BTC\u202e"}, {"market"}),
        ({"market": "BTC\u200b"}, {"market"}),
        ({"market": ""}, {"market"}),
        ({"strategy": "x" * 41}, {"strategy"}),
        ({"strategy": "no_such"}, {"strategy"}),
        ({"strategy": "rsi_bb@"}, {"strategy"}),
        ({"exit_reason": "  "}, {"exit_reason"}),
        ({"exit_reason": "x" * 41}, {"exit_reason"}),
        ({"mode": "demo"}, {"mode"}),
        ({"currency": "$"}, {"currency"}),
        ({"currency": "U"}, {"currency"}),
        ({"tag": "x" * 501}, {"tag"}),
        ({"tag": "\ud800"}, {"tag"}),
        ({"tag": "\x00"}, {"tag"}),
        ({"arm": "x" * 65}, {"arm"}),
        ({"fee": -1e15}, {"fee"}),
        ({"fee": True}, {"fee"}),
        ({"pnl": 1e308}, {"pnl"}),
        ({"pnl": True}, {"pnl"}),
        ({"pnl": "1e400"}, {"pnl"}),
        ({"pnl_usd": "x"}, {"pnl_usd"}),
        ({"pnl": 1, "pnl_usd": 2}, {"pnl"}),
        ({"pnl_pct": "NaN"}, {"pnl_pct"}),
        ({"pnl_pct": float("nan")}, {"pnl_pct"}),
        ({"pnl_pct": float("inf")}, {"pnl_pct"}),
        ({"pnl_pct": 1e7}, {"pnl_pct"}),
        ({"pnl_pct": "1e9999"}, {"pnl_pct"}),
        ({"leverage": 0}, {"leverage"}),
        ({"leverage": -1}, {"leverage"}),
        ({"leverage": 2147483648}, {"leverage"}),
        ({"leverage": True}, {"leverage"}),
        ({"revision": -1}, {"revision"}),
        ({"revision": 2**63}, {"revision"}),
        ({"revision": 1.5}, {"revision"}),
        ({"revision": True}, {"revision"}),
        ({"parameter_set": -1}, {"parameter_set"}),
        ({"parameter_set": 2**63}, {"parameter_set"}),
        ({"parameter_set": "1"}, {"parameter_set"}),
        ({"context": []}, {"context"}),
        ({"context": "null"}, {"context"}),
        ({"context": {"a": float("nan")}}, {"context"}),
        ({"context": {"a": "x" * 16_384}}, {"context"}),
        ({"entry_time": "2025-03-03T01:00:00"}, {"entry_time"}),
        ({"entry_time": MONDAY_SECONDS * 1000}, {"entry_time"}),
        ({"entry_time": 10**400}, {"entry_time"}),
        ({"entry_time": 0}, {"entry_time"}),
        ({"entry_time": None}, {"entry_time"}),
        ({"exit_time": "9999-12-31T23:59:59-12:00"}, {"exit_time"}),
        ({"exit_time": MONDAY_SECONDS}, {"exit_time"}),
        ({"exit_time": NOW.timestamp() + 301}, {"exit_time"}),
        ({"qty": 1}, {"qty"}),
        ({"pk": 1}, {"pk"}),
        ({"side": "up", "size": 0, "tag": "\x00"}, {"side", "size", "tag"}),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value)[:40],
)
def test_what_is_wrong_is_named_by_its_field(changes, wrong):
    assert errors_of(**changes) == wrong


@pytest.mark.parametrize("name", list(payload()))
def test_a_missing_field_is_named(name):
    sent = payload()
    del sent[name]
    assert set(check(sent)) == {name}


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "../../x"},
        {"id": "x" * 64},
        {"market": "btc_usdt"[:3]},
        {"market": "market:2"},
        {"market": "BTC/USDT:USDT"},
        {"strategy": "mean_reversion@sol"},
        {"leverage": 9.9},
        {"leverage": "1.0"},
        {"revision": 2**63 - 1},
        {"parameter_set": 2**63 - 1},
        {"pnl": -0.0},
        {"pnl_pct": 5e-324},
        {"pnl_pct": "5e-324"},
        {"fee": -0.1},
        {"fee": 0},
        {"tag": "<script>"},
        {"tag": "=HYPERLINK()"},
        {"tag": "a\r\nBcc: x"},
        {"tag": "{{ 7 }}"},
        {"pnl": 1, "pnl_usd": 1.0},
        {"currency": "USDT"},
        {"mode": "paper"},
        {"context": {}},
        {"exit_time": MONDAY_SECONDS + 3600},
        {"exit_time": NOW.timestamp() + 299},
        {"entry_time": "2025-03-03T01:00:00.123456789+01:00"},
    ],
    ids=str,
)
def test_what_is_unusual_but_sound_is_accepted(changes):
    row(**changes)


def test_texts_are_kept_as_they_were_sent():
    odd = "\u202e=1+1 <b> {{ x }} '; \r\n🦉"
    found = row(tag=odd, exit_reason=odd[:40])
    assert (found.tag, found.exit_reason) == (odd, odd)


def test_an_alias_names_the_strategy_and_a_label_its_instance():
    found = row(strategy="mean_reversion@sol")
    assert (found.strategy, found.label) == ("rsi_bb", "sol")


def test_simulated_time_lifts_the_limit_on_the_future():
    far = trade(exit_time="2099-01-01T00:00:00Z")
    assert isinstance(read(far, None, Known()), TradeRow)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(TradeIn.__struct_encode_fields__), json_values))
def test_any_json_is_answered_with_a_row_or_with_errors_by_field(changes):
    found = check(payload() | changes)
    if isinstance(found, dict):
        assert {name.split(".")[0] for name in found} <= set(TradeIn.__struct_encode_fields__)
    else:
        assert to_micros(limits.EARLIEST) <= found.entry_at <= found.exit_at


def test_a_currency_is_the_same_however_it_is_written():
    assert row(currency="usdt").currency == "USDT"
