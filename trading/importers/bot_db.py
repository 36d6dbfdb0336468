"""The reference bot's own SQLite file. Times in it are float epoch seconds."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import mode
from typing import Any

import msgspec
import numpy as np

from trading import clock, ingest
from trading.bots.catalog import strategy_of
from trading.db import bulk
from trading.importers.base import Importer, Option, Progress, Report, Unreadable, no_progress
from trading.importers.common import SqliteFile, moment, parameter_file
from trading.ingest import positions, state
from trading.ingest.positions import PositionReport
from trading.ingest.trade_schema import TradeIn
from trading.market import candles
from trading.models import Bot, Market, Origin, RenkoBrick, StrategyInstance
from trading.parameters import Refused, instance_for, promote
from trading.strategies import UnknownStrategy
from trading.strategies.common import COMMON_CONTEXT
from trading.validation.errors import Invalid, Stale

BATCH = 1_000
PRICES_KEPT = 5_000  # newest prices per strategy and market that go into the state
TABLES = ("candles", "positions", "price_history", "renko_bricks", "trades")
_BOOLEANS = {feature.name for feature in COMMON_CONTEXT if feature.kind == "boolean"}
_TRADE = (
    *("id", "strategy", "side", "entry_price", "exit_price", "size", "pnl_pct", "pnl_usd"),
    *("entry_time", "exit_time", "exit_reason", "market"),
)


@dataclass(frozen=True)
class BotDatabase(Importer):
    """Trades, positions, candles, bricks and prices; any table may be missing."""

    key = "bot_db"
    label = "The bot's own SQLite file"
    help = (
        "Import the bot's own SQLite file: trades, positions, candles, bricks, price history. "
        "The file is only read. A second import changes nothing and completes one that was "
        "interrupted."
    )
    options = (
        Option(
            "parameters",
            "JSON: the parameters by strategy that were live from --valid-from on",
            parameter_file,
            "FILE",
        ),
        Option("valid_from", "when these parameters became live (UTC)", moment, "TIME"),
    )

    parameters: Mapping[str, Mapping[str, Any]] | None = None
    valid_from: datetime | None = None

    def __post_init__(self) -> None:
        if bool(self.parameters) != bool(self.valid_from):
            raise Unreadable("--parameters and --valid-from belong together")

    def count(self, file: Path) -> int:
        with SqliteFile(file) as source:
            return source.count("trades")

    def run(self, file: Path, bot: Bot | None, progress: Progress = no_progress) -> Report:
        if bot is None:
            raise Unreadable("trades belong to a bot: name it")
        report = Report()
        with SqliteFile(file) as source:
            if source.wal_missing:
                report.notes.append(
                    f"{file.name} is in WAL mode and its -wal file is not beside it: the newest "
                    "rows may be missing. Copy both files, or run `PRAGMA wal_checkpoint` first."
                )
            if source.tables.isdisjoint(TABLES):
                raise Unreadable(f"{file} holds none of the tables {', '.join(TABLES)}")
            try:
                self._import_parameters(bot, file, report)
            except (Refused, UnknownStrategy) as error:
                raise Unreadable(str(error)) from error
            _import_trades(source, bot, report, progress)
            _import_positions(source, bot, report)
            _import_candles(source, bot, report)
            _import_bricks(source, bot, report)
            _import_prices(source, bot, report)
        if report.of("trades").stored and not bot.trades.filter(fee__isnull=False).exists():
            report.summary.append(
                "The file holds no fees: results are as the bot computed them, maybe before fees."
            )
        report.summary.append(
            f'See the results: python3 manage.py query_pnl --bot "{bot}" --by strategy'
        )
        return report

    def _import_parameters(self, bot: Bot, file: Path, report: Report) -> None:
        rows = report.of("parameter_sets")
        for name, values in (self.parameters or {}).items():
            assert self.valid_from is not None
            rows.read += 1
            instance = instance_for(bot, name)
            period = instance.live_periods.filter(live_from=self.valid_from).first()
            if period:
                if period.parameter_set.values != strategy_of(instance).clean(values):
                    raise Unreadable(
                        f"{name}: another set is recorded as live from {self.valid_from}"
                    )
                rows.unchanged += 1
                continue
            since = f"{self.valid_from:%Y-%m-%d %H:%M}"
            promote(
                instance=instance,
                values=values,
                origin=Origin.IMPORT,
                live_from=self.valid_from,
                reason=f"Live from {since} UTC, imported with {file.name}"[:500],
            )
            rows.stored += 1


def _import_trades(source: SqliteFile, bot: Bot, report: Report, progress: Progress) -> None:
    contexts = _contexts(source)
    rows = report.of("trades")
    for batch in bulk.chunks(source.rows("trades", "exit_time, id"), BATCH):
        trades = []
        for row in batch:
            try:
                trades.append(_trade(row, contexts.get(row["id"])))
            except (msgspec.ValidationError, IndexError, TypeError) as error:
                rows.rejected[f"trade {row['id']}"] = str(error)
        outcome = ingest.store_trades(bot, trades)
        rows.read += len(batch)
        rows.stored += outcome.stored
        rows.updated += outcome.updated
        rows.unchanged += outcome.unchanged
        for refusal in outcome.rejected:
            errors = (f"{name} {' '.join(texts)}" for name, texts in refusal["errors"].items())
            rows.rejected[f"trade {refusal['id']}"] = "; ".join(errors)
        progress(rows.read)


def _trade(row: sqlite3.Row, context: dict[str, Any] | None) -> TradeIn:
    values = {name: row[name] for name in _TRADE if row[name] is not None}
    values["id"] = str(row["id"])
    return msgspec.convert({**values, "context": context}, TradeIn)


def _contexts(source: SqliteFile) -> dict[int, dict[str, Any]]:
    contexts = {}
    for row in source.rows("trade_context", "trade_id"):
        values = {
            # SQLite has no booleans.
            name: bool(value) if name in _BOOLEANS and value in (0, 1) else _maybe_json(value)
            for name, value in dict(row).items()
            if name not in ("id", "trade_id", "created_at") and value is not None
        }
        contexts[row["trade_id"]] = values
    return contexts


def _maybe_json(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in "[{":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _import_positions(source: SqliteFile, bot: Bot, report: Report) -> None:
    counted = report.of("positions")
    for row in source.rows("positions", "id"):
        values = {
            name: row[name]
            for name in ("strategy", "market", "side", "entry_price", "size", "entry_time")
        }
        # The file writes 0 for a stop, target or size that is absent.
        values |= {name: row[name] or None for name in ("stop_loss", "take_profit", "initial_size")}
        extra = {name: row[name] for name in ("entry_ao", "order_index")}
        scaled = _maybe_json(row["scaled_entries"] or "[]")
        position = PositionReport(
            **values, as_of=row["updated_at"], scaled_entries=scaled, extra=extra
        )
        counted.read += 1
        try:
            _, new = positions.put(bot, position)
            counted.stored += new
            counted.unchanged += not new
        except Stale:
            report.notes.append(f"position of {row['strategy']}: a newer report is stored already")
        except Invalid as invalid:
            report.notes.append(f"position of {row['strategy']} rejected: {invalid}")


def _import_candles(source: SqliteFile, bot: Bot, report: Report) -> None:
    counted = report.of("candles")
    groups: dict[tuple[str, str], list[list[Any]]] = defaultdict(list)
    for row in source.rows("candles", "open_time"):
        values = [row[name] for name in candles.FIELDS]
        groups[row["strategy"], row["market"]].append(values)
    for (strategy, market), rows in groups.items():
        counted.read += len(rows)
        # A strategy for which the bot kept candles is one that it runs, even if it never traded.
        with suppress(UnknownStrategy):
            instance_for(bot, strategy)
        table = np.array(rows, dtype=np.float64).T
        times = table[0].astype(np.int64)
        steps = np.diff(times)
        if not steps.size:
            report.notes.append(f"candles of {strategy} on {market}: one alone has no interval")
            continue
        interval = int(mode(steps[steps > 0].tolist()))
        new = candles.Candles(times, *table[1:])
        wrong = candles.problems(new, interval)
        if wrong:
            message = next(iter(wrong.values()))
            report.notes.append(
                f"{len(wrong)} candles of {strategy} on {market} rejected; the first: {message}"
            )
        valid = np.setdiff1d(np.arange(len(new)), list(wrong))
        counts = candles.store(candles.series_for(bot, market, interval), new.take(valid))
        counted.add(counts)


def _import_bricks(source: SqliteFile, bot: Bot, report: Report) -> None:
    counted = report.of("bricks")
    groups: dict[tuple[str, str], list[sqlite3.Row]] = defaultdict(list)
    for row in source.rows("renko_bricks", "open_time"):
        groups[row["strategy"], row["market"]].append(row)
    for (strategy, market), rows in groups.items():
        counted.read += len(rows)
        try:
            instance = instance_for(bot, strategy)
        except UnknownStrategy as unknown:
            report.notes.append(f"{len(rows)} bricks rejected: {unknown}")
            continue
        stored_market, _ = Market.objects.get_or_create(name=market)
        fresh = _store_bricks(instance, stored_market, rows)
        counted.stored += fresh
        counted.unchanged += len(rows) - fresh


def _store_bricks(instance: StrategyInstance, market: Market, rows: list[sqlite3.Row]) -> int:
    """Store the bricks that are new; how many. The file has no numbers: bricks are numbered by
    open time, and keep their number when the bot has dropped old ones."""
    stored = RenkoBrick.objects.filter(instance=instance, market=market)
    numbers = dict(stored.values_list("open_at", "sequence"))
    last_number = max(numbers.values(), default=0)
    fresh = []
    for at, row in enumerate(rows):
        closed = rows[at + 1]["open_time"] if at + 1 < len(rows) else row["created_at"]
        opened = clock.from_epoch(row["open_time"])
        if opened in numbers:
            continue
        last_number += 1
        fresh.append(
            RenkoBrick(
                instance=instance,
                market=market,
                sequence=last_number,
                open_at=opened,
                close_at=clock.from_epoch(max(closed, row["open_time"])),
                open=row["open"],
                close=row["close"],
                high=row["high"],
                low=row["low"],
                direction=1 if row["direction"] == "up" else -1,
                size=abs(row["close"] - row["open"]),
            )
        )
    RenkoBrick.objects.bulk_create(fresh, batch_size=BATCH)
    return len(fresh)


def _import_prices(source: SqliteFile, bot: Bot, report: Report) -> None:
    """Keep the newest prices as the state ``price_history``."""
    counted = report.of("prices")
    prices: dict[str, dict[str, list[list[float]]]] = defaultdict(lambda: defaultdict(list))
    newest = 0.0
    for row in source.rows("price_history", "timestamp, id"):
        prices[row["strategy"]][row["market"]].append([row["timestamp"], row["price"]])
        newest = max(newest, row["timestamp"])
        counted.read += 1
    if not counted.read:
        return
    kept = {
        strategy: {market: history[-PRICES_KEPT:] for market, history in markets.items()}
        for strategy, markets in prices.items()
    }
    state.write(bot, "price_history", kept, clock.to_micros(clock.from_epoch(newest)))
