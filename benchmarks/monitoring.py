#!/usr/bin/env python3
"""What a look of the watch costs: CPU seconds at several sizes of history.

The first look of a day judges every alert about whole days, builds the day before, and takes the
snapshots of all scopes; the look of an hour in which nothing happened is what runs most often.
"""

from __future__ import annotations

import ground

if __name__ == "__main__":
    ground.ensure_packages()

import time
from collections.abc import Callable
from datetime import timedelta

import synthetic
from figures import Table, duration
from generate_trades import history

SIZES = [100_000, 1_000_000, 10_000_000]
BAR = 1.0  # seconds of CPU at 10 M trades
HOUR = timedelta(hours=1)


def cpu(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


def measure(trades: int) -> tuple[float, float, float]:
    """CPU seconds of the first look ever, the first of the next day, and one of a quiet hour."""
    from analytics import monitoring
    from analytics.models import Alert, AlertRuleSetting, ArmDay, Progress, Snapshot, TradeDay
    from trading import clock

    for model in (AlertRuleSetting, Alert, ArmDay, Progress, Snapshot, TradeDay):
        model.objects.all().delete()
    end = clock.from_micros(synthetic.end_micros()).replace(hour=0, minute=0, second=0)
    ever = cpu(lambda: monitoring.monitor(end - timedelta(days=1)))
    day = cpu(lambda: monitoring.monitor(end))
    hours = [cpu(lambda at=at: monitoring.monitor(end + at * HOUR)) for at in (1, 2, 3)]
    return ever, day, min(hours)


def main() -> None:
    options = ground.parser(__doc__, SIZES).parse_args()
    with ground.opened(options) as place:
        table = Table(f"CPU of a look of the watch, {place.vendor}")
        for trades in options.trades:
            history(place, trades)
            ever, day, hour = measure(trades)
            table.note(f"{trades:,} trades: first look ever, all days built", duration(ever))
            bar = BAR if trades >= 10_000_000 else None
            table.at_most(f"{trades:,} trades: first look of a day", day, bar, duration)
            table.at_most(f"{trades:,} trades: a quiet hour", hour, None, duration)
        table.show()


if __name__ == "__main__":
    main()
