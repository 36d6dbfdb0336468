"""The stored sums of days, hour by hour."""

from __future__ import annotations

import numpy as np

from trading import bulk, columns
from trading.ledger.tally import TALLY

HOUR = 3_600_000_000
DAY = 24 * HOUR


def load(touched: set[tuple[int, int]]) -> dict[tuple[int, int], dict[int, np.void]]:
    """Hours of stored days: (scope, day) -> {hour: record}; touched days without rows are empty."""
    days: dict[tuple[int, int], dict[int, np.void]] = {key: {} for key in touched}
    if not touched:
        return days
    wanted, dates = {scope for scope, _ in touched}, [day for _, day in touched]
    sql = "SELECT scope_id, day, hours FROM trading_rollupday WHERE day BETWEEN %s AND %s"
    sql += f" AND scope_id IN ({columns.placeholders(wanted)})"
    for scope, day, blob in bulk.binary(sql, [min(dates), max(dates), *wanted]):
        if (scope, day) in days:
            records = np.frombuffer(blob, TALLY)
            days[scope, day] = dict(zip((records["first"] // HOUR).tolist(), records, strict=True))
    return days
