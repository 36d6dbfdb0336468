"""The ledger on plain numbers says what it says on arrays, to the bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trading.ledger import money, single, tally

HOUR = 3_600_000_000
MONEY = st.one_of(
    st.floats(-1e12, 1e12).map(lambda value: float(f"{value:.14e}")),
    st.integers(-(10**15), 10**15).map(lambda cents: cents / 100),
    st.sampled_from([0.0, -0.0, 1e-12, -1e-12, 0.999999999999, -0.15, 999999999999.999]),
)
PERCENT = st.one_of(st.floats(-1e6, 1e6), st.integers(-500, 500).map(lambda r: r / 100))
STEPS = st.tuples(
    st.integers(1, 3 * HOUR), st.integers(0, 10**12), PERCENT, MONEY, st.none() | MONEY
)
TRADES = st.lists(STEPS, min_size=1, max_size=25)


def closed(steps: list[tuple]) -> list[single.One]:
    """Trades that closed one after the other."""
    at, found = 1_700_000_000_000_000, []
    for after, *rest in steps:
        at += after
        found.append(single.One(at, *rest))
    return found


def folded(trades: list[single.One], starts: list[int]) -> np.ndarray:
    exit_at, held, r, pnl, fee = zip(*trades, strict=True)
    columns = tally.Trades(
        np.array(exit_at), np.array(held), *(np.array(each, np.float64) for each in (r, pnl, fee))
    )
    return tally.fold(columns, np.array(starts))


def one_by_one(trades: list[single.One]) -> bytes:
    record = b""
    for trade in trades:
        record = single.extended(record, trade)
    return record


@given(TRADES)
def test_a_tally_extended_trade_by_trade_is_the_one_of_all_trades(steps):
    trades = closed(steps)
    assert one_by_one(trades) == folded(trades, [0]).tobytes()


@given(TRADES)
def test_hours_merge_into_the_same_day(steps):
    trades = closed(steps)
    hours = [trade.exit_at // HOUR for trade in trades]
    starts = [at for at, hour in enumerate(hours) if not at or hour != hours[at - 1]]
    records = folded(trades, starts)
    whole = tally.merge(records, np.array([0]))
    assert single.merged(records.tobytes()) == whole.tobytes()


@given(MONEY)
def test_one_amount_is_split_as_many_are(value):
    units, picos = money.split(np.array([value]))
    assert money.split_one(value) == (units[0], picos[0])


@given(TRADES)
def test_the_last_moment_of_a_tally_is_read_without_the_rest(steps):
    trades = closed(steps)
    assert single.last(one_by_one(trades)) == trades[-1].exit_at
    assert tally.TALLY.itemsize == single.SIZE
