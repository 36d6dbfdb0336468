"""The state that a bot stores, and everything it needs to recover after a restart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from trading import clock
from trading.db import bulk, locks
from trading.ingest import bricks, positions
from trading.market import candles
from trading.models import Bot, CandleSeries, StateEntry
from trading.parameters import served
from trading.validation import fields, limits
from trading.validation.errors import Invalid, Stale
from trading.validation.fields import Errors

KEY = re.compile(r"[A-Za-z0-9._:@-]{1,64}", re.ASCII)
VALUE_BYTES = 256 * 1024
MOST = 5_000  # candles or bricks of each series


def put(bot: Bot, key: str, value: object, as_of: object) -> tuple[StateEntry, bool]:
    """Keep a JSON value under a key; True where the key is new. Raises Invalid and Stale, as
    positions do."""
    errors: Errors = {}
    fields.pattern("key", key, KEY, errors)
    moment = fields.moment("as_of", as_of, errors)
    fields.past("as_of", moment, errors)
    fields.json_value("value", value, errors, VALUE_BYTES)
    if errors or moment is None:
        raise Invalid(errors)
    with transaction.atomic():
        locks.lock_bot(bot.pk)
        stored = find(bot, key)
        if stored and clock.to_micros(stored.as_of) >= moment:
            if clock.to_micros(stored.as_of) > moment or not limits.same_json(stored.value, value):
                raise Stale(stored)
            return stored, False
        write(bot, key, value, moment)
        return StateEntry.objects.get(bot=bot, key=key), stored is None


def write(bot: Bot, key: str, value: object, as_of: int) -> None:
    """Keep a checked value, unless a newer one is there. ``as_of`` is in microseconds."""
    bulk.upsert(
        StateEntry,
        ("bot_id", "key", "value", "as_of", "updated_at"),
        [(bot.pk, key, bulk.json(value), as_of, bulk.moment(clock.now()))],
        conflict=("bot_id", "key"),
        update=("value", "as_of", "updated_at"),
        newer="as_of",
    )


def find(bot: Bot, key: str) -> StateEntry | None:
    return StateEntry.objects.filter(bot=bot, key=key).first()


def recover(bot: Bot, candle_count: int, brick_count: int) -> dict[str, Any]:
    """Parameters, open positions, the newest candles and bricks of each series (ascending), and
    state keys: objects of this product, which the API renders."""
    with _one_moment():
        return {
            "parameters": served.everything(bot, noted=False),  # nothing is written in here
            "positions": positions.of(bot),
            "candles": [(series, candles.newest(series, candle_count)) for series in _series(bot)],
            "bricks": bricks.newest_of_each(bot, brick_count),
            "state": list(StateEntry.objects.filter(bot=bot).order_by("key")),
            "server_time": clock.now(),
        }


@contextmanager
def _one_moment() -> Iterator[None]:
    """Read from one snapshot without waiting for writers. An ordinary transaction would see every
    commit of others (PostgreSQL) or take the write lock (SQLite)."""
    connection.ensure_connection()
    outermost = not connection.in_atomic_block
    database: Any = connection  # only SQLite's has a transaction_mode
    usual = getattr(database, "transaction_mode", None)
    try:
        database.transaction_mode = "DEFERRED"
        with transaction.atomic():
            if outermost and connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    finally:
        database.transaction_mode = usual


def _series(bot: Bot) -> list[CandleSeries]:
    """The bot's own series, and the shared ones of markets it trades where it has none."""
    own = list(CandleSeries.objects.filter(bot=bot).select_related("market"))
    has = {(series.market_id, series.interval) for series in own}
    shared = (
        CandleSeries.objects.filter(bot=None, market__books__instance__bot=bot)
        .select_related("market")
        .distinct()
    )
    every = own + [series for series in shared if (series.market_id, series.interval) not in has]
    return sorted(every, key=lambda series: (series.market.name, series.interval))
