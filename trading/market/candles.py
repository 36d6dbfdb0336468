"""Candles as columns: stored in binary blocks, merged on write, read back as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from django.db import connection, transaction

from trading.clock import from_epoch
from trading.db import bulk
from trading.db.counts import Counts
from trading.models import Bot, CandleBlock, CandleSeries, Market
from trading.validation import limits

FIELDS = ("open_time", "open", "high", "low", "close", "volume")
SPANS = (3_600, 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400)
BLOCK_CANDLES = 3_000


@dataclass(frozen=True, slots=True)
class Candles:
    """Columns of candles, all of shape (n,), ascending in time.

    ``open_time`` is int64 epoch seconds, the others float64; a volume that is not known is NaN.
    """

    open_time: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray

    def __len__(self) -> int:
        return int(self.open_time.size)

    def take(self, rows: np.ndarray | slice) -> Candles:
        return Candles(*(getattr(self, name)[rows] for name in FIELDS))

    def matrix(self) -> np.ndarray:
        """All columns as float64, shape (6, n), the times bit for bit."""
        rest = [np.asarray(getattr(self, name), dtype="<f8") for name in FIELDS[1:]]
        return np.vstack([np.asarray(self.open_time, dtype="<i8").view("<f8"), *rest])


def from_matrix(matrix: np.ndarray) -> Candles:
    """The inverse of ``Candles.matrix``; the columns are views."""
    return Candles(matrix[0].view("<i8"), *matrix[1:])


def span(interval: int) -> int:
    """Seconds that one block covers: as long as it holds at most 3 000 candles.

    Longer blocks read faster, shorter ones are cheaper to rewrite when a candle arrives.
    """
    fitting = [length for length in SPANS if length // interval <= BLOCK_CANDLES]
    return fitting[-1] if fitting else SPANS[0]


def problems(candles: Candles, interval: int) -> dict[int, str]:
    """What is wrong with which row; such rows must not be stored."""
    prices = np.vstack([candles.open, candles.high, candles.low, candles.close])
    with np.errstate(invalid="ignore"):
        tests = (
            (~np.isfinite(prices).all(axis=0), "a price is not a finite number"),
            (
                (prices < 1e-12).any(axis=0) | (prices > 1e12).any(axis=0),
                "a price lies outside 1e-12 to 1e12",
            ),
            (candles.high < candles.low, "high is below low"),
            (
                (candles.open > candles.high) | (candles.open < candles.low),
                "open lies outside low to high",
            ),
            (
                (candles.close > candles.high) | (candles.close < candles.low),
                "close lies outside low to high",
            ),
            ((candles.volume < 0) | np.isinf(candles.volume), "volume is negative or infinite"),
            (
                (candles.open_time < 0) | (candles.open_time >= limits.LATEST.timestamp()),
                "open_time lies outside 1970 to 2199; is it in milliseconds?",
            ),
            (
                candles.open_time % interval != 0,
                f"open_time is not a multiple of the interval ({interval} s)",
            ),
        )
    messages: dict[int, str] = {}
    for wrong, message in tests:
        for row in np.flatnonzero(wrong).tolist():
            messages.setdefault(row, message)
    return messages


def series_for(bot: Bot | None, market: str, interval: int) -> CandleSeries:
    """The series of a bot, or the shared one; made where missing."""
    place, _ = Market.objects.get_or_create(name=market)
    series, _ = CandleSeries.objects.get_or_create(bot=bot, market=place, interval=interval)
    return series


def store(series: CandleSeries, candles: Candles, as_of: float | None = None) -> Counts:
    """Merge valid candles into a series, in one transaction.

    A candle that is there already is replaced, unless it was stored with a newer ``as_of`` (epoch
    seconds). Of two with one open time in the batch the later wins.
    """
    counts = Counts()
    length = span(series.interval)
    # Stable, and the last of equal times is kept.
    by = np.argsort(candles.open_time, kind="stable")
    last = np.append(np.diff(candles.open_time[by]) != 0, True)[: by.size]
    counts.unchanged += int(by.size - last.sum())
    candles = candles.take(by[last])
    blocks = candles.open_time // length * length
    with transaction.atomic():
        if connection.features.has_select_for_update:
            CandleSeries.objects.select_for_update(no_key=True).get(pk=series.pk)
        for start in np.unique(blocks).tolist():
            _merge_block(series, start, candles.take(blocks == start), as_of, counts)
        _summarise(series)
    return counts


def _merge_block(
    series: CandleSeries, start: int, new: Candles, as_of: float | None, counts: Counts
) -> None:
    stored = CandleBlock.objects.filter(series=series, start=start).first()
    old = _unpack(stored.columns) if stored else np.zeros((6, 0))
    old_as_of = np.frombuffer(stored.as_of, "<f8") if stored and stored.as_of else None
    moment = -np.inf if as_of is None else as_of
    fresh = new.matrix()
    times, fresh_times = old[0].view("<i8"), new.open_time
    at = np.searchsorted(times, fresh_times)
    known = np.isin(fresh_times, times)
    before = old[:, at[known]]
    same = (before == fresh[:, known]) | (np.isnan(before) & np.isnan(fresh[:, known]))
    same = same[1:].all(axis=0)  # without the times, whose bit patterns may be NaN
    replace = ~same
    if old_as_of is not None and as_of is not None:
        replace &= old_as_of[at[known]] <= as_of
    counts.stored += int((~known).sum())
    counts.updated += int(replace.sum())
    counts.unchanged += int((~replace).sum())
    marks = np.full(times.size, -np.inf) if old_as_of is None else old_as_of.copy()
    # A newer message that says the same shuts out what comes late between the two.
    newer = marks[at[known]] < moment
    if stored and known.all() and not (replace | newer).any():
        return
    marks[at[known]] = np.maximum(marks[at[known]], moment)
    merged = old.copy()
    merged[:, at[known][replace]] = fresh[:, known][:, replace]
    merged = np.hstack([merged, fresh[:, ~known]])
    marks = np.append(marks, np.full(int((~known).sum()), moment))
    order = np.argsort(merged[0].view("<i8"), kind="stable")
    _write(series, start, np.ascontiguousarray(merged[:, order]), marks[order])


def _write(series: CandleSeries, start: int, columns: np.ndarray, as_of: np.ndarray) -> None:
    times = columns[0].view("<i8")
    row = (
        series.pk,
        start,
        times.size,
        int(times[0]),
        int(times[-1]),
        int((np.diff(times) > series.interval).sum()),
        columns.astype("<f8", copy=False).tobytes(),
        as_of.astype("<f8").tobytes() if np.isfinite(as_of).any() else None,
    )
    names = ("series_id", "start", "candles", "first", "last", "gaps", "columns", "as_of")
    bulk.upsert(CandleBlock, names, [row], conflict=names[:2], update=names[2:])


def _summarise(series: CandleSeries) -> None:
    """Bring the series' counts up to date from those of its blocks."""
    rows = list(
        CandleBlock.objects.filter(series=series)
        .order_by("start")
        .values_list("candles", "first", "last", "gaps")
    )
    if not rows:
        return
    between = sum(later[1] - earlier[2] > series.interval for earlier, later in pairwise(rows))
    series.candles = sum(row[0] for row in rows)
    series.first_at, series.last_at = from_epoch(rows[0][1]), from_epoch(rows[-1][2])
    series.gaps = sum(row[3] for row in rows) + between
    series.missing = (rows[-1][2] - rows[0][1]) // series.interval + 1 - series.candles
    series.save()


