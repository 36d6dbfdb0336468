"""The bridge, for what was known of trades: their context, features and the market they were in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from analytics.frames import trades
from trading import clock
from trading.bots.catalog import declaration
from trading.models import Book, StrategyInstance
from trading.rollups import trade_arrays
from trading.strategies.base import Feature, Strategy
from trading.strategies.common import COMMON_CONTEXT

_TRADE = ("entry_price", "exit_price", "stop_loss", "side", "exit_reason")
_COMMON = tuple(feature.name for feature in COMMON_CONTEXT)
_BOOLEANS = tuple(feature.name for feature in COMMON_CONTEXT if feature.kind == "boolean")
_WANTED = (*(f"t.{name}" for name in _TRADE), *(f"c.{name}" for name in _COMMON), "c.features")


@dataclass(frozen=True, slots=True)
class ContextTrades:
    """Trades in canonical order with what was recorded of them, all of shape (n,).

    ``entry_at`` in microseconds since 1970; prices NaN where unknown; ``side`` 1 for long, -1 for
    short. ``recorded`` holds the columns of the common context and the declared features by name,
    None where a trade has none.
    """

    rows: trade_arrays.Rows
    entry_at: np.ndarray
    entry: np.ndarray
    exit: np.ndarray
    stop: np.ndarray
    side: np.ndarray
    reason: np.ndarray
    market: np.ndarray
    recorded: dict[str, list[Any]]

    def __len__(self) -> int:
        return len(self.rows)

    def number(self, name: str) -> np.ndarray:
        """A recorded column as floats, NaN where it is missing or no number."""
        return np.array(
            [
                float(value)
                if isinstance(value, int | float) and not isinstance(value, bool)
                else np.nan
                for value in self.recorded.get(name, [None] * len(self))
            ],
            dtype=np.float64,
        )


def strategy(instance: int) -> Strategy | None:
    """What a strategy of a bot declares; None where it is gone."""
    strategy_instance = StrategyInstance.objects.select_related("bot").filter(pk=instance).first()
    return declaration(strategy_instance) if strategy_instance else None


def features(instance: int) -> tuple[Feature, ...]:
    """What is recorded with each trade of a strategy: the common context, then its own."""
    rules = strategy(instance)
    return (*COMMON_CONTEXT, *(rules.features if rules else ()))


def context_trades(
    instance: int, mode: str, since: datetime | None, until: datetime
) -> ContextTrades:
    """Trades of a strategy with since <= exit < until."""
    books = dict(
        Book.objects.filter(instance=instance, mode=mode).values_list("pk", "market__name")
    )
    bounds = (None if since is None else clock.to_micros(since), clock.to_micros(until))
    rows, columns = trade_arrays.rows_with(_WANTED, list(books), *bounds)
    by = np.lexsort((rows.trades.pnl, rows.trades.r, rows.trades.exit_at))
    rows = rows.take(by)
    by_name = dict(
        zip((*_TRADE, *_COMMON), ([column[at] for at in by] for column in columns), strict=False)
    )
    own = [msgspec.json.decode(columns[-1][at]) if columns[-1][at] else {} for at in by]
    recorded = {name: by_name[name] for name in _COMMON}
    for name in _BOOLEANS:  # SQLite hands over 0 and 1
        recorded[name] = [None if value is None else bool(value) for value in recorded[name]]
    recorded |= {
        feature.name: [_plain(values.get(feature.name)) for values in own]
        for feature in features(instance)
        if feature.name not in recorded
    }
    entry_at = rows.trades.exit_at - rows.trades.held
    _derive(recorded, rows, entry_at)
    entry, out, stop = (np.array(by_name[name], dtype=np.float64) for name in _TRADE[:3])
    side = np.where(np.array(by_name["side"], dtype=object) == "short", -1, 1)
    market = np.array([books[book] for book in rows.book.tolist()], dtype=object)
    reason = np.array(by_name["exit_reason"], dtype=object)
    return ContextTrades(rows, entry_at, entry, out, stop, side, reason, market, recorded)


def _plain(value: object) -> str | int | float | None:
    """A bot may send anything under the name of a feature; lists and the like are no values."""
    return value if isinstance(value, str | int | float) else None


def _derive(recorded: dict[str, list[Any]], rows: trade_arrays.Rows, entry_at: np.ndarray) -> None:
    """Fill in what follows from the trade itself, where the bot did not say it."""
    derived = {
        "entry_hour": (entry_at // clock.HOUR % 24).tolist(),
        # Days since 1970 began on a Thursday.
        "entry_day_of_week": ((entry_at // clock.DAY + 3) % 7).tolist(),
        "hold_time_seconds": (rows.trades.held / 1e6).tolist(),
    }
    for name, values in derived.items():
        recorded[name] = [
            again if value is None else value
            for value, again in zip(recorded[name], values, strict=True)
        ]


def results_before(instance: int, mode: str, before: int, most: int) -> np.ndarray:
    """PnL % of the newest trades that closed before a moment (microseconds), in time order."""
    books = Book.objects.filter(instance=instance, mode=mode).values_list("pk", flat=True)
    return trades.tail(list(books), before, most).r[::-1]
