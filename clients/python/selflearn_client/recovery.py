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


def recovered_from(told: dict[str, Any], unsent: int) -> Recovered:
    return Recovered(
        parameters={one["strategy"]: parameters_from(one, True) for one in told["parameters"]},
        positions=[_position(one) for one in told["positions"]],
        candles={
            (one["market"], one["interval"]): [_candle(row) for row in one["candles"]]
            for one in told["candles"]
        },
        bricks={
            (one["strategy"], one["market"]): [_brick(row) for row in one["bricks"]]
            for one in told["bricks"]
        },
        state={key: kept_from(one) for key, one in told["state"].items()},
        server_time=_time(told["server_time"]),
        unsent=unsent,
    )


def kept_from(told: dict[str, Any]) -> Kept:
    return Kept(told["value"], _time(told["as_of"]))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _position(told: dict[str, Any]) -> Position:
    return Position(
        strategy=told["strategy"],
        market=told["market"],
        side=told["side"],
        entry_price=Decimal(told["entry_price"]),
        size=Decimal(told["size"]),
        stop_loss=_amount(told["stop_loss"]),
        take_profit=_amount(told["take_profit"]),
        entry_time=_time(told["entry_time"]),
        as_of=_time(told["as_of"]),
        order_id=told["order_id"],
        initial_size=_amount(told["initial_size"]),
        scaled_entries=told["scaled_entries"],
        extra=told["extra"],
    )


def _candle(row: list[Any]) -> Candle:
    return Candle(datetime.fromtimestamp(row[0], UTC), *row[1:])


def _brick(told: dict[str, Any]) -> Brick:
    times = {name: _time(told[name]) for name in ("open_time", "close_time")}
    return Brick(**{**told, **times})
