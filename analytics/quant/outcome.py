"""What a walk along bars came to, in the words and by the measures of live trades."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trading.ledger import metrics, tally
from trading.ledger.metrics import Columns, Daily
from trading.strategies.base import Feature, Strategy
from trading.strategies.engine import tape
from trading.strategies.engine.walk import Bars, Fills, Walk
from trading.strategies.parameters import Value

DAY = 86_400
END_OF_DATA = "end_of_data"
_TRENDS = {1: "up", -1: "down", 0: "sideways"}
_VOLATILITY = {1: "increasing", -1: "decreasing", 0: "stable"}
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Costs:
    """Basis points of the notional: the fee of each side, the whole spread, and the slippage of
    each side."""

    fee_bps: float = 0.0
    spread_bps: float = 0.0
    slippage_bps: float = 0.0

    def fills(self, intrabar: bool | None = None, next_open: bool = False) -> Fills:
        return Fills(self.fee_bps, self.spread_bps / 2, self.slippage_bps, intrabar, next_open)


@dataclass(frozen=True, slots=True)
class Replayed:
    """``rows``, shape (n, columns of the engine and features), by exit; ``counts`` by filter."""

    strategy: Strategy
    bars: Bars
    interval: int
    candle: int
    raised: bool
    warmup: int
    gaps: int
    rows: Floats
    evaluations: int
    signals: int
    blocked: dict[str, int]


def replayed(
    strategy: Strategy,
    values: Mapping[str, Value],
    bars: Bars,
    interval: int,
    fills: Fills,
    tell: Callable[[float], None] = lambda share: None,
) -> Replayed:
    """Walk along all bars; what is open at the end is closed at the last price. ``tell`` hears
    the share that is done. Raises BadInterval."""
    walk = Walk(strategy, values, interval, fills)
    rows = [walk.take(bars, tell)]
    if len(bars):
        rows.append(walk.finish(float(bars.close[-1]), float(bars.time[-1]) + interval))
    state = walk.state
    return Replayed(
        strategy,
        bars,
        interval,
        walk.candle,
        walk.raised,
        int(state.warmup),
        int(state.gaps),
        np.concatenate(rows),
        int(state.evaluations),
        int(state.signals),
        dict(zip(strategy.filters, walk.funnel.tolist(), strict=True)),
    )


def measured(found: Replayed) -> dict[str, Any]:
    """The metrics of live trades over the time of the bars, without money."""
    rows, r = found.rows, found.rows[:, tape.RESULT]
    micros = np.rint(rows[:, [tape.ENTERED, tape.LEFT]] * 1e6).astype(np.int64)
    trades = tally.Trades(
        micros[:, 1], micros[:, 1] - micros[:, 0], r, np.zeros(r.size), np.full(r.size, np.nan)
    )
    by = tally.order(trades)
    trades = trades.take(by)
    sums = tally.fold(trades, np.zeros(min(1, r.size), np.int64))
    record = sums[0] if sums.size else tally.empty(1)[0]
    start, end = span(found)
    days = int((end - 1) // DAY - start // DAY) + 1 if end > start else 0
    at = trades.exit_at // (DAY * 1_000_000) - int(start // DAY)
    at = np.minimum(at, max(days - 1, 0))  # an exit at the very end of the last day
    totals = np.bincount(at, weights=trades.r, minlength=days).astype(np.float64)
    daily = Daily(totals, np.bincount(at, minlength=days))
    told = metrics.from_tally(record, daily, end - start)
    columns = Columns(trades.r, rows[by, tape.MFE], rows[by, tape.MAE])
    return {**told, **metrics.from_columns(columns)}


def span(found: Replayed) -> tuple[float, float]:
    """From the opening of the first bar to the end of the last, epoch seconds."""
    time = found.bars.time
    return (float(time[0]), float(time[-1]) + found.interval) if time.size else (0.0, 0.0)


def equity(found: Replayed) -> Floats:
    """Epoch seconds and the percent made so far, after each trade; shape (2, n)."""
    rows = found.rows
    return np.vstack([rows[:, tape.LEFT], np.cumsum(rows[:, tape.RESULT])])


def held(bars: Bars) -> dict[str, float] | None:
    """What buying at the first close and holding made, and its deepest fall, in percentage
    points of the first price. None without bars."""
    if not len(bars):
        return None
    made = (bars.close / bars.close[0] - 1.0) * 100.0
    fall = np.maximum.accumulate(np.maximum(made, 0.0)) - made
    return {"total_pnl_pct": float(made[-1]), "max_drawdown_pct": float(fall.max())}


def cost_pct(found: Replayed, costs: Costs) -> float:
    """What fees, spread and slippage took from all trades together, percentage points."""
    rows = found.rows
    back = rows[:, tape.LEAVING] / rows[:, tape.ENTRY]
    against = costs.spread_bps / 2 + costs.slippage_bps
    return float(((costs.fee_bps + against) * (1.0 + back) / 100.0).sum())


def trades(found: Replayed) -> list[dict[str, Any]]:
    """Each as a live one: moments in epoch seconds, with its context and features."""
    return [_trade(found.strategy, row.tolist()) for row in found.rows]


def _trade(strategy: Strategy, row: list[float]) -> dict[str, Any]:
    reason = int(row[tape.REASON])
    return {
        "side": "long" if row[tape.SIDE] > 0 else "short",
        "entry_at": row[tape.ENTERED],
        "exit_at": row[tape.LEFT],
        "entry_price": row[tape.ENTRY],
        "exit_price": row[tape.LEAVING],
        "pnl_pct": row[tape.RESULT],
        "exit_reason": END_OF_DATA if reason < 0 else strategy.exit_reasons[reason],
        "stop_loss": row[tape.STOP],
        "take_profit": row[tape.TARGET],
        "context": _context(row, reason),
        "features": {
            one.name: _feature(one, value)
            for one, value in zip(strategy.features, row[tape.COLUMNS :], strict=True)
        },
    }


def _context(row: list[float], reason: int) -> dict[str, Any]:
    entered = int(row[tape.ENTERED])
    return {
        "volatility_bps": _known(row[tape.VOLATILITY]),
        "price_trend": _TRENDS[int(row[tape.TREND])],
        "volatility_trend": _VOLATILITY[int(row[tape.VOLATILITY_TREND])],
        "entry_hour": entered % DAY // 3_600,
        "entry_day_of_week": (entered // DAY + 3) % 7,  # 1 January 1970 was a Thursday
        "signal_strength": row[tape.STRENGTH],
        "mfe_pct": row[tape.MFE],
        "mae_pct": row[tape.MAE],
        "time_to_mfe_seconds": row[tape.MFE_AT],
        "hold_time_seconds": row[tape.LEFT] - row[tape.ENTERED],
        "reached_tp": reason == tape.TAKE_PROFIT,
        "reached_sl": reason == tape.STOP_LOSS,
    }


def _feature(feature: Feature, value: float) -> Any:
    if math.isnan(value):
        return None
    if feature.kind == "category":
        return feature.choices[int(value)]
    return bool(value) if feature.kind == "boolean" else value


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
