"""Tallies: what must be kept of a stretch of trades so that any window's metrics are a merge.

A tally holds counts, sums, and the drawdown monoid. Trades are folded in one canonical order:
by exit time; trades that closed in the same microsecond, worst first, which is the pessimistic
reading of a moment that the data cannot order. Floats are added strictly one after the other,
never pairwise, so that a tally extended trade by trade equals, to the bit, the one computed from
all of its trades at once.

Drawdown of two stretches A then B (peaks and troughs are of running sums that start at 0):
``max(dd_A, dd_B, peak_A - (sum_A + trough_B))``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import money

TALLY = np.dtype(
    [
        ("trades", "<i8"),
        ("wins", "<i8"),
        ("losses", "<i8"),
        ("fees", "<i8"),  # trades whose fee is known
        ("held", "<i8"),  # microseconds, summed
        ("first", "<i8"),  # exit time of the first trade, microseconds since 1970
        ("last", "<i8"),
        ("units", "<i8"),  # money, net of fees: see money.py
        ("picos", "<i8"),
        ("fee_units", "<i8"),
        ("fee_picos", "<i8"),
        ("total", "<f8"),  # of r, percent
        ("gain", "<f8"),  # of r > 0
        ("loss", "<f8"),  # of -r where r < 0
        ("squares", "<f8"),
        ("best", "<f8"),
        ("worst", "<f8"),
        ("peak", "<f8"),  # running sum of r: highest, lowest, largest fall; all with 0 at start
        ("trough", "<f8"),
        ("drawdown", "<f8"),
        ("money_peak", "<f8"),
        ("money_trough", "<f8"),
        ("money_drawdown", "<f8"),
    ]
)
_BYTES = np.dtype((np.void, TALLY.itemsize))
_SUMMED = ("trades", "wins", "losses", "fees", "held")
_FLOAT_SUMS = ("gain", "loss", "squares")
_MONEY = (("units", "picos"), ("fee_units", "fee_picos"))
_BLOCK = 1 << 20  # cells of a padded block: bounds memory
_SMALL = 1 << 14  # cells up to which one block is cheaper than several

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Tallies = NDArray[Any]  # dtype TALLY


@dataclass(frozen=True, slots=True)
class Trades:
    """Columns of closed trades, all of shape (n,)."""

    exit_at: Ints  # microseconds since 1970
    held: Ints  # microseconds from entry to exit
    r: Floats  # percent of the entry notional, net of fees
    pnl: Floats  # money, net of fees, at most 15 significant digits
    fee: Floats  # money, NaN where unknown

    def __len__(self) -> int:
        return int(self.exit_at.size)

    def take(self, rows: NDArray[Any]) -> Trades:
        """The same columns at ``rows`` (indices or a mask)."""
        return Trades(
            self.exit_at[rows], self.held[rows], self.r[rows], self.pnl[rows], self.fee[rows]
        )


def order(trades: Trades, *keys: Ints) -> Ints:
    """Indices that sort by ``keys`` (the first one foremost), then canonically within them."""
    by = np.lexsort((trades.exit_at, *reversed(keys)))
    same = np.ones(max(by.size - 1, 0), dtype=bool)
    for key in (trades.exit_at, *keys):
        same &= np.diff(key[by]) == 0
    if same.any():
        # Few trades share a moment: only these are compared further, each run within itself.
        tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
        run = np.cumsum(np.append(True, ~same))[tied]
        rows = by[tied]
        by[tied] = rows[np.lexsort((trades.pnl[rows], trades.r[rows], run))]
    return by


def segments(*keys: Ints) -> Ints:
    """Rows where any of the sorted ``keys`` changes, from 0: the ``starts`` of ``fold``."""
    fresh = np.ones(keys[0].size, dtype=bool)
    fresh[1:] = np.logical_or.reduce([np.diff(key) != 0 for key in keys])
    return np.flatnonzero(fresh)


def empty(size: int) -> Tallies:
    """Tallies of no trades, shape (size,)."""
    tallies = np.zeros(size, TALLY)
    tallies["first"] = np.iinfo(np.int64).max
    tallies["last"] = np.iinfo(np.int64).min
    tallies["best"] = -np.inf
    tallies["worst"] = np.inf
    return tallies


def take(tallies: Tallies, rows: NDArray[Any]) -> Tallies:
    """Tallies at ``rows``, indices or a mask."""
    # Numpy copies records field by field unless they look like plain bytes: twenty times slower.
    taken: Tallies = np.ascontiguousarray(tallies).view(_BYTES)[rows].view(TALLY)
    return taken


def joined(parts: Sequence[Tallies]) -> Tallies:
    """All parts, one after the other."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([np.ascontiguousarray(part).view(_BYTES) for part in parts]).view(TALLY)


