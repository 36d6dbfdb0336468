from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.ledger import metrics
from trading.ledger.metrics import DAY_SECONDS, Columns, Daily, from_columns, from_tally
from trading.ledger.tally import empty

from .arrays import Row, folded, rows, scale_of

DAY = DAY_SECONDS * 1_000_000
HOUR = 3_600_000_000


def daily(some: list[Row], days: int) -> Daily:
    at = np.array([row[0] // DAY for row in some], dtype=np.int64)
    weights = np.array([row[2] for row in some], dtype=np.float64)
    return Daily(np.bincount(at, weights, days), np.bincount(at, minlength=days))


def measured(some: list[Row], days: int = 1) -> dict:
    return from_tally(folded(some)[0], daily(some, days), days * DAY_SECONDS)


def trade(day: float, r: float, held: int = HOUR) -> Row:
    return (int(day * DAY), held, r, r, 0.0)


# Four days; the third without trades. Daily sums: 1, 2, 0, -1.
STORY = [
    trade(0.1, 2.0),
    trade(0.2, -1.0),
    trade(1.5, 2.0),
    trade(1.6, 0.0),
    trade(3.1, 1.0, 3 * HOUR),
    trade(3.2, -2.0),
]


def test_a_few_trades_give_every_metric_as_worked_out_by_hand():
    found = measured(STORY, 4)
    assert found.pop("win_rate_interval") == pytest.approx((0.18761, 0.81239), abs=1e-5)
    assert found.pop("avg_pnl_pct_interval") is None
    assert found == {
        "trades": 6,
        "wins": 3,
        "losses": 2,
        "breakeven": 1,
        "win_rate": 0.5,
        "avg_pnl_pct": pytest.approx(1 / 3),
        "expectancy_pct": pytest.approx(1 / 3),
        "total_pnl_pct": 2.0,
        "avg_win_pct": pytest.approx(5 / 3),
        "avg_loss_pct": -1.5,
        "payoff_ratio": pytest.approx(10 / 9),
        "profit_factor": pytest.approx(5 / 3),
        "best_pct": 2.0,
        "worst_pct": -2.0,
        # Squares 4 + 1 + 4 + 0 + 1 + 4 = 14; (14 - 2 * 2 / 6) / 5
        "std_pct": pytest.approx(math.sqrt(8 / 3)),
        "sharpe_trade": pytest.approx((1 / 3) / math.sqrt(8 / 3)),
        # Days 1, 2, 0, -1: mean 0.5, deviations 0.25 + 2.25 + 0.25 + 2.25 = 5, over 3
        "sharpe": pytest.approx(0.5 / math.sqrt(5 / 3) * math.sqrt(365)),
        "sortino": pytest.approx(0.5 / 0.5 * math.sqrt(365)),
        "max_drawdown_pct": 2.0,
        "avg_hold_seconds": 8 * 3600 / 6,
        "exposure": pytest.approx(8 / 96),
        "trades_per_day": 1.5,
        "fees_known": 6,
    }


def test_no_trades_leave_every_metric_undefined_but_the_counts():
    found = from_tally(empty(1)[0], Daily(np.zeros(3), np.zeros(3, np.int64)), 3 * DAY_SECONDS)
    counts = {"trades", "wins", "losses", "breakeven", "trades_per_day", "fees_known"}
    assert {name: found[name] for name in counts} == dict.fromkeys(counts, 0)
    assert {found[name] for name in found.keys() - counts} == {None}


def test_one_trade_has_a_mean_and_no_spread():
    found = measured([trade(0, 2.0)])
    assert (found["avg_pnl_pct"], found["win_rate"], found["best_pct"]) == (2.0, 1.0, 2.0)
    for name in (
        "std_pct",
        "sharpe_trade",
        "sharpe",
        "sortino",
        "avg_loss_pct",
        "payoff_ratio",
        "profit_factor",
        "avg_pnl_pct_interval",
    ):
        assert found[name] is None, name
    assert found["max_drawdown_pct"] == 0.0


def test_without_losses_what_divides_by_them_is_undefined():
    found = measured([trade(0, 2.0), trade(1, 1.0)], 2)
    assert found["avg_loss_pct"] is found["payoff_ratio"] is found["profit_factor"] is None
    assert found["sortino"] is None


def test_without_wins_the_profit_factor_is_zero_and_the_payoff_undefined():
    found = measured([trade(0, -2.0), trade(1, -1.0)], 2)
    assert (found["profit_factor"], found["win_rate"]) == (0.0, 0.0)
    assert found["avg_win_pct"] is found["payoff_ratio"] is None


def test_breakeven_trades_alone_neither_win_nor_lose():
    found = measured([trade(0, 0.0), trade(1, 0.0)], 2)
    assert (found["breakeven"], found["win_rate"], found["std_pct"]) == (2, 0.0, 0.0)
    for name in ("profit_factor", "sharpe_trade", "sharpe", "sortino", "payoff_ratio"):
        assert found[name] is None, name


@pytest.mark.parametrize("r", [0.1, -0.7, 1e-6, 12345.678])
@pytest.mark.parametrize("size", [2, 3, 10, 1000])
def test_equal_results_have_no_spread_whatever_rounding_leaves(r, size):
    found = measured([trade(day, r) for day in range(size)], size)
    assert found["std_pct"] == 0.0
    assert found["sharpe_trade"] is found["sharpe"] is None


def test_on_one_day_the_daily_ratios_are_undefined():
    found = measured([trade(0.1, 1.0), trade(0.2, -2.0)])
    assert found["sharpe"] is found["sortino"] is None


def test_a_day_that_misses_zero_by_a_rounding_is_no_losing_day():
    assert metrics.sortino(np.array([1.0, 0.3 - (0.1 + 0.2)])) is None


def test_a_window_without_length_has_no_rate_per_day():
    found = from_tally(folded(STORY)[0], daily(STORY, 4), 0.0)
    assert found["exposure"] is found["trades_per_day"] is None


@settings(max_examples=60)
@given(rows(until=30 * DAY, most=60), st.integers(30, 40))
def test_metrics_of_sums_equal_plain_pandas(some, days):
    found, frame = measured(some, days), pd.DataFrame({"r": [row[2] for row in some]}, dtype=float)
    per_day = pd.Series(0.0, range(days)).add(
        frame.r.groupby([row[0] // DAY for row in some]).sum(), fill_value=0.0
    )
    scale = scale_of(some)
    wins, losses = frame.r[frame.r > 0], frame.r[frame.r < 0]
    near = {"rel": 1e-9, "abs": 1e-12 * scale}
    if some:
        assert found["avg_pnl_pct"] == pytest.approx(frame.r.mean(), **near)
        assert found["win_rate"] == len(wins) / len(some)
    if len(wins) and len(losses):
        assert found["profit_factor"] == pytest.approx(wins.sum() / -losses.sum(), rel=1e-9)
        assert found["payoff_ratio"] == pytest.approx(wins.mean() / -losses.mean(), rel=1e-9)
    if len(some) > 1:
        # Sums of squares know a spread to half the digits, relative to the values.
        assert found["std_pct"] == pytest.approx(frame.r.std(), rel=1e-6, abs=1e-6 * scale)
    active = len({row[0] // DAY for row in some})
    if active < 2:
        assert found["sharpe"] is found["sortino"] is None
        return
    if per_day.std() > 1e-9 * scale:
        wanted = per_day.mean() / per_day.std() * math.sqrt(365)
        assert found["sharpe"] == pytest.approx(wanted, rel=1e-9, abs=1e-9)
    if (per_day < -1e-9 * scale).any():
        below = math.sqrt((per_day.clip(upper=0) ** 2).mean())
        wanted = per_day.mean() / below * math.sqrt(365)
        assert found["sortino"] == pytest.approx(wanted, rel=1e-9, abs=1e-9)


UNSCALED = (
    "trades",
    "wins",
    "losses",
    "breakeven",
    "win_rate",
    "win_rate_interval",
    "payoff_ratio",
    "profit_factor",
    "sharpe_trade",
    "sharpe",
    "sortino",
    "avg_hold_seconds",
    "exposure",
    "trades_per_day",
    "fees_known",
)


@settings(max_examples=60)
@given(rows(until=10 * DAY), st.sampled_from([0.5, 4.0, 256.0]))
def test_scaling_r_scales_totals_and_leaves_rates_and_ratios_alone(some, factor):
    plain = measured(some, 10)
    scaled = measured([(at, held, r * factor, p, f) for at, held, r, p, f in some], 10)
    for name, value in plain.items():
        if name in UNSCALED or value is None:
            assert scaled[name] == value, name
        elif name == "avg_pnl_pct_interval":
            assert scaled[name] == pytest.approx([part * factor for part in value], rel=1e-12)
        else:
            assert scaled[name] == value * factor, name


def columns(r: list[float], mfe: list[float] | None = None, mae: list[float] | None = None):
    unknown = [math.nan] * len(r)
    return Columns(*(np.array(part, dtype=float) for part in (r, mfe or unknown, mae or unknown)))


def test_excursions_are_averaged_over_the_trades_that_recorded_them():
    found = from_columns(columns([1.0, -2.0, 3.0], [2.0, math.nan, 4.0], [0.5, 2.5, math.nan]))
    assert found == {
        "median_pnl_pct": 1.0,
        "longest_losing_streak": 1,
        "avg_mfe_pct": 3.0,
        "avg_mae_pct": 1.5,
        # The mean of 1 and 3, whose reach is known, over a reach of 3
        "edge_captured": pytest.approx(2 / 3),
    }


@pytest.mark.parametrize(
    ("given_", "undefined"),
    [
        (
            columns([]),
            {
                "median_pnl_pct",
                "longest_losing_streak",
                "avg_mfe_pct",
                "avg_mae_pct",
                "edge_captured",
            },
        ),
        (columns([1.0]), {"avg_mfe_pct", "avg_mae_pct", "edge_captured"}),
        (columns([1.0, 2.0], [0.0, 0.0]), {"avg_mae_pct", "edge_captured"}),
    ],
)
def test_what_was_not_recorded_is_undefined(given_, undefined):
    found = from_columns(given_)
    assert {name for name, value in found.items() if value is None} == undefined


@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=1))
def test_the_longest_losing_streak_is_the_longest_run_of_losses(r):
    longest = max(map(len, "".join("L" if x < 0 else " " for x in r).split()), default=0)
    assert from_columns(columns(r))["longest_losing_streak"] == longest
