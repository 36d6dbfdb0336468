"""Files as the reference bot writes them, small, and what an import of one leaves behind."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.trading.story import MONDAY_SECONDS, stored, sums
from trading.market import candles
from trading.models import (
    Bot,
    CandleSeries,
    LivePeriod,
    ParameterSet,
    Position,
    RenkoBrick,
    StateEntry,
)

TABLES = {
    "trades": "id INTEGER PRIMARY KEY AUTOINCREMENT, strategy TEXT, side TEXT, entry_price REAL,"
    " exit_price REAL, size REAL, pnl_pct REAL, pnl_usd REAL, entry_time REAL, exit_time REAL,"
    " exit_reason TEXT, market TEXT, created_at REAL",
    "positions": "id INTEGER PRIMARY KEY AUTOINCREMENT, strategy TEXT, side TEXT, entry_price REAL,"
    " size REAL, stop_loss REAL, take_profit REAL, entry_time REAL, entry_ao REAL DEFAULT 0.0,"
    " order_index INTEGER DEFAULT 0, initial_size REAL DEFAULT 0.0,"
    " scaled_entries TEXT DEFAULT '[]', market TEXT, created_at REAL, updated_at REAL",
    "candles": "id INTEGER PRIMARY KEY AUTOINCREMENT, strategy TEXT, market TEXT,"
    " open_time INTEGER, open REAL, high REAL, low REAL, close REAL, volume REAL, created_at REAL",
    "renko_bricks": "id INTEGER PRIMARY KEY AUTOINCREMENT, strategy TEXT, market TEXT,"
    " open_time INTEGER, open REAL, close REAL, direction TEXT, high REAL, low REAL,"
    " created_at REAL",
    "price_history": "id INTEGER PRIMARY KEY AUTOINCREMENT, strategy TEXT, market TEXT,"
    " price REAL, timestamp REAL, created_at REAL",
    "trade_context": "id INTEGER PRIMARY KEY AUTOINCREMENT, trade_id INTEGER, volatility_bps REAL,"
    " price_trend TEXT, entry_hour INTEGER, mfe_pct REAL, mae_pct REAL, reached_tp INTEGER,"
    " reached_sl INTEGER, rsi_value REAL, notes TEXT, created_at REAL",
}
T = float(MONDAY_SECONDS)
SOUND: dict[str, dict] = {
    "trades": {
        "strategy": "mean_reversion",
        "side": "long",
        "entry_price": 100.0,
        "exit_price": 102.0,
        "size": 0.5,
        "pnl_pct": 2.0,
        "pnl_usd": 1.0,
        "entry_time": T + 10,
        "exit_time": T + 20.5,
        "exit_reason": "take_profit",
        "market": "BTC-PERP",
        "created_at": T + 21,
    },
    "positions": {
        "strategy": "renko_ao",
        "side": "short",
        "entry_price": 100.0,
        "size": 0.5,
        "stop_loss": 0.0,
        "take_profit": 90.0,
        "entry_time": T,
        "market": "BTC-PERP",
        "created_at": T,
        "updated_at": T + 60,
    },
    "candles": {
        "strategy": "breakout",
        "market": "BTC-PERP",
        "open_time": MONDAY_SECONDS,
        "open": 2.0,
        "high": 3.0,
        "low": 1.0,
        "close": 2.5,
        "volume": 0.0,
        "created_at": T,
    },
    "renko_bricks": {
        "strategy": "renko_ao",
        "market": "BTC-PERP",
        "open_time": MONDAY_SECONDS,
        "open": 10.0,
        "close": 11.0,
        "direction": "up",
        "high": 11.5,
        "low": 9.5,
        "created_at": T + 5,
    },
    "price_history": {
        "strategy": "renko_ao",
        "market": "BTC-PERP",
        "price": 10.0,
        "timestamp": T,
        "created_at": T,
    },
    "trade_context": {"trade_id": 1, "mfe_pct": 3.0},
}


def row(table: str, **changes) -> dict:
    return SOUND[table] | changes


def write(path: Path, wal: bool = False, **tables: list[dict]) -> Path:
    """A file with these tables, each with these rows."""
    with sqlite3.connect(path) as database:
        if wal:
            database.execute("PRAGMA journal_mode=WAL")
        for table, rows in tables.items():
            database.execute(f"CREATE TABLE {table} ({TABLES[table]})")
            for values in rows:
                marks = ", ".join("?" * len(values))
                database.execute(
                    f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})",
                    list(values.values()),
                )
    database.close()
    return path


def dump(bot: Bot) -> dict:
    """Everything that an import may write, but for keys and the time of writing."""
    series = CandleSeries.objects.filter(bot=bot).order_by("market__name", "interval")
    return {
        "trades": stored(bot),
        "sums": sums(bot),
        "candles": [
            (
                one.market.name,
                one.interval,
                one.candles,
                one.gaps,
                one.missing,
                one.first_at,
                one.last_at,
                candles.load(one).matrix().tobytes(),
            )
            for one in series
        ],
        "bricks": _rows(RenkoBrick, bot, "instance__bot"),
        "positions": _rows(Position, bot, "instance__bot"),
        "state": list(StateEntry.objects.filter(bot=bot).values_list("key", "value", "as_of")),
        "sets": _rows(ParameterSet, bot, "instance__bot", "created_at"),
        "periods": LivePeriod.objects.filter(instance__bot=bot).count(),
    }


def _rows(model, bot: Bot, owner: str, *left_out: str) -> list[tuple]:
    names = [
        field.attname
        for field in model._meta.concrete_fields
        if not field.is_relation and field.name not in ("id", *left_out)
    ]
    found = model.objects.filter(**{owner: bot}).values_list(*names)
    return sorted(map(repr, found))
