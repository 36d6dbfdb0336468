"""Days of trades, complete and built once: arm days, and what else a day was.

A day is built anew when its trades changed: came late, were corrected, or were found to belong to
another parameter set. The scale of a day rests on the 500 trades before it, so the days after a
change are built anew too, until 500 trades have passed.
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

STRETCH = 60_000  # trades that are built together, in one transaction
OVERLAP = 1_000  # keys of corrections that may have been written out of order ...
SLOWEST = timedelta(minutes=10)  # ... within this time
Place = tuple[int, str]


def build(bot: int, as_of: datetime, subjects: Iterable[Subject]) -> int:
    """Bring the days of a bot up to date with its trades, those that ended by ``as_of``.

    Returns how many days were built. Doing it again builds none.
    """
    today = clock.to_micros(as_of) // DAY
    places = [one.place for one in subjects]
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


def _corrections(bot: int, progress: Progress | None) -> tuple[set[tuple[int, str, int]], int]:
    if progress is None:
        return set(), frames.newest_correction()
    after, since = progress.revision - OVERLAP, progress.corrected_at - SLOWEST
    found, newest = frames.corrected(bot, after, since)
    return found, max(newest, progress.revision)


def _by_place(keys: Iterable[tuple[int, str, int]]) -> dict[Place, set[int]]:
    found: dict[Place, set[int]] = defaultdict(set)
    for instance, mode, day in keys:
        found[instance, mode].add(day)
    return found


def _fingerprint(parts: list[bytes]) -> str:
    return blake2b(b"".join(parts), digest_size=16).hexdigest()


def _trades(parts: list[bytes]) -> int:
    return sum(int.from_bytes(part[8:16], "little") for part in parts)


def _with_followers(days: set[int], counts: dict[int, int]) -> list[int]:
    """Those days and the ones after them whose scale rests on their trades, ascending."""
    found, left = set(days), 0
    for day in sorted(counts.keys() | days):
        if left > 0:
            found.add(day)
            left -= counts.get(day, 0)
        if day in days:
            left = r_units.TRAILING
    return sorted(found)


def _build(
    bot: int,
    instance: int,
    mode: str,
    days: list[int],
    counts: dict[int, int],
    marks: dict[int, str],
) -> int:
    """Replace days, a stretch at a time, each in its own transaction."""
    for stretch in _stretches(days, counts):
        rows = _rows(instance, mode, stretch, counts, marks)
        arms = [arm for _, arms in rows for arm in arms]
        with transaction.atomic():
            locks.lock_bot(bot)  # another look at the same time waits, and writes the same again
            ArmDay.objects.filter(instance=instance, source=mode, day__in=stretch).delete()
            TradeDay.objects.filter(instance=instance, mode=mode, day__in=stretch).delete()
            TradeDay.objects.bulk_create([day for day, _ in rows])
            ArmDay.objects.bulk_create(arms)
    return len(days)


def _stretches(days: list[int], counts: dict[int, int]) -> Iterator[list[int]]:
    """Days that can be read together: neighbours, and not too many trades."""
    stretch: list[int] = []
    held = 0
    for day in days:
        far = stretch and day > stretch[-1] + 7
        if stretch and (far or held + counts.get(day, 0) > STRETCH):
            yield stretch
            stretch, held = [], 0
        stretch.append(day)
        held += counts.get(day, 0)
    if stretch:
        yield stretch


@dataclass(slots=True)
class _Run:
    """The losing streak that a day takes over from the one before."""

    losses: int = 0
    lost: bool | None = None


def _rows(
    instance: int, mode: str, stretch: list[int], counts: dict[int, int], marks: dict[int, str]
) -> list[tuple[TradeDay, list[ArmDay]]]:
    since = _reach_back(stretch[0], counts)
    found = frames.day_trades(instance, mode, since, stretch[-1] + 1)
    day_of = found.rows.trades.exit_at // DAY
    run = _run_before(instance, mode, stretch[0])
    rows = []
    wanted = set(stretch)
    for day in range(stretch[0], stretch[-1] + 1):
        first, end = np.searchsorted(day_of, (day, day + 1))
        if first == end:
            continue
        lost = found.rows.trades.r[first:end] < 0
        facts = _facts(lost, run)
        if day in wanted and day in marks:
            sd = r_units.trailing_sd(found.rows.trades.r[max(0, first - r_units.TRAILING) : first])
            key = {"instance_id": instance, "day": day}
            whole = TradeDay(
                **key,
                mode=mode,
                trades=int(end - first),
                basis=marks[day],
                **facts,
                **_costs(found, slice(first, end)),
            )
            rows.append(
                (
                    whole,
                    [
                        ArmDay(**key, source=mode, **arm)
                        for arm in _arms(found, slice(first, end), sd)
                    ],
                )
            )
    return rows


def _reach_back(day: int, counts: dict[int, int]) -> int:
    """The day from which on at least 500 trades came before ``day``."""
    need, since = r_units.TRAILING, day
    for earlier in sorted((one for one in counts if one < day), reverse=True):
        if need <= 0:
            break
        since, need = earlier, need - counts[earlier]
    return since


def _run_before(instance: int, mode: str, day: int) -> _Run:
    """The streak at the start of a day: as the day before left it."""
    before = (
        TradeDay.objects.filter(instance=instance, mode=mode, day__lt=day)
        .order_by("-day")
        .values_list("ends_in_streak", flat=True)
        .first()
    )
    return _Run() if before is None else _Run(before, before > 0)


def _facts(lost: np.ndarray, run: _Run) -> dict[str, int]:
    """Streaks of a day, and how often a loss followed a loss; ``run`` goes on with the day."""
    after = np.concatenate(([bool(run.lost)], lost[:-1]))
    longest = current = run.losses
    for loss in lost.tolist():
        current = current + 1 if loss else 0
        longest = max(longest, current)
    # What came before the day counts only where the day's first trade went on with it.
    if not lost[0]:
        longest = metrics.longest_run(lost)
    run.losses, run.lost = current, bool(lost[-1])
    return {
        "after_loss": int(after.sum()),
        "lost_again": int((after & lost).sum()),
        "longest_streak": longest,
        "ends_in_streak": current,
    }


def _costs(found: DayTrades, at: slice) -> dict[str, Any]:
    fee = found.rows.trades.fee[at]
    known = ~np.isnan(fee)
    share = fee[known] / (found.entry[at][known] * found.size[at][known]) * 100
    return {
        "reasons": dict(Counter(found.reason[at].tolist())),
        "fees_pct": float(share.sum()),
        "fees_known": int(known.sum()),
    }


def _arms(found: DayTrades, at: slice, sd: float | None) -> Iterator[dict[str, Any]]:
    risk = r_units.risk_pct(found.entry[at], found.stop[at])
    u = r_units.in_units(found.rows.trades.r[at], risk, sd)
    sets = found.rows.parameter_set[at]
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
    """Throw the days away and build them anew; the same trades give the same days, to the bit."""
    kept = list(subjects)
    instances = {one.instance for one in kept}
    TradeDay.objects.filter(instance__in=instances).delete()
    return build(bot, as_of, kept)
