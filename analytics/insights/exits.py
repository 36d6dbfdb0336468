"""Exit analysis of a strategy: quality by exit reason, and what-ifs of other targets and stops."""

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

# Exit reasons as bots name them.
AT_TARGET = ("take_profit", "tp", "target", "profit_target", "roi")
AT_STOP = ("stop_loss", "sl", "stop", "stoploss", "stoploss_on_exchange")


@dataclass(frozen=True, slots=True)
class Exits:
    """Quality of all exits and by reason; ``what_ifs``: every target of ``targets`` with every
    stop of ``stops`` (percent of the entry price; None: unchanged).

    Trades by source of MFE and MAE: ``recorded`` by the bot, ``from_candles``, ``unknown``.
    ``why``: why there are no what-ifs, None where there are.
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
    """The exits of a strategy's trades with since <= exit < until, none after ``as_of``;
    ``trades``: the trades, if already read."""
    if trades is None:
        trades = context.context_trades(instance, mode, since, min(until, as_of))
    reached = excursions.of(instance, trades, as_of)
    paths = _paths(trades, reached)
    targets, stops = exits.grid(paths)
    known = int((~np.isnan(paths.mfe)).sum())
    return Exits(
        instance,
        mode,
        len(trades),
        reached.recorded,
        reached.from_candles,
        len(trades) - known,
        exits.quality(paths),
        {
            str(reason): exits.quality(paths.take(trades.reason == reason))
            for reason in sorted(set(trades.reason.tolist()))
        },
        (None, *targets),
        (None, *stops),
        tuple(
            what_if
            for what_if in exits.what_ifs(paths, [None, *targets], [None, *stops])
            if what_if.target is not None or what_if.stop is not None
        ),
        None if targets or stops else _why(known),
    )


def _why(known: int) -> str:
    return (
        f"MFE and MAE are known for {known:,} trades, a what-if needs {exits.FEWEST}: "
        "send mfe_pct and mae_pct with each trade, or candles"
    )


def _paths(trades: ContextTrades, reached: excursions.Excursions) -> Paths:
    gross = trades.side * (trades.exit / trades.entry - 1) * 100
    return Paths(
        trades.rows.trades.r,
        gross,
        reached.mfe,
        reached.mae,
        reached.mfe_most,
        reached.mae_most,
        r_units.risk_pct(trades.entry, trades.stop),
        np.isin(trades.reason, AT_TARGET),
        np.isin(trades.reason, AT_STOP),
        reached.to_mfe,
        trades.rows.trades.held / 1e6,
        trades.rows.trades.exit_at // DAY,
    )
