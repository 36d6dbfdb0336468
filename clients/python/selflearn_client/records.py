"""What a bot records, in the form the server reads. Each function raises BadValue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import checks
from .checks import Checker, Json, Number, Time

_AMOUNTS = ("pnl", "fee")
_TRADE_REQUIRED = frozenset(
    {
        *("id", "strategy", "market", "side", "entry_price", "exit_price", "size"),
        *("entry_time", "exit_time", "exit_reason"),
    }
)
_TRADE_FIELDS = _TRADE_REQUIRED | {
    *("pnl_pct", "pnl", "fee", "stop_loss", "parameter_set", "arm", "mode", "tag", "currency"),
    *("leverage", "context", "revision"),
}


def trade(fields: Mapping[str, Any]) -> Json:
    """A closed trade. Fields that are None are left out."""
    given = {name: value for name, value in fields.items() if value is not None}
    check = Checker()
    for name in given.keys() - _TRADE_FIELDS:
        check.wrong(name, "is not a field of a trade")
    for name in _TRADE_REQUIRED - given.keys():
        check.wrong(name, "is required")
    row: Json = {}
    for name, value in given.items():
        read = _TRADE.get(name)
        if read:
            row[name] = read(check, name, value)
    # A time that could not be read is an empty text: it sorts first, and its error was reported.
    entry, left = row.get("entry_time"), row.get("exit_time")
    if entry and left and left < entry:
        check.wrong("exit_time", "is before entry_time")
    check.settle()
    return row


_TRADE = {
    "id": lambda c, n, v: c.matches(n, v, checks.ID),
    "strategy": lambda c, n, v: c.matches(n, v, checks.STRATEGY),
    "market": lambda c, n, v: c.matches(n, v, checks.MARKET),
    "side": lambda c, n, v: c.one_of(n, v, ("long", "short")),
    **{
        name: lambda c, n, v: c.amount(n, v, positive=True)
        for name in ("entry_price", "exit_price", "size", "stop_loss")
    },
    **dict.fromkeys(_AMOUNTS, Checker.amount),
    **dict.fromkeys(("entry_time", "exit_time"), Checker.time),
    "exit_reason": lambda c, n, v: c.text(n, v, 40, required=True),
    "pnl_pct": Checker.real,
    "parameter_set": Checker.whole,
    "revision": Checker.whole,
    "arm": lambda c, n, v: c.text(n, v, 64),
    "mode": lambda c, n, v: c.one_of(n, v, ("live", "paper")),
    "tag": lambda c, n, v: c.text(n, v, 500),
    "currency": lambda c, n, v: c.matches(n, v, checks.CURRENCY),
    "leverage": Checker.real,
    "context": Checker.json,
}


def position(
    *,
    strategy: str,
    market: str,
    side: str,
    entry_price: Number,
    size: Number,
    entry_time: Time,
    as_of: Time,
    stop_loss: Number | None,
    take_profit: Number | None,
    order_id: str | None,
    initial_size: Number | None,
    scaled_entries: Sequence[Any] | None,
    extra: Mapping[str, Any] | None,
) -> Json:
    check = Checker()
    row: Json = {
        "strategy": check.matches("strategy", strategy, checks.STRATEGY),
        "market": check.matches("market", market, checks.MARKET),
        "side": check.one_of("side", side, ("long", "short")),
        "entry_price": check.amount("entry_price", entry_price, positive=True),
        "size": check.amount("size", size, positive=True),
        "entry_time": check.time("entry_time", entry_time),
        "as_of": check.time("as_of", as_of),
    }
    optional = {"stop_loss": stop_loss, "take_profit": take_profit, "initial_size": initial_size}
    for name, value in optional.items():
        if value is not None:
            row[name] = check.amount(name, value, positive=True)
    if order_id:
        row["order_id"] = check.matches("order_id", order_id, checks.ID)
    if scaled_entries:
        row["scaled_entries"] = check.json("scaled_entries", list(scaled_entries))
    if extra:
        row["extra"] = check.json("extra", extra)
    check.settle()
    return row


def place(strategy: str, market: str) -> Json:
    check = Checker()
    row = {
        "strategy": check.matches("strategy", strategy, checks.STRATEGY),
        "market": check.matches("market", market, checks.MARKET),
    }
    check.settle()
    return row


def closed(strategy: str, market: str, as_of: Time | None) -> Json:
    check = Checker()
    row: Json = {**place(strategy, market), "closed": True}
    if as_of is not None:
        row["as_of"] = check.time("as_of", as_of)
    check.settle()
    return row


def series(market: str, interval: int, as_of: Time | None) -> Json:
    check = Checker()
    row: Json = {
        "market": check.matches("market", market, checks.MARKET),
        "interval": check.whole("interval", interval, low=1),
    }
    if as_of is not None:
        row["as_of"] = check.time("as_of", as_of)
    check.settle()
    return row


def candles(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Rows of open time, open, high, low, close and, where known, volume."""
    check, checked = Checker(), []
    for index, row in enumerate(rows):
        if len(row) not in (5, 6):
            check.wrong(f"candles[{index}]", "must be open_time, open, high, low, close, volume")
            continue
        name = f"candles[{index}]"
        volume = [None if part is None else check.real(name, part) for part in row[5:]]
        checked.append(
            [check.time(name, row[0]), *(check.real(name, part) for part in row[1:5]), *volume]
        )
    check.settle()
    return checked


def bricks(rows: Iterable[Mapping[str, Any]]) -> list[Json]:
    check, checked = Checker(), []
    for index, row in enumerate(rows):
        name = f"bricks[{index}]"
        if row.keys() != _BRICK:
            check.wrong(name, f"must have the fields {', '.join(sorted(_BRICK))}, and no other")
            continue
        brick: Json = {part: check.real(name, row[part]) for part in _BRICK_PRICES}
        brick["sequence"] = check.whole(name, row["sequence"])
        brick["open_time"] = check.time(name, row["open_time"])
        brick["close_time"] = check.time(name, row["close_time"])
        direction = row["direction"]
        if direction not in (1, -1, "up", "down"):
            check.wrong(name, "direction must be 1 or -1, up or down")
        brick["direction"] = 1 if direction in (1, "up") else -1
        checked.append(brick)
    check.settle()
    return checked


_BRICK_PRICES = ("open", "close", "high", "low", "size")
_BRICK = {*_BRICK_PRICES, "sequence", "open_time", "close_time", "direction"}


def state(key: str, value: Any, as_of: Time) -> tuple[str, Json]:
    check = Checker()
    name = check.matches("key", key, checks.STATE_KEY)
    row = {
        "value": check.json("value", value, checks.STATE_BYTES),
        "as_of": check.time("as_of", as_of),
    }
    check.settle()
    return name, row


def evaluations(
    *,
    strategy: str,
    market: str,
    start: Time,
    end: Time,
    evaluations: int,
    signals: int,
    blocked: Mapping[str, int],
) -> Json:
    check = Checker()
    row = place(strategy, market)
    row |= {"from": check.time("start", start), "to": check.time("end", end)}
    row["evaluations"] = check.whole("evaluations", evaluations)
    row["signals"] = check.whole("signals", signals)
    row["blocked"] = {
        check.text("blocked", name, 64, required=True): check.whole("blocked", count)
        for name, count in blocked.items()
    }
    if not check.errors and row["to"] <= row["from"]:
        check.wrong("end", "must be after start")
    if not check.errors and row["signals"] + sum(row["blocked"].values()) > row["evaluations"]:
        check.wrong("evaluations", "is less than signals and blocked together")
    check.settle()
    return row


def heartbeat(
    version: str | int | None,
    started_at: Time | None,
    status: str | Mapping[str, Any] | None,
    extra: Mapping[str, Any] | None,
) -> Json:
    check = Checker()
    row: Json = {}
    if version is not None:
        row["version"] = version
    if started_at is not None:
        row["started_at"] = check.time("started_at", started_at)
    if status is not None:
        row["status"] = check.json("status", status, 4_096)
    if extra:
        row["extra"] = check.json("extra", extra, 4_096)
    check.settle()
    return row
