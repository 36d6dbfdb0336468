"""Answers as structs: times in ISO 8601 UTC, amounts as strings, metrics as numbers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta

from trading import clock
from trading.api.operation import Error, Out
from trading.ledger import metrics, tally
from trading.ledger.amounts import plain
from trading.market.candles import Candles
from trading.models import CandleSeries, Position, RenkoBrick, Side, StateEntry, Status, Trade
from trading.validation import field_types as types

Moment = Annotated[
    str,
    Meta(
        description="ISO 8601, UTC, with microseconds.", extra_json_schema={"format": "date-time"}
    ),
]
Amount = Annotated[str, types.matching(r"-?[0-9]+(\.[0-9]+)?")]
Count = Annotated[int, Meta(extra_json_schema={"minimum": 0})]
SideOut = Annotated[str, types.one_of(Side.values)]
Object = dict[str, Any]


class TradeOut(Out):
    id: str
    strategy: str
    market: str
    side: SideOut
    entry_price: Amount
    exit_price: Amount
    size: Amount
    entry_time: Moment
    exit_time: Moment
    exit_reason: str
    pnl_pct: Annotated[float, Meta(description="Percent of the entry notional, net of fees.")]
    pnl: Amount
    fee: Amount | None
    stop_loss: Amount | None
    parameter_set: Count | None
    arm: str | None
    mode: str
    tag: str
    currency: str
    leverage: float | None
    flagged: Annotated[
        bool,
        Meta(
            description="The reported pnl_pct differs from the prices by more than fees and 0.02 "
            "percentage points explain."
        ),
    ]
    revision: Count
    context: Object | None


class TradesOut(Out):
    trades: list[TradeOut]
    next: Annotated[str, Meta(description="Cursor of the next page; null on the last.")] | None


class PositionOut(Out):
    strategy: str
    market: str
    side: SideOut
    entry_price: Amount
    size: Amount
    stop_loss: Amount | None
    take_profit: Amount | None
    entry_time: Moment
    as_of: Moment
    order_id: str
    initial_size: Amount | None
    scaled_entries: list[Any]
    extra: Object


class StalePosition(Error):
    stored: PositionOut | None


class Deleted(Out):
    deleted: Annotated[int, types.between(0, 1)]


class CandlesOut(Out):
    market: str
    interval: Count
    candles: Annotated[
        list[Annotated[list[float | None], Meta(extra_json_schema={"minItems": 6, "maxItems": 6})]],
        Meta(
            description="[open_time (epoch seconds), open, high, low, close, volume or null], "
            "ascending."
        ),
    ]


class BrickOut(Out):
    sequence: Count
    open_time: Moment
    close_time: Moment
    open: float
    close: float
    direction: Annotated[int, types.one_of((1, -1))]
    high: float
    low: float
    size: float


class BricksOut(Out):
    strategy: str
    market: str
    bricks: list[BrickOut]


class StateOut(Out):
    key: str
    value: Any
    as_of: Moment


class StaleState(Error):
    stored: StateOut


class ParametersOut(Out):
    strategy: str
    version: Count
    values: Annotated[Object, Meta(description="Every parameter of the strategy.")]
    experiment: str | None
    arm: str | None
    size: Annotated[
        float, types.between(0, 1, "Share of its normal position size that the evidence allows.")
    ]
    status: Annotated[str, types.one_of(Status.values)]
    valid_until: Moment | None


class RecoveryOut(Out):
    parameters: list[ParametersOut]
    positions: list[PositionOut]
    candles: list[CandlesOut]
    bricks: list[BricksOut]
    state: dict[str, StateOut]
    server_time: Moment


class ChangeOut(Out):
    strategy: str
    parameter_name: str
    old_value: Any
    new_value: Any
    changed_at: Moment
    changed_by: str
    reason: str
    version: Count
    performance_before: float | None
    performance_after: float | None
    trades_before: Count | None
    trades_after: Count | None


class Difference(Out):
    parameter_name: str
    old_value: Any
    new_value: Any


class StaleVersion(Error):
    version: Annotated[Count, Meta(description="The version that is live.")]
    reason: str
    difference: Annotated[
        list[Difference], Meta(description="From the version that the caller saw to the live one.")
    ]


class Group(Out):
    key: str
    label: str


class ParameterOut(Out):
    type: Annotated[str, types.one_of(("number", "integer", "choice", "boolean"))]
    name: str
    default: Any
    low: float | None
    high: float | None
    step: float | None
    log: bool | None
    choices: list[str] | None
    unit: str
    group: str
    help: str
    tuned: bool


class Rule(Out):
    rule: str
    lower: str
    upper: str
    or_equal: bool


class Feature(Out):
    name: str
    kind: Annotated[str, types.one_of(("number", "category", "boolean"))]
    unit: str
    help: str
    choices: list[str] | None
    at: Annotated[str, types.one_of(("entry", "exit"))]


class StrategyOut(Out):
    key: str
    title: str
    aliases: list[str]
    summary: str
    groups: list[Group]
    parameters: list[ParameterOut]
    rules: list[Rule]
    features: list[Feature]
    filters: list[str]
    exit_reasons: list[str]
    replayable: bool
    candle_interval: Count | None
    context: list[Feature]


class HeartbeatOut(Out):
    parameters_etag: Annotated[
        str, Meta(description="The ETag that GET parameters/ would have now.")
    ]
    server_time: Moment


class ClockOut(Out):
    now: Moment


class ClockMoved(ClockOut):
    events: list[Object]


def time(moment: datetime) -> str:
    """ISO 8601, UTC, microseconds."""
    return clock.to_text(moment)


def time_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else clock.to_text(moment)


def amount(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def trade(row: Trade) -> TradeOut:
    book = row.book
    return TradeOut(
        id=row.external_id,
        strategy=book.instance.name,
        market=book.market.name,
        side=row.side,
        entry_price=plain(row.entry_price),
        exit_price=plain(row.exit_price),
        size=plain(row.size),
        entry_time=time(row.entry_at),
        exit_time=time(row.exit_at),
        exit_reason=row.exit_reason,
        pnl_pct=row.pnl_pct,
        pnl=plain(row.pnl),
        fee=amount(row.fee),
        stop_loss=amount(row.stop_loss),
        parameter_set=row.parameter_set.version if row.parameter_set else None,
        arm=row.arm or None,
        mode=book.mode,
        tag=row.tag,
        currency=book.currency,
        leverage=row.leverage,
        flagged=row.flagged,
        revision=row.revision,
        context=_context(row),
    )


def _context(row: Trade) -> Object | None:
    context = getattr(row, "context", None)
    if context is None:
        return None
    columns = {
        field.name: getattr(context, field.name)
        for field in context._meta.concrete_fields
        if field.name not in ("trade", "features", "other")
    }
    recorded = {name: value for name, value in columns.items() if value not in (None, "")}
    known: Object = recorded | context.features | context.other
    return known


def position(row: Position) -> PositionOut:
    return PositionOut(
        strategy=row.instance.name,
        market=row.market.name,
        side=row.side,
        entry_price=plain(row.entry_price),
        size=plain(row.size),
        stop_loss=amount(row.stop_loss),
        take_profit=amount(row.take_profit),
        entry_time=time(row.entry_at),
        as_of=time(row.as_of),
        order_id=row.order_id,
        initial_size=amount(row.initial_size),
        scaled_entries=row.scaled_entries,
        extra=row.extra,
    )


def series(row: CandleSeries, candles: Candles) -> CandlesOut:
    return CandlesOut(row.market.name, row.interval, candle_rows(candles))


def candle_rows(candles: Candles) -> list[list[float | None]]:
    """[[open_time (epoch seconds), open, high, low, close, volume or null], ...]."""
    volume = [None if np.isnan(value) else value for value in candles.volume.tolist()]
    columns = (candles.open_time, candles.open, candles.high, candles.low, candles.close)
    return [list(row) for row in zip(*(column.tolist() for column in columns), volume, strict=True)]


def brick(row: RenkoBrick) -> BrickOut:
    return BrickOut(
        sequence=row.sequence,
        open_time=time(row.open_at),
        close_time=time(row.close_at),
        open=row.open,
        close=row.close,
        direction=row.direction,
        high=row.high,
        low=row.low,
        size=row.size,
    )


def state(row: StateEntry) -> StateOut:
    return StateOut(row.key, row.value, time(row.as_of))


def _metrics_out() -> type[msgspec.Struct]:
    """The metrics as the ledger names them."""
    none = np.zeros(0)
    daily = metrics.Daily(none, np.zeros(0, np.int64))
    names = [
        *metrics.from_tally(tally.empty(1)[0], daily, 0.0),
        *metrics.from_columns(metrics.Columns(none, none, none)),
    ]
    interval = Annotated[list[float], Meta(extra_json_schema={"minItems": 2, "maxItems": 2})]
    kinds: dict[str, Any] = {"key": str | None}
    kinds |= {
        name: interval | None if name.endswith("_interval") else float | None for name in names
    }
    kinds |= dict.fromkeys(("trades", "wins", "losses", "breakeven"), Count)
    kinds |= dict.fromkeys(("total_pnl", "total_fees", "max_drawdown_money"), dict[str, float])
    fields: list[Any] = list(kinds.items())
    fields += [("open_positions", Count, 0), ("open_pnl", float | None, None)]
    return msgspec.defstruct("Metrics", fields, bases=(Out,))


MetricsOut: Any = _metrics_out()  # described only: performance/ answers with the ledger's own names
MetricsList: Any = list[MetricsOut]
