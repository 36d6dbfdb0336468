"""One more trade in a tally, on plain numbers: for the trades that bots send as they close.

Arrays cost the same whether they hold one number or a thousand. Here the steps of ``tally.fold``
and ``tally.merge`` are taken one number at a time, in the same order, so that the same bytes come
out; a test holds both ways to each other.
"""

from __future__ import annotations

from functools import lru_cache
from math import inf
from struct import Struct
from typing import NamedTuple

import numpy as np

from . import money, tally

_FORM = Struct("<11q12d")
SIZE = _FORM.size  # bytes of a tally
_LAST = Struct("<q")
_LAST_AT = 48
_EMPTY = _FORM.pack(
    0, 0, 0, 0, 0, 2**63 - 1, -(2**63), 0, 0, 0, 0, *[0.0] * 4, -inf, inf, *[0.0] * 6
)
_ONE = np.zeros(1, np.int64)
Levels = tuple[float, float, float]  # peak, trough, largest fall


class One(NamedTuple):
    """A closed trade, as ``tally.Trades`` holds many."""

    exit_at: int
    held: int
    r: float
    pnl: float
    fee: float | None


def last(record: bytes) -> int:
    """When the last trade of a tally closed."""
    found: int = _LAST.unpack_from(record, _LAST_AT)[0]
    return found


def extended(record: bytes, trade: One) -> bytes:
    """A tally (b"": an empty one) and one trade that closed after all that is in it."""
    (
        trades,
        wins,
        losses,
        fees,
        held,
        first,
        _,
        units,
        picos,
        fee_units,
        fee_picos,
        total,
        gain,
        loss,
        squares,
        best,
        worst,
        peak,
        trough,
        fall,
        top,
        dip,
        drop,
    ) = _FORM.unpack(record or _EMPTY)
    r = trade.r + 0.0
    if trade.fee is not None:
        fees += 1
        fee_units, fee_picos = _added(fee_units, fee_picos, *money.split_one(trade.fee))
    units, picos = _added(units, picos, *money.split_one(trade.pnl))
    total += r
    return _FORM.pack(
        trades + 1,
        wins + (r > 0),
        losses + (r < 0),
        fees,
        held + trade.held,
        min(first, trade.exit_at),
        trade.exit_at,
        units,
        picos,
        fee_units,
        fee_picos,
        total,
        gain + max(r, 0.0),
        loss + max(-r, 0.0),
        squares + r * r,
        max(best, r),
        min(worst, r),
        *_reached((peak, trough, fall), total),
        *_reached((top, dip, drop), units + picos * 1e-12),
    )


def merged(records: bytes) -> bytes:
    """Tallies that follow each other in time, none of them empty, as one."""
    if len(records) <= SIZE:
        return records
    # All but the last stay as they were while trades come in.
    return _two(_merged(records[:-SIZE]), records[-SIZE:])


@lru_cache(maxsize=1_000)
def _merged(records: bytes) -> bytes:
    return tally.merge(np.frombuffer(records, tally.TALLY), _ONE).tobytes()


def _two(before: bytes, after: bytes) -> bytes:
    one, two = _FORM.unpack(before), _FORM.unpack(after)
    units, picos = _added(*one[7:9], *two[7:9])
    return _FORM.pack(
        *[one[at] + two[at] for at in range(5)],
        min(one[5], two[5]),
        max(one[6], two[6]),
        units,
        picos,
        *_added(*one[9:11], *two[9:11]),
        *[one[at] + two[at] for at in range(11, 15)],
        max(one[15], two[15]),
        min(one[16], two[16]),
        *_followed(one[17:20], two[17:20], one[11]),
        *_followed(one[20:], two[20:], one[7] + one[8] * 1e-12),
    )


def _added(units: int, picos: int, more: int, parts: int) -> tuple[int, int]:
    over, left = divmod(picos + parts, money.PICO)
    return units + more + over, left


def _reached(levels: Levels, run: float) -> Levels:
    """Levels after one more step to ``run``."""
    peak, trough, fall = levels
    top = max(peak, run)
    return top, min(trough, run), max(fall, top - run)


def _followed(before: Levels, after: Levels, level: float) -> Levels:
    """Levels of a stretch and one that follows it, which begins at ``level``."""
    dip = after[1] + level
    return (
        max(before[0], after[0] + level),
        min(before[1], dip),
        max(before[2], after[2], 0.0 - dip + before[0]),
    )
