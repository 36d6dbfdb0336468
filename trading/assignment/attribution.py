"""Which parameter set made a trade: the version it reports, else the one served at its entry."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable
from datetime import datetime

import numpy as np
from django.db import connection

from trading.assignment import plans
from trading.assignment.plans import Sets
from trading.clock import HOUR, to_micros
from trading.models import ParameterSet, StrategyInstance
from trading.rollups import rebuild, trade_arrays, update
from trading.rollups.update import Place

MANY_HOURS = 2_000  # beyond this a rebuild is cheaper than hour by hour


class Timeline:
    """The parameter sets of one instance, by version and by the time they were served."""

    def __init__(
        self, rows: Iterable[tuple[int, int, datetime | None]], experiments: Iterable[Sets] = ()
    ) -> None:
        """``rows`` are versions, ids, and since when each was live, once for each time."""
        self.experiments = list(experiments)
        self.by_version: dict[int, int] = {}
        periods = []
        for version, id_, live_from in rows:
            self.by_version[version] = id_
            if live_from is not None:
                periods.append((to_micros(live_from), id_))
        self.starts = [start for start, _ in sorted(periods)]
        self.sets = [id_ for _, id_ in sorted(periods)]

    def at(self, entry_at: int, version: int | None = None) -> int | None:
        """The id of the set that made a trade entered at ``entry_at`` (microseconds), or None.

        A version that is not stored is unknown, not guessed from the time.
        """
        if version is not None:
            return self.by_version.get(version)
        for experiment in self.experiments:
            if served := experiment.at(entry_at):
                return served
        before = bisect_right(self.starts, entry_at)
        return self.sets[before - 1] if before else None


def timelines(instances: Collection[int]) -> dict[int, Timeline]:
    """The timeline of each instance, by its id."""
    versions: dict[int, list[tuple[int, int, datetime | None]]] = {key: [] for key in instances}
    sets = ParameterSet.objects.filter(instance__in=instances).order_by()
    for instance, *version in sets.values_list(
        "instance_id", "version", "id", "live_periods__live_from"
    ):
        versions[instance].append(tuple(version))
    experiments = plans.started(instances)
    return {
        instance: Timeline(rows, experiments.get(instance, ()))
        for instance, rows in versions.items()
    }


def renew(instance: StrategyInstance, since: datetime) -> int:
    """Attribute again the trades entered since a moment; the rollups follow. Returns how many."""
    timeline = timelines([instance.pk])[instance.pk]
    sql = (
        "SELECT t.id, t.book_id, COALESCE(t.parameter_set_id, 0), t.entry_at, t.exit_at,"
        " COALESCE(t.reported_version, -1) FROM trading_trade t"
        " JOIN trading_book b ON b.id = t.book_id WHERE b.instance_id = %s AND t.entry_at >= %s"
    )
    trades = trade_arrays.matrix(sql, [instance.pk, to_micros(since)], 6).astype(np.int64)
    changed = []
    for trade, book, old, entry_at, exit_at, version in trades.tolist():
        new = timeline.at(entry_at, None if version < 0 else version)
        if (new or 0) != old:
            changed.append((trade, book, old, new, exit_at // HOUR))
    if not changed:
        return 0
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE trading_trade SET parameter_set_id = %s WHERE id = %s",
            [(new, trade) for trade, _, _, new, _ in changed],
        )
    stale = {Place(book, old, hour) for _, book, old, _, hour in changed}
    stale |= {Place(book, new or 0, hour) for _, book, _, new, hour in changed}
    if len(stale) > MANY_HOURS:
        rebuild.instance(instance)
    else:
        update.add(trade_arrays.nothing(), sorted(stale, key=lambda place: place.hour))
    return len(changed)
