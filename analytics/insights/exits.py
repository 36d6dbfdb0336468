"""How good the exits of a strategy were, by reason, and what others would have made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from analytics.frames import context
from analytics.frames.context import ContextTrades
from analytics.insights import excursions
from analytics.quant import exits, r_units
from analytics.quant.exits import Paths, Quality, WhatIf
from trading.clock import DAY

# As bots call them.
AT_TARGET = ("take_profit", "tp", "target", "profit_target", "roi")
AT_STOP = ("stop_loss", "sl", "stop", "stoploss", "stoploss_on_exchange")


@dataclass(frozen=True, slots=True)
class Exits:
    """Quality of all exits and by ``reasons``; ``what_ifs``: every target of ``targets`` with
    every stop of ``stops`` (percent of the entry price; None: as it was).

    ``recorded`` trades carry the bot's own MFE and MAE, ``from_candles`` have them from stored
    candles, ``unknown`` have none; ``why`` says why there is no what-if, None where there is.
    """

    instance: int
    mode: str
    trades: int
    recorded: int
    from_candles: int
    unknown: int
    overall: Quality
    reasons: dict[str, Quality]
    targets: tuple[float | None, ...]
    stops: tuple[float | None, ...]
    what_ifs: tuple[WhatIf, ...]
    why: str | None


def judge(
    instance: int,
    mode: str,
    since: datetime | None,
    until: datetime,
    as_of: datetime,
    *,
    trades: ContextTrades | None = None,
) -> Exits:
    """The exits of a strategy's trades with since <= exit < until, and none after ``as_of``;
    ``trades`` are the trades, where they were read before."""
    if trades is None:
        trades = context.context_trades(instance, mode, since, min(until, as_of))
    found = excursions.of(instance, trades, as_of)
    paths = _paths(trades, found)
    targets, stops = exits.grid(paths)
    known = int((~np.isnan(paths.mfe)).sum())
    return Exits(
        instance,
        mode,
        len(trades),
        found.recorded,
        found.from_candles,
        len(trades) - known,
        exits.quality(paths),
        {
            str(reason): exits.quality(paths.take(trades.reason == reason))
            for reason in sorted(set(trades.reason.tolist()))
        },
        (None, *targets),
        (None, *stops),
        tuple(
            one
            for one in exits.what_ifs(paths, [None, *targets], [None, *stops])
            if one.target is not None or one.stop is not None
        ),
        None if targets or stops else _why(known),
    )


def _why(known: int) -> str:
    return (
        f"MFE and MAE are known for {known:,} trades, a what-if needs {exits.FEWEST}: "
        "send mfe_pct and mae_pct with each trade, or candles"
    )


def _paths(trades: ContextTrades, found: excursions.Excursions) -> Paths:
    gross = trades.side * (trades.exit / trades.entry - 1) * 100
    return Paths(
        trades.rows.trades.r,
        gross,
        found.mfe,
        found.mae,
        found.mfe_most,
        found.mae_most,
        r_units.risk_pct(trades.entry, trades.stop),
        np.isin(trades.reason, AT_TARGET),
        np.isin(trades.reason, AT_STOP),
        found.to_mfe,
        trades.rows.trades.held / 1e6,
        trades.rows.trades.exit_at // DAY,
    )
