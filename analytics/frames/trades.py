"""The bridge: rows of trading as arrays and plain values. Nothing else of analytics reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from django.db import connection

from trading import clock
from trading.clock import DAY
from trading.db import bulk
from trading.db.bulk import placeholders
from trading.market import candles
from trading.models import (
    Book,
    Bot,
    CandleSeries,
    EvaluationCount,
    LiveSet,
    ParameterSet,
    Scope,
    StrategyInstance,
    Trade,
    TradeRevision,
)
from trading.rollups import trade_arrays, windows

SERIES = 20


@dataclass(frozen=True, slots=True)
class Subject:
    """A strategy of a bot in one mode: what is watched, with its scopes and books."""

    instance: int
    bot: int
    bot_name: str
    name: str
    mode: str
    status: str
    scopes: tuple[Scope, ...] = field(compare=False)
    books: tuple[int, ...] = ()

    @property
    def place(self) -> tuple[int, str]:
        return self.instance, self.mode


def bots() -> list[Bot]:
    return list(Bot.objects.all())


def instances(bot: int) -> list[tuple[int, str]]:
    """The strategies of a bot: key of the row, and name."""
    return [(row.pk, row.name) for row in StrategyInstance.objects.filter(bot=bot)]


_SCOPES = (
    "SELECT s.id, s.instance_id, s.mode, s.currency, i.strategy, i.label, i.status, b.name"
    " FROM trading_scope s JOIN trading_strategyinstance i ON i.id = s.instance_id"
    " JOIN trading_bot b ON b.id = i.bot_id WHERE s.kind = 'instance' AND i.bot_id = %s"
    " ORDER BY i.strategy, i.label, s.mode, s.id"
)
_BOOKS = (
    "SELECT b.id, b.instance_id, b.mode FROM trading_book b"
    " JOIN trading_strategyinstance i ON i.id = b.instance_id WHERE i.bot_id = %s ORDER BY b.id"
)


def subjects(bot: int) -> list[Subject]:
    """Every strategy and mode in which a bot has traded, by name.

    Two plain statements: this is asked with every look, and simulated days have many.
    """
    scopes: dict[tuple[int, str], list[Scope]] = defaultdict(list)
    names: dict[tuple[int, str], tuple[str, str, str]] = {}
    books: dict[tuple[int, str], list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_SCOPES, [bot])
        for pk, instance, mode, currency, strategy, label, status, name in cursor.fetchall():
            scopes[instance, mode].append(
                Scope(
                    pk=pk,
                    kind=Scope.Kind.INSTANCE,
                    instance_id=instance,
                    mode=mode,
                    currency=currency,
                )
            )
            names[instance, mode] = name, f"{strategy}@{label}" if label else strategy, status
        cursor.execute(_BOOKS, [bot])
        for pk, instance, mode in cursor.fetchall():
            books[instance, mode].append(pk)
    return [
        Subject(
            instance,
            bot,
            names[instance, mode][0],
            names[instance, mode][1],
            mode,
            names[instance, mode][2],
            tuple(own_scopes),
            tuple(books[instance, mode]),
        )
        for (instance, mode), own_scopes in scopes.items()
    ]


def traded_days(bot: int, before: int) -> int:
    """How many days of its strategies have trades, of those before a day (since 1970)."""
    sql = (
        "SELECT COUNT(*) FROM trading_rollupday d JOIN trading_scope s ON s.id = d.scope_id"
        " JOIN trading_strategyinstance i ON i.id = s.instance_id"
        " WHERE i.bot_id = %s AND s.kind = 'instance' AND d.day < %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [bot, before])
        return int(cursor.fetchone()[0])


def live_at(instance: int, as_of: datetime) -> tuple[int, int, datetime] | None:
    """(set, version, live from) of what was live at a moment."""
    return (
        ParameterSet.objects.filter(instance=instance, live_periods__live_from__lte=as_of)
        .order_by("-live_periods__live_from")
        .values_list("pk", "version", "live_periods__live_from")
        .first()
    )


def records(
    scopes: Sequence[Scope], since: int | None, until: int, *, hourly: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Which scope, and the tally of each of its days (or hours), in microseconds since 1970."""
    pieces = windows.pieces(scopes, since, until, hourly=hourly)
    return pieces.scope, pieces.tallies


