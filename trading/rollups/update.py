"""Sums by day and hour, kept true by every write.

A trade counts in three scopes: its instance, its market, and its parameter set (unknown ones
together). An hour is either extended, where every new trade came after what it holds, or computed
anew from its trades; both give the same bits, so that the rows always equal a rebuild.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trading.clock import HOUR
from trading.ledger import tally
from trading.models import Book, Scope
from trading.rollups import days as stored_days
from trading.rollups import fold, scopes, trade_arrays
from trading.rollups.fold import Hour
from trading.rollups.trade_arrays import Rows


@dataclass(frozen=True, slots=True)
class Place:
    """Where a trade counts: its instance, book, set, and the hour of its exit since 1970."""

    book: int
    parameter_set: int
    hour: int


def add(new: Rows, stale: Sequence[Place] = ()) -> None:
    """Count new trades; recompute the hours in ``stale``, whose trades changed or left.

    Call in the transaction that wrote the trades, which are stored already, under the bot's lock.
    """
    pairs = set(zip(new.book.tolist(), new.parameter_set.tolist(), strict=True))
    scopes_of = scopes.of_pairs(pairs | {(place.book, place.parameter_set) for place in stale})
    dirty = {
        (scope, place.hour)
        for place in stale
        for scope in scopes_of[place.book, place.parameter_set]
    }
    hours = fold.by_hour(new, scopes_of)
    touched = {(scope, hour // 24) for scope, hour in dirty.union(hours.keys)}
    days = stored_days.load(touched)
    prior = _prior(days, hours.keys)
    late = hours.first <= prior["last"]
    late |= np.array([key in dirty for key in hours.keys], dtype=bool)
    dirty.update(key for key, is_late in zip(hours.keys, late, strict=True) if is_late)
    fresh = hours.fold(prior)
    changed = {key: fresh[at] for at, key in enumerate(hours.keys) if key not in dirty}
    changed.update(_recomputed(dirty))
    for (scope, hour), record in changed.items():
        of_day = days[scope, hour // 24]
        if record is None:
            of_day.pop(hour, None)
        else:
            of_day[hour] = record
    stored_days.store(days)


def _prior(days: dict[stored_days.Day, dict[int, np.void]], keys: list[Hour]) -> np.ndarray:
    """What is stored of some hours, empty tallies where nothing is."""
    prior = tally.empty(len(keys))
    for at, (scope, hour) in enumerate(keys):
        record = days[scope, hour // 24].get(hour)
        if record is not None:
            prior[at] = record
    return prior


def _recomputed(dirty: set[Hour]) -> dict[Hour, np.void | None]:
    """The hours in ``dirty`` from their stored trades; None where none is left."""
    result: dict[Hour, np.void | None] = dict.fromkeys(dirty)
    if not dirty:
        return result
    instances = dict(
        Scope.objects.filter(id__in={scope for scope, _ in dirty}).values_list("id", "instance")
    )
    hours = defaultdict(set)
    for scope, hour in dirty:
        hours[instances[scope]].add(hour)
    for instance, wanted in hours.items():
        books = list(Book.objects.filter(instance=instance).values_list("id", flat=True))
        for first, last in _stretches(wanted):
            stored = trade_arrays.rows(books, first * HOUR, (last + 1) * HOUR)
            hours_of = fold.by_hour(stored, scopes.of_pairs(trade_arrays.pairs(stored)[0]))
            records = zip(hours_of.keys, hours_of.fold(), strict=True)
            result.update({key: record for key, record in records if key in dirty})
    return result


def _stretches(hours: set[int]) -> list[tuple[int, int]]:
    """Runs of hours close enough to be read in one query."""
    runs: list[list[int]] = []
    for hour in sorted(hours):
        if runs and hour - runs[-1][1] <= 2 and hour - runs[-1][0] < 24:
            runs[-1][1] = hour
        else:
            runs.append([hour, hour])
    return [(first, last) for first, last in runs]
