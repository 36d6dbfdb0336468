"""Everything a redeployed bot needs, typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .parameters import Parameters, parameters_from


@dataclass(frozen=True)
class Position:
    strategy: str
    market: str
    side: str
    entry_price: Decimal
    size: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    entry_time: datetime
    as_of: datetime
    order_id: str
    initial_size: Decimal | None
    scaled_entries: list[Any]
    extra: dict[str, Any]


@dataclass(frozen=True)
class Candle:
    open_time: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float | None


@dataclass(frozen=True)
class Brick:
    sequence: int
    open_time: datetime
    close_time: datetime
    open: float
    close: float
    direction: int
    high: float
    low: float
    size: float


@dataclass(frozen=True)
class Kept:
    """A value under a state key, and the moment it speaks of."""

    value: Any
    as_of: datetime


@dataclass(frozen=True)
class Recovered:
    """The answer of ``Client.recover``; candles and bricks are the newest, ascending.

    ``unsent`` counts records of this bot that were still waiting in its own queue.
    """

    parameters: dict[str, Parameters]
    positions: list[Position]
    candles: dict[tuple[str, int], list[Candle]]
    bricks: dict[tuple[str, str], list[Brick]]
    state: dict[str, Kept]
    server_time: datetime
    unsent: int = field(default=0)


def recovered_from(answer: dict[str, Any], unsent: int) -> Recovered:
    return Recovered(
        parameters={
            served["strategy"]: parameters_from(served, True) for served in answer["parameters"]
        },
        positions=[_position(row) for row in answer["positions"]],
        candles={
            (series["market"], series["interval"]): [_candle(row) for row in series["candles"]]
            for series in answer["candles"]
        },
        bricks={
            (series["strategy"], series["market"]): [_brick(row) for row in series["bricks"]]
            for series in answer["bricks"]
        },
        state={key: kept_from(entry) for key, entry in answer["state"].items()},
        server_time=_time(answer["server_time"]),
        unsent=unsent,
    )


def kept_from(row: dict[str, Any]) -> Kept:
    return Kept(row["value"], _time(row["as_of"]))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _position(row: dict[str, Any]) -> Position:
    return Position(
        strategy=row["strategy"],
        market=row["market"],
        side=row["side"],
        entry_price=Decimal(row["entry_price"]),
        size=Decimal(row["size"]),
        stop_loss=_amount(row["stop_loss"]),
        take_profit=_amount(row["take_profit"]),
        entry_time=_time(row["entry_time"]),
        as_of=_time(row["as_of"]),
        order_id=row["order_id"],
        initial_size=_amount(row["initial_size"]),
        scaled_entries=row["scaled_entries"],
        extra=row["extra"],
    )


def _candle(row: list[Any]) -> Candle:
    return Candle(datetime.fromtimestamp(row[0], UTC), *row[1:])


def _brick(row: dict[str, Any]) -> Brick:
    times = {name: _time(row[name]) for name in ("open_time", "close_time")}
    return Brick(**{**row, **times})