def fold(trades: Trades, starts: Ints, prior: Tallies | None = None) -> Tallies:
    """Fold each segment of canonically ordered trades into a tally.

    ``starts``, shape (k,), are the rows where segments begin, ascending from 0; none is empty.
    ``prior``, shape (k,), are tallies to extend; every trade must come after what is in them.
    """
    out = empty(starts.size) if prior is None else prior.copy()
    if not starts.size:
        return out
    lengths = np.diff(starts, append=len(trades))
    r = trades.r + 0.0  # turns -0.0 into 0.0: equal trades must fold to equal bits
    out["trades"] += lengths
    out["wins"] += np.add.reduceat((r > 0).astype(np.int64), starts)
    out["losses"] += np.add.reduceat((r < 0).astype(np.int64), starts)
    out["fees"] += np.add.reduceat((~np.isnan(trades.fee)).astype(np.int64), starts)
    out["held"] += np.add.reduceat(trades.held, starts)
    segment = np.repeat(np.arange(starts.size), lengths)
    for name, values in (
        ("gain", np.maximum(r, 0)),
        ("loss", np.maximum(-r, 0)),
        ("squares", r * r),
    ):
        out[name] = _left_sums(segment, values, out[name])
    np.maximum(out["best"], np.maximum.reduceat(r, starts), out=out["best"])
    np.minimum(out["worst"], np.minimum.reduceat(r, starts), out=out["worst"])
    out["first"] = np.minimum(out["first"], trades.exit_at[starts])
    out["last"] = np.maximum(out["last"], trades.exit_at[starts + lengths - 1])
    _walk_r(out, r, starts, lengths)
    _walk_money(out, trades, starts, lengths, segment)
    return out


def merge(tallies: Tallies, starts: Ints) -> Tallies:
    """Merge each segment of tallies, ascending in time and disjoint, into one.

    ``starts`` as in ``fold``. Tallies of no trades change nothing.
    """
    out = empty(starts.size)
    if not starts.size:
        return out
    lengths = np.diff(starts, append=tallies.size)
    segment = np.repeat(np.arange(starts.size), lengths)
    for name in _SUMMED:
        out[name] = np.add.reduceat(tallies[name], starts)
    for name in _FLOAT_SUMS:
        out[name] = _left_sums(segment, tallies[name], out[name])
    for name, extreme in (("best", np.maximum), ("worst", np.minimum)):
        out[name] = extreme.reduceat(tallies[name], starts)
    out["first"] = np.minimum.reduceat(tallies["first"], starts)
    out["last"] = np.maximum.reduceat(tallies["last"], starts)
    for units, picos in _MONEY:
        out[units], out[picos] = money.carry(
            np.add.reduceat(tallies[units], starts), np.add.reduceat(tallies[picos], starts)
        )
    _join_paths(out, tallies, starts, lengths)
    return out


def _left_sums(segment: Ints, values: Floats, before: Floats) -> Floats:
    # bincount adds its weights one after the other, which reduceat does not.
    order = np.concatenate((np.arange(before.size), segment))
    sums = np.bincount(order, np.concatenate((before, values)), before.size)
    return sums.astype(np.float64, copy=False)


