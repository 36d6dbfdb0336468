#!/usr/bin/env python3
"""Metrics of 24 h, 7 d and 30 d windows for every strategy, market and parameter set.

Ours are sums of hours and days; the peer reads the trades through the ORM into pandas.
"""

from __future__ import annotations

import ground

if __name__ == "__main__":
    ground.ensure_packages()

from functools import partial

import numpy as np
import synthetic
from figures import Table, in_turns, once, times
from generate_trades import history

WINDOWS = {"24h": 1, "7d": 7, "30d": 30}
HOUR, DAY = synthetic.HOUR, synthetic.DAY
MOMENTS = {"whole hours": 5 * HOUR, "any moment": HOUR // 2 + 123_456_789}
REPEATS = 5
OFTEN = 10  # runs of ours in a turn: one alone is over before the caches are warm again
MONTH = 33 * synthetic.PER_DAY  # the short history that the growth is measured from
BARS = {"SQLite": 200, "PostgreSQL": 100}
ALERT_BAR, GROWTH_BAR = 5_000, 1.1
NAMES = ("n", "win_rate", "avg", "profit_factor", "max_drawdown", "sharpe")


def bounds(days: int, offset: int) -> tuple[int, int]:
    """A window that ends ``offset`` before the end of the history, in microseconds."""
    until = synthetic.end_micros() - offset
    return until - days * DAY, until


def ours(since: int, until: int) -> dict[tuple, np.ndarray]:
    """{(kind, instance, market or set): the six metrics} from the product's sums."""
    from trading.ledger import metrics
    from trading.rollups import windows
    from trading.rollups.scopes import every

    scopes = every()
    pieces = windows.pieces(scopes, since, until)
    sums = windows.merged(pieces, len(scopes))
    first, days = since // DAY, (until - 1) // DAY - since // DAY + 1
    at = pieces.scope * days + pieces.day - first
    totals = np.bincount(at, pieces.tallies["total"], len(scopes) * days).reshape(-1, days)
    n, gain, loss = sums["trades"], sums["gain"], sums["loss"]
    with np.errstate(divide="ignore", invalid="ignore"):
        table = np.column_stack(
            (
                n,
                sums["wins"] / n,
                sums["total"] / n,
                gain / loss,
                sums["drawdown"],
                totals.mean(axis=1) / totals.std(axis=1, ddof=1) * np.sqrt(metrics.DAYS_A_YEAR),
            )
        )
    return {
        (scope.kind, scope.instance_id, scope.market_id or scope.parameter_set_id or 0): row
        for scope, row in zip(scopes, table, strict=True)
    }


def peers(since: int, until: int) -> dict[tuple, np.ndarray]:
    """The same through the ORM's ``values()`` and grouped pandas operations."""
    import pandas as pd

    from trading.clock import from_micros
    from trading.models import Trade

    rows = Trade.objects.filter(exit_at__gte=from_micros(since), exit_at__lt=from_micros(until))
    frame = pd.DataFrame(
        rows.order_by("exit_at").values(
            "exit_at", "pnl_pct", "book__instance", "book__market", "parameter_set"
        )
    )
    return group(frame, since, until)


def group(frame, since: int, until: int) -> dict[tuple, np.ndarray]:
    """The six metrics of every group of a frame of trades in time order."""
    import pandas as pd

    from trading.clock import from_micros

    frame["day"] = frame["exit_at"].dt.floor("D")
    frame["win"] = frame["pnl_pct"] > 0
    frame["gain"] = frame["pnl_pct"].clip(lower=0)
    frame["loss"] = -frame["pnl_pct"].clip(upper=0)
    days = pd.date_range(
        from_micros(since // DAY * DAY), from_micros((until - 1) // DAY * DAY), freq="D"
    )
    found = {}
    for kind, member in (("instance", None), ("market", "book__market"), ("set", "parameter_set")):
        keys = ["book__instance", member] if member else ["book__instance"]
        for key, row in zip(*_grouped(frame, keys, days), strict=True):
            found[kind, key[0], key[1] if member else 0] = row
    return found


def _grouped(frame, keys: list[str], days) -> tuple[list[tuple], np.ndarray]:
    groups = frame.groupby(keys, sort=True)
    base = groups.agg(
        n=("win", "size"),
        wins=("win", "sum"),
        avg=("pnl_pct", "mean"),
        gain=("gain", "sum"),
        loss=("loss", "sum"),
    )
    run = groups["pnl_pct"].cumsum()
    by = [frame[key] for key in keys]
    fall = run.groupby(by).cummax().clip(lower=0) - run
    drawdown = fall.groupby(by).max().clip(lower=0)
    daily = frame.groupby([*keys, "day"])["pnl_pct"].sum().unstack("day")
    daily = daily.reindex(columns=days, fill_value=0.0).fillna(0.0)
    sharpe = daily.mean(axis=1) / daily.std(axis=1) * np.sqrt(365)
    table = np.column_stack(
        (
            base["n"],
            base["wins"] / base["n"],
            base["avg"],
            base["gain"] / base["loss"],
            drawdown,
            sharpe,
        )
    )
    index = base.index.tolist()
    return [key if isinstance(key, tuple) else (key,) for key in index], table


def assert_equal(found: dict, expected: dict) -> None:
    """Counts are the same exactly, floats to 1e-8."""
    found = {key: row for key, row in found.items() if row[0]}
    assert found.keys() == expected.keys(), "other groups than the peer's"
    for key, row in found.items():
        assert row[0] == expected[key][0], (key, row, expected[key])
        close = np.isclose(row, expected[key], rtol=1e-8, atol=1e-8, equal_nan=True)
        assert close.all(), (key, NAMES, row, expected[key])


def alert(scope) -> np.ndarray:
    """What an alert looks at: the last 24 hours of an instance against its last 7 days."""
    from trading.rollups import windows

    until = synthetic.end_micros()
    return windows.sums([scope], [(until - days * DAY, until) for days in (1, 7)])[:, 0]


def alert_by_sql(scope, *, scan: bool) -> dict:
    """The sums that an alert needs by one SQL query: over all trades of the instance, as a page
    of statistics asks for them, or only over those of the last 7 days."""
    from django.db.models import Count, F, Q, Sum

    from trading.clock import from_micros
    from trading.models import Trade

    trades = Trade.objects.filter(book__instance=scope.instance_id)
    won, lost = Q(pnl_pct__gt=0), Q(pnl_pct__lt=0)
    wanted = {
        "n": Count("id"),
        "wins": Count("id", filter=won),
        "total": Sum("pnl_pct"),
        "gain": Sum("pnl_pct", filter=won),
        "loss": Sum("pnl_pct", filter=lost),
        "squares": Sum(F("pnl_pct") * F("pnl_pct")),
    }
    if not scan:
        week = from_micros(synthetic.end_micros() - 7 * DAY)
        trades = trades.filter(exit_at__gte=week)
    return trades.aggregate(**wanted)


def _often(run, arguments: tuple) -> None:
    for _ in range(OFTEN):
        run(*arguments)


def compare(table: Table, trades: int, bar: float | None) -> None:
    for moment, offset in MOMENTS.items():
        sums = np.zeros(2)
        for name, days in WINDOWS.items():
            window = bounds(days, offset)
            if window[0] < synthetic.end_micros() - trades // synthetic.PER_DAY * DAY:
                break
            assert_equal(ours(*window), peers(*window))
            runs = (partial(_often, ours, window), partial(peers, *window))
            mine, theirs = in_turns(runs, REPEATS)
            sums += mine / OFTEN, theirs
            table.faster(f"{name}, {moment}, {trades:,} trades", mine / OFTEN, theirs, bar)
        else:
            table.faster(f"all of them, {moment}, {trades:,} trades", *sums, bar)


def compare_alert(table: Table, trades: int, bar: float | None) -> None:
    from trading.models import Scope

    scope = Scope.objects.filter(kind=Scope.Kind.INSTANCE).order_by("id")[0]
    found, week = alert_by_sql(scope, scan=False), alert(scope)[1]
    assert (found["n"], found["wins"]) == (week["trades"], week["wins"])
    assert np.isclose([found["gain"], found["squares"]], [week["gain"], week["squares"]]).all()
    for what, scan in (("all its trades", True), ("7 days along the index", False)):
        peer = partial(alert_by_sql, scope, scan=scan)
        mine, theirs = in_turns((partial(_often, alert, (scope,)), peer), REPEATS)
        what = f"alert check, SQL over {what}, {trades:,} trades"
        table.faster(what, mine / OFTEN, theirs, bar if scan else None)


def growth(table: Table, place: ground.Ground, sizes: list[int]) -> None:
    """The same window on every history, in turns; the shortest one is the measure."""
    for moment, offset in MOMENTS.items():
        for name, days in WINDOWS.items():
            window = bounds(days, offset)
            taken = np.median([[_on(place, size, window) for size in sizes] for _ in range(20)], 0)
            for size, seconds in zip(sizes[1:], taken[1:], strict=True):
                bar = GROWTH_BAR if size == sizes[-1] else None
                what = f"{name}, {moment}: {size:,} over {sizes[0]:,}"
                table.at_most(what, seconds / taken[0], bar, times, seconds, taken[0])


def _on(place: ground.Ground, size: int, window: tuple[int, int]) -> float:
    """Seconds of one run on a history, once the process has come to know it again."""
    place.use(f"trades_{size}")
    ours(*window)
    return once(partial(_often, ours, window)) / OFTEN


def main() -> None:
    parser = ground.parser(__doc__.splitlines()[0], trades=[100_000, 1_000_000, 10_000_000])
    arguments = parser.parse_args()
    sizes = sorted({*arguments.trades, *([MONTH] if max(arguments.trades) > MONTH else [])})
    with ground.opened(arguments) as place:
        table = Table(f"Windows, {place.vendor}")
        for trades in sizes:
            history(place, trades)
            largest = trades == sizes[-1]
            compare(table, trades, BARS[place.vendor] if largest else None)
            compare_alert(table, trades, ALERT_BAR if largest else None)
        table.show()
        grown = Table(f"Growth with the history, {place.vendor}")
        growth(grown, place, [size for size in sizes if size >= MONTH] or sizes)
        grown.show()


if __name__ == "__main__":
    main()
