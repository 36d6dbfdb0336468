"""What the pictures of replays are drawn from: no more points than a screen can show."""

from __future__ import annotations

from typing import Any

import numpy as np

from analytics.models import Run
from analytics.quant.bricks import Bricks
from analytics.quant.fidelity import Trades
from analytics.research import run_store
from trading.market.candles import Candles

CANDLES = 1_500
POINTS = 2_000
TRADES = 600
BRICKS = 2_500


def candles(stored: Candles, most: int = CANDLES) -> dict[str, list[float]]:
    """Columns of at most so many candles, each made of as many neighbours; times in
    milliseconds."""
    size = -(-len(stored) // most) if len(stored) else 1
    starts = np.arange(0, len(stored), size)
    ends = np.append(starts[1:], len(stored)) - 1 if starts.size else starts
    high = np.maximum.reduceat(stored.high, starts) if starts.size else stored.high
    low = np.minimum.reduceat(stored.low, starts) if starts.size else stored.low
    return {
        "time": (stored.open_time[starts] * 1_000).tolist(),
        "open": stored.open[starts].tolist(),
        "high": high.tolist(),
        "low": low.tolist(),
        "close": stored.close[ends].tolist(),
        "each": [float(size)],
    }


def curve(time: np.ndarray, value: np.ndarray, most: int = POINTS) -> dict[str, list[float]]:
    """A curve through at most about so many points: the lowest and the highest of each stretch,
    so that no fall is smoothed away. Times in milliseconds."""
    if time.size <= most:
        rows = np.arange(time.size)
    else:
        kept = [np.array([0, time.size - 1])]
        for part in np.array_split(np.arange(time.size), most // 2):
            kept.append(part[[int(value[part].argmin()), int(value[part].argmax())]])
        rows = np.unique(np.concatenate(kept))
    return {"time": (time[rows] * 1_000).tolist(), "value": value[rows].tolist()}


def trades(replayed: list[dict[str, Any]], most: int = TRADES) -> dict[str, Any]:
    """Where trades were entered and left, and their stops; evenly thinned where there are more
    than can be told apart."""
    step = max(1, -(-len(replayed) // most))
    names = ("side", "entry_price", "exit_price", "pnl_pct", "exit_reason", "stop_loss")
    shown = replayed[::step]
    return {
        **{name: [trade[name] for trade in shown] for name in names},
        "entry": [trade["entry_at"] * 1_000 for trade in shown],
        "exit": [trade["exit_at"] * 1_000 for trade in shown],
        "of": len(replayed),
    }


def marked(
    shown: dict[str, list[float]], interval: int, replayed: list[dict[str, Any]], fee_bps: float
) -> dict[str, list[float]]:
    """The percent made so far at the close of each candle that is shown, what is open valued at
    that close less the fee of its entry. Times in milliseconds."""
    time = np.array(shown["time"]) / 1_000 + interval * shown["each"][0]
    close = np.array(shown["close"])
    names = ("entry_at", "exit_at", "entry_price", "pnl_pct")
    entered, left, entry, result = (np.array([trade[name] for trade in replayed]) for name in names)
    side = np.array([1.0 if trade["side"] == "long" else -1.0 for trade in replayed])
    value = np.append(0.0, np.cumsum(result))[np.searchsorted(left, time, "right")]
    if len(replayed):
        at = np.maximum(np.searchsorted(entered, time, "right") - 1, 0)
        open_ = (entered[at] <= time) & (time < left[at])
        now = side[at] * (close - entry[at]) / entry[at] * 100.0 - fee_bps / 100.0
        value = value + np.where(open_, now, 0.0)
    return curve(time, value)


def bricks(built: Bricks, start: float, most: int = BRICKS) -> dict[str, Any]:
    """Where bricks stand, times in milliseconds: each from the end of the one before, the first
    from ``start`` on; those closed together share their time. More than can be told apart are only
    counted."""
    if len(built) > most:
        return {"of": len(built), "from": [], "to": [], "open": [], "close": []}
    times, at, count = np.unique(built.time, return_inverse=True, return_counts=True)
    since = np.append(start, times[:-1])[: times.size]
    place = np.arange(len(built)) - np.append(0, np.cumsum(count))[at]
    width = (times - since) / count
    low = since[at] + place * width[at]
    return {
        "of": len(built),
        "from": (low * 1_000).tolist(),
        "to": ((low + width[at]) * 1_000).tolist(),
        "open": built.open.tolist(),
        "close": built.close.tolist(),
    }


def lived(own: Trades) -> dict[str, Any]:
    """The entries of a bot's own trades, and the percent that they made so far."""
    by = np.argsort(own.left, kind="stable")
    step = max(1, -(-len(own) // TRADES))
    return {
        "side": ["long" if side > 0 else "short" for side in own.side[::step]],
        "entry": (own.entered[::step] * 1_000).tolist(),
        "entry_price": own.entry[::step].tolist(),
        "pnl_pct": own.result[::step].tolist(),
        "equity": curve(own.left[by], np.cumsum(own.result[by])),
    }


def results(run: Run) -> dict[str, Any]:
    """Equity and drawdown of a run, from 0 at its beginning to its end."""
    time, percent = run_store.equity(run)
    start, end = run.summary["from"], run.summary["to"]
    time = np.concatenate(([start], time, [end]))
    percent = np.concatenate(([0.0], percent, percent[-1:] if percent.size else [0.0]))
    return {"equity": curve(time, percent), "drawdown": curve(time, run_store.drawdown(percent))}


def held(stored: Candles) -> dict[str, list[float]]:
    """What buying at the first close made, percent."""
    percent = (stored.close / stored.close[0] - 1.0) * 100.0 if len(stored) else stored.close
    return curve(stored.open_time.astype(np.float64), percent)
