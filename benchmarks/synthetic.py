"""Seeded trades: three strategies, four markets and twelve parameter sets each, heavy tails, fees.

A day's trades follow from the seed and the day alone, and all histories end at the same moment:
a window near the end holds the very same trades however long the history is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

END = datetime(2026, 11, 1, tzinfo=UTC)
SEED = 20_261_101
DAY = 86_400_000_000
HOUR = DAY // 24
STRATEGIES = ("rsi_bb", "renko_ao", "breakout")
MARKETS = {"BTC-USD": 60_000.0, "ETH-USD": 2_500.0, "SOL-USD": 150.0, "DOGE-USD": 0.15}
SETS = 12
PER_DAY = 13_700  # 10 M trades are two years
REASONS = ("take_profit", "stop_loss", "signal", "time_stop", "manual")
_REASON_SHARES = (0.3, 0.25, 0.3, 0.14999, 0.00001)

Columns = dict[str, list]


def end_micros() -> int:
    return int(END.timestamp()) * 1_000_000


def days(trades: int, per_day: int = PER_DAY) -> Iterator[tuple[int, int]]:
    """(day since 1970, trades on it), ascending; the first day may be short."""
    last = end_micros() // DAY - 1
    count = -(-trades // per_day)
    for at in range(count):
        yield last - count + 1 + at, trades - (count - 1) * per_day if at == 0 else per_day


def day_of_trades(
    day: int, count: int, first_id: int, books: list[int], sets: list[int]
) -> Columns:
    """Columns of ``trading_trade`` for the last ``count`` trades of a day, ascending in time.

    ``books`` holds an id per strategy and market, ``sets`` one per strategy and version.
    """
    rng = np.random.default_rng((SEED, day))
    full = max(count, PER_DAY)
    exit_at = day * DAY + np.sort(rng.integers(0, DAY, full))[-count:]
    strategy = rng.integers(0, len(STRATEGIES), full)[-count:]
    market = rng.integers(0, len(MARKETS), full)[-count:]
    version = rng.integers(0, SETS, full)[-count:]
    held = np.minimum(rng.lognormal(7.5, 1.0, full)[-count:], 86_400) * 1e6
    r = np.clip(rng.standard_t(3, full)[-count:] * 0.6 + 0.01, -60, 200)
    price = np.array(list(MARKETS.values()))[market] * rng.lognormal(0, 0.2, full)[-count:]
    notional = rng.lognormal(6, 1, full)[-count:]
    reason = rng.choice(len(REASONS), full, p=_REASON_SHARES)[-count:]
    luck = rng.random(full)[-count:]
    side = rng.integers(0, 2, full)[-count:]
    digest = rng.integers(-(1 << 62), 1 << 62, full)[-count:]
    gross = 1 + np.where(side == 0, 1, -1) * np.minimum(r + 0.1, 90) / 100
    ids = np.arange(first_id, first_id + count)
    fee = np.round(notional * 0.001, 6) + 1e-6
    return {
        "id": ids.tolist(),
        "book_id": np.array(books)[strategy * len(MARKETS) + market].tolist(),
        "parameter_set_id": np.array(sets)[strategy * SETS + version].tolist(),
        "external_id": [f"b{number:09d}" for number in ids.tolist()],
        "side": [("long", "short")[at] for at in side.tolist()],
        "entry_price": np.round(price, 6).tolist(),
        "exit_price": np.round(np.maximum(price * gross, 1e-4), 6).tolist(),
        "size": np.round(notional / price + 1e-6, 6).tolist(),
        "entry_at": (exit_at - held.astype(np.int64)).tolist(),
        "exit_at": exit_at.tolist(),
        "exit_reason": [REASONS[at] for at in reason.tolist()],
        "pnl_pct": np.round(r, 8).tolist(),
        "pnl": np.round(notional * r / 100, 6).tolist(),
        "fee": [None if at < 0.02 else paid for at, paid in zip(luck, fee.tolist(), strict=True)],
        "reported_version": (version + 1).tolist(),
        "flagged": (luck > 0.9999).tolist(),
        "digest": digest.tolist(),
        "stored_at": exit_at.tolist(),
    }
