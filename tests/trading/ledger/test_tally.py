from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from trading.ledger import money
from trading.ledger.tally import empty, fold

from .arrays import ONE, Row, folded, merged, ordered

MINUTE = 60_000_000

# Minute of the exit, minutes held, r, money, fee; two trades close in minute 30.
NAN = float("nan")  # a fee that is not known
DOZEN: list[Row] = [
    (minute * MINUTE, held * MINUTE, r, pnl, fee)
    for minute, held, r, pnl, fee in [
        (10, 5, 1.0, 10.0, 0.1),  # r runs: 1        money: 10
        (20, 5, 2.0, 20.0, 0.1),  # 3 (peak)         30 (peak)
        (30, 10, -1.5, -15.0, 0.2),  # worst first: 1.5        15
        (30, 20, 0.5, 5.0, 0.2),  # 2                20
        (40, 1, 0.0, -0.1, 0.1),  # 2                19.9
        (50, 1, -4.0, -40.0, 0.1),  # -2               -20.1
        (60, 2, -0.5, -5.5, 0.1),  # -2.5 (trough)    -25.6 (trough)
        (70, 3, 0.25, 2.5, 0.0),  # -2.25            -23.1
        (80, 3, 3.0, 30.0, 0.1),  # 0.75             6.9
        (90, 4, 0.0, 0.0, NAN),  # 0.75             6.9
        (100, 6, -2.0, -20.0, 0.3),  # -1.25            -13.1
        (110, 60, 1.25, 12.3, 0.2),  # 0                -0.8
    ]
]


def test_a_dozen_trades_give_every_field_as_worked_out_by_hand():
    (tally,) = folded(DOZEN)
    assert {name: tally[name].item() for name in tally.dtype.names} == {
        "trades": 12,
        "wins": 6,
        "losses": 4,
        "fees": 11,
        "held": 120 * MINUTE,
        "first": 10 * MINUTE,
        "last": 110 * MINUTE,
        "units": -1,
        "picos": 200_000_000_000,
        "fee_units": 1,
        "fee_picos": 500_000_000_000,
        "total": 0.0,
        "gain": 8.0,
        "loss": 8.0,
        "squares": 38.375,  # 1 + 4 + 2.25 + 0.25 + 16 + 0.25 + 0.0625 + 9 + 4 + 1.5625
        "best": 3.0,
        "worst": -4.0,
        "peak": 3.0,
        "trough": -2.5,
        "drawdown": 5.5,
        "money_peak": 30.0,
        "money_trough": pytest.approx(-25.6, abs=1e-15),
        "money_drawdown": pytest.approx(55.6, abs=1e-14),
    }
    assert money.to_decimal(tally["units"], tally["picos"]) == Decimal("-0.8")
    assert money.to_decimal(tally["fee_units"], tally["fee_picos"]) == Decimal("1.5")


def test_of_trades_in_one_microsecond_the_worst_counts_first():
    (tally,) = folded([(5, 1, 2.0, 1.0, 0.0), (5, 1, -1.0, -1.0, 0.0)])
    assert (tally["drawdown"], tally["peak"], tally["trough"]) == (1.0, 1.0, -1.0)


def test_a_first_loss_is_a_drawdown_because_the_peak_starts_at_zero():
    (tally,) = folded([(1, 1, -2.0, -3.0, 0.0)])
    assert (tally["drawdown"], tally["peak"], tally["trough"]) == (2.0, 0.0, -2.0)
    assert (tally["money_drawdown"], tally["money_peak"]) == (3.0, 0.0)


def test_gains_alone_have_no_drawdown_and_their_sum_as_peak():
    (tally,) = folded([(1, 1, 2.0, 1.0, 0.0), (2, 1, 3.0, 1.0, 0.0)])
    assert (tally["drawdown"], tally["peak"], tally["trough"]) == (0.0, 5.0, 0.0)


