"""The days that a single trade counts in, with that trade (single.py)."""

from __future__ import annotations

from collections.abc import Iterable

from trading.clock import HOUR
from trading.ingest.valid_batch import Sound
from trading.ledger import single


def counted(trade: Sound, day: int, stored: Iterable[tuple[int, bytes | None]]) -> list[object]:
    """The rows of the day with one more trade, by scope; none where it did not close last."""
    one = single.One(
        trade["exit_at"][0],
        trade["exit_at"][0] - trade["entry_at"][0],
        trade["pnl_pct"][0],
        trade["pnl"][0],
        trade["fee"][0],
    )
    days: list[object] = []
    for scope, before in sorted(stored):
        hours = _extended(bytes(before or b""), one)
        if hours is None:
            return []
        days += (scope, day, single.merged(hours), hours)
    return days


def _extended(hours: bytes, one: single.One) -> bytes | None:
    """The hours of a day with one more trade; None where it did not close after all others."""
    before = hours[-single.SIZE :]
    if not before:
        return single.extended(b"", one)
    closed = single.last(before)
    if closed >= one.exit_at:
        return None
    if closed // HOUR < one.exit_at // HOUR:
        return hours + single.extended(b"", one)
    return hours[: -single.SIZE] + single.extended(before, one)
