"""The bridge for whoever holds replays against what bots did: rows of trading as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db.models import Exists, Max, Min, OuterRef

from analytics.quant.fidelity import Trades
from trading import clock
from trading.assignment import attribution
from trading.clock import to_micros
from trading.models import Book, ParameterSet, StrategyInstance, Trade
from trading.parameters import outcomes
from trading.rollups import trade_arrays


@dataclass(frozen=True, slots=True)
class Lived:
    """Recorded trades by entry: with the version that each reports (0: none), its set's key (0:
    unknown), and what it paid in basis points of each side's notional (NaN where not stated)."""

    trades: Trades
    reported: np.ndarray
    sets: np.ndarray
    fee_bps: np.ndarray


@dataclass(frozen=True, slots=True)
class Traded:
    """A market in which a strategy traded: how often, the first entry and the last exit."""

    market: str
    trades: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """The set that a bot was told in a stretch of time; None where it is not known."""

    since: datetime
    until: datetime
    parameter_set: int | None


def traded(
    instance: int, mode: str, since: datetime | None, until: datetime, most: timedelta
) -> list[Traded]:
    """The markets with trades that were left in a time, most trades first; without ``since`` each
    from ``most`` before its newest exit on."""
    markets = []
    for book in Book.objects.filter(instance=instance, mode=mode).select_related("market"):
        closed = Trade.objects.filter(book=book, exit_at__lt=until).order_by()
        last = closed.aggregate(Max("exit_at"))["exit_at__max"]
        start = since or (last and last - most)
        if last is None or last < start:
            continue
        closed = closed.filter(exit_at__gte=start)
        first = closed.aggregate(Min("entry_at"))["entry_at__min"]
        markets.append(Traded(book.market.name, closed.count(), first, last))
    return sorted(markets, key=lambda market: (-market.trades, market.market))


def lived(instance: int, market: str, mode: str, since: datetime, until: datetime) -> Lived:
    """The trades of a strategy in a market that were entered and left in a time."""
    books = Book.objects.filter(instance=instance, market__name=market, mode=mode)
    extra = (
        "t.side",
        "t.entry_price",
        "t.exit_price",
        "t.exit_reason",
        "t.reported_version",
        "t.size",
    )
    low, high = to_micros(since), to_micros(until)
    rows, columns = trade_arrays.rows_with(
        extra, list(books.values_list("pk", flat=True)), low, high
    )
    left = rows.trades.exit_at
    entered = left - rows.trades.held
    by = np.lexsort((left, entered))
    by = by[entered[by] >= low]
    entry, out, size = (np.array(columns[at], np.float64) for at in (1, 2, 5))
    fees = rows.trades.fee / ((entry + out) * size) * 10_000.0
    trades = Trades(
        np.array([1.0 if side == "long" else -1.0 for side in columns[0]]),
        entered / 1e6,
        left / 1e6,
        entry,
        out,
        rows.trades.r,
        np.array(columns[3], dtype=object),
    )
    reported = np.array([version or 0 for version in columns[4]], np.int64)
    return Lived(trades.take(by), reported[by], rows.parameter_set[by], fees[by])


def told(instance: int, since: datetime, until: datetime) -> list[Told]:
    """What a bot was told from ``since`` to ``until``: the set that was live, or an arm of an
    experiment in its turns; neighbours that are the same are one."""
    line = attribution.timelines([instance])[instance]
    at, end = to_micros(since), to_micros(until)
    stretches: list[tuple[int, int, int | None]] = []
    while at < end:
        parameter_set, ends = line.at(at), _changes(line, at, end)
        if stretches and stretches[-1][2] == parameter_set:
            stretches[-1] = (stretches[-1][0], ends, parameter_set)
        else:
            stretches.append((at, ends, parameter_set))
        at = ends
    return [
        Told(clock.from_micros(a), clock.from_micros(b), parameter_set)
        for a, b, parameter_set in stretches
    ]


def _changes(line: attribution.Timeline, at: int, end: int) -> int:
    """The next moment after ``at`` at which something else may be told."""
    moments = [end, *(start for start in line.starts if start > at)]
    for experiment in line.experiments:
        plan = experiment.plan
        if plan.holds(at):
            moments.append(plan.until(at) or end)
        elif plan.start > at:
            moments.append(plan.start)
    return min(moments)


def sets(keys: Iterable[int]) -> dict[int, ParameterSet]:
    """Parameter sets by their keys."""
    return ParameterSet.objects.in_bulk(list(keys))


@dataclass(frozen=True, slots=True)
class Change:
    """The sets before and after a change, and for how long the new one was live; ``before`` is the
    last that made trades where there is one, None for the first set known."""

    before: ParameterSet | None
    after: ParameterSet
    since: datetime
    until: datetime | None


def change(instance: StrategyInstance, version: int) -> Change | None:
    """The newest change that made a version live; None where none did."""
    for outcome in outcomes.of_changes(instance):
        if outcome.after.version == version:
            return Change(outcome.compared, outcome.after, outcome.changed_at, outcome.until)
    return None


def lately_traded(since: datetime, until: datetime, keys: Sequence[str]) -> list[StrategyInstance]:
    """The strategies, of those with these keys, that closed a trade in a time."""
    closed = Trade.objects.filter(
        book__instance=OuterRef("pk"), exit_at__gte=since, exit_at__lt=until
    )
    instances = StrategyInstance.objects.filter(Exists(closed), strategy__in=keys)
    return list(instances.select_related("bot").order_by("pk"))
