"""Which parameter set made a trade: the version it reports, else the one told at its entry."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import datetime

import numpy as np
from django.db import connection

from trading.assignment import plans
from trading.assignment.plans import Sets
from trading.clock import HOUR, to_micros
from trading.db import bulk
from trading.models import StrategyInstance
from trading.rollups import rebuild, trade_arrays, update
from trading.rollups.update import Place

MANY_HOURS = 2_000  # beyond this a rebuild is cheaper than hour by hour


class Timeline:
    """The sets of one instance, by version and by the time at which they were told."""

    def __init__(
        self, rows: Iterable[tuple[int, int, int | None]], experiments: Iterable[Sets] = ()
    ) -> None:
        """``rows`` are versions, ids, and since when each was live, once for each time."""
        self.experiments = list(experiments)
        self.by_version: dict[int, int] = {}
        periods = []
        for version, id_, live_from in rows:
            self.by_version[version] = id_
            if live_from is not None:
                periods.append((live_from, id_))
        self.starts = [start for start, _ in sorted(periods)]
        self.sets = [id_ for _, id_ in sorted(periods)]

    def at(self, entry_at: int, version: int | None = None) -> int | None:
        """Id of the set that made a trade entered at ``entry_at`` (microseconds); None: unknown.

        A version that the product never saw is unknown, not guessed from the time.
        """
        if version is not None:
            return self.by_version.get(version)
        for experiment in self.experiments:
            if told := experiment.at(entry_at):
                return told
        before = bisect_right(self.starts, entry_at)
        return self.sets[before - 1] if before else None


def timelines(instances: Iterable[int]) -> dict[int, Timeline]:
    return ask_timelines(instances)()


def ask_timelines(instances: Iterable[int]) -> Callable[[], dict[int, Timeline]]:
    """The same, answered when it is called for; ``bulk.ask``."""
    wanted = set(instances)
    if not wanted:
        return dict
    asked = bulk.ask(
        "SELECT s.instance_id, s.version, s.id, p.live_from FROM trading_parameterset s"
        " LEFT JOIN trading_liveperiod p ON p.parameter_set_id = s.id"
        f" WHERE s.instance_id IN ({bulk.placeholders(wanted)})",
        list(wanted),
    )
    started = plans.ask_started(wanted)

    def answer() -> dict[int, Timeline]:
        rows: dict[int, list] = {instance: [] for instance in wanted}
        for instance, *row in asked():
            rows[instance].append(row)
        told = started()
        return {
            instance: Timeline(found, told.get(instance, ())) for instance, found in rows.items()
        }

    return answer


def renew(instance: StrategyInstance, since: datetime) -> int:
    """Attribute again the trades entered since a moment; the rollups follow. Returns how many."""
    timeline = timelines([instance.pk])[instance.pk]
    sql = (
        "SELECT t.id, t.book_id, COALESCE(t.parameter_set_id, 0), t.entry_at, t.exit_at,"
        " COALESCE(t.reported_version, -1) FROM trading_trade t"
        " JOIN trading_book b ON b.id = t.book_id WHERE b.instance_id = %s AND t.entry_at >= %s"
    )
    found = trade_arrays.matrix(sql, [instance.pk, to_micros(since)], 6).astype(np.int64)
    changed = []
    for trade, book, old, entry_at, exit_at, version in found.tolist():
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