def load(series: CandleSeries, since: int | None = None, until: int | None = None) -> Candles:
    """Candles with since <= open time < until (epoch seconds; None is open)."""
    sql = "SELECT columns FROM trading_candleblock WHERE series_id = %s"
    values: list[int] = [series.pk]
    if since is not None:
        sql += " AND last >= %s"
        values.append(since)
    if until is not None:
        sql += " AND start < %s"
        values.append(until)
    blobs = bulk.binary(sql + " ORDER BY start", values)
    matrix = np.hstack([_unpack(row[0]) for row in blobs]) if blobs else np.zeros((6, 0))
    candles = from_matrix(matrix)
    first = 0 if since is None else int(np.searchsorted(candles.open_time, since))
    last = len(candles) if until is None else int(np.searchsorted(candles.open_time, until))
    return candles.take(slice(first, last))


def newest(series: CandleSeries, limit: int) -> Candles:
    """The newest candles, ascending."""
    if not series.last_at or limit < 1:
        return load(series, 0, 0)
    # A gap makes the newest ones reach further back than their number says.
    last, reach = int(series.last_at.timestamp()), limit * series.interval
    while True:
        loaded = load(series, last - reach, None)
        if len(loaded) >= limit or len(loaded) >= series.candles:
            return loaded.take(slice(max(0, len(loaded) - limit), None))
        reach *= 4


def gaps(series: CandleSeries) -> list[tuple[int, int, int]]:
    """Where candles are missing: (first missing, last missing, how many), epoch seconds."""
    times = load(series).open_time
    holes = np.flatnonzero(np.diff(times) > series.interval)
    return [
        (
            int(times[at] + series.interval),
            int(times[at + 1] - series.interval),
            int((times[at + 1] - times[at]) // series.interval - 1),
        )
        for at in holes
    ]


def find_series(bot: Bot | None, market: str, interval: int) -> CandleSeries | None:
    """The bot's own series, else the shared one, else None."""
    every = CandleSeries.objects.filter(market__name=market, interval=interval)
    own = every.filter(bot=bot).first() if bot else None
    return own or every.filter(bot=None).first()


def newest_close(bot: Bot, market: Market) -> float | None:
    """Close of the newest candle of a market: the bot's own or a shared one, of any interval."""
    series = (
        CandleSeries.objects.visible_to(bot)
        .stored()
        .filter(market=market)
        .order_by("-last_at", "interval")
        .first()
    )
    if series is None:
        return None
    block = CandleBlock.objects.filter(series=series).order_by("-start").first()
    return float(from_matrix(_unpack(block.columns)).close[-1]) if block else None


def _unpack(blob: bytes | memoryview) -> np.ndarray:
    return np.frombuffer(blob, "<f8").reshape(6, -1)