def _blocks(lengths: Ints) -> Iterator[tuple[Ints, int]]:
    """Segments of like length together, so that padding them to a rectangle at most doubles;
    few and short ones in one."""
    size = np.ceil(np.log2(lengths)).astype(np.int64)
    if lengths.size * int(lengths.max()) <= _SMALL:
        size[:] = 0
    for step in np.unique(size):
        rows = np.flatnonzero(size == step)
        width = int(lengths[rows].max())
        most = max(1, _BLOCK // width)
        for at in range(0, rows.size, most):
            yield rows[at : at + most], width


def _padded(rows: Ints, width: int, starts: Ints, lengths: Ints) -> Ints:
    """Row numbers, shape (rows, width); a short segment repeats its last row."""
    across = np.minimum(np.arange(width), lengths[rows, None] - 1)
    return starts[rows, None] + across


def _walk_r(out: Tallies, r: Floats, starts: Ints, lengths: Ints) -> None:
    for rows, width in _blocks(lengths):
        steps = np.zeros((rows.size, width + 1))
        steps[:, 0] = out["total"][rows]
        inside = np.arange(width) < lengths[rows, None]
        steps[:, 1:] = np.where(inside, r[_padded(rows, width, starts, lengths)], 0.0)
        run = np.add.accumulate(steps, axis=1)[:, 1:]
        out["total"][rows] = run[:, -1]
        _extremes(out, "", rows, run)


def _walk_money(out: Tallies, trades: Trades, starts: Ints, lengths: Ints, segment: Ints) -> None:
    runs = []
    for (units, picos), values in zip(_MONEY, (trades.pnl, np.nan_to_num(trades.fee)), strict=True):
        whole, part = (np.cumsum(column) for column in money.split(values))
        # Integers wrap around and back: the sum within a segment is right whatever came before.
        whole -= np.concatenate(([0], whole))[starts][segment] - out[units][segment]
        part -= np.concatenate(([0], part))[starts][segment] - out[picos][segment]
        ends = starts + lengths - 1
        out[units], out[picos] = money.carry(whole[ends], part[ends])
        runs.append((whole, part))
    path = money.to_float(*runs[0])
    for rows, width in _blocks(lengths):
        _extremes(out, "money_", rows, path[_padded(rows, width, starts, lengths)])


def _extremes(out: Tallies, prefix: str, rows: Ints, run: Floats) -> None:
    peak, trough, fall = (f"{prefix}{name}" for name in ("peak", "trough", "drawdown"))
    top = np.maximum.accumulate(np.maximum(run, out[peak][rows, None]), axis=1)
    out[fall][rows] = np.maximum(out[fall][rows], (top - run).max(axis=1))
    out[peak][rows] = top[:, -1]
    out[trough][rows] = np.minimum(out[trough][rows], run.min(axis=1))


def _join_paths(out: Tallies, tallies: Tallies, starts: Ints, lengths: Ints) -> None:
    for rows, width in _blocks(lengths):
        at = _padded(rows, width, starts, lengths)
        # No trades change nothing, to the bit: passed over like padding, since even a level that
        # is reached again may differ by a rounding.
        inside = (np.arange(width) < lengths[rows, None]) & (tallies["trades"][at] > 0)
        steps = np.zeros((rows.size, width + 1))
        steps[:, 1:] = np.where(inside, tallies["total"][at], 0.0)
        run = np.add.accumulate(steps, axis=1)
        out["total"][rows] = run[:, -1]
        _join(out, "", rows, tallies, at, run[:, :-1], inside)
        units, picos = (
            np.where(inside, tallies["units"][at], 0),
            np.where(inside, tallies["picos"][at], 0),
        )
        level = money.to_float(np.cumsum(units, axis=1) - units, np.cumsum(picos, axis=1) - picos)
        _join(out, "money_", rows, tallies, at, level, inside)


def _join(
    out: Tallies,
    prefix: str,
    rows: Ints,
    tallies: Tallies,
    at: Ints,
    level: Floats,
    inside: NDArray[Any],
) -> None:
    peak, trough, fall = (f"{prefix}{name}" for name in ("peak", "trough", "drawdown"))
    rise = np.where(inside, tallies[peak][at] + level, -np.inf)
    dip = np.where(inside, tallies[trough][at] + level, np.inf)
    top = np.maximum.accumulate(np.maximum(rise, 0.0), axis=1)
    before = np.concatenate((np.zeros((rows.size, 1)), top[:, :-1]), axis=1)
    falls = np.maximum(np.where(inside, tallies[fall][at], 0.0), before - dip)
    out[peak][rows] = top[:, -1]
    out[trough][rows] = np.minimum(dip.min(axis=1), 0.0)
    out[fall][rows] = np.maximum(falls.max(axis=1), 0.0)
