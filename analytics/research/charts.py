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


def candles(found: Candles, most: int = CANDLES) -> dict[str, list[float]]:
    """Columns of at most so many candles, each made of as many neighbours; times in
    milliseconds."""
    size = -(-len(found) // most) if len(found) else 1
    starts = np.arange(0, len(found), size)
    ends = np.append(starts[1:], len(found)) - 1 if starts.size else starts
    high = np.maximum.reduceat(found.high, starts) if starts.size else found.high
    low = np.minimum.reduceat(found.low, starts) if starts.size else found.low
    return {
        "time": (found.open_time[starts] * 1_000).tolist(),
        "open": found.open[starts].tolist(),
        "high": high.tolist(),
        "low": low.tolist(),
        "close": found.close[ends].tolist(),
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


def trades(found: list[dict[str, Any]], most: int = TRADES) -> dict[str, Any]:
    """Where trades were entered and left, and their stops; evenly thinned where there are more
    than can be told apart."""
    step = max(1, -(-len(found) // most))
    names = ("side", "entry_price", "exit_price", "pnl_pct", "exit_reason", "stop_loss")
    shown = found[::step]
    return {
        **{name: [one[name] for one in shown] for name in names},
        "entry": [one["entry_at"] * 1_000 for one in shown],
        "exit": [one["exit_at"] * 1_000 for one in shown],
        "of": len(found),
    }


def marked(
    shown: dict[str, list[float]], interval: int, found: list[dict[str, Any]], fee_bps: float
) -> dict[str, list[float]]:
    """The percent made so far at the close of each candle that is shown, what is open valued at
    that close less the fee of its entry. Times in milliseconds."""
    time = np.array(shown["time"]) / 1_000 + interval * shown["each"][0]
    close = np.array(shown["close"])
    names = ("entry_at", "exit_at", "entry_price", "pnl_pct")
    entered, left, entry, made = (np.array([one[name] for one in found]) for name in names)
    side = np.array([1.0 if one["side"] == "long" else -1.0 for one in found])
    value = np.append(0.0, np.cumsum(made))[np.searchsorted(left, time, "right")]
    if len(found):
        at = np.maximum(np.searchsorted(entered, time, "right") - 1, 0)
        open_ = (entered[at] <= time) & (time < left[at])
        now = side[at] * (close - entry[at]) / entry[at] * 100.0 - fee_bps / 100.0
        value = value + np.where(open_, now, 0.0)
    return curve(time, value)


def bricks(found: Bricks, start: float, most: int = BRICKS) -> dict[str, Any]:
    """Where bricks stand, times in milliseconds: each from the end of the one before, the first
    from ``start`` on; those closed together share their time. More than can be told apart are only
    counted."""
    if len(found) > most:
        return {"of": len(found), "from": [], "to": [], "open": [], "close": []}
    times, at, count = np.unique(found.time, return_inverse=True, return_counts=True)
    since = np.append(start, times[:-1])[: times.size]
    place = np.arange(len(found)) - np.append(0, np.cumsum(count))[at]
    width = (times - since) / count
    low = since[at] + place * width[at]
    return {
        "of": len(found),
        "from": (low * 1_000).tolist(),
        "to": ((low + width[at]) * 1_000).tolist(),
        "open": found.open.tolist(),
        "close": found.close.tolist(),
    }


def lived(found: Trades) -> dict[str, Any]:
    """The entries of a bot's own trades, and the percent that they made so far."""
    by = np.argsort(found.left, kind="stable")
    step = max(1, -(-len(found) // TRADES))
    return {
        "side": ["long" if one > 0 else "short" for one in found.side[::step]],
        "entry": (found.entered[::step] * 1_000).tolist(),
        "entry_price": found.entry[::step].tolist(),
        "pnl_pct": found.result[::step].tolist(),
        "equity": curve(found.left[by], np.cumsum(found.result[by])),
    }


def results(run: Run) -> dict[str, Any]:
    """Equity and drawdown of a run, from 0 at its beginning to its end."""
    time, made = run_store.equity(run)
    start, end = run.summary["from"], run.summary["to"]
    time = np.concatenate(([start], time, [end]))
    made = np.concatenate(([0.0], made, made[-1:] if made.size else [0.0]))
    return {"equity": curve(time, made), "drawdown": curve(time, run_store.drawdown(made))}


def held(found: Candles) -> dict[str, list[float]]:
    """What buying at the first close made, percent."""
    made = (found.close / found.close[0] - 1.0) * 100.0 if len(found) else found.close
    return curve(found.open_time.astype(np.float64), made)
