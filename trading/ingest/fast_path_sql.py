"""The statements of a single trade (single.py): the same words every time, so that they are
planned once."""

from __future__ import annotations

from functools import cache

from django.db.models import Model

from trading.db import bulk

Insert = tuple[type[Model], tuple[str, ...]]  # a table and its columns, the key foremost

_VERSION = "(SELECT id FROM trading_parameterset WHERE instance_id = %s AND version = %s)"
# What an experiment told is found in another way: no set has this number.
IN_EXPERIMENT = -1
_LIVE = (
    f"(SELECT CASE WHEN EXISTS (SELECT 1 FROM trading_experiment e WHERE e.instance_id = %s"
    f" AND e.started_at <= %s AND (e.ended_at IS NULL OR e.ended_at > %s)) THEN {IN_EXPERIMENT}"
    " ELSE (SELECT parameter_set_id FROM trading_liveperiod WHERE instance_id = %s"
    " AND live_from <= %s ORDER BY live_from DESC LIMIT 1) END)"
)
_STORED = "EXISTS (SELECT 1 FROM trading_trade WHERE bot_id = %s AND external_id = %s)"
_HOURS = "(SELECT hours FROM trading_rollupday WHERE scope_id = %s AND day = %s)"
_THREE = "(%s, %s, %s, %s), (%s, %s, %s, %s), (%s, %s, %s, %s)"
_TYPED = ", ".join(["(%s::bigint, %s::bigint, %s::bytea, %s::bytea)"] * 3)
_REPLACE = (
    "ON CONFLICT (scope_id, day) DO UPDATE SET tally = excluded.tally, hours = excluded.hours"
)
DAYS = f"INSERT INTO trading_rollupday (scope_id, day, tally, hours) VALUES {_THREE} {_REPLACE}"
_NEXT = "nextval(pg_get_serial_sequence('trading_trade', 'id'))"


# For PostgreSQL: SQLite's transaction is a lock by itself.
LOCK = "SELECT 1 FROM trading_bot WHERE id = %s FOR NO KEY UPDATE"


@cache
def found(vendor: str, reported: bool) -> str:
    """A free id, whether the trade is stored already, the set that made it, and hours of days;
    nothing where the bot is gone."""
    free = "(SELECT COALESCE(MAX(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'trading_trade')"
    if vendor == "postgresql":
        free = _NEXT
    made_by = _VERSION if reported else _LIVE
    return (
        f"SELECT {free}, {_STORED}, {made_by}, {_HOURS}, {_HOURS}, {_HOURS}"
        " FROM trading_bot WHERE id = %s"
    )


@cache
def hours() -> str:
    """What is stored of three scopes' days."""
    return f"SELECT {_HOURS}, {_HOURS}, {_HOURS}"


@cache
def insert(into: Insert) -> str:
    return f"{_into(into)} VALUES ({bulk.placeholders(into[1])})"


@cache
def together(*inserts: Insert) -> str:
    """All that is written of a trade as one statement: to PostgreSQL each costs a message."""
    parts = ", ".join(f"part{at} AS ({insert(into)})" for at, into in enumerate(inserts))
    return f"WITH {parts} {DAYS}"


@cache
def at_once(reported: bool, *inserts: Insert) -> str:
    """The same under an id that is made here, and only where a trade's bot is there, the trade
    is not, its set is the expected one, and three days hold what is expected. Returns rows
    where it was written."""
    made_by = _VERSION if reported else _LIVE
    held = f"{_HOURS} = %s"
    parts = ", ".join(
        f"part{at} AS ({_into(into)} SELECT id, {bulk.placeholders(into[1][1:])} FROM sound)"
        for at, into in enumerate(inserts)
    )
    return (
        f"WITH sound AS (SELECT {_NEXT} AS id"
        " WHERE EXISTS (SELECT 1 FROM trading_bot WHERE id = %s)"
        f" AND NOT {_STORED} AND {made_by} IS NOT DISTINCT FROM %s"
        f" AND {held} AND {held} AND {held}), {parts}"
        " INSERT INTO trading_rollupday (scope_id, day, tally, hours)"
        f" SELECT told.* FROM sound, (VALUES {_TYPED}) AS told WHERE true {_REPLACE} RETURNING 1"
    )


def _into(into: Insert) -> str:
    return f"INSERT INTO {into[0]._meta.db_table} ({', '.join(into[1])})"