def snapshot_scopes(bot: int, since: int) -> list[Scope]:
    """The scopes of a bot that traded on or after a day (days since 1970)."""
    sql = (
        "SELECT s.id FROM trading_scope s JOIN trading_strategyinstance i ON i.id = s.instance_id"
        " WHERE i.bot_id = %s AND EXISTS (SELECT 1 FROM trading_rollupday d"
        " WHERE d.scope_id = s.id AND d.day >= %s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [bot, since])
        ids = [row[0] for row in cursor.fetchall()]
    return list(
        Scope.objects.filter(pk__in=ids)
        .select_related("instance", "market", "parameter_set")
        .order_by("id")
    )


def set_days(instances: Iterable[int], before: int) -> dict[tuple[int, str, int], list[bytes]]:
    """What tells whether a day's trades changed: (instance, mode, day) -> the sums of its sets."""
    wanted = list(instances)
    sql = (
        "SELECT s.instance_id, s.mode, d.day, d.scope_id, d.tally FROM trading_scope s"
        " JOIN trading_rollupday d ON d.scope_id = s.id WHERE s.kind = 'set' AND d.day < %s"
        f" AND s.instance_id IN ({placeholders(wanted) or 'NULL'}) ORDER BY d.day, d.scope_id"
    )
    sums: dict[tuple[int, str, int], list[bytes]] = defaultdict(list)
    for instance, mode, day, scope, tally in bulk.binary(sql, [before, *wanted]):
        sums[instance, mode, day].append(scope.to_bytes(8, "little") + bytes(tally))
    return sums


def corrected(bot: int, after: int, since: datetime) -> tuple[set[tuple[int, str, int]], int]:
    """Days with lately corrected trades, whose sums may be the same; the newest correction."""
    # Corrections first, along their keys: a join could begin with all trades of the bot.
    lately = TradeRevision.objects.filter(pk__gt=after, replaced_at__gte=since)
    trade_of = dict(lately.order_by("pk").values_list("pk", "trade"))
    if not trade_of:
        return set(), after
    trades = Trade.objects.filter(pk__in=set(trade_of.values()), bot=bot).order_by()
    days = {
        (instance, mode, clock.to_micros(exit_at) // clock.DAY)
        for instance, mode, exit_at in trades.values_list("book__instance", "book__mode", "exit_at")
    }
    return days, max(trade_of)


def newest_correction() -> int:
    """Key of the newest correction of any bot's trades; 0 where there is none."""
    return TradeRevision.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


@dataclass(frozen=True, slots=True)
class DayTrades:
    """Trades in canonical order with what a day is built from, all of shape (n,)."""

    rows: trade_arrays.Rows
    entry: np.ndarray
    stop: np.ndarray
    size: np.ndarray
    reason: np.ndarray


def day_trades(instance: int, mode: str, since: int, until: int) -> DayTrades:
    """Trades of a strategy that closed on the days [since, until)."""
    books = list(Book.objects.filter(instance=instance, mode=mode).values_list("pk", flat=True))
    extra = ("t.entry_price", "t.stop_loss", "t.size", "t.exit_reason")
    rows, columns = trade_arrays.rows_with(extra, books, since * DAY, until * DAY)
    by = np.lexsort((rows.trades.pnl, rows.trades.r, rows.trades.exit_at))
    entry, stop, size = (np.array(column, dtype=np.float64)[by] for column in columns[:3])
    return DayTrades(rows.take(by), entry, stop, size, np.array(columns[3], dtype=object)[by])


@dataclass(frozen=True, slots=True)
class Tail:
    """The newest trades, newest first: moments in microseconds since 1970, shape (n,).

    ``version`` is what the bot reported for it, 0 where it did not; ``r`` is PnL %.
    """

    r: np.ndarray
    exit_at: np.ndarray
    entry_at: np.ndarray
    lost: np.ndarray
    version: np.ndarray

    def __len__(self) -> int:
        return int(self.exit_at.size)


def tail(books: Sequence[int], before: int, most: int) -> Tail:
    """The newest ``most`` trades that closed before a moment, along the index of each book."""
    newest_of_book = (
        "SELECT * FROM (SELECT exit_at, entry_at, pnl_pct, COALESCE(reported_version, 0),"
        " CAST(pnl AS double precision) FROM trading_trade WHERE book_id = %s AND exit_at < %s"
        " ORDER BY exit_at DESC, pnl_pct DESC, pnl DESC LIMIT %s) AS newest"
    )
    values = [value for book in books for value in (book, before, most)]
    sql = " UNION ALL ".join([newest_of_book] * len(books))
    rows = trade_arrays.matrix(sql, values, 5) if books else np.zeros((0, 5))
    table = np.asarray(rows, dtype=np.float64).reshape(-1, 5)
    table = table[np.lexsort((-table[:, 4], -table[:, 2], -table[:, 0]))][:most]
    return Tail(
        table[:, 2],
        table[:, 0].astype(np.int64),
        table[:, 1].astype(np.int64),
        table[:, 2] < 0,
        table[:, 3].astype(np.int64),
    )


def funnel(
    instance: int, since: datetime, until: datetime, market: str = ""
) -> tuple[int, int, dict[str, int]]:
    """Evaluations, signals, and how many each filter blocked, of all counts in between, in one
    market or in all. A row a minute is read in some 5 ms a day."""
    where = {"market__name": market} if market else {}
    rows = (
        EvaluationCount.objects.filter(
            instance=instance, from_at__gte=since, to_at__lte=until, **where
        )
        .order_by()
        .values_list("evaluations", "signals", "blocked")
    )
    evaluations, signals = 0, 0
    blocked: dict[str, int] = defaultdict(int)
    for looked, signalled, by_filter in rows.iterator(2_000):
        evaluations, signals = evaluations + looked, signals + signalled
        for name, count in by_filter.items():
            blocked[name] += count
    return evaluations, signals, dict(blocked)


@dataclass(frozen=True, slots=True)
class Series:
    """The newest candles of a series, those that closed by the moment asked for."""

    market: str
    interval: int
    candles: candles.Candles


def series(bot: int, as_of: datetime, most: int = 500) -> list[Series]:
    """The candle series of a bot."""
    stored_series = CandleSeries.objects.filter(bot=bot, candles__gt=0).select_related("market")
    until = as_of.timestamp()
    return [
        Series(
            row.market.name,
            row.interval,
            candles.load(
                row, int(until) - most * row.interval, int(until // row.interval) * row.interval
            ),
        )
        for row in stored_series.order_by("-last_at")[:SERIES]
    ]


def versions(bot: int) -> dict[str, int]:
    """The version that each strategy of a bot is told to run."""
    return {
        row.strategy_instance.name: row.parameter_set.version
        for row in LiveSet.objects.filter(strategy_instance__bot=bot).select_related(
            "strategy_instance", "parameter_set"
        )
    }


def fee_bps(instance: int, market: str, most: int = 200) -> np.ndarray:
    """What the newest trades that state a fee paid, in basis points of each side's notional."""
    rows = (
        Trade.objects.filter(book__instance=instance, book__market__name=market, fee__isnull=False)
        .order_by("-exit_at")
        .values_list("fee", "entry_price", "exit_price", "size")[:most]
    )
    return np.array(
        [
            float(fee / ((bought + sold) * size)) * 10_000
            for fee, bought, sold, size in rows
            if fee is not None
        ]
    )


def instance(pk: int) -> StrategyInstance | None:
    """A strategy of a bot; None where there is none."""
    return StrategyInstance.objects.select_related("bot").filter(pk=pk).first()


def live_set(instance: int) -> ParameterSet | None:
    """The parameters that are live; None before there are any."""
    live_sets = LiveSet.objects.select_related("parameter_set")
    live = live_sets.filter(strategy_instance=instance).first()
    return live.parameter_set if live else None


def traded_markets(instance: int) -> list[str]:
    """Where a strategy trades, by name."""
    books = Book.objects.filter(instance=instance)
    return sorted(set(books.values_list("market__name", flat=True)))
