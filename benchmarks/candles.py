#!/usr/bin/env python3
"""Stored candles loaded into arrays, against a table of one ORM row with Decimals a candle."""

from __future__ import annotations

import ground

if __name__ == "__main__":
    ground.ensure_packages()

import numpy as np
import synthetic
from figures import Table, in_turns

INTERVAL = 300
BARS = {"SQLite": 100, "PostgreSQL": 50}
FIELDS = ("open_time", "open", "high", "low", "close", "volume")


def walk(count: int):
    """A seeded random walk of candles, prices to 8 decimals as exchanges report them."""
    from trading.market.candles import Candles

    rng = np.random.default_rng((synthetic.SEED, count))
    times = synthetic.end_micros() // 1_000_000 - INTERVAL * np.arange(count, 0, -1)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.001, count))), 8)
    start = np.concatenate(([100.0], close[:-1]))
    high = np.round(np.maximum(start, close) * (1 + rng.random(count) * 0.001), 8)
    low = np.round(np.minimum(start, close) * (1 - rng.random(count) * 0.001), 8)
    return Candles(times, start, high, low, close, np.round(rng.lognormal(3, 1, count), 6))


def scratch_model():
    """A candle a row, the way a model is usually written."""
    from django.db import models

    def price() -> models.DecimalField:
        return models.DecimalField(max_digits=20, decimal_places=8)

    class Candle(models.Model):  # noqa: DJ008 - nobody looks at it
        series = models.IntegerField()
        open_time = models.DateTimeField()
        open = price()
        high = price()
        low = price()
        close = price()
        volume = price()

        class Meta:
            app_label = "benchmark"
            constraints = (
                models.UniqueConstraint(fields=("series", "open_time"), name="benchmark_once"),
            )

    return Candle


def fill(model, candles) -> None:
    """Rows as ``bulk_create`` makes them, written in large steps."""
    from decimal import Decimal

    from trading.clock import from_epoch

    columns = [[from_epoch(seconds) for seconds in candles.open_time.tolist()]]
    columns += [getattr(candles, name).tolist() for name in FIELDS[1:]]
    rows = list(zip(*columns, strict=True))
    for at in range(0, len(rows), 20_000):
        model.objects.bulk_create(
            [
                model(
                    series=len(rows),
                    open_time=row[0],
                    **{
                        name: Decimal(str(value))
                        for name, value in zip(FIELDS[1:], row[1:], strict=True)
                    },
                )
                for row in rows[at : at + 20_000]
            ],
            batch_size=2_000,
        )


def by_rows(model, count: int) -> np.ndarray:
    found = model.objects.filter(series=count).order_by("open_time").values_list(*FIELDS)
    return np.array([(row[0].timestamp(), *row[1:]) for row in found], dtype=np.float64).T


def compare(table: Table, model, count: int, bar: float) -> None:
    from trading.market import candles as product

    walked = walk(count)
    series = product.series_for(None, f"WALK-{count}", INTERVAL)
    product.store(series, walked)
    fill(model, walked)
    ours, theirs = product.load(series), by_rows(model, count)
    for at, name in enumerate(FIELDS):
        assert (getattr(ours, name) == getattr(walked, name)).all(), name
        assert (getattr(ours, name) == theirs[at]).all(), name
    mine, peer = in_turns([lambda: product.load(series), lambda: by_rows(model, count)], 3)
    mine = in_turns([lambda: product.load(series)], 15)[0]
    table.faster(f"{count:,} candles, the peer by values_list()", mine, peer, bar)


def main() -> None:
    parser = ground.parser(__doc__.splitlines()[0])
    parser.add_argument("--candles", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    arguments = parser.parse_args()
    arguments.data = None
    with ground.opened(arguments) as place:
        from django.db import connection

        place.use("candles")
        model = scratch_model()
        with connection.schema_editor() as editor:
            editor.create_model(model)
        table = Table(f"Loading candles, {place.vendor}")
        for count in arguments.candles:
            # A few blocks cost the same query as many: small series are bound by that.
            compare(table, model, count, BARS[place.vendor] if count >= 100_000 else None)
        table.show()


if __name__ == "__main__":
    main()
