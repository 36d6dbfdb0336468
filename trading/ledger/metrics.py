"""The metrics of closed trades, each defined once.

``r`` is a trade's PnL in percent of its entry notional, net of fees. Ratios are 0-1, drawdowns
are positive percentage points, ``std_pct`` has ddof 1, Sharpe and Sortino are annualised by
sqrt(365) from the sums of calendar days (days without trades are 0). What is undefined is None.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .tally import Ints

DAYS_A_YEAR = 365
DAY_SECONDS = 86_400
RESAMPLES = 2_000
_Z95 = 1.959963984540054

Floats = NDArray[np.float64]
Metrics = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Daily:
    """Per calendar day (UTC) of a window, ascending, days without trades included: shape (n,)."""

    totals: Floats  # sum of r
    trades: Ints


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns of a window's trades in canonical order, shape (n,); NaN where not recorded."""

    r: Floats
    mfe: Floats
    mae: Floats


def from_tally(tally: np.void, daily: Daily, seconds: float, *, interval: bool = True) -> Metrics:
    """Metrics that need only sums: of one TALLY record and a window ``seconds`` long.

    Without ``interval`` that of the average, which costs more than all the rest, is left None.
    """
    n, wins, losses = int(tally["trades"]), int(tally["wins"]), int(tally["losses"])
    total, gain, loss = (float(tally[name]) for name in ("total", "gain", "loss"))
    mean, std = _ratio(total, n), _std(n, total, float(tally["squares"]))
    avg_win, avg_loss = _ratio(gain, wins), _ratio(-loss, losses)
    held = int(tally["held"]) / 1e6
    return {
        "trades": n,
        "wins": wins,
        "losses": losses,
        "breakeven": n - wins - losses,
        "win_rate": _ratio(wins, n),
        "win_rate_interval": wilson(wins, n),
        "avg_pnl_pct": mean,
        "avg_pnl_pct_interval": mean_interval(daily) if interval else None,
        "total_pnl_pct": total if n else None,
        "avg_win_pct": avg_win,
        "avg_loss_pct": avg_loss,
        "payoff_ratio": _ratio(avg_win, -avg_loss) if avg_win and avg_loss else None,
        "profit_factor": _ratio(gain, loss) if n else None,
        "expectancy_pct": mean,
        "best_pct": float(tally["best"]) if n else None,
        "worst_pct": float(tally["worst"]) if n else None,
        "std_pct": std,
        "sharpe_trade": _ratio(mean, std) if mean is not None and std else None,
        "sharpe": sharpe(daily.totals) if _active(daily) > 1 else None,
        "sortino": sortino(daily.totals) if _active(daily) > 1 else None,
        "max_drawdown_pct": float(tally["drawdown"]) if n else None,
        "avg_hold_seconds": _ratio(held, n),
        "exposure": _ratio(held, seconds) if n else None,
        "trades_per_day": _ratio(n * DAY_SECONDS, seconds),
        "fees_known": int(tally["fees"]),
    }


def from_columns(columns: Columns) -> Metrics:
    """Metrics that sums cannot give: medians, streaks, excursions."""
    mfe, mae = (column[~np.isnan(column)] for column in (columns.mfe, columns.mae))
    known = ~np.isnan(columns.mfe)
    reach = float(mfe.mean()) if mfe.size else None
    return {
        "median_pnl_pct": float(np.median(columns.r)) if columns.r.size else None,
        "longest_losing_streak": longest_run(columns.r < 0) if columns.r.size else None,
        "avg_mfe_pct": reach,
        "avg_mae_pct": float(mae.mean()) if mae.size else None,
        "edge_captured": float(columns.r[known].mean()) / reach if reach and reach > 0 else None,
    }


def _active(daily: Daily) -> int:
    """Days with trades: the ratios of a single one would only tell how long the window is."""
    return int((daily.trades > 0).sum())


def sharpe(totals: Floats) -> float | None:
    """mean / std (ddof 1) of daily sums * sqrt(365). None for fewer than 2 days or no spread."""
    if totals.size < 2:
        return None
    std = float(np.std(totals, ddof=1))
    return float(np.mean(totals)) / std * math.sqrt(DAYS_A_YEAR) if _spread(std, totals) else None


def sortino(totals: Floats) -> float | None:
    """mean / root mean square of the negative daily sums (over all days) * sqrt(365).

    None for fewer than 2 days or without a losing day.
    """
    if totals.size < 2:
        return None
    below = math.sqrt(float(np.mean(np.square(np.minimum(totals, 0.0)))))
    mean = float(np.mean(totals))
    # A day that adds up to zero may miss it by a rounding: that is no losing day.
    return mean / below * math.sqrt(DAYS_A_YEAR) if _spread(below, totals) else None


def wilson(wins: float, n: float) -> tuple[float, float] | None:
    """95 % interval of a rate (Wilson 1927). None without trades."""
    if not n:
        return None
    rate, z2 = wins / n, _Z95**2
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    reach = _Z95 / (1 + z2 / n) * math.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def mean_interval(daily: Daily, seed: int = 0) -> tuple[float, float] | None:
    """95 % interval of the mean r: percentile bootstrap over days, which are drawn whole.

    Trades of a day move together, so days are the unit of chance (Kuensch 1989, blocks of one
    day). Percentiles lie further out the fewer days there are, without which ten days would
    cover the truth 89 times in 100 (Hesterberg 2015, the expanded percentile interval).
    The same days give the same interval. None with trades on fewer than 5 days.
    """
    active = daily.trades > 0
    days = int(active.sum())
    if days < 5:
        return None
    totals, counts = daily.totals[active], daily.trades[active]
    rng = np.random.default_rng(seed)
    # Indices and two gathers: for two years of days ten times faster than multinomial counts.
    drawn = rng.integers(0, days, size=(RESAMPLES, days), dtype=np.int32)
    means = totals[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    tail = _tail(days)
    low, high = np.quantile(means, (tail, 1 - tail))
    return float(low), float(high)


def longest_run(mask: NDArray[np.bool_]) -> int:
    """Length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.view(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max()) if edges.size else 0


def _tail(n: int) -> float:
    """Share to cut off each side so that n draws cover 95 %: Phi(-t sqrt(n / (n - 1)))."""
    z, free = _Z95, n - 1
    # The quantile of Student's t by its expansion around the normal one (Fisher 1925).
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    t += (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * free**3)
    return math.erfc(t * math.sqrt(n / free / 2)) / 2


def _ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


def _std(n: int, total: float, squares: float) -> float | None:
    if n < 2:
        return None
    # Rounding can leave a tiny remainder where all values are equal: that is no spread.
    variance = (squares - total * total / n) / (n - 1)
    return math.sqrt(variance) if variance > 1e-14 * squares else 0.0


def _spread(std: float, values: Floats) -> bool:
    return std > 1e-12 * float(np.max(np.abs(values), initial=0.0))
