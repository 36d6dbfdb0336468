"""Builds ArmDay and TradeDay rows from complete days of trades.

A day is rebuilt when its trades changed: they arrived late, were corrected, or were attributed to
another parameter set. The scale of a day is that of the 500 trades before it, so the days after a
change are rebuilt too, until 500 trades have passed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import numpy as np
from django.db import transaction

from analytics import frames
from analytics.frames import DayTrades, Subject
from analytics.models import ArmDay, Progress, TradeDay
from analytics.quant import r_units
from trading import clock
from trading.clock import DAY
from trading.db import locks
from trading.ledger import metrics

BATCH = 60_000  # trades per transaction
OVERLAP = 1_000  # keys of revisions that may have been committed out of order ...
SLOWEST = timedelta(minutes=10)  # ... within this time
Place = tuple[int, str]  # strategy instance and mode
DayKey = tuple[int, str, int]


def build(bot: int, as_of: datetime, subjects: Iterable[Subject]) -> int:
    """Build the days of a bot that ended by ``as_of`` and are missing or out of date.

    Returns how many were built. Idempotent.
    """
    today = clock.to_micros(as_of) // DAY
    places = [subject.place for subject in subjects]
    there = frames.set_days({instance for instance, _ in places}, today)
    progress = Progress.objects.filter(bot=bot).first()
    corrected, newest = _corrections(bot, progress)
    stored = {
        (row[0], row[1], row[2]): row[3]
        for row in TradeDay.objects.filter(
            instance__in={instance for instance, _ in places}, day__lt=today
        ).values_list("instance", "mode", "day", "basis")
    }
    basis = {key: _fingerprint(parts) for key, parts in there.items()}
    stale = {key for key, mark in basis.items() if stored.get(key) != mark}
    stale |= {key for key in corrected if key in basis} | (stored.keys() - basis.keys())
    built = 0
    for (instance, mode), days in sorted(_by_place(stale).items()):
        counts = {
            day: _trades(there[instance, mode, day])
            for day in _by_place(there).get((instance, mode), ())
        }
        marks = {day: basis[instance, mode, day] for day in counts}
        built += _build(bot, instance, mode, _with_followers(days, counts), counts, marks)
    Progress.objects.update_or_create(
        bot_id=bot, defaults={"revision": newest, "corrected_at": clock.now()}
    )
    return built


def _corrections(bot: int, progress: Progress | None) -> tuple[set[DayKey], int]:
    if progress is None:
        return set(), frames.newest_correction()
    after, since = progress.revision - OVERLAP, progress.corrected_at - SLOWEST
    corrected, newest = frames.corrected(bot, after, since)
    return corrected, max(newest, progress.revision)


def _by_place(keys: Iterable[DayKey]) -> dict[Place, set[int]]:
    days: dict[Place, set[int]] = defaultdict(set)
    for instance, mode, day in keys:
        days[instance, mode].add(day)
    return days


def _fingerprint(parts: list[bytes]) -> str:
    return blake2b(b"".join(parts), digest_size=16).hexdigest()


def _trades(parts: list[bytes]) -> int:
    return sum(int.from_bytes(part[8:16], "little") for part in parts)


def _with_followers(days: set[int], counts: dict[int, int]) -> list[int]:
    """These days and the later ones whose scale depends on their trades, ascending."""
    affected, left = set(days), 0
    for day in sorted(counts.keys() | days):
        if left > 0:
            affected.add(day)
            left -= counts.get(day, 0)
        if day in days:
            left = r_units.TRAILING
    return sorted(affected)


def _build(
    bot: int,
    instance: int,
    mode: str,
    days: list[int],
    counts: dict[int, int],
    marks: dict[int, str],
) -> int:
    """Replace days in batches, each in its own transaction."""
    for batch in _batches(days, counts):
        rows = _rows(instance, mode, batch, counts, marks)
        arms = [arm for _, arms in rows for arm in arms]
        with transaction.atomic():
            locks.lock_bot(bot)  # a concurrent run waits, then writes the same rows
            ArmDay.objects.filter(instance=instance, source=mode, day__in=batch).delete()
            TradeDay.objects.filter(instance=instance, mode=mode, day__in=batch).delete()
            TradeDay.objects.bulk_create([day for day, _ in rows])
            ArmDay.objects.bulk_create(arms)
    return len(days)


def _batches(days: list[int], counts: dict[int, int]) -> Iterator[list[int]]:
    """Neighbouring days that are read together, of at most BATCH trades unless it is one day."""
    batch: list[int] = []
    trades = 0
    for day in days:
        is_far = batch and day > batch[-1] + 7
        if batch and (is_far or trades + counts.get(day, 0) > BATCH):
            yield batch
            batch, trades = [], 0
        batch.append(day)
        trades += counts.get(day, 0)
    if batch:
        yield batch


@dataclass(slots=True)
class _Streak:
    """The losing streak at the end of the days so far."""

    losses: int = 0
    lost: bool | None = None


def _rows(
    instance: int, mode: str, batch: list[int], counts: dict[int, int], marks: dict[int, str]
) -> list[tuple[TradeDay, list[ArmDay]]]:
    since = _reach_back(batch[0], counts)
    trades = frames.day_trades(instance, mode, since, batch[-1] + 1)
    day_of = trades.rows.trades.exit_at // DAY
    streak = _streak_before(instance, mode, batch[0])
    rows = []
    wanted = set(batch)
    for day in range(batch[0], batch[-1] + 1):
        first, end = np.searchsorted(day_of, (day, day + 1))
        if first == end:
            continue
        results = trades.rows.trades.r
        streaks = _streaks(results[first:end] < 0, streak)
        if day not in wanted or day not in marks:
            continue
        sd = r_units.trailing_sd(results[max(0, first - r_units.TRAILING) : first])
        trade_day = TradeDay(
            instance_id=instance,
            mode=mode,
            day=day,
            trades=int(end - first),
            basis=marks[day],
            **streaks,
            **_costs(trades, slice(first, end)),
        )
        arm_days = [
            ArmDay(instance_id=instance, source=mode, day=day, **arm)
            for arm in _arms(trades, slice(first, end), sd)
        ]
        rows.append((trade_day, arm_days))
    return rows


def _reach_back(day: int, counts: dict[int, int]) -> int:
    """The first day such that at least 500 trades lie between it and ``day``."""
    need, since = r_units.TRAILING, day
    for earlier in sorted((known for known in counts if known < day), reverse=True):
        if need <= 0:
            break
        since, need = earlier, need - counts[earlier]
    return since


def _streak_before(instance: int, mode: str, day: int) -> _Streak:
    """The losing streak at the start of a day."""
    before = (
        TradeDay.objects.filter(instance=instance, mode=mode, day__lt=day)
        .order_by("-day")
        .values_list("ends_in_streak", flat=True)
        .first()
    )
    return _Streak() if before is None else _Streak(before, before > 0)


def _streaks(lost: np.ndarray, streak: _Streak) -> dict[str, int]:
    """Streaks of a day, and how often a loss followed a loss; ``streak`` is updated."""
    after = np.concatenate(([bool(streak.lost)], lost[:-1]))
    longest = current = streak.losses
    for loss in lost.tolist():
        current = current + 1 if loss else 0
        longest = max(longest, current)
    # A streak from before the day counts only if the first trade of the day continued it.
    if not lost[0]:
        longest = metrics.longest_run(lost)
    streak.losses, streak.lost = current, bool(lost[-1])
    return {
        "after_loss": int(after.sum()),
        "lost_again": int((after & lost).sum()),
        "longest_streak": longest,
        "ends_in_streak": current,
    }


def _costs(trades: DayTrades, at: slice) -> dict[str, Any]:
    fee = trades.rows.trades.fee[at]
    known = ~np.isnan(fee)
    share = fee[known] / (trades.entry[at][known] * trades.size[at][known]) * 100
    return {
        "reasons": dict(Counter(trades.reason[at].tolist())),
        "fees_pct": float(share.sum()),
        "fees_known": int(known.sum()),
    }


def _arms(trades: DayTrades, at: slice, sd: float | None) -> Iterator[dict[str, Any]]:
    risk = r_units.risk_pct(trades.entry[at], trades.stop[at])
    u = r_units.in_units(trades.rows.trades.r[at], risk, sd)
    sets = trades.rows.parameter_set[at]
    for arm in np.unique(sets).tolist():
        mine = u[(sets == arm) & ~np.isnan(u)]
        if mine.size:
            yield {
                "parameter_set_id": arm or None,
                "n": int(mine.size),
                "sum_u": float(mine.sum()),
                "sum_u2": float(np.square(mine).sum()),
            }


def recompute(bot: int, as_of: datetime, subjects: Iterable[Subject]) -> int:
    """Delete and rebuild all days; the same trades give the same days, to the bit."""
    subjects = list(subjects)
    instances = {subject.instance for subject in subjects}
    TradeDay.objects.filter(instance__in=instances).delete()
    return build(bot, as_of, subjects)
