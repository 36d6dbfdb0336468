"""The state of a market in the last 7 days, compared with the 7 days before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analytics import frames
from analytics.frames import market_bars
from analytics.frames.market_bars import Bars
from analytics.insights import regimes as insights_regimes
from analytics.quant import regimes
from trading import clock

if TYPE_CHECKING:
    from analytics.frames.reports import Bot

WEEK = 7 * 86_400
WHOLE = 0.95  # share of a week that counts as all of it


@dataclass(frozen=True, slots=True)
class Market:
    """A market in the 7 days up to ``as_of`` and, as ``*_before``, in the 7 before them; None
    where there are no bars for it.

    ``interval``: seconds of a bar. ``volatility_bps``: root mean square return of a bar;
    ``trend_pct``: change of the price; ``adx``: mean ADX(28), weak; ``volume``: per day;
    ``covered``: share of the time for which bars are stored, 0-1. ``regime``: low or high at the
    newest bar; ``high_share``: share of the bars whose regime is high. ``*_ratio``: these 7 days
    over those before.
    """

    market: str
    interval: int
    as_of: str
    newest_at: str
    price: float
    regime: str | None
    covered: float
    covered_before: float
    high_share: float | None
    high_share_before: float | None
    volatility_bps: float | None
    volatility_bps_before: float | None
    volatility_ratio: float | None
    trend_pct: float | None
    trend_pct_before: float | None
    adx: float | None
    adx_before: float | None
    volume: float | None
    volume_before: float | None
    volume_ratio: float | None


def markets(
    instance: int, as_of: datetime, names: Sequence[str] = (), wanted: int | None = None
) -> list[Market]:
    """The markets that a strategy trades (or ``names``) at a moment, in bars of its candles, or of
    ``wanted`` seconds; without markets that have no bar in the last 7 days."""
    row = frames.instance(instance)
    assert row is not None
    wanted = wanted or insights_regimes.bar_interval(row)
    states = (
        _market(row.bot, name, wanted, as_of) for name in names or frames.traded_markets(instance)
    )
    return [state for state in states if state is not None]


def _market(bot: Bot, name: str, wanted: int, as_of: datetime) -> Market | None:
    now = clock.to_micros(as_of) / 1e6
    states: list[Market] = []
    bars_before = regimes.RETURNS + regimes.BARS + insights_regimes.BURN_IN
    for interval in market_bars.intervals(bot, name, wanted):
        reach = bars_before * market_bars.bar_length(interval, wanted) + 2 * WEEK
        bars = market_bars.load(bot, name, interval, wanted, now - reach, now)
        if len(bars.candles) and now - bars.closed[-1] < WEEK:
            states.append(_state(name, bars, now, as_of))
            if states[-1].covered >= WHOLE:
                break
    # Fine bars often cover a few days only; the series that covers the week best wins.
    return max(states, key=lambda state: min(state.covered, WHOLE), default=None)


def _state(name: str, bars: Bars, now: float, as_of: datetime) -> Market:
    level = insights_regimes.regime(bars)
    trend = regimes.adx(bars.candles.high, bars.candles.low, bars.candles.close)
    recent, before = (_week(bars, level, trend, end - WEEK, end) for end in (now, now - WEEK))
    return Market(
        market=name,
        interval=bars.interval,
        as_of=clock.to_text(as_of),
        newest_at=clock.to_text(clock.from_epoch(float(bars.closed[-1]))),
        price=float(bars.candles.close[-1]),
        regime=None if level[-1] == regimes.UNKNOWN else regimes.LABELS[level[-1]],
        covered=recent.covered,
        covered_before=before.covered,
        high_share=recent.high_share,
        high_share_before=before.high_share,
        volatility_bps=recent.volatility_bps,
        volatility_bps_before=before.volatility_bps,
        volatility_ratio=_ratio(recent.volatility_bps, before.volatility_bps),
        trend_pct=recent.trend_pct,
        trend_pct_before=before.trend_pct,
        adx=recent.adx,
        adx_before=before.adx,
        volume=recent.volume,
        volume_before=before.volume,
        volume_ratio=_ratio(recent.volume, before.volume),
    )


class _Week(NamedTuple):
    """Seven days of a market; fields as in ``Market``."""

    covered: float
    high_share: float | None
    volatility_bps: float | None
    trend_pct: float | None
    adx: float | None
    volume: float | None


def _week(bars: Bars, level: np.ndarray, adx: np.ndarray, since: float, until: float) -> _Week:
    rows = np.flatnonzero((bars.closed > since) & (bars.closed <= until))
    close, volume = bars.candles.close, bars.candles.volume[rows]
    steps = rows[(rows > 0) & bars.joined[rows]]
    returns = np.log(close[steps] / close[steps - 1])
    known = level[rows][level[rows] != regimes.UNKNOWN]
    start = bars.candles.open[rows[0]] if rows.size else np.nan
    there = ~np.isnan(volume)
    return _Week(
        covered=min(rows.size * bars.interval / (until - since), 1.0),
        high_share=_mean(known == regimes.HIGH),
        volatility_bps=float(np.sqrt(np.mean(returns**2)) * 1e4) if steps.size else None,
        trend_pct=float(close[rows[-1]] / start - 1) * 100 if rows.size else None,
        adx=_mean(adx[rows][~np.isnan(adx[rows])]),
        # Per day with bars: a gap is not a quiet market.
        volume=float(volume[there].mean()) * 86_400 / bars.interval if there.any() else None,
    )


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if values.size else None


def _ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None
