"""Sums by day and hour, kept true by every write, and any window answered from them.

A trade counts in three scopes: its instance, its market, and its parameter set (unknown ones
together). An hour is either extended, where every new trade came after what it holds, or computed
anew from its trades; both give the same bits, so that the rows always equal a rebuild.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from django.db import IntegrityError, connection, transaction

from trading import bulk, columns, readers, scopes, stored_days
from trading.clock import to_micros
from trading.columns import Rows
from trading.ledger import tally
from trading.ledger.tally import TALLY
from trading.models import Book, RollupDay, Scope, StrategyInstance, Trade
from trading.stored_days import DAY, HOUR

SLICE = 125_000  # trades that a rebuild folds at a time
TOGETHER = 8  # such slices in one transaction
SEVERAL_READERS = 1_000_000  # trades from which starting other processes pays


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
    found = scopes.of_pairs(pairs | {(place.book, place.parameter_set) for place in stale})
    dirty = {
        (scope, place.hour) for place in stale for scope in found[place.book, place.parameter_set]
    }
    scope, rows = _by_scope(new, found)
    hour = rows.trades.exit_at // HOUR
    touched = set(zip(scope.tolist(), (hour // 24).tolist(), strict=True))
    days = stored_days.load(touched | {(scope_id, at // 24) for scope_id, at in dirty})
    keys, starts = _segments(scope, hour)
    prior = _prior(days, keys)
    late = rows.trades.exit_at[starts] <= prior["last"]
    late |= np.array([key in dirty for key in keys], dtype=bool)
    dirty.update(key for key, is_late in zip(keys, late, strict=True) if is_late)
    fresh = tally.fold(rows.trades, starts, prior) if len(rows) else prior
    changed = {key: fresh[at] for at, key in enumerate(keys) if key not in dirty}
    changed.update(_recomputed(dirty))
    _store(days, changed)


def _by_scope(rows: Rows, scopes: dict) -> tuple[np.ndarray, Rows]:
    """Each trade once per scope it counts in, ordered by scope and canonically within it."""
    kinds, which = columns.pairs(rows)
    ids, table = np.unique(
        np.array([scopes[pair] for pair in kinds], dtype=np.int64), return_inverse=True
    )
    by = tally.order(rows.trades)
    # Narrow integers are sorted by their digits, many times faster than by comparing.
    small = np.uint16 if ids.size < 1 << 16 else np.int64
    scope = table.reshape(-1, 3).astype(small)[which[by]].T.reshape(-1)
    stable = np.argsort(scope, kind="stable")
    return ids[scope[stable]], rows.take(np.tile(by, 3)[stable])


def _segments(scope: np.ndarray, hour: np.ndarray) -> tuple[list[tuple[int, int]], np.ndarray]:
    starts = tally.segments(scope, hour)
    return list(zip(scope[starts].tolist(), hour[starts].tolist(), strict=True)), starts


def _prior(days: dict, keys: list[tuple[int, int]]) -> np.ndarray:
    prior = tally.empty(len(keys))
    for at, (scope, hour) in enumerate(keys):
        record = days[scope, hour // 24].get(hour)
        if record is not None:
            prior[at] = record
    return prior


def _recomputed(dirty: set[tuple[int, int]]) -> dict[tuple[int, int], np.void | None]:
    """The hours in ``dirty`` from their stored trades; None where none is left."""
    result: dict = dict.fromkeys(dirty)
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
            stored = columns.rows(books, first * HOUR, (last + 1) * HOUR)
            keys, records = _fold_rows(stored, scopes.of_pairs(columns.pairs(stored)[0]))
            found = zip(keys, records, strict=True)
            result.update({key: record for key, record in found if key in dirty})
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


def _fold_rows(stored: Rows, found: dict) -> tuple[list[tuple[int, int]], np.ndarray]:
    scope, rows = _by_scope(stored, found)
    keys, starts = _segments(scope, rows.trades.exit_at // HOUR)
    return keys, tally.fold(rows.trades, starts)


def _store(days: dict, changed: dict[tuple[int, int], np.void | None]) -> None:
    for (scope, hour), record in changed.items():
        hours = days[scope, hour // 24]
        if record is None:
            hours.pop(hour, None)
        else:
            hours[hour] = record
    gone = [key for key, hours in days.items() if not hours]
    for scope, day in gone:
        RollupDay.objects.filter(scope_id=scope, day=day).delete()
    _write([
        (key, b"".join([hours[hour].tobytes() for hour in sorted(hours)]))
        for key, hours in sorted(days.items()) if hours
    ])  # fmt: skip


def _write(days: list[tuple[tuple[int, int], bytes]]) -> None:
    """Store days, each given as its hours' records, with the tally that they merge into."""
    if not days:
        return
    size = TALLY.itemsize
    starts = np.cumsum([0] + [len(hours) // size for _, hours in days[:-1]])
    stored = np.frombuffer(b"".join([hours for _, hours in days]), TALLY)
    whole = tally.merge(stored, starts).tobytes()
    rows = [
        (scope, day, whole[at * size : (at + 1) * size], hours)
        for at, ((scope, day), hours) in enumerate(days)
    ]
    bulk.upsert(
        RollupDay, ("scope_id", "day", "tally", "hours"), rows,
        conflict=("scope_id", "day"), update=("tally", "hours"),
    )  # fmt: skip


def rebuild(instance: StrategyInstance, progress=lambda done: None) -> int:
    """Compute an instance's rollups anew from its trades. Returns the number of trades."""
    return rebuild_all([instance], progress)


def rebuild_all(instances: Sequence[StrategyInstance], progress=lambda done: None) -> int:
    """The same for instances of one bot, which is faster together, a stretch of days at a time.

    Each stretch is one transaction under the bot's lock, so trades may arrive meanwhile and an
    interrupted rebuild has changed nothing that was right. Returns the number of trades counted.
    """
    books = list(Book.objects.filter(instance__in=instances).values_list("id", flat=True))
    counted, slices = 0, _slices(books)
    with (
        readers.several(len(slices) * SLICE, SEVERAL_READERS) as several,
        ThreadPoolExecutor(1) as aside,
    ):
        for at in range(0, len(slices), TOGETHER):
            some = slices[at : at + TOGETHER]
            with transaction.atomic():
                lock(instances[0].bot_id)
                _clear(instances, some)
                for count in (
                    _apart(instances, books, some, several)
                    if several
                    else _rebuild(instances, books, some, aside)
                ):
                    counted += count
                    progress(counted)
    return counted


def _clear(instances: Sequence[StrategyInstance], slices: list) -> None:
    ends = {"day__gte": slices[0][0], "day__lt": slices[-1][1]}
    inside = {name: day for name, day in ends.items() if day is not None}
    RollupDay.objects.filter(scope__instance__in=instances, **inside).delete()


def _apart(
    instances: Sequence[StrategyInstance], books: list[int], slices: list, several: Executor
) -> Iterator[int]:
    """Replace the days of ``slices``, which other processes read and fold."""
    known = scopes.of_instances(instances)
    by_time = len(instances) > 1
    asked = [several.submit(read_and_fold, books, bounds, by_time, known) for bounds in slices]
    for bounds, answer in zip(slices, asked, strict=True):
        found = answer.result()
        if found is None:  # a pair without scopes: only this process may make them
            stored = _read(books, bounds, by_time)
            pairs = scopes.of_pairs(columns.pairs(stored)[0])
            found = len(stored), *_fold_rows(stored, pairs)
        count, keys, records = found
        _write_hours(keys, records)
        yield count


def read_and_fold(
    books: list[int], bounds: tuple[int | None, int | None], by_time: bool, known: dict
) -> tuple[int, list[tuple[int, int]], np.ndarray] | None:
    """A slice's hours, with how many trades they hold; None where a trade's scopes are not
    ``known``. Runs in another process."""
    stored = _read(books, bounds, by_time)
    if not known.keys() >= set(columns.pairs(stored)[0]):
        return None
    return len(stored), *_fold_rows(stored, known)


def _read(books: list[int], bounds: tuple[int | None, int | None], by_time: bool) -> Rows:
    since, until = (None if day is None else day * DAY for day in bounds)
    return columns.rows(books, since, until, by_time=by_time)


def _rebuild(
    instances: Sequence[StrategyInstance], books: list[int], slices: list, aside: Executor
) -> Iterator[int]:
    """Replace the days of ``slices``: while one is read, the one before is folded ``aside``."""
    folding = None
    for bounds in slices:
        stored = _read(books, bounds, len(instances) > 1)
        found = scopes.of_pairs(columns.pairs(stored)[0])
        before, folding = folding, aside.submit(_fold_rows, stored, found)
        if before:
            _write_hours(*before.result())
        yield len(stored)
    _write_hours(*folding.result())


def lock(bot_id: int) -> None:
    """Let one transaction at a time write a bot's trades (SQLite has one writer anyway).

    Raises IntegrityError where the bot was deleted meanwhile.
    """
    ask_lock(bot_id)()


def ask_lock(bot_id: int) -> Callable[[], None]:
    """The same, waited for when it is called; ``bulk.ask``."""
    row = "SELECT 1 FROM trading_bot WHERE id = %s"
    if connection.features.has_select_for_update:
        row += " FOR NO KEY UPDATE"
    asked = bulk.ask(row, [bot_id])

    def wait() -> None:
        if not asked():
            raise IntegrityError("the bot was deleted")

    return wait


def _slices(books: list[int]) -> list[tuple[int | None, int | None]]:
    """Stretches of whole days [since, until) in days since 1970, the outer ends open."""
    trades = Trade.objects.filter(book__in=books).order_by()
    count = trades.count()
    if count <= SLICE:
        return [(None, None)]
    first = trades.order_by("exit_at").values_list("exit_at", flat=True)[0]
    last = trades.order_by("-exit_at").values_list("exit_at", flat=True)[0]
    edges = np.linspace(
        to_micros(first) // DAY, to_micros(last) // DAY + 1, -(-count // SLICE) + 1
    ).astype(int)
    inner = [int(edge) for edge in np.unique(edges)[1:-1]]
    return list(zip([None, *inner], [*inner, None], strict=True))


def _write_hours(keys: list[tuple[int, int]], records: np.ndarray) -> None:
    """Store whole days, given as hours ordered by scope and time."""
    if not keys:
        return
    scope, hour = np.array(keys).T
    edges = [*tally.segments(scope, hour // 24).tolist(), len(keys)]
    _write([
        ((keys[first][0], keys[first][1] // 24), records[first:end].tobytes())
        for first, end in pairwise(edges)
    ])  # fmt: skip
