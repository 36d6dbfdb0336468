"""Metrics of groups of trades in a window, as ``trading.ledger`` defines them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trading.clock import DAY
from trading.ledger import metrics, tally
from trading.ledger.metrics import Daily, Metrics
from trading.ledger.tally import Trades


@dataclass(frozen=True, slots=True)
class Window:
    """[since, until) in microseconds since 1970."""

    since: int
    until: int

    @property
    def seconds(self) -> float:
        return (self.until - self.since) / 1e6


def window(trades: Trades, since: int | None, until: int) -> Window:
    """The window; with an open start it begins on the day of the first trade."""
    if since is None:
        since = int(trades.exit_at[0]) // DAY * DAY if len(trades) else until
    return Window(since, until)


def of_parts(
    trades: Trades, parts: Sequence[np.ndarray], within: Window, *, interval: bool = True
) -> list[Metrics]:
    """Metrics of each part (ascending indices) of trades in canonical order. Without ``interval``
    the (expensive) interval of the average is None."""
    there = [at for at, part in enumerate(parts) if part.size]
    groups = [_nothing() for _ in parts]
    if not there:
        return groups
    places = np.concatenate([parts[at] for at in there])
    starts = np.cumsum([0, *(parts[at].size for at in there[:-1])])
    folded = tally.fold(trades, starts, places=places)
    for at, record in zip(there, folded, strict=True):
        daily = _daily(trades.take(parts[at]), within)
        groups[at] = plain(metrics.from_tally(record, daily, within.seconds, interval=interval))
    return groups


def _daily(trades: Trades, within: Window) -> Daily:
    first = within.since // DAY
    days = max((within.until - 1) // DAY - first + 1, 1)
    at = trades.exit_at // DAY - first
    totals = np.bincount(at, weights=trades.r, minlength=days).astype(np.float64)
    return Daily(totals, np.bincount(at, minlength=days))


def _nothing() -> Metrics:
    daily = Daily(np.zeros(0), np.zeros(0, np.int64))
    return plain(metrics.from_tally(tally.empty(1)[0], daily, 0.0))


def plain(values: Metrics) -> dict[str, Any]:
    """The same with intervals as lists, as in JSON."""
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }
