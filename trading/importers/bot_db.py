"""The reference bot's own SQLite file, read-only. Times in it are float epoch seconds."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import mode

import msgspec
import numpy as np

from trading import clock, ingest
from trading.bots.catalog import strategy_of
from trading.db import bulk
from trading.db.counts import Counts
from trading.ingest import positions, state
from trading.ingest.positions import PositionReport
from trading.ingest.trade_schema import TradeIn
from trading.market import candles
from trading.models import Bot, Market, Origin, RenkoBrick
from trading.parameters import instance_for, promote
from trading.strategies import UnknownStrategy
from trading.strategies.common import COMMON_CONTEXT
from trading.validation.errors import Invalid, Stale

BATCH = 1_000
PRICES_KEPT = 5_000  # newest prices per strategy and market that go into the state
_BOOLEANS = {feature.name for feature in COMMON_CONTEXT if feature.kind == "boolean"}
_WAL = b"\x02\x02"
_TRADE = (
    "id",
    "strategy",
    "side",
    "entry_price",
    "exit_price",
    "size",
    "pnl_pct",
    "pnl_usd",
    "entry_time",
    "exit_time",
    "exit_reason",
    "market",
)


class Unreadable(ValueError):
    """The file is not what it should be; the text says what to do."""


@dataclass
class Report:
    """What an import did; counts of rows by what became of them."""

    trades: ingest.Outcome = field(default_factory=ingest.Outcome)
    candles: Counts = field(default_factory=Counts)
    bricks: Counts = field(default_factory=Counts)
    positions: int = 0
    prices: int = 0
    parameter_sets: int = 0
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict:
        return asdict(self)


class Source:
    """The file, opened so that nothing in it or beside it can change."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise Unreadable(f"there is no file {path}")
        with path.open("rb") as file:
            head = file.read(20)
        if not head.startswith(b"SQLite format 3\x00"):
            raise Unreadable(f"{path} is not an SQLite file")
        self.wal_missing = head[18:20] == _WAL and not Path(f"{path}-wal").exists()
        # A file in WAL mode whose -wal is gone cannot be opened read-only unless it is said to be
        # immutable, which it is: nobody writes to a copy.
        mode_ = "mode=ro&immutable=1" if self.wal_missing else "mode=ro"
        self.database = sqlite3.connect(f"{path.resolve().as_uri()}?{mode_}", uri=True)
        self.database.row_factory = sqlite3.Row
        try:
            found = self.database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            self.tables = {row[0] for row in found}
        except sqlite3.DatabaseError as error:
            raise Unreadable(f"{path} cannot be read: {error}") from error

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *exc: object) -> None:
        self.database.close()

    def count(self, table: str) -> int:
        if table not in self.tables:
            return 0
        return int(self.database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])

    def rows(self, table: str, order: str) -> Iterator[sqlite3.Row]:
        if table in self.tables:
            try:
                yield from self.database.execute(f"SELECT * FROM {table} ORDER BY {order}")
            except sqlite3.DatabaseError as error:
                raise Unreadable(
                    f"table {table}: {error}; is it another program's file? The bot's own has "
                    f"the columns {', '.join(_TRADE)} in its table trades"
                ) from error


def run(
    path: Path,
    bot: Bot,
    *,
    parameters: dict | None = None,
    valid_from: datetime | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Report:
    """Import everything that the file holds. Again, it changes nothing; cut off, it resumes."""
    report = Report()
    with Source(path) as source:
        if source.wal_missing:
            report.notes.append(
                f"{path.name} is in WAL mode and its -wal file is not beside it: the newest rows "
                "may be missing. Copy both files, or run `PRAGMA wal_checkpoint` first."
            )
        known = {"trades", "positions", "candles", "renko_bricks", "price_history"}
        if not source.tables & known:
            raise Unreadable(f"{path} holds none of the tables {', '.join(sorted(known))}")
        _parameters(bot, parameters or {}, valid_from, path, report)
        _trades(source, bot, report, progress)
        _positions(source, bot, report)
        _candles(source, bot, report)
        _bricks(source, bot, report)
        _prices(source, bot, report)
    return report


def _parameters(
    bot: Bot, by_strategy: dict, valid_from: datetime | None, path: Path, report: Report
) -> None:
    for name, values in by_strategy.items():
        instance = instance_for(bot, name)
        there = instance.live_periods.filter(live_from=valid_from).first()
        if there:
            complete = strategy_of(instance).clean(values)
            if there.parameter_set.values != complete:
                raise Unreadable(f"{name}: another set is recorded as live from {valid_from}")
            continue
        promote(
            instance=instance,
            values=values,
            origin=Origin.IMPORT,
            live_from=valid_from,
            reason=f"Live from {valid_from:%Y-%m-%d %H:%M} UTC, imported with {path.name}"[:500],
        )
        report.parameter_sets += 1


def _trades(source: Source, bot: Bot, report: Report, progress: Callable[[int], None]) -> None:
    contexts = _contexts(source)
    done = 0
    for batch in bulk.chunks(source.rows("trades", "exit_time, id"), BATCH):
        trades, indices = [], []
        for index, row in enumerate(batch, start=done):
            try:
                trades.append(_trade(row, contexts.get(row["id"])))
                indices.append(index)
            except (msgspec.ValidationError, IndexError, TypeError) as error:
                report.trades.refuse(index, str(row["id"]), {"row": [str(error)]})
        outcome = ingest.store_trades(bot, trades)
        report.trades.stored += outcome.stored
        report.trades.updated += outcome.updated
        report.trades.unchanged += outcome.unchanged
        for refusal in outcome.rejected:
            report.trades.rejected.append({**refusal, "index": indices[refusal["index"]]})
        done += len(batch)
        progress(done)


def _trade(row: sqlite3.Row, context: dict | None) -> TradeIn:
    values = {name: row[name] for name in _TRADE if row[name] is not None}
    values["id"] = str(row["id"])
    return msgspec.convert({**values, "context": context}, TradeIn)


def _contexts(source: Source) -> dict[int, dict]:
    found = {}
    for row in source.rows("trade_context", "trade_id"):
        values = {
            # SQLite has no booleans.
            name: bool(value) if name in _BOOLEANS and value in (0, 1) else _maybe_json(value)
            for name, value in dict(row).items()
            if name not in ("id", "trade_id", "created_at") and value is not None
        }
        found[row["trade_id"]] = values
    return found


def _maybe_json(value: object) -> object:
    if isinstance(value, str) and value[:1] in "[{":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _positions(source: Source, bot: Bot, report: Report) -> None:
    for row in source.rows("positions", "id"):
        values = {
            name: row[name]
            for name in ("strategy", "market", "side", "entry_price", "size", "entry_time")
        }
        # The file writes 0 for a stop, target or size that there is not.
        values |= {name: row[name] or None for name in ("stop_loss", "take_profit", "initial_size")}
        extra = {name: row[name] for name in ("entry_ao", "order_index")}
        scaled = _maybe_json(row["scaled_entries"] or "[]")
        try:
            _, new = positions.put(
                bot,
                PositionReport(
                    **values, as_of=row["updated_at"], scaled_entries=scaled, extra=extra
                ),
            )
            report.positions += new
        except Stale:
            report.notes.append(f"position of {row['strategy']}: a newer report is stored already")
        except Invalid as invalid:
            report.notes.append(f"position of {row['strategy']} rejected: {invalid}")


def _candles(source: Source, bot: Bot, report: Report) -> None:
    groups: dict[tuple[str, str], list] = defaultdict(list)
    for row in source.rows("candles", "open_time"):
        values = [row[name] for name in candles.FIELDS]
        groups[row["strategy"], row["market"]].append(values)
    for (strategy, market), rows in groups.items():
        _ran(bot, strategy)
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
            row, message = next(iter(wrong.items()))
            report.notes.append(
                f"{len(wrong)} candles of {strategy} on {market} rejected; the first: {message}"
            )
        sound = np.setdiff1d(np.arange(len(new)), list(wrong))
        counts = candles.store(candles.series_for(bot, market, interval), new.take(sound))
        report.candles.add(counts)


def _ran(bot: Bot, strategy: str) -> None:
    """A strategy for which the bot kept candles is one that it runs, even if it never traded."""
    with suppress(UnknownStrategy):
        instance_for(bot, strategy)


def _bricks(source: Source, bot: Bot, report: Report) -> None:
    groups: dict[tuple[str, str], list] = defaultdict(list)
    for row in source.rows("renko_bricks", "open_time"):
        groups[row["strategy"], row["market"]].append(row)
    for (strategy, market), rows in groups.items():
        try:
            instance = instance_for(bot, strategy)
        except UnknownStrategy as unknown:
            report.notes.append(f"{len(rows)} bricks rejected: {unknown}")
            continue
        place, _ = Market.objects.get_or_create(name=market)
        report.bricks.add(_store_bricks(instance, place, rows))


def _store_bricks(instance, market: Market, rows: list[sqlite3.Row]) -> Counts:
    """The file numbers no bricks: they are numbered here by open time, which is unique in it, and
    keep their number when the bot has dropped old ones and the file comes again."""
    stored = RenkoBrick.objects.filter(instance=instance, market=market).order_by("sequence")
    known = {brick.open_at: brick for brick in stored}
    following = max((brick.sequence for brick in known.values()), default=0)
    counts, fresh = Counts(), []
    for at, row in enumerate(rows):
        closed = rows[at + 1]["open_time"] if at + 1 < len(rows) else row["created_at"]
        opened = clock.from_epoch(row["open_time"])
        before = known.get(opened)
        if before:
            counts.unchanged += 1
            continue
        following += 1
        fresh.append(
            RenkoBrick(
                instance=instance,
                market=market,
                sequence=following,
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
    counts.stored = len(fresh)
    return counts


def _prices(source: Source, bot: Bot, report: Report) -> None:
    value: dict[str, dict[str, list]] = defaultdict(lambda: defaultdict(list))
    newest = 0.0
    for row in source.rows("price_history", "timestamp, id"):
        value[row["strategy"]][row["market"]].append([row["timestamp"], row["price"]])
        newest = max(newest, row["timestamp"])
        report.prices += 1
    if report.prices:
        kept = {
            strategy: {market: prices[-PRICES_KEPT:] for market, prices in markets.items()}
            for strategy, markets in value.items()
        }
        state.write(bot, "price_history", kept, clock.to_micros(clock.from_epoch(newest)))
