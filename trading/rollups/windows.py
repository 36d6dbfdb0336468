"""Any window of time, answered from sums.

A window is cut into whole days, the whole hours beside them, and the trades of the two hours that
it enters or leaves in the middle; what it costs does not depend on how many trades are stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection

from trading.clock import DAY, HOUR
from trading.db import bulk
from trading.ledger import tally
from trading.ledger.metrics import Daily
from trading.ledger.tally import TALLY
from trading.models import Scope
from trading.rollups import scopes as known_scopes
from trading.rollups import trade_arrays
from trading.rollups.window_parts import Bounds, Cut, Hours, cut, united

NO_SCOPES = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Pieces:
    """Disjoint tallies that make up a window, ordered by scope and time, all of shape (n,)."""

    scope: np.ndarray  # index into the scopes that were asked for
    tallies: np.ndarray  # dtype TALLY

    @property
    def day(self) -> np.ndarray:
        return self.tallies["first"] // DAY

    @property
    def hour_of_day(self) -> np.ndarray:
        return self.tallies["first"] // HOUR % 24

    def take(self, rows: np.ndarray) -> Pieces:
        return Pieces(self.scope[rows], tally.take(self.tallies, rows))


def pieces(
    scopes: Sequence[Scope], since: int | None, until: int | None, *, hourly: bool = False
) -> Pieces:
    """Tallies of trades with since <= exit < until (microseconds since 1970; None is open).

    ``hourly`` keeps hours apart instead of using whole days.
    """
    return _pieces(scopes, [(since, until)], hourly)


def merged(window: Pieces, size: int) -> np.ndarray:
    """One tally per scope, shape (size,)."""
    out = tally.empty(size)
    starts = np.flatnonzero(np.diff(window.scope, prepend=-1))
    if starts.size:
        out[window.scope[starts]] = tally.merge(window.tallies, starts)
    return out


def sums(scopes: Sequence[Scope], windows: Sequence[Bounds]) -> np.ndarray:
    """The tally of every scope in each window, shape (windows, scopes), in one query. Alerts use
    it to compare a day with a week. Needs at least one window."""
    totals = merged(_pieces(scopes, windows, False), len(windows) * len(scopes))
    return totals.reshape(len(windows), len(scopes))


def daily(window: Pieces, first_day: int, last_day: int) -> Daily:
    """Sums per calendar day of ``first_day`` .. ``last_day`` (days since 1970), over all scopes."""
    at = window.day - first_day
    size = last_day - first_day + 1
    totals: np.ndarray = np.bincount(at, weights=window.tallies["total"], minlength=size)
    trades = np.bincount(at, weights=window.tallies["trades"], minlength=size)
    return Daily(totals, trades.astype(np.int64))


def _pieces(scopes: Sequence[Scope], windows: Sequence[Bounds], hourly: bool) -> Pieces:
    """The pieces of several windows, read together. Scope ``s`` of window ``w`` is numbered
    ``w * len(scopes) + s``."""
    cuts = [cut(*window) for window in windows]
    scope, at, tallies = _stored(scopes, cuts, hourly)
    if any(parts.edges for parts in cuts):
        edge = _raw(scopes, cuts)
        scope = np.concatenate((scope, edge.scope))
        at = np.concatenate((at, tallies.size + np.arange(edge.scope.size)))
        tallies = tally.joined((tallies, edge.tallies))
    # By scope and time in one key, which is almost in order: much faster than two.
    order = np.argsort((scope << 32) + tallies["first"][at] // HOUR, kind="stable")
    return Pieces(scope[order], tally.take(tallies, at[order]))


def _stored(
    scopes: Sequence[Scope], cuts: Sequence[Cut], hourly: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whole days, and the hours of days that are cut: scopes, and which of the tallies each has."""
    days = united([parts.days for parts in cuts])
    hours = list({part: None for parts in cuts for part in parts.hours})
    part, scope_ids, tallies = _read(scopes, days, hours, "hours" if hourly else "tally")
    scope = _places(scopes, scope_ids)
    day, hour = tallies["first"] // DAY, tallies["first"] // HOUR
    selected = []
    for parts in cuts:
        since, until = parts.days
        mine = part == 0
        if since is not None:
            mine &= day >= since
        if until is not None:
            mine &= day < until
        for span in parts.hours:
            mine |= (part == hours.index(span) + 1) & (hour >= span.first) & (hour < span.last)
        selected.append(np.flatnonzero(mine))
    at = np.concatenate(selected)
    window = np.repeat(np.arange(len(cuts)), [rows.size for rows in selected])
    return scope[at] + window * len(scopes), at, tallies


