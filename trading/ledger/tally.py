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

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import money
from .grid import grids

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
_MONEY = (("units", "picos"), ("fee_units", "fee_picos"))
_FIELDS, _FLOATS = 23, 12
_UNITS, _PICOS = 7, 8
# Among the floats: the first of them are sums; peak, trough and drawdown come twice.
_SUMS, _BEST, _WORST, _PEAK, _TROUGH, _DRAWDOWN = 4, 4, 5, 6, 7, 8
# What merging passes over: no sums, no best, no worst; no level that it reaches.
_NOTHING = np.array([0, 0, 0, 0, -np.inf, np.inf, *(-np.inf, np.inf, 0) * 2])
_CELLS = 1 << 17  # of a padded block: a megabyte of floats stays in the cache

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


def fold(
    trades: Trades, starts: Ints, prior: Tallies | None = None, places: Ints | None = None
) -> Tallies:
    """Fold each segment of canonically ordered trades into a tally.

    ``starts``, shape (k,), are the rows where segments begin, ascending from 0; none is empty.
    ``prior``, shape (k,), are tallies to extend; every trade must come after what is in them.
    ``places``, shape (m,), says which trade stands in each row, where trades count several times.
    """
    out = empty(starts.size) if prior is None else prior.copy()
    if not starts.size:
        return out
    at = slice(None) if places is None else places
    lengths = np.diff(starts, append=len(trades) if places is None else places.size)
    r = trades.r + 0.0  # turns -0.0 into 0.0: equal trades must fold to equal bits
    out["trades"] += lengths
    for name, mask in (("wins", r > 0), ("losses", r < 0), ("fees", ~np.isnan(trades.fee))):
        out[name] += np.add.reduceat(mask[at], starts, dtype=np.int64)
    out["held"] += np.add.reduceat(trades.held[at], starts)
    segment = np.repeat(np.arange(starts.size), lengths)
    for name, values in (
        ("gain", np.maximum(r, 0)),
        ("loss", np.maximum(-r, 0)),
        ("squares", r * r),
    ):
        out[name] = _left_sums(segment, values[at], None if prior is None else out[name])
    exit_at, r = trades.exit_at[at], r[at]
    np.maximum(out["best"], np.maximum.reduceat(r, starts), out=out["best"])
    np.minimum(out["worst"], np.minimum.reduceat(r, starts), out=out["worst"])
    out["first"] = np.minimum(out["first"], exit_at[starts])
    out["last"] = np.maximum(out["last"], exit_at[starts + lengths - 1])
    money_path = _add_money(out, trades, at, starts, segment)
    for rows, across, inside in grids(starts, lengths, _CELLS):
        steps = np.empty((len(across) + 1, rows.size))
        steps[0] = out["total"][rows]
        steps[1:] = np.where(inside, r[across], 0.0)
        run = np.add.accumulate(steps)[1:]
        out["total"][rows] = run[-1]
        _extremes(out, "", rows, run)
        _extremes(out, "money_", rows, money_path[across])
    return out


