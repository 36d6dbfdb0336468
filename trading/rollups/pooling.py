"""Scopes counted together: the trades of several parameter sets as if one set had made them.

Sums of trades merge along time. Where the stretches of two scopes follow each other nothing else
is needed; in the hours in which both have trades (a position that was still open when the next
set went live) the trades themselves are read and put in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from trading.clock import DAY, HOUR
from trading.ledger import tally
from trading.models import Scope
from trading.rollups import scopes as known_scopes
from trading.rollups import trade_arrays, windows
from trading.rollups.trade_arrays import Rows
from trading.rollups.windows import Pieces

MOST_HOURS = 400  # that are shared: beyond, reading all trades at once is as cheap
TOGETHER = 100  # stretches in one query


def pieces(
    scopes: Sequence[Scope], group: np.ndarray, since: int | None, until: int | None
) -> Pieces | None:
    """Disjoint tallies of every group of scopes in a window, by group and time.

    ``group`` says which group each scope is in, shape (scopes,); the ``scope`` of the answer is
    a group. None where so many hours are shared that reading the trades is the better way.
    """
    days = windows.pieces(scopes, since, until)
    alone, shared = _split(group, days, days.day)
    if not shared.size:
        return _ordered(group, [days])
    first, last = int(days.day[shared].min()), int(days.day[shared].max())
    hours = windows.pieces(
        scopes, _later(since, first * DAY), _sooner(until, (last + 1) * DAY), hourly=True
    )
    cut = _keys(group[days.scope[shared]], days.day[shared])
    hours = hours.take(np.flatnonzero(np.isin(_keys(group[hours.scope], hours.day), cut)))
    hour = hours.tallies["first"] // HOUR
    single, both = _split(group, hours, hour)
    wanted = np.unique(hour[both])
    if wanted.size > MOST_HOURS:
        return None
    unshared = _ordered(group, [days.take(alone), hours.take(single)])
    if not wanted.size:
        return unshared
    keys = _keys(group[hours.scope[both]], hour[both])
    return _joined(unshared, _together(scopes, group, keys, _stretches(wanted, since, until)))


def _split(group: np.ndarray, parts: Pieces, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose group has only one scope in their place (a day, an hour), and all others."""
    keys = _keys(group[parts.scope], place)
    pairs = np.unique(np.stack([keys, parts.scope]), axis=1)
    names, scopes = np.unique(pairs[0], return_counts=True)
    several = np.isin(keys, names[scopes > 1])
    return np.flatnonzero(~several), np.flatnonzero(several)


def _keys(group: np.ndarray, place: np.ndarray) -> np.ndarray:
    keys: np.ndarray = group.astype(np.int64) << 40 | place
    return keys


def _together(
    scopes: Sequence[Scope], group: np.ndarray, keys: np.ndarray, stretches: list[tuple[int, int]]
) -> Pieces:
    """The shared hours from their trades; of those read, only groups that share the hour."""
    instances = {scope.instance_id for scope in scopes}
    parts = [
        _folded(trade_arrays.rows_of(instances, stretches[at : at + TOGETHER]), scopes, group)
        for at in range(0, len(stretches), TOGETHER)
    ]
    read = Pieces(
        np.concatenate([part.scope for part in parts]),
        tally.joined([part.tallies for part in parts]),
    )
    mine = np.isin(_keys(read.scope, read.tallies["first"] // HOUR), keys)
    return read.take(np.flatnonzero(mine))


def _folded(stored: Rows, scopes: Sequence[Scope], group: np.ndarray) -> Pieces:
    """Tallies of every group by the hour."""
    asked = {scope.id: int(at) for scope, at in zip(scopes, group, strict=True)}
    kinds, which = trade_arrays.pairs(stored)
    three = known_scopes.of_pairs(kinds, make=False)
    of_kind = [
        next((asked[scope] for scope in three.get(pair, ()) if scope in asked), -1)
        for pair in kinds
    ]
    groups = np.array(of_kind, np.int64)[which]
    rows = np.flatnonzero(groups >= 0)
    groups, trades = groups[rows], stored.trades.take(rows)
    by = tally.order(trades, groups)
    groups, trades = groups[by], trades.take(by)
    starts = tally.segments(groups, trades.exit_at // HOUR)
    return Pieces(groups[starts], tally.fold(trades, starts))


def _stretches(hours: np.ndarray, since: int | None, until: int | None) -> list[tuple[int, int]]:
    starts = [*np.flatnonzero(np.diff(hours, prepend=-2) != 1).tolist(), hours.size]
    return [
        (_later(since, int(hours[first]) * HOUR), _sooner(until, (int(hours[end - 1]) + 1) * HOUR))
        for first, end in pairwise(starts)
    ]


def _later(bound: int | None, moment: int) -> int:
    return moment if bound is None else max(bound, moment)


def _sooner(bound: int | None, moment: int) -> int:
    return moment if bound is None else min(bound, moment)


def _ordered(group: np.ndarray, parts: Sequence[Pieces]) -> Pieces:
    """Pieces under the number of their group, by group and time."""
    tallies = tally.joined([part.tallies for part in parts])
    return _by_time(group[np.concatenate([part.scope for part in parts])], tallies)


def _joined(first: Pieces, second: Pieces) -> Pieces:
    return _by_time(
        np.concatenate([first.scope, second.scope]), tally.joined([first.tallies, second.tallies])
    )


def _by_time(scope: np.ndarray, tallies: np.ndarray) -> Pieces:
    return Pieces(scope, tallies).take(np.lexsort((tallies["first"], scope)))
