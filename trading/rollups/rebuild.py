"""All sums computed anew from the trades.

What other processes can do of it is in ``fold``; only this one, which holds the bot's lock,
writes, and only what differs from what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from django.db import transaction
from django.db.models import QuerySet

from trading.clock import DAY, to_micros
from trading.db import locks
from trading.ledger import tally
from trading.models import Book, StrategyInstance, Trade
from trading.rollups import days as stored_days
from trading.rollups import fold, reader_pool, scopes, trade_arrays
from trading.rollups.fold import Hour

SLICE = 60_000  # trades that are folded at a time, about: their columns stay near the core
TOGETHER = 16  # such slices in one transaction
SEVERAL_READERS = 1_000_000  # trades from which starting other processes pays

Days = tuple[int | None, int | None]  # since 1970, from the first to before the second; open: None
Progress = Callable[[int], object]  # called with the number of trades done
Folded = tuple[int, list[Hour], np.ndarray]  # trades, and the hours that they make up


def _no_progress(done: int) -> None:
    """The default: progress is not reported."""


def instance(strategy_instance: StrategyInstance, progress: Progress = _no_progress) -> int:
    """Recompute an instance's rollups from its trades. Returns the number of trades."""
    return instances([strategy_instance], progress)


def instances(some: Sequence[StrategyInstance], progress: Progress = _no_progress) -> int:
    """The same for instances of one bot, which is faster together, a stretch of days at a time.

    Several stretches are one transaction under the bot's lock, so trades may arrive meanwhile and
    an interrupted rebuild has changed nothing that was right. Returns the number of trades counted.
    """
    books = list(Book.objects.filter(instance__in=some).values_list("id", flat=True))
    trades, counted = Trade.objects.filter(book__in=books).order_by(), 0
    with (
        reader_pool.several(trades[SEVERAL_READERS - 1 :].exists()) as several,
        ThreadPoolExecutor(1) as aside,
    ):
        slices = _slices(trades)
        for at in range(0, len(slices), TOGETHER):
            stretch = slices[at : at + TOGETHER]
            with transaction.atomic():
                locks.lock_bot(some[0].bot_id)
                folded = (
                    _apart(some, books, stretch, several)
                    if several
                    else _here(books, stretch, len(some) > 1, aside)
                )
                for days, (count, keys, records) in zip(stretch, folded, strict=True):
                    stored_days.replace(some, *days, _by_day(keys, records))
                    counted += count
                    progress(counted)
    return counted


def _apart(
    some: Sequence[StrategyInstance], books: list[int], slices: list[Days], several: Executor
) -> Iterator[Folded]:
    """Each slice's hours, which other processes read and fold."""
    known, by_time = scopes.of_instances(some), len(some) > 1
    asked = [
        several.submit(fold.read_and_fold, books, *_bounds(days), by_time, known) for days in slices
    ]
    for days, answer in zip(slices, asked, strict=True):
        folded = answer.result()
        if folded is None:  # a pair without scopes: only this process may make them
            stored = trade_arrays.rows(books, *_bounds(days), by_time=by_time)
            folded = _fold(stored, scopes.of_pairs(trade_arrays.pairs(stored)[0]))
        yield folded


def _here(books: list[int], slices: list[Days], by_time: bool, aside: Executor) -> Iterator[Folded]:
    """The same in this process: while a slice is read, the one before is folded ``aside``."""
    under_way: Future[Folded] | None = None
    for days in slices:
        stored = trade_arrays.rows(books, *_bounds(days), by_time=by_time)
        of_pairs = scopes.of_pairs(trade_arrays.pairs(stored)[0])
        before, under_way = under_way, aside.submit(_fold, stored, of_pairs)
        if before:
            yield before.result()
    if under_way:
        yield under_way.result()


def _fold(stored: trade_arrays.Rows, of_pairs: fold.Scopes) -> Folded:
    hours = fold.by_hour(stored, of_pairs)
    return len(stored), hours.keys, hours.fold()


def _bounds(days: Days) -> tuple[int | None, int | None]:
    since, until = (None if day is None else day * DAY for day in days)
    return since, until


def _slices(trades: QuerySet[Trade]) -> list[Days]:
    """Stretches of whole days that hold about as many trades as each other."""
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


def _by_day(keys: list[Hour], records: np.ndarray) -> list[tuple[stored_days.Day, bytes]]:
    """Hours ordered by scope and time as the days that they make up."""
    if not keys:
        return []
    scope, hour = np.array(keys).T
    edges = [*tally.segments(scope, hour // 24).tolist(), len(keys)]
    return [
        ((keys[first][0], keys[first][1] // 24), records[first:end].tobytes())
        for first, end in pairwise(edges)
    ]
