"""Market regime and session of every trade, and performance by each.

Labels are computed from stored candles on request and stored nowhere, so late or corrected candles
count without further work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics import frames
from analytics.frames import context, market_bars
from analytics.frames.context import ContextTrades
from analytics.insights import group_metrics
from analytics.quant import binning, regimes
from trading import clock

if TYPE_CHECKING:
    from analytics.frames.reports import Bot, StrategyInstance

BURN_IN = 2_000  # bars before the first trade, beyond those that the median needs
OWN_TRADES = 100  # trades whose recorded volatility gives the median where candles are missing
ADX_EDGES = (20.0, 25.0)


@dataclass(frozen=True, slots=True)
class Labels:
    """The market at each trade's entry, shape (n,): ``volatility`` low or high, None if unknown;
    ``session``; ``adx`` 0-100, NaN if unknown; ``source``: candles, recorded (the trades' own
    volatility) or None."""

    volatility: list[str | None]
    session: list[str]
    adx: np.ndarray
    source: list[str | None]


def labels(instance: int, trades: ContextTrades, *, trend: bool = True) -> Labels:
    """Labels of trades, from data before each entry only. Without ``trend`` (the slow part) ADX
    stays unknown."""
    level = np.full(len(trades), regimes.UNKNOWN)
    adx = np.full(len(trades), np.nan) if trend else None
    source = np.full(len(trades), None, dtype=object)
    row = frames.instance(instance)
    assert row is not None
    wanted = bar_interval(row)
    for market in sorted(set(trades.market.tolist())):
        mine = np.flatnonzero(trades.market == market)
        _from_candles(row.bot, market, wanted, trades, mine, level, adx, source)
        left = mine[level[mine] == regimes.UNKNOWN]
        level[left] = _recorded(trades, mine)[np.isin(mine, left)]
        source[left[level[left] != regimes.UNKNOWN]] = "recorded"
    session = regimes.sessions(trades.entry_at // 1_000_000)
    return Labels(
        [None if code == regimes.UNKNOWN else regimes.LABELS[code] for code in level.tolist()],
        [regimes.SESSIONS[at] for at in session.tolist()],
        np.full(len(trades), np.nan) if adx is None else adx,
        source.tolist(),
    )


def of_trade(
    instance: int, mode: str, market: str, entry_at: datetime, exit_at: datetime
) -> tuple[str | None, str, float | None] | None:
    """Regime, session and ADX at a trade's entry; None if there is no such trade."""
    trades = context.context_trades(instance, mode, exit_at, exit_at + clock.MICROSECOND)
    mine = (trades.entry_at == clock.to_micros(entry_at)) & (trades.market == market)
    if not mine.any():
        return None
    at = int(np.flatnonzero(mine)[0])
    market_labels = labels(instance, trades)
    adx = float(market_labels.adx[at])
    return market_labels.volatility[at], market_labels.session[at], None if np.isnan(adx) else adx


def bar_interval(instance: StrategyInstance) -> int:
    """Seconds of a strategy's own candles; an hour if it declares none."""
    rules = context.strategy(instance.pk)
    if rules is None or rules.candle_interval is None:
        return market_bars.HOUR
    live = frames.live_set(instance.pk)
    values = rules.complete(live.values) if live else rules.defaults()
    return int(values["candle_interval_seconds"])


def _from_candles(
    bot: Bot,
    market: str,
    wanted: int,
    trades: ContextTrades,
    mine: np.ndarray,
    level: np.ndarray,
    adx: np.ndarray | None,
    source: np.ndarray,
) -> None:
    """Labels the trades ``mine`` of a market by the finest series that knows the regime."""
    entered = trades.entry_at[mine] // 1_000_000
    first, last = int(entered.min()), int(entered.max())
    reach = regimes.RETURNS + regimes.BARS + BURN_IN
    for interval in market_bars.intervals(bot, market, wanted):
        left = mine[level[mine] == regimes.UNKNOWN]
        if not left.size:
            return
        since = first - reach * market_bars.bar_length(interval, wanted)
        bars = market_bars.load(bot, market, interval, wanted, since, last)
        at = regimes.newest(bars.closed, bars.interval, trades.entry_at[left] // 1_000_000)
        left, at = left[at >= 0], at[at >= 0]
        if left.size:
            level[left] = regime(bars)[at]
            if adx is not None:
                candles = bars.candles
                adx[left] = regimes.adx(candles.high, candles.low, candles.close)[at]
            source[left[level[left] != regimes.UNKNOWN]] = "candles"


def regime(bars: market_bars.Bars) -> np.ndarray:
    """The volatility regime at the end of each bar, shape (n,)."""
    values = regimes.volatility(bars.candles.close, bars.joined)
    return regimes.levels(values, regimes.trailing_median(values))


def _recorded(trades: ContextTrades, mine: np.ndarray) -> np.ndarray:
    """The regime by the trades' own volatility compared with the 100 trades before, shape (m,)."""
    by = np.argsort(trades.entry_at[mine], kind="stable")
    values = trades.number("volatility_bps")[mine][by]
    levels = np.empty(mine.size, dtype=np.int64)
    levels[by] = regimes.levels(values, regimes.trailing_median(values, OWN_TRADES))
    return levels


@dataclass(frozen=True, slots=True)
class Performance:
    """Metrics (``trading.ledger.metrics``) by regime, session and ``adx`` at entry (weak evidence).
    ``unlabelled``: trades without a regime; ``sources``: trades by source of the regime."""

    volatility: dict[str, dict[str, Any]]
    session: dict[str, dict[str, Any]]
    adx: dict[str, dict[str, Any]]
    unlabelled: int
    sources: dict[str, int]


def performance(
    instance: int,
    mode: str,
    since: datetime | None,
    until: datetime,
    as_of: datetime,
    *,
    interval: bool = True,
    trades: ContextTrades | None = None,
) -> Performance:
    """Performance by regime and session of trades with since <= exit < until; without ``interval``
    the (expensive) intervals of averages are None."""
    end = min(until, as_of)
    if trades is None:
        trades = context.context_trades(instance, mode, since, end)
    market_labels = labels(instance, trades)
    within = group_metrics.window(
        trades.rows.trades, None if since is None else clock.to_micros(since), clock.to_micros(end)
    )
    trend = binning.ranges("adx", market_labels.adx, ADX_EDGES)
    names = ("below_20", "20_to_25", "above_25")
    adx = [None if code < 0 else names[code] for code in trend.code.tolist()]
    return Performance(
        _by_label(market_labels.volatility, regimes.LABELS, trades, within, interval),
        _by_label(market_labels.session, regimes.SESSIONS, trades, within, interval),
        _by_label(adx, names, trades, within, interval),
        market_labels.volatility.count(None),
        {name: market_labels.source.count(name) for name in ("candles", "recorded")},
    )


def _by_label(
    labels: Sequence[str | None],
    names: Sequence[str],
    trades: ContextTrades,
    within: group_metrics.Window,
    interval: bool,
) -> dict[str, dict[str, Any]]:
    column = np.array(labels, dtype=object)
    parts = {name: np.flatnonzero(column == name) for name in names}
    there = {name: rows for name, rows in parts.items() if rows.size}
    groups = group_metrics.of_parts(
        trades.rows.trades, list(there.values()), within, interval=interval
    )
    return dict(zip(there, groups, strict=True))