def merge(tallies: Tallies, starts: Ints) -> Tallies:
    """Merge each segment of tallies, ascending in time and disjoint, into one.

    ``starts`` as in ``fold``. Tallies of no trades change nothing.
    """
    out = empty(starts.size)
    if not starts.size:
        return out
    lengths = np.diff(starts, append=tallies.size)
    whole, floats = _columns(tallies)
    into_whole, into_floats = _columns(out)
    into_whole[:] = np.add.reduceat(whole, starts)
    out["first"] = np.minimum.reduceat(tallies["first"], starts)
    out["last"] = np.maximum.reduceat(tallies["last"], starts)
    units, picos = into_whole[:, _UNITS::2], into_whole[:, _PICOS::2]
    units[:], picos[:] = money.carry(units, picos)
    for rows, at, inside in grids(starts, lengths, _CELLS // _FLOATS):
        blank = ~inside | (whole[at, 0] == 0)
        into_floats[rows] = _joined(floats[at], whole[:, _UNITS : _PICOS + 1][at], blank)
    return out


def _columns(tallies: Tallies) -> tuple[Ints, Floats]:
    """The integers and the floats of tallies as matrices: many small operations become few."""
    plain = np.ascontiguousarray(tallies).view(np.int64).reshape(-1, _FIELDS)
    return plain[:, :-_FLOATS], plain.view(np.float64)[:, -_FLOATS:]


def _left_sums(segment: Ints, values: Floats, before: Floats | None) -> Floats:
    # bincount adds its weights one after the other, which reduceat does not.
    if before is not None:
        segment = np.concatenate((np.arange(before.size), segment))
        values = np.concatenate((before, values))
    sums = np.bincount(segment, values)
    return sums.astype(np.float64, copy=False)


def _add_money(
    out: Tallies, trades: Trades, at: Ints | slice, starts: Ints, segment: Ints
) -> Floats:
    """Add what trades paid and cost; returns the running total of their segment at each row."""
    for name, values in zip(_MONEY[1], money.split(np.nan_to_num(trades.fee)), strict=True):
        out[name] += np.add.reduceat(values[at], starts)
    out["fee_units"], out["fee_picos"] = money.carry(out["fee_units"], out["fee_picos"])
    path = []
    for name, values in zip(_MONEY[0], money.split(trades.pnl), strict=True):
        steps = values[at]
        steps[starts] += out[name]
        run = np.cumsum(steps)
        # Integers wrap around and back: the sum within a segment is right whatever came before.
        run -= np.append(0, run[starts[1:] - 1])[segment]
        path.append(run)
    units, picos = money.carry(*path)
    ends = np.append(starts[1:], units.size) - 1
    out["units"], out["picos"] = units[ends], picos[ends]
    return units + picos * 1e-12


def _extremes(out: Tallies, prefix: str, rows: Ints, run: Floats) -> None:
    """Extend peak, trough and largest fall by a running sum, shape (width, rows)."""
    peak, trough, fall = (f"{prefix}{name}" for name in ("peak", "trough", "drawdown"))
    out[trough][rows] = np.minimum(out[trough][rows], run.min(axis=0))
    top = run.copy()
    top[0] = np.maximum(top[0], out[peak][rows])
    np.maximum.accumulate(top, out=top)
    out[peak][rows] = top[-1]
    top -= run
    out[fall][rows] = np.maximum(out[fall][rows], top.max(axis=0))


def _joined(floats: Floats, cash: Ints, blank: NDArray[np.bool_]) -> Floats:
    """The floats of tallies merged along the first axis: shape (width, rows, n) to (rows, n)."""
    if blank.any():
        # No trades change nothing, to the bit: passed over like padding, since even a level that
        # is reached again may differ by a rounding.
        floats[blank], cash[blank] = _NOTHING, 0
    out = np.empty(floats.shape[1:])
    sums = np.add.accumulate(floats[..., :_SUMS])
    out[:, :_SUMS] = sums[-1]
    out[:, _BEST] = floats[..., _BEST].max(axis=0)
    out[:, _WORST] = floats[..., _WORST].min(axis=0)
    # Where each part begins: r and money side by side.
    level = np.zeros((*blank.shape, 2))
    level[1:, :, 0] = sums[:-1, :, 0]
    run = np.add.accumulate(cash[:-1])
    level[1:, :, 1] = money.to_float(run[..., 0], run[..., 1])
    top = np.maximum.accumulate(np.maximum(floats[..., _PEAK::3] + level, 0.0))
    dip = floats[..., _TROUGH::3] + level
    out[:, _PEAK::3] = top[-1]
    out[:, _TROUGH::3] = np.minimum(dip.min(axis=0), 0.0)
    falls = 0.0 - dip
    falls[1:] += top[:-1]
    out[:, _DRAWDOWN::3] = np.maximum(floats[..., _DRAWDOWN::3], falls).max(axis=0)
    return out
