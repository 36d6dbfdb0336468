"""MFE and MAE of trades: as the bot recorded them, else from candles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from analytics import frames
from analytics.frames import market_bars
from analytics.frames.context import ContextTrades
from analytics.quant import excursions
from trading import clock

if TYPE_CHECKING:
    from analytics.frames.reports import Bot


@dataclass(frozen=True, slots=True)
class Excursions:
    """MFE and MAE in percent of the entry price, and seconds to the MFE, shape (n,); NaN where
    unknown. ``*_most``: upper bounds where they come from candles, the same where the bot recorded
    them. ``recorded`` and ``from_candles`` count trades by source."""

    mfe: np.ndarray
    mae: np.ndarray
    mfe_most: np.ndarray
    mae_most: np.ndarray
    to_mfe: np.ndarray
    recorded: int
    from_candles: int


_COLUMNS = ("mfe", "mae", "mfe_most", "mae_most", "to_mfe")


def of(instance: int, trades: ContextTrades, as_of: datetime) -> Excursions:
    """MFE and MAE of trades, from the finest candles that cover each; none after ``as_of``."""
    mfe, mae = trades.number("mfe_pct"), trades.number("mae_pct")
    known = ~(np.isnan(mfe) | np.isnan(mae))
    mfe, mae = (np.where(known, column, np.nan) for column in (mfe, mae))
    to_mfe = np.where(known, trades.number("time_to_mfe_seconds"), np.nan)
    columns = dict(zip(_COLUMNS, (mfe, mae, mfe.copy(), mae.copy(), to_mfe), strict=True))
    if not known.all():
        row = frames.instance(instance)
        assert row is not None
        _fill(row.bot, trades, columns, clock.to_micros(as_of) / 1e6)
    recorded, total = int(known.sum()), int((~np.isnan(columns["mfe"])).sum())
    return Excursions(**columns, recorded=recorded, from_candles=total - recorded)


def _fill(bot: Bot, trades: ContextTrades, columns: dict[str, np.ndarray], end: float) -> None:
    entered, left = trades.entry_at / 1e6, trades.rows.trades.exit_at / 1e6
    for market in sorted(set(trades.market.tolist())):
        for interval in market_bars.intervals(bot, market, 1):
            rows = np.flatnonzero(np.isnan(columns["mfe"]) & (trades.market == market))
            if not rows.size:
                break
            since = float(entered[rows].min()) - interval
            until = min(float(left[rows].max()) + interval, end)
            bars = market_bars.load(bot, market, interval, interval, since, until).candles
            reach = excursions.reach(
                bars.open_time,
                bars.high,
                bars.low,
                interval,
                entered[rows],
                left[rows],
                trades.entry[rows],
                trades.exit[rows],
                trades.side[rows],
            )
            for name, column in columns.items():
                column[rows] = getattr(reach, name)
