"""Metrics of any selection of trades, in total or by group.

Two ways give the same numbers. If each group lies within one scope, or within sets that were live
one after the other, the rollups answer at a cost that does not depend on the number of trades.
Otherwise (several strategies or markets together, exit reasons, features, medians) the columns of
the window's trades are read, since a drawdown merges along time but not across markets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from trading import clock
from trading.clock import DAY, HOUR
from trading.ledger import metrics, money, tally
from trading.ledger.metrics import Columns, Daily, Metrics
from trading.ledger.tally import Ints
from trading.models import Scope
from trading.performance import grouping
from trading.performance.open_positions import open_positions
from trading.performance.selection import Selection
from trading.rollups import pooling, windows
from trading.rollups.windows import Pieces

DETAIL = ("c.mfe_pct", "c.mae_pct")
HOURLY_CURVE_DAYS = 14
NO_DAYS = Daily(np.zeros(0), np.zeros(0, np.int64))


@dataclass(frozen=True, slots=True)
class Group:
    """A part of a selection: its key (None for the total), its metrics and daily sums."""

    key: str | None
    metrics: Metrics
    daily: Daily


def measure(selection: Selection, by: str | None = None, detail: bool = False) -> list[Group]:
    """Metrics of a selection: one group, or one per value of ``by`` in order of the keys.

    ``by`` is day, hour (of the exit's day, UTC), strategy, market, exit_reason, version,
    feature:NAME or param:NAME; anything else raises ValueError. ``detail`` adds what rollups
    cannot give: medians, streaks, excursions.
    """
    grouping.check(by)
    groups = None if detail else _from_sums(selection, by)
    if groups is None:
        groups = _from_columns(selection, by, detail)
    if by is None and not groups:
        groups = [Group(None, _none(detail), NO_DAYS)]
    if by in (None, "strategy", "market"):
        for group in groups:
            group.metrics.update(open_positions(selection, by, group.key))
    return groups


def equity(selection: Selection, by: str = "strategy") -> dict[str, list[tuple[datetime, float]]]:
    """Cumulative PnL % by strategy or market, from 0: a point per day with trades, or per hour if
    the selection spans two weeks or less. A version cannot be grouped by market."""
    kind = Scope.Kind.MARKET if by == "market" or selection.market else Scope.Kind.INSTANCE
    if selection.version is not None:
        kind = Scope.Kind.SET
    scopes = selection.scopes(kind)
    window = windows.pieces(scopes, *selection.bounds)
    days = window.day
    if days.size and days.max() - days.min() < HOURLY_CURVE_DAYS:
        window = windows.pieces(scopes, *selection.bounds, hourly=True)
    labels = grouping.of_scopes(by, scopes)
    curves: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for scope, piece in zip(window.scope.tolist(), window.tallies, strict=True):
        curves[labels[scope]][int(piece["last"])] += float(piece["total"])
    return {key: _running(steps, window) for key, steps in sorted(curves.items())}


def _running(steps: dict[int, float], window: Pieces) -> list[tuple[datetime, float]]:
    start = int(window.tallies["first"].min()) // HOUR * HOUR
    total, curve = 0.0, [(clock.from_micros(start), 0.0)]
    for moment in sorted(steps):
        total += steps[moment]
        curve.append((clock.from_micros(moment), total))
    return curve


def _from_sums(selection: Selection, by: str | None) -> list[Group] | None:
    """Groups from rollups; None if a group would merge scopes that overlap in time."""
    kind = _kind(selection, by)
    if kind is None:
        return None
    scopes = selection.scopes(kind)
    if by in (None, "day", "hour"):
        if len(scopes) > 1:
            return None
        window = windows.pieces(scopes, *selection.bounds, hourly=by == "hour")
        keys = grouping.of_pieces(by, window)
    else:
        labels = grouping.of_scopes(by, scopes)
        pooled = _by_label(scopes, labels, selection.bounds)
        if pooled is None:
            return None
        window = pooled
        keys = [labels[scope] for scope in window.scope.tolist()]
    groups = []
    for key, rows in _split(keys):
        part = window.take(rows)
        record = tally.merge(part.tallies, np.array([0]))[0]
        currency = scopes[int(part.scope[0])].currency
        values, daily = _metrics(record, part, selection, by)
        groups.append(Group(key, values | _money({currency: record}), daily))
    return groups


def _by_label(
    scopes: list[Scope], labels: list[Any], bounds: tuple[int | None, int | None]
) -> Pieces | None:
    """The pieces of each label under the first scope that has it; None if scopes of one label
    overlap in time: markets, currencies, or sets for too long."""
    first: dict[Hashable, int] = {}
    group = np.array(
        [first.setdefault(label, index) for index, label in enumerate(labels)], np.int64
    )
    if len(first) == len(scopes):
        return windows.pieces(scopes, *bounds)
    pairs = {(label, scope.currency) for label, scope in zip(labels, scopes, strict=True)}
    if len(pairs) > len(first) or scopes[0].kind != Scope.Kind.SET:
        return None
    return pooling.pieces(scopes, group, *bounds)


def _kind(selection: Selection, by: str | None) -> str | None:
    by_market, by_set = by == "market", by == "version" or (by or "").startswith("param:")
    if selection.arm is not None:
        return None
    if by not in (None, "day", "hour", "strategy", "market") and not by_set:
        return None
    market, version = selection.market or by_market, selection.version is not None or by_set
    if market and version:
        return None
    if version:
        return Scope.Kind.SET
    return Scope.Kind.MARKET if market else Scope.Kind.INSTANCE


def _from_columns(selection: Selection, by: str | None, detail: bool) -> list[Group]:
    books = {book.pk: book for book in selection.books()}
    extra = (*grouping.columns(by), *(DETAIL if detail else ()))
    rows, further = grouping.read(list(books), selection, extra)
    keys = grouping.of_rows(by, rows, further, books)
    excursions = [np.array(column, dtype=np.float64) for column in further[-2:]] if detail else None
    groups = []
    for key, selected in _split(keys):
        part = rows.take(selected)
        by_exit = tally.order(part.trades)
        part, selected = part.take(by_exit), selected[by_exit]
        record = tally.fold(part.trades, np.array([0]))[0]
        currencies = np.array([books[book].currency for book in part.book.tolist()])
        values, daily = _metrics(record, _days(part.trades), selection, by)
        values |= _money(
            {
                str(name): tally.fold(part.trades.take(currencies == name), np.array([0]))[0]
                for name in np.unique(currencies)
            }
        )
        if excursions:
            mfe, mae = (column[selected] for column in excursions)
            values |= metrics.from_columns(Columns(part.trades.r, mfe, mae))
        groups.append(Group(key, values, daily))
    return groups


def _days(trades: tally.Trades) -> Pieces:
    """Tallies of ordered trades by day."""
    day = trades.exit_at // DAY
    starts = np.flatnonzero(np.diff(day, prepend=-1))
    return Pieces(np.zeros(starts.size, np.int64), tally.fold(trades, starts))


def _split(keys: Sequence[Hashable]) -> list[tuple[str | None, Ints]]:
    """The rows of each key, ordered by key."""
    rows: dict[Hashable, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        rows[key].append(row)
    ordered = sorted(rows, key=grouping.sort_key)
    return [(grouping.text(key), np.array(rows[key])) for key in ordered]


def _metrics(
    record: np.void, pieces: Pieces, selection: Selection, by: str | None
) -> tuple[Metrics, Daily]:
    since, until = selection.bounds
    if by == "day":
        # The group's window is its day, or the part of it that the selection covers.
        day = int(record["first"]) // DAY * DAY
        since = day if since is None else max(since, day)
        until = day + DAY if until is None else min(until, day + DAY)
    first_day = (record["first"] if since is None else since) // DAY
    end = until - 1 if until is not None else int(record["last"])
    end = max(min(end, clock.to_micros(clock.now())), int(record["last"]))
    last_day = end // DAY
    start = first_day * DAY if since is None else since
    stop = (last_day + 1) * DAY if until is None else end + 1
    daily = windows.daily(pieces, int(first_day), int(last_day))
    return metrics.from_tally(record, daily, float(stop - start) / 1e6), daily


def _money(records: dict[str, Any]) -> Metrics:
    return {
        "total_pnl": {
            currency: money.to_decimal(record["units"], record["picos"])
            for currency, record in records.items()
        },
        "total_fees": {
            currency: money.to_decimal(record["fee_units"], record["fee_picos"])
            for currency, record in records.items()
            if record["fees"]
        },
        "max_drawdown_money": {
            currency: money.rounded(record["money_drawdown"])
            for currency, record in records.items()
        },
    }


def _none(detail: bool) -> Metrics:
    values = metrics.from_tally(tally.empty(1)[0], NO_DAYS, 0.0)
    if detail:
        values |= metrics.from_columns(Columns(np.zeros(0), np.zeros(0), np.zeros(0)))
    return values | _money({})


def as_numbers(metrics: dict[str, Any]) -> dict[str, Any]:
    """Metrics as JSON numbers, money included."""
    return {name: _number(value) for name, value in metrics.items()}


def _number(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _number(part) for key, part in value.items()}
    return list(value) if isinstance(value, tuple) else value
