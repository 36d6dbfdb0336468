"""Validates trades by column, whatever their number.

``trade_schema.read`` defines a valid trade, field by field. For common values (numbers of at most
15 digits, times in one format, flat contexts) this module gives the same result for a whole column
at once, several times faster. A trade with any other value is "doubtful" and goes to ``read``, so
every rejection and message comes from there. A test compares rows, digests and errors of both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import compress
from typing import Any

import msgspec
import numpy as np

from trading.bots.catalog import Declared
from trading.clock import to_micros
from trading.ingest.columns.context import contexts
from trading.ingest.columns.values import (
    Doubtful,
    Floats,
    amounts,
    bounded,
    floats,
    ids,
    integers,
    listed,
    mark,
    moments,
    texts,
)
from trading.ingest.trade_schema import (
    AMOUNTS,
    CONTENT,
    EXPLAINED,
    LEVERAGE,
    PNL_LIMIT,
    PRICES,
    REQUIRED,
    TEXTS,
    TradeIn,
    TradeRow,
    digests,
    parts,
    read,
)
from trading.ingest.valid_trades import FIELDS, ValidTrades
from trading.validation import fields
from trading.validation.fields import Errors

Columns = dict[str, Any]  # each a list with a value per trade
Sent = Callable[[str], Sequence[Any]]  # the values of a field
_UNSURE = 1e-9  # percentage points, per percent: far more than floats are off


def read_all(
    trades: Sequence[TradeIn], latest: datetime | None, known: Declared
) -> tuple[ValidTrades, dict[int, Errors]]:
    """The valid trades, and the errors of the others by position."""
    if not trades:
        return ValidTrades(), {}
    places, doubtful = range(len(trades)), set[int]()
    columns, written = _columns(trades, latest, known, doubtful)
    sure = [at not in doubtful for at in places]
    if doubtful:
        columns, written = (
            {name: list(compress(column, sure)) for name, column in part.items()}
            for part in (columns, written)
        )
    valid = _with_digests(list(compress(places, sure)), columns, written)
    errors: dict[int, Errors] = {}
    for at in sorted(doubtful):
        row = read(trades[at], latest, known)
        if isinstance(row, TradeRow):
            valid.add(at, row)
        else:
            errors[at] = row
    return valid.take(sorted(range(len(valid)), key=valid.index.__getitem__)), errors


def _columns(
    trades: Sequence[TradeIn], latest: datetime | None, known: Declared, doubtful: Doubtful
) -> tuple[Columns, Columns]:
    """The columns of ValidTrades without the digest, and the amounts as text."""

    every = zip(*map(msgspec.structs.astuple, trades), strict=True)
    sent = dict(zip(TradeIn.__struct_fields__, every, strict=True)).__getitem__
    strategies = texts(
        sent("strategy"), doubtful, lambda name, errors: fields.strategy(name, known, errors)
    )
    keys = [key for key, _, _ in strategies]
    declared = {key: declaration for key, _, declaration in strategies}
    columns: Columns = {
        name: texts(sent(name), doubtful, check)
        for name, check in TEXTS.items()
        if name != "external_id"
    }
    columns["external_id"] = ids(sent("external_id"), doubtful)
    columns |= _times(sent, latest, doubtful)
    numbers, written = _numbers(sent, columns["side"], doubtful)
    columns |= numbers | {
        "strategy": keys,
        "label": [label for _, label, _ in strategies],
        "reported_version": integers(sent("parameter_set"), doubtful),
        "revision": integers(sent("revision"), doubtful),
        "context": contexts(sent("context"), keys, declared, doubtful),
    }
    return columns, written


def _times(sent: Sent, latest: datetime | None, doubtful: Doubtful) -> dict[str, list[int]]:
    entry_at, exit_at = (moments(sent(name), doubtful) for name in ("entry_time", "exit_time"))
    mark(doubtful, exit_at < entry_at)
    if latest:
        mark(doubtful, exit_at > to_micros(latest))
    return {"entry_at": entry_at.tolist(), "exit_at": exit_at.tolist()}


def _numbers(sent: Sent, sides: Sequence[str], doubtful: Doubtful) -> tuple[Columns, Columns]:
    """Columns of numbers, and the amounts among them as text."""

    def money(name: str) -> Floats:
        value, alias = (floats(sent(key), doubtful) for key in (name, f"{name}_usd"))
        mark(doubtful, ~np.isnan(value) & ~np.isnan(alias))
        return np.where(np.isnan(value), alias, value)

    prices = {name: floats(sent(name), doubtful) for name in PRICES}
    pnl, fee = money("pnl"), money("fee")
    percent = bounded(floats(sent("pnl_pct"), doubtful), doubtful, -PNL_LIMIT, PNL_LIMIT)
    leverage = bounded(floats(sent("leverage"), doubtful), doubtful, *LEVERAGE)
    # Missing values are derived with Decimals, by ``read``.
    for values in (*(prices[name] for name in REQUIRED), pnl, percent):
        mark(doubtful, np.isnan(values))
    every = {**prices, "pnl": pnl, "fee": fee, "pnl_pct": percent, "leverage": leverage}
    columns: Columns = {name: listed(values) for name, values in every.items()}
    columns["flagged"] = _flagged(sides, prices, fee, percent, doubtful)
    written = {name: amounts(every[name], doubtful, name in PRICES) for name in AMOUNTS}
    return columns, written


def _flagged(
    sides: Sequence[str],
    prices: dict[str, Floats],
    fee: Floats,
    percent: Floats,
    doubtful: Doubtful,
) -> list[bool]:
    """Whether the prices contradict the PnL; doubtful where floats are not exact enough."""
    direction = np.array([1.0 if side == "long" else -1.0 for side in sides])
    entry, leave, size = (prices[name] for name in ("entry_price", "exit_price", "size"))
    with np.errstate(all="ignore"):
        gross = direction * (leave - entry) / entry * 100
        net = gross - np.nan_to_num(fee) / (entry * size) * 100
        low, high = np.minimum(gross, net) - EXPLAINED, np.maximum(gross, net) + EXPLAINED
        off = _UNSURE * (1 + np.abs(gross) + np.abs(net))
        mark(doubtful, (np.abs(percent - low) <= off) | (np.abs(percent - high) <= off))
    flagged: list[bool] = ((percent < low) | (percent > high)).tolist()
    return flagged


def _with_digests(index: list[int], columns: Columns, written: Columns) -> ValidTrades:
    """The validated columns with their digests, in the order of FIELDS."""
    content = columns | written
    contents = zip(*(content[name] for name in CONTENT), strict=True)
    digest = digests(
        (*values, *parts(context))
        for values, context in zip(contents, columns["context"], strict=True)
    )
    columns["digest"] = digest
    return ValidTrades(index, {name: columns[name] for name in FIELDS})