def test_a_fall_that_begins_in_one_stretch_and_ends_in_the_next_is_seen_by_the_merge():
    (tally,) = merged(
        folded([(1, 1, 5.0, 5.0, 0.0), (2, 1, -1.0, -1.0, 0.0)]),
        folded([(3, 1, -3.0, -3.0, 0.0), (4, 1, 2.0, 2.0, 0.0)]),
    )
    assert (tally["drawdown"], tally["money_drawdown"], tally["total"]) == (4.0, 4.0, 3.0)


def test_money_that_floats_cannot_add_is_added_exactly():
    (tally,) = folded([(at, 1, 0.0, 0.1, 0.0) for at in range(100_000)])
    assert money.to_decimal(tally["units"], tally["picos"]) == 10_000


def _table(size: int, seed: int) -> list[Row]:
    rng = np.random.default_rng(seed)
    exits = np.sort(rng.integers(0, size // 2, size))  # many close in the same microsecond
    r = np.where(rng.random(size) < 0.1, 0.0, rng.normal(0, 2, size).round(3))
    pnl = rng.normal(0, 50, size).round(4)
    rows = zip(exits, rng.integers(1, 10**9, size), r, pnl, abs(pnl) / 100, strict=True)
    return [tuple(value.item() for value in row) for row in rows]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    table = ordered(_table(400, seed=3))
    names = ("exit_at", "held", "r", "pnl", "fee")
    return pd.DataFrame({name: getattr(table, name) for name in names})


def _plain(frame: pd.DataFrame) -> dict[str, float]:
    """What a tally says, computed as anybody would."""
    r, run, cash = frame.r, frame.r.cumsum(), frame.pnl.cumsum()
    return {
        "trades": len(frame),
        "wins": (r > 0).sum(),
        "losses": (r < 0).sum(),
        "held": frame.held.sum(),
        "first": frame.exit_at.min(),
        "last": frame.exit_at.max(),
        "total": r.sum(),
        "gain": r[r > 0].sum(),
        "loss": -r[r < 0].sum(),
        "squares": (r**2).sum(),
        "best": r.max(),
        "worst": r.min(),
        "peak": max(0, run.max()),
        "trough": min(0, run.min()),
        "drawdown": (run.cummax().clip(lower=0) - run).max(),
        "money_peak": max(0, cash.max()),
        "money_trough": min(0, cash.min()),
        "money_drawdown": (cash.cummax().clip(lower=0) - cash).max(),
    }


def test_every_prefix_equals_plain_pandas(frame):
    rows = list(frame.itertuples(index=False, name=None))
    tally = empty(1)
    for size in range(1, len(frame) + 1):
        tally = fold(ordered(rows[size - 1 : size]), ONE, tally)
        wanted = _plain(frame.iloc[:size])
        for name, value in wanted.items():
            assert tally[name].item() == pytest.approx(value, rel=1e-9, abs=1e-9), (size, name)
        pnl, fee = (
            sum((Decimal(repr(value)) for value in frame[name].iloc[:size].round(12)), Decimal(0))
            for name in ("pnl", "fee")
        )
        assert abs(money.to_decimal(tally["units"][0], tally["picos"][0]) - pnl) < Decimal("1e-9")
        assert abs(money.to_decimal(tally["fee_units"][0], tally["fee_picos"][0]) - fee) < Decimal(
            "1e-9"
        )


def test_every_split_of_the_same_trades_merges_to_plain_pandas(frame):
    rows = list(frame.itertuples(index=False, name=None))
    wanted = _plain(frame)
    edges = np.flatnonzero(np.diff(frame.exit_at)) + 1  # between two microseconds
    for cut in edges[::7]:
        tally = merged(folded(rows[:cut]), folded(rows[cut:]))
        for name, value in wanted.items():
            assert tally[name].item() == pytest.approx(value, rel=1e-9, abs=1e-9), (cut, name)