def _read(
    scopes: Sequence[Scope], days: Sequence[Bounds], hours: Sequence[Hours], column: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tallies, each with its scope's id and the part that it is of: 0 of the days, else the
    number of its hours."""
    among = ", ".join(str(scope.id) for scope in scopes) or "NULL"
    wanted = [(0, column, since, until) for since, until in days]
    wanted += [
        (number, _hours(span), span.day, span.day + 1) for number, span in enumerate(hours, start=1)
    ]
    branches, values = [], []
    for number, name, *bounds in wanted:
        ends = [end for end in zip((">=", "<"), bounds, strict=True) if end[1] is not None]
        where = "".join(f" AND day {sign} %s" for sign, _ in ends)
        branches.append(
            f"SELECT {number}, scope_id, {name} FROM trading_rollupday"
            f" WHERE scope_id IN ({among}){where}"
        )
        values += [day for _, day in ends]
    rows = bulk.binary(" UNION ALL ".join(branches), values) if branches else []
    parts, scope_ids, blobs = zip(*rows, strict=True) if rows else ((), (), ())
    counts = [len(blob) // TALLY.itemsize for blob in blobs]
    part, scope_id = (np.repeat(np.array(ids, np.int64), counts) for ids in (parts, scope_ids))
    return part, scope_id, np.frombuffer(b"".join(blobs), TALLY)


def _hours(part: Hours) -> str:
    """No more of a day's hours than may be wanted: they are stored as far as they hold trades."""
    most = (part.last - part.first) * TALLY.itemsize
    if part.first % 24 == 0:
        return f"substr(hours, 1, {most})"
    if part.last % 24 == 0:
        larger = "GREATEST" if connection.vendor == "postgresql" else "MAX"
        return f"substr(hours, {larger}(1, length(hours) - {most - 1}))"
    return "hours"


def _places(scopes: Sequence[Scope], ids: np.ndarray) -> np.ndarray:
    """Where among ``scopes`` each of these stands, -1 where it is none of them."""
    known = np.array([-1, *(scope.id for scope in scopes)])
    order = np.argsort(known)
    place = order[np.searchsorted(known[order], ids, side="right") - 1]
    return np.where(known[place] == ids, place, 0) - 1


def _raw(scopes: Sequence[Scope], cuts: Sequence[Cut]) -> Pieces:
    """Tallies of the trades at the windows' edges, which lie within an hour each."""
    stretches = united([edge for parts in cuts for edge in parts.edges])
    stored = trade_arrays.rows_of({scope.instance_id for scope in scopes}, stretches)
    by = tally.order(stored.trades)
    exit_at = stored.trades.exit_at[by]
    kinds, which = trade_arrays.pairs(stored)
    three = known_scopes.of_pairs(kinds, make=False)
    ids = [three.get(pair, NO_SCOPES) for pair in kinds]
    table = _places(scopes, np.array(ids, np.int64).reshape(-1, 3))
    of_windows = []
    for number, parts in enumerate(cuts):
        inside = np.zeros(exit_at.size, dtype=bool)
        for since, until in parts.edges:
            inside |= (exit_at >= since) & (exit_at < until)
        rows = by[inside]
        scope = table[which[rows]].T
        of_windows.append((np.where(scope < 0, -1, scope + number * len(scopes)), rows))
    scope = np.concatenate([scope.reshape(-1) for scope, _ in of_windows])
    rows = np.concatenate([np.tile(rows, 3) for _, rows in of_windows])
    rows, scope = rows[scope >= 0], scope[scope >= 0]
    stable = np.argsort(scope, kind="stable")
    rows, scope = rows[stable], scope[stable]
    starts = tally.segments(scope, stored.trades.exit_at[rows] // HOUR)
    return Pieces(scope[starts], tally.fold(stored.trades, starts, places=rows))
