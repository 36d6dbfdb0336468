"""Market conditions: the regime and session of every trade, and how trades did in each.

Labels are computed when they are asked for, from stored candles, and stored nowhere: candles that
arrive late or are corrected are then counted by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from analytics import frames
from analytics.frames import context, market_bars
from analytics.frames.context import ContextTrades
from analytics.insights import group_metrics
from analytics.quant import binning, regimes
from trading import clock

BURN_IN = 2_000  # bars before the first trade beyond those that the median needs
OWN_TRADES = 100  # whose recorded volatility makes a median where there are no candles
ADX_EDGES = (20.0, 25.0)


@dataclass(frozen=True, slots=True)
class Labels:
    """What the market was like when each trade was entered, shape (n,): ``volatility`` low or
    high, None where it is not known; ``session``; ``adx`` 0-100, NaN where it is not known;
    ``source`` candles, recorded (the trades' own volatility) or None."""

    volatility: list[str | None]
    session: list[str]
    adx: np.ndarray
    source: list[str | None]


def labels(instance: int, trades: ContextTrades, *, trend: bool = True) -> Labels:
    """Labels of trades, none of which rests on anything after the trade's entry. Without
    ``trend``, which takes longest, ADX stays unknown."""
    level = np.full(len(trades), regimes.UNKNOWN)
    adx = np.full(len(trades), np.nan) if trend else None
    source = np.full(len(trades), None, dtype=object)
    whose = frames.instance(instance)
    wanted = bar_interval(whose)
    for market in sorted(set(trades.market.tolist())):
        mine = np.flatnonzero(trades.market == market)
        _from_candles(whose.bot, market, wanted, trades, mine, level, adx, source)
        left = mine[level[mine] == regimes.UNKNOWN]
        level[left] = _recorded(trades, mine)[np.isin(mine, left)]
        source[left[level[left] != regimes.UNKNOWN]] = "recorded"
    session = regimes.sessions(trades.entry_at // 1_000_000)
    return Labels(
        [None if one == regimes.UNKNOWN else regimes.LABELS[one] for one in level.tolist()],
        [regimes.SESSIONS[at] for at in session.tolist()],
        np.full(len(trades), np.nan) if adx is None else adx,
        source.tolist(),
    )


def of_trade(
    instance: int, mode: str, market: str, entry_at: datetime, exit_at: datetime
) -> tuple[str | None, str, float | None] | None:
    """Regime, session and ADX when a trade was entered; None where there is no such trade."""
    trades = context.context_trades(instance, mode, exit_at, exit_at + clock.MICROSECOND)
    mine = (trades.entry_at == clock.to_micros(entry_at)) & (trades.market == market)
    if not mine.any():
        return None
    at = int(np.flatnonzero(mine)[0])
    found = labels(instance, trades)
    adx = float(found.adx[at])
    return found.volatility[at], found.session[at], None if np.isnan(adx) else adx


def bar_interval(instance: Any) -> int:
    """Seconds of a strategy's own candles; an hour where it declares none."""
    rules = context.strategy(instance.pk)
    if rules is None or rules.candle_interval is None:
        return market_bars.HOUR
    made = frames.live_set(instance.pk)
    values = rules.complete(made.values) if made else rules.defaults()
    return int(values["candle_interval_seconds"])


def _from_candles(
    bot: Any,
    market: str,
    wanted: int,
    trades: ContextTrades,
    mine: np.ndarray,
    level: np.ndarray,
    adx: np.ndarray | None,
    source: np.ndarray,
) -> None:
    """Label the trades ``mine`` of a market by the first series that knows its regime then."""
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
                found = bars.candles
                adx[left] = regimes.adx(found.high, found.low, found.close)[at]
            source[left[level[left] != regimes.UNKNOWN]] = "candles"


def regime(bars: market_bars.Bars) -> np.ndarray:
    """The volatility regime at the end of each bar, shape (n,)."""
    values = regimes.volatility(bars.candles.close, bars.joined)
    return regimes.levels(values, regimes.trailing_median(values))


def _recorded(trades: ContextTrades, mine: np.ndarray) -> np.ndarray:
    """The regime by the trades' own volatility against that of the 100 before, shape (m,)."""
    by = np.argsort(trades.entry_at[mine], kind="stable")
    values = trades.number("volatility_bps")[mine][by]
    found = np.empty(mine.size, dtype=np.int64)
    found[by] = regimes.levels(values, regimes.trailing_median(values, OWN_TRADES))
    return found


@dataclass(frozen=True, slots=True)
class Performance:
    """Metrics (trading.ledger.metrics) of the trades of each regime and session, by label, and
    by ``adx`` at entry (below 20, to 25, above), which is weak context. ``unlabelled``: trades
    without a regime; ``sources``: where regimes came from."""

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
    """How a strategy did in each regime and session, of trades with since <= exit < until; without
    ``interval`` those of the averages, which cost most, are left None."""
    end = min(until, as_of)
    if trades is None:
        trades = context.context_trades(instance, mode, since, end)
    found = labels(instance, trades)
    within = group_metrics.window(
        trades.rows.trades, None if since is None else clock.to_micros(since), clock.to_micros(end)
    )
    trend = binning.ranges("adx", found.adx, ADX_EDGES)
    names = ("below_20", "20_to_25", "above_25")
    told = [None if code < 0 else names[code] for code in trend.code.tolist()]
    return Performance(
        _by_label(found.volatility, regimes.LABELS, trades, within, interval),
        _by_label(found.session, regimes.SESSIONS, trades, within, interval),
        _by_label(told, names, trades, within, interval),
        found.volatility.count(None),
        {name: found.source.count(name) for name in ("candles", "recorded")},
    )


def _by_label(
    found: Sequence[str | None],
    names: Sequence[str],
    trades: ContextTrades,
    within: group_metrics.Window,
    interval: bool,
) -> dict[str, dict[str, Any]]:
    column = np.array(found, dtype=object)
    parts = {name: np.flatnonzero(column == name) for name in names}
    there = {name: rows for name, rows in parts.items() if rows.size}
    told = group_metrics.of_parts(
        trades.rows.trades, list(there.values()), within, interval=interval
    )
    return dict(zip(there, told, strict=True))
