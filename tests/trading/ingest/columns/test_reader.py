"""Many trades read at once give what each gives when it is read alone."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.api.bad_input import FIELDS
from tests.trading.ingest.test_trade_schema import Known
from tests.trading.story import MONDAY_SECONDS, NOW, payload
from trading.ingest.columns import reader
from trading.ingest.columns.reader import read_all
from trading.ingest.trade_schema import EXPLAINED, TradeIn, TradeRow, read
from trading.ingest.valid_trades import ValidTrades
from trading.strategies import get
from trading.validation import limits

LATEST = NOW + limits.FUTURE


def whole(number: int, **changes: Any) -> dict[str, Any]:
    """An ordinary trade as a bot sends it."""
    return (
        payload(
            id=f"t-{number}",
            entry_price=100.5,
            exit_price=102.25 + number,
            size=0.5,
            entry_time="2025-03-03T01:00:00Z",
            exit_time="2025-03-03T02:00:00.250Z",
            stop_loss=99.0,
            leverage=1.0,
            pnl_pct=1.5,
            pnl=0.75,
            fee=0.125,
            parameter_set=1,
            arm="",
            tag="",
            context={
                "volatility_bps": 42.5,
                "price_trend": "up",
                "entry_hour": 1,
                "reached_tp": True,
                "mfe_pct": 2.0 + number,
                "rsi": 28.5,
                "note": "mine",
                "spread_bps": 1.25,
            },
        )
        | changes
    )


def trades(*changes: dict[str, Any]) -> list[TradeIn]:
    """Ordinary trades, and between them those with changes, as far as their shape allows it."""
    found = []
    for number in range(max(16, len(changes))):
        sent = whole(number) | (changes[number] if number < len(changes) else {})
        try:
            found.append(msgspec.convert({k: v for k, v in sent.items() if v is not ...}, TradeIn))
        except (msgspec.ValidationError, UnicodeError, OverflowError):
            found.append(msgspec.convert(whole(number), TradeIn))
    return found


def one_by_one(some: list[TradeIn], latest=LATEST) -> tuple[ValidTrades, dict]:
    sound, errors = ValidTrades(), {}
    for at, trade in enumerate(some):
        row = read(trade, latest, Known())
        if isinstance(row, TradeRow):
            sound.add(at, row)
        else:
            errors[at] = row
    return sound, errors


def same(some: list[TradeIn], latest=LATEST) -> tuple[ValidTrades, dict]:
    """Read both ways; the answers, types and signs of zero included, are alike."""
    together, alone = read_all(some, latest, Known()), one_by_one(some, latest)
    assert repr(together) == repr(alone)
    return together


def test_ordinary_trades_need_no_second_look(monkeypatch):
    some = trades()
    expected = repr(one_by_one(some))
    monkeypatch.setattr(reader, "read", None)
    assert repr(reader.read_all(some, LATEST, Known())) == expected


@pytest.mark.parametrize("case", FIELDS)
def test_hostile_values_are_answered_alike(case):
    changes = FIELDS[case][0]
    sound, errors = same(trades({}, changes, {}, changes))
    assert len(sound) + len(errors) == 16


odd_numbers = st.one_of(
    st.floats(),
    st.floats(-1e13, 1e13),
    st.floats(1e-13, 1e-3),
    st.integers(),
    st.decimals(-(10**12), 10**12, places=4).map(float),
    st.sampled_from(
        [
            0.0,
            -0.0,
            0,
            1e12,
            1e-12,
            9.999999999999999e-13,
            0.30000000000000004,
            123456789012345.6,
            1e-5,
            1.5e-7,
            2**53,
            2**53 + 1,
            10**400,
            math.inf,
            math.nan,
            True,
            None,
            "1.50",
            "nan",
            "",
        ]
    ),
)
odd_times = st.one_of(
    st.floats(0, 2e9),
    st.integers(MONDAY_SECONDS, MONDAY_SECONDS + 86_400),
    st.datetimes().map(lambda moment: moment.isoformat() + "+01:00"),
    st.sampled_from(
        [
            "2025-03-03T01:00:00+00:00",
            "2025-03-03 01:00:00.123456789Z",
            "2025-W10-1T01:00:00Z",
            "2025-03-03T01:00:00",
            "20250303T010000Z",
            "2025-03-03T24:00:00Z",
            "",
            math.inf,
            MONDAY_SECONDS + 3600.0000005,
            MONDAY_SECONDS + 7200.1234565,
            7258118400,
            631152000,
        ]
    ),
)
odd_texts = st.one_of(
    st.text(max_size=70), st.sampled_from(["\x00", "\ud800", " ", "a\n", "a\nb", "LONG"])
)
odd_values = st.recursive(
    odd_numbers | odd_texts | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(
    [
        "volatility_bps",
        "price_trend",
        "volatility_trend",
        "entry_hour",
        "entry_day_of_week",
        "mfe_pct",
        "reached_tp",
        "rsi",
        "note",
        "__proto__",
    ]
) | st.text(max_size=70)
NUMBERS = (
    "entry_price",
    "exit_price",
    "size",
    "stop_loss",
    "leverage",
    "pnl_pct",
    "pnl",
    "fee",
    "pnl_usd",
    "fee_usd",
    "parameter_set",
    "revision",
)
TEXTS = ("id", "market", "mode", "currency", "side", "exit_reason", "arm", "tag")
changed = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(NUMBERS, odd_numbers),
        **dict.fromkeys(("entry_time", "exit_time"), odd_times),
        **dict.fromkeys(TEXTS, odd_texts),
        "strategy": st.sampled_from(["rsi_bb", "mean_reversion@sol", "nobody", "rsi_bb@", ""]),
        "context": st.none() | st.dictionaries(names, odd_values, max_size=6),
    },
)


@given(st.lists(changed, max_size=12))
def test_whatever_is_sent_both_ways_answer_alike(changes):
    same(trades(*changes))


@given(st.lists(st.tuples(*(st.decimals("0.01", "1000", places=2).map(float),) * 5), min_size=9))
def test_amounts_are_flagged_and_fingerprinted_alike(rows):
    names = ("entry_price", "exit_price", "size", "fee", "pnl_pct")
    same(trades(*(dict(zip(names, row, strict=True)) for row in rows)))


cents = st.integers(1, 100_000).map(lambda number: number / 100)


@given(st.lists(st.tuples(cents, cents, st.sampled_from([-1, 0, 1])), min_size=9))
def test_a_pnl_at_the_edge_of_what_the_prices_explain_is_flagged_alike(rows):
    changes = []
    for entry, leave, beside in rows:
        gross = float(Decimal(str(leave)) - Decimal(str(entry))) / entry * 100
        edge = gross + EXPLAINED
        percent = math.nextafter(edge, math.inf * beside) if beside else edge
        changes.append({"entry_price": entry, "exit_price": leave, "fee": None, "pnl_pct": percent})
    same(trades(*changes))


def test_a_batch_without_an_ordinary_trade_is_read_one_by_one():
    sound, errors = same(trades(*({"fee": None, "pnl": None, "size": size} for size in range(20))))
    assert (len(sound), set(errors)) == (19, {0})


def test_a_trade_of_the_future_is_refused_alike_and_simulated_time_lifts_the_limit():
    late = {"exit_time": "2025-06-01T00:00:00Z"}
    assert same(trades({}, late))[1] == {1: {"exit_time": ["is more than 5 minutes in the future"]}}
    assert not same(trades({}, late), None)[1]


def test_contexts_are_sorted_into_their_places_alike():
    feature = get("rsi_bb").features[0].name
    some = trades(
        *(
            {"context": context}
            for context in (
                {feature: 1.5, "mfe_pct": 1, "z": None},
                {"z": None, "mfe_pct": 1.0, feature: 1.5},
                {"reached_tp": None, "price_trend": None},
                {},
                None,
                {"entry_hour": 3.0},
                {"entry_hour": 24},
                {"note": "x" * 5_000},
                {f"k{n}": 1 for n in range(60)},
            )
        )
    )
    sound, errors = same(some)
    assert set(errors) == {6}
    assert sound["context"][0].features == {feature: 1.5}
