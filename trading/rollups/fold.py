"""Trades into the sums of hours, in each of the three scopes that a trade counts in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trading.clock import HOUR
from trading.ledger import tally
from trading.ledger.tally import Trades
from trading.rollups import trade_arrays
from trading.rollups.trade_arrays import Rows

Hour = tuple[int, int]  # scope, hour since 1970
Scopes = Mapping[tuple[int, int], tuple[int, int, int]]  # of each (book, parameter set or 0)


@dataclass(frozen=True, slots=True)
class Hours:
    """Trades by scope and hour, ordered within them: ready to fold."""

    trades: Trades
    places: np.ndarray  # index into the trades, each of which stands at three places
    starts: np.ndarray  # rows of ``places`` where an hour begins, shape (k,)
    keys: list[Hour]  # k of them, ascending

    @property
    def first(self) -> np.ndarray:
        """When the first trade of each hour closed."""
        moments: np.ndarray = self.trades.exit_at[self.places[self.starts]]
        return moments

    def fold(self, prior: np.ndarray | None = None) -> np.ndarray:
        """A tally of each hour, shape (k,); ``prior`` are tallies to extend."""
        return tally.fold(self.trades, self.starts, prior, self.places)


def by_hour(rows: Rows, scopes: Scopes) -> Hours:
    """Each trade once per scope it counts in, ordered by scope and canonically within it.

    Raises KeyError where a trade's scopes are not among ``scopes``.
    """
    kinds, which = trade_arrays.pairs(rows)
    ids, table = np.unique(
        np.array([scopes[pair] for pair in kinds], dtype=np.int64), return_inverse=True
    )
    by = tally.order(rows.trades)
    # Narrow integers are sorted by their digits, many times faster than by comparing.
    small = np.uint16 if ids.size < 1 << 16 else np.int64
    scope = table.reshape(-1, 3).astype(small)[which[by]].T.reshape(-1)
    stable = np.argsort(scope, kind="stable")
    scope, places = scope[stable], np.tile(by, 3)[stable]
    hour = (rows.trades.exit_at // HOUR)[places]
    starts = tally.segments(scope, hour)
    keys = zip(ids[scope[starts]].tolist(), hour[starts].tolist(), strict=True)
    return Hours(rows.trades, places, starts, list(keys))


def read_and_fold(
    books: list[int], since: int | None, until: int | None, by_time: bool, known: Scopes
) -> tuple[int, list[Hour], np.ndarray] | None:
    """The hours of a stretch of time, after how many trades they hold; None where a trade's
    scopes are not ``known``. For another process: it needs the database and no models."""
    stored = trade_arrays.rows(books, since, until, by_time=by_time)
    try:
        hours = by_hour(stored, known)
    except KeyError:
        return None
    return len(stored), hours.keys, hours.fold()
