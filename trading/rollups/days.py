"""The stored sums of days, hour by hour: read and written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from trading.clock import HOUR
from trading.db import bulk
from trading.db.bulk import placeholders
from trading.ledger import tally
from trading.ledger.tally import TALLY
from trading.models import RollupDay, StrategyInstance

Day = tuple[int, int]  # scope, day since 1970


def load(touched: set[Day]) -> dict[Day, dict[int, np.void]]:
    """Hours of stored days: (scope, day) -> {hour: record}; touched days without rows are empty."""
    days: dict[Day, dict[int, np.void]] = {key: {} for key in touched}
    if not touched:
        return days
    wanted, dates = {scope for scope, _ in touched}, [day for _, day in touched]
    sql = "SELECT scope_id, day, hours FROM trading_rollupday WHERE day BETWEEN %s AND %s"
    sql += f" AND scope_id IN ({placeholders(wanted)})"
    for scope, day, blob in bulk.binary(sql, [min(dates), max(dates), *wanted]):
        if (scope, day) in days:
            records = np.frombuffer(blob, TALLY)
            days[scope, day] = dict(zip((records["first"] // HOUR).tolist(), records, strict=True))
    return days


def store(days: dict[Day, dict[int, np.void]]) -> None:
    """Write days as ``load`` gives them; one that holds no hours any more leaves."""
    _remove(key for key, hours in days.items() if not hours)
    _write(
        _rows(
            [
                (key, b"".join([hours[hour].tobytes() for hour in sorted(hours)]))
                for key, hours in sorted(days.items())
                if hours
            ]
        )
    )


def replace(
    instances: Collection[StrategyInstance],
    since: int | None,
    until: int | None,
    days: Sequence[tuple[Day, bytes]],
) -> None:
    """Let instances have these days, given as their hours' records, and no others from the day
    ``since`` to before ``until`` (since 1970, None is open). Only what differs is written."""
    stored = _stored(instances, since, until)
    _write([row for row in _rows(days) if stored.pop(row[:2], None) != row[2:]])
    _remove(stored)


def _stored(
    instances: Collection[StrategyInstance], since: int | None, until: int | None
) -> dict[Day, tuple[bytes, bytes]]:
    sql = (
        "SELECT r.scope_id, r.day, r.tally, r.hours FROM trading_rollupday r"
        " JOIN trading_scope s ON s.id = r.scope_id"
        f" WHERE s.instance_id IN ({placeholders(instances)})"
    )
    values = [instance.pk for instance in instances]
    for day, clause in ((since, "r.day >= %s"), (until, "r.day < %s")):
        if day is not None:
            sql, values = f"{sql} AND {clause}", [*values, day]
    return {
        (scope, day): (bytes(whole), bytes(hours))
        for scope, day, whole, hours in bulk.binary(sql, values)
    }


def _rows(days: Sequence[tuple[Day, bytes]]) -> list[tuple[int, int, bytes, bytes]]:
    """Each day with the tally that its hours merge into."""
    if not days:
        return []
    size = TALLY.itemsize
    starts = np.cumsum([0] + [len(hours) // size for _, hours in days[:-1]])
    records = np.frombuffer(b"".join([hours for _, hours in days]), TALLY)
    whole = tally.merge(records, starts).tobytes()
    return [
        (scope, day, whole[at * size : (at + 1) * size], hours)
        for at, ((scope, day), hours) in enumerate(days)
    ]


def _write(rows: Sequence[tuple[int, int, bytes, bytes]]) -> None:
    bulk.upsert(
        RollupDay,
        ("scope_id", "day", "tally", "hours"),
        rows,
        conflict=("scope_id", "day"),
        update=("tally", "hours"),
    )


def _remove(days: Iterable[Day]) -> None:
    for scope, day in days:
        RollupDay.objects.filter(scope_id=scope, day=day).delete()
