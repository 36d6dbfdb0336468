#!/usr/bin/env python3
"""Make a history of synthetic trades, with its rollups, on SQLite or PostgreSQL.

python3 benchmarks/generate_trades.py --trades 1000000 --data /tmp/bench
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import ground

if __name__ == "__main__":
    ground.ensure_packages()

import synthetic

BOT = "Benchmark"
BATCH_DAYS = 20
VARIED, VALUES = "max_losing_streak", 4  # which parameter the versions differ in, how many ways


def history(
    place: ground.Ground, trades: int, *, context: bool = False, in_turn: bool = False, say=print
) -> str:
    """Let the product work on a history of so many trades, made where it is not there yet.

    Every trade has a set drawn by chance; ``in_turn`` lets one set follow the other in time.
    """
    from django.db import connection

    name = f"{'changes' if in_turn else 'trades'}_{trades}"
    if place.use(name):
        began = time.perf_counter()
        fill(trades, context=context, in_turn=in_turn)
        filled = time.perf_counter()
        rebuild()
        done = time.perf_counter()
        say(
            f"made {trades:,} trades on {place.vendor} in {filled - began:.0f} s, "
            f"their sums in {done - filled:.0f} s"
        )
        return name
    with connection.cursor() as cursor:
        cursor.execute("SELECT MAX(id) FROM trading_trade")
        if cursor.fetchone()[0] != trades:
            sys.exit(f"{name} is there, but not whole: remove it")
    return name


def fill(trades: int, *, context: bool = False, in_turn: bool = False) -> None:
    """Write the trades into an empty database, the indexes last, as sorting makes them best."""
    from django.db import connection

    from trading.models import Trade

    bot, books, sets = _surroundings()
    all_days = list(synthetic.days(trades))
    if in_turn:
        _take_turns(sets, all_days[0][0], len(all_days))
    indexes = list(Trade._meta.indexes)
    postgres = connection.vendor == "postgresql"
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.remove_index(Trade, index)
    with connection.cursor() as cursor:
        for statement in _HASTE[connection.vendor]:
            cursor.execute(statement)
    at = 1
    for number, (day, count) in enumerate(all_days):
        live = _live(sets, number / len(all_days)) if in_turn else sets
        columns = synthetic.day_of_trades(day, count, at, books, live) | {"bot_id": [bot] * count}
        _write("trading_trade", columns | _same(count))
        if context:
            _write("trading_tradecontext", _context(columns))
        at += count
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.add_index(Trade, index)
    with connection.cursor() as cursor:
        if postgres:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('trading_trade', 'id'), %s)", [trades]
            )
            # What autovacuum does by itself after a while.
            cursor.execute("VACUUM ANALYZE trading_trade")
    connection.close()


def _live(sets: list[int], share: float) -> list[int]:
    """For every version of a strategy the one that is live after a ``share`` of the time."""
    turn = int(share * synthetic.SETS)
    return [sets[at // synthetic.SETS * synthetic.SETS + turn] for at in range(len(sets))]


def _take_turns(sets: list[int], first_day: int, days: int) -> None:
    """Each version of a strategy goes live when the one before has had its share of the days."""
    from trading.clock import from_micros
    from trading.models import LivePeriod, ParameterSet

    LivePeriod.objects.all().delete()
    made = ParameterSet.objects.in_bulk(sets)
    for at, pk in enumerate(sets):
        start = (first_day + at % synthetic.SETS * days / synthetic.SETS) * synthetic.DAY
        LivePeriod.objects.create(
            instance_id=made[pk].instance_id,
            parameter_set=made[pk],
            live_from=from_micros(int(start)),
        )


_HASTE = {
    "sqlite": (
        "PRAGMA journal_mode=OFF",
        "PRAGMA synchronous=OFF",
        "PRAGMA foreign_keys=OFF",
        "PRAGMA cache_size=-262144",
    ),
    "postgresql": (
        "SET statement_timeout = 0",
        "SET synchronous_commit = off",
        "SET session_replication_role = replica",
        "SET maintenance_work_mem = '512MB'",
    ),
}


def _surroundings() -> tuple[int, list[int], list[int]]:
    """The bot's id, a book per strategy and market, a set per strategy and version."""
    from trading import parameters
    from trading.models import Book, Bot, Market, Origin, ParameterSet

    bot = Bot.objects.create(name=BOT)
    markets = [Market.objects.create(name=name) for name in synthetic.MARKETS]
    books, sets = [], []
    for strategy in synthetic.STRATEGIES:
        instance = parameters.instance_for(bot, strategy)
        first = instance.parameter_sets.get()
        sets.append(first.pk)
        for version in range(2, synthetic.SETS + 1):
            values = first.values | {VARIED: 1 + version % VALUES}
            made = ParameterSet.objects.create(
                instance=instance,
                version=version,
                values=values,
                reason="Benchmark",
                origin=Origin.IMPORT,
            )
            sets.append(made.pk)
        books += [Book.objects.create(instance=instance, market=market).pk for market in markets]
    return bot.pk, books, sets


def _same(count: int) -> dict[str, list]:
    """Columns that are alike in every trade."""
    alike = {"stop_loss": None, "leverage": None, "arm": "", "tag": "", "revision": 0}
    return {name: [value] * count for name, value in alike.items()}


def _context(columns: dict[str, list]) -> dict[str, list]:
    count = len(columns["id"])
    hours = [micros // synthetic.HOUR % 24 for micros in columns["entry_at"]]
    alike = {
        "price_trend": "up",
        "volatility_trend": "stable",
        "features": '{"rsi":28.5}',
        "other": "{}",
        "volatility_bps": 42.0,
        "signal_strength": 0.5,
    }
    best = [max(value, 0.0) + 0.25 for value in columns["pnl_pct"]]
    return {
        "trade_id": columns["id"],
        "entry_hour": hours,
        "mfe_pct": best,
        "mae_pct": [min(value, 0.0) - 0.25 for value in columns["pnl_pct"]],
    } | {name: [value] * count for name, value in alike.items()}


def _write(table: str, columns: dict[str, list]) -> None:
    from django.db import connection

    names = ", ".join(columns)
    rows = zip(*columns.values(), strict=True)
    connection.ensure_connection()
    if connection.vendor == "postgresql":
        with (
            connection.connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(columns))
    with connection.connection as transaction:
        transaction.execute("BEGIN")
        transaction.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def rebuild() -> None:
    from trading.models import StrategyInstance
    from trading.rollups.rebuild import instances

    instances(list(StrategyInstance.objects.all()))


def main() -> None:
    parser = ground.parser(__doc__.splitlines()[0], trades=[1_000_000])
    parser.add_argument("--context", action="store_true", help="with a context for every trade")
    arguments = parser.parse_args()
    if not arguments.data:
        parser.error("say where to keep them: --data DIR")
    with ground.opened(arguments) as place:
        for trades in arguments.trades:
            name = history(place, trades, context=arguments.context)
            environment = place.environment(name)
            print(f"DATABASE_URL={environment['DATABASE_URL']}")
    free = shutil.disk_usage(Path(arguments.data)).free
    print(f"{free / 1e9:.0f} GB left on that disk")


if __name__ == "__main__":
    main()
