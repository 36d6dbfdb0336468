"""A trade as a bot reports it: its shape, its checks, and what is derived from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from operator import attrgetter
from typing import Annotated, Any

import msgspec
import numpy as np

from trading.bots.catalog import Declared
from trading.clock import to_micros
from trading.ingest.context import Context, read_context
from trading.ledger.amounts import amount, plain
from trading.validation import field_types as types
from trading.validation import fields, limits
from trading.validation.fields import Errors

EXPLAINED = 0.02  # percentage points by which a reported PnL may differ beyond its fees
PNL_LIMIT = 1e6  # percent
LEVERAGE = 1e-9, 1e4
REQUIRED = ("entry_price", "exit_price", "size")
PRICES = (*REQUIRED, "stop_loss")
AMOUNTS = (*PRICES, "pnl", "fee")
_NOT_CONTENT = {"revision", "context", "digest"}
# What is made of each text; errors are added under the name that the bot knows.
TEXTS: dict[str, Callable[[Any, Errors], str]] = {
    "external_id": lambda value, errors: fields.pattern("id", value, limits.ID, errors),
    "market": lambda value, errors: fields.pattern("market", value, limits.MARKET, errors),
    "mode": lambda value, errors: fields.choice("mode", value, ("live", "paper"), errors),
    # One currency, however it is written: usd and USD must not become two books.
    "currency": lambda value, errors: fields.pattern(
        "currency", value, limits.CURRENCY, errors
    ).upper(),
    "side": lambda value, errors: fields.choice("side", value, ("long", "short"), errors),
    "exit_reason": lambda value, errors: fields.text(
        "exit_reason", value, 40, errors, required=True
    ),
    "arm": lambda value, errors: fields.text("arm", value or "", 64, errors),
    "tag": lambda value, errors: fields.text("tag", value, 500, errors),
}


class TradeIn(msgspec.Struct, gc=False, forbid_unknown_fields=True, rename={"external_id": "id"}):
    """The wire form; the values are checked by ``read``."""

    external_id: types.Id
    strategy: types.StrategyName
    market: types.Market
    side: types.Side
    entry_price: types.Positive
    exit_price: types.Positive
    size: types.Positive
    entry_time: types.Time
    exit_time: types.Time
    exit_reason: Annotated[str, types.text(1, 40, pattern=types.NOT_BLANK)]
    pnl_pct: types.Percent | None = None
    pnl: types.Amount | None = None
    fee: types.Amount | None = None
    pnl_usd: types.Amount | None = None
    fee_usd: types.Amount | None = None
    stop_loss: types.Positive | None = None
    parameter_set: types.Whole | None = None
    arm: Annotated[str, types.text(0, 64)] | None = None
    mode: types.Mode = "live"
    tag: Annotated[str, types.text(0, 500)] = ""
    currency: Annotated[str, types.matching(limits.CURRENCY.pattern)] = "USD"
    leverage: types.Leverage | None = None
    context: types.Context | None = None
    revision: Annotated[
        int, types.between(0, types.INT64, "A higher one corrects the stored trade.")
    ] = 0


class TradeRow(msgspec.Struct):
    """A trade that passed: typed, rounded, derived."""

    external_id: str
    strategy: str
    label: str
    market: str
    mode: str
    currency: str
    side: str
    entry_price: Decimal
    exit_price: Decimal
    size: Decimal
    stop_loss: Decimal | None
    leverage: float | None
    entry_at: int
    exit_at: int
    exit_reason: str
    pnl_pct: float | None  # None only until it is derived
    pnl: Decimal | None
    fee: Decimal | None
    reported_version: int | None
    arm: str
    tag: str
    flagged: bool
    revision: int
    context: Context | None
    digest: int = 0


def read(trade: TradeIn, latest: datetime | None, known: Declared) -> TradeRow | Errors:
    """Check one trade. Returns the row, or its errors keyed by field name, all of them.

    ``latest`` is the last moment at which it may have closed; None lifts that limit.
    """
    errors: Errors = {}
    strategy, label, declaration = fields.strategy(trade.strategy, known, errors)
    text: dict[str, Any] = {
        name: check(getattr(trade, name), errors) for name, check in TEXTS.items()
    }
    prices: dict[str, Any] = {
        name: fields.decimal(name, getattr(trade, name), errors, positive=True) for name in PRICES
    }
    times: list[Any] = [
        fields.moment(name, getattr(trade, name), errors) for name in ("entry_time", "exit_time")
    ]
    if None not in times:
        _order(times, latest, errors)
    row = TradeRow(
        strategy=strategy,
        label=label,
        **text,
        **prices,
        leverage=fields.number("leverage", trade.leverage, errors, *LEVERAGE),
        entry_at=times[0],
        exit_at=times[1],
        pnl_pct=fields.number("pnl_pct", trade.pnl_pct, errors, -PNL_LIMIT, PNL_LIMIT),
        pnl=_money("pnl", trade, errors),
        fee=_money("fee", trade, errors),
        reported_version=fields.integer("parameter_set", trade.parameter_set, errors),
        flagged=False,
        revision=fields.integer("revision", trade.revision, errors) or 0,
        context=read_context(declaration, trade.context, errors),
    )
    if errors:
        return errors
    return _derive(row, errors) or errors


def _derive(row: TradeRow, errors: Errors) -> TradeRow | None:
    """Fill in the PnL where the bot gave none, flag one that the prices contradict."""
    direction = 1 if row.side == "long" else -1
    gross = direction * float(row.exit_price - row.entry_price) / float(row.entry_price) * 100
    notional = float(row.entry_price) * float(row.size)
    fee_pct = float(row.fee or 0) / notional * 100
    if row.pnl_pct is None:
        row.pnl_pct = gross - fee_pct + 0.0  # a short without a move would give -0.0
        if not abs(row.pnl_pct) <= PNL_LIMIT:
            errors["exit_price"] = ["gives a PnL beyond 1 000 000 %; is a price wrong?"]
            return None
    else:
        low, high = sorted((gross, gross - fee_pct))
        row.flagged = not low - EXPLAINED <= row.pnl_pct <= high + EXPLAINED
    if row.pnl is None:
        money = direction * (row.exit_price - row.entry_price) * row.size - (row.fee or 0)
        try:
            row.pnl = amount(money if abs(money) >= Decimal("1e-12") else 0)
        except ValueError:
            errors["size"] = ["gives a PnL beyond 1e12; is the size or a price wrong?"]
            return None
    # An amount by its value: 1.50 and 1.5 are the same.
    content = [plain(value) if type(value) is Decimal else value for value in _content(row)]
    line = _ENCODER.encode((*content, *parts(row.context)))
    row.digest = int.from_bytes(_hashed(line), "big", signed=True)
    return row


CONTENT = [name for name in TradeRow.__struct_fields__ if name not in _NOT_CONTENT]
_content = attrgetter(*CONTENT)


def parts(context: Context | None) -> tuple[dict[str, Any], ...]:
    """What a context adds to the content of its trade."""
    return (context.common, context.features, context.other) if context else ()


def digests(contents: Iterable[tuple[Any, ...]]) -> list[int]:
    """64 bits of each content, the revision left out: equal content, equal digest."""
    # A line of JSON each; line breaks within texts are escaped.
    lines = _ENCODER.encode_lines(contents).split(b"\n")
    hashed = b"".join(map(_hashed, lines[:-1]))
    numbers: list[int] = np.frombuffer(hashed, ">i8").tolist()
    return numbers


def _hashed(line: bytes) -> bytes:
    return blake2b(line, digest_size=8).digest()


_ENCODER = msgspec.json.Encoder(order="sorted")


def _money(name: str, trade: TradeIn, errors: Errors) -> Decimal | None:
    alias = f"{name}_usd"
    value, other = (fields.decimal(key, getattr(trade, key), errors) for key in (name, alias))
    if value is not None and other is not None and value != other:
        errors[name] = [f"differs from {alias}; send one of them"]
    return other if value is None else value


def _order(times: list[int], latest: datetime | None, errors: Errors) -> None:
    entry_at, exit_at = times
    if exit_at < entry_at:
        errors["exit_time"] = ["is before entry_time"]
    elif latest and exit_at > to_micros(latest):
        errors["exit_time"] = ["is more than 5 minutes in the future"]
