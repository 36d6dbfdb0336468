"""Trades for the ledger, by hand and by chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from trading.ledger.tally import TALLY, Tallies, Trades, empty, fold, merge, order

COUNTS = (
    "trades",
    "wins",
    "losses",
    "fees",
    "held",
    "first",
    "last",
    "units",
    "picos",
    "fee_units",
    "fee_picos",
)
FLOATS = tuple(name for name in TALLY.names if name not in COUNTS)
ONE = np.array([0])

# One row of a trade: exit and held in microseconds, r in percent, money, fee or NaN.
Row = tuple[int, int, float, float, float]


def trades(rows: Sequence[Row]) -> Trades:
    exit_at, held, r, pnl, fee = zip(*rows, strict=True) if rows else ((),) * 5
    return Trades(
        np.array(exit_at, np.int64),
        np.array(held, np.int64),
        np.array(r, np.float64),
        np.array(pnl, np.float64),
        np.array(fee, np.float64),
    )


def ordered(rows: Sequence[Row]) -> Trades:
    found = trades(rows)
    return found.take(order(found))


def folded(rows: Sequence[Row]) -> Tallies:
    """One tally of rows in any order, shape (1,)."""
    return fold(ordered(rows), ONE[: bool(rows)]) if rows else empty_one()


def empty_one() -> Tallies:
    return empty(1)


def merged(*parts: Tallies) -> Tallies:
    return merge(np.concatenate(parts), ONE)


def assert_close(found: Tallies, wanted: Tallies, scale: float) -> None:
    """Counts and money exactly, floats to 1e-9 of ``scale``, the size of what was summed."""
    for name in COUNTS:
        assert found[name].tolist() == wanted[name].tolist(), name
    for name in FLOATS:
        np.testing.assert_allclose(
            found[name], wanted[name], rtol=1e-9, atol=1e-9 * scale, err_msg=name
        )


def scale_of(rows: Sequence[Row]) -> float:
    return 1.0 + sum(abs(row[2]) for row in rows) + sum(abs(row[3]) for row in rows)


_returns = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.1, -0.1, 0.1 + 0.2]),
    st.integers(-(10**6), 10**6).map(lambda whole: whole / 7919),
    st.floats(-1000, 1000, allow_nan=False, width=64),
)
_money = st.integers(-(10**9), 10**9).map(lambda cents: cents / 1000)


@st.composite
def rows(draw: st.DrawFn, after: int = 0, until: int = 10**6, most: int = 40) -> list[Row]:
    """Trades that closed within [after, until), with ties in time, r and money."""
    row = st.tuples(
        st.integers(after, min(until - 1, after + 20)) | st.integers(after, until - 1),
        st.integers(0, 10**10),
        _returns,
        _money,
        _money.map(abs) | st.just(float("nan")),
    )
    return draw(st.lists(row, max_size=most))
