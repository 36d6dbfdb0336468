"""The inputs of alert rules as of one moment, read once per bot."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from django.db.models import Max, Q, QuerySet, Sum

from analytics import frames
from analytics.frames import Subject, Tail
from analytics.models import ArmDay, TradeDay
from trading import clock
from trading.clock import DAY, HOUR
from trading.ledger import tally

if TYPE_CHECKING:
    from analytics.frames.reports import Bot

HOURLY_DAYS = 181  # days of hourly sums
LATELY = 215  # days of TradeDay rows
TAIL, LONGEST_STREAK = 50, 1_000  # trades
SUMS = ("trades", "wins", "losses", "total")


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums per day or per hour, all of shape (n,), including those without trades."""

    trades: np.ndarray
    wins: np.ndarray
    losses: np.ndarray
    total: np.ndarray  # of PnL %

    def __len__(self) -> int:
        return int(self.trades.size)


class StrategyFrame:
    """A strategy of a bot in one mode as of a moment; it contains nothing later.

    ``days``: complete days from the first trade on, starting at ``first_day`` (since 1970);
    ``hours``: complete hours, starting at ``first_hour`` (since 1970), a midnight.
    """

    def __init__(self, subject: Subject, as_of: datetime, days: np.ndarray, hours: np.ndarray):
        self.subject, self.as_of = subject, as_of
        self.now = clock.to_micros(as_of)
        self.today = self.now // DAY
        self.first_day = int(days["first"].min()) // DAY if days.size else self.today
        self.days = _dense(days, DAY, self.first_day, self.today)
        first = int(hours["first"].min()) // DAY if hours.size else self.today
        self.first_hour = max(first, self.today - HOURLY_DAYS) * 24
        self.hours = _dense(hours, HOUR, self.first_hour, self.now // HOUR)
        self._records = np.sort(hours, order="first") if hours.size else hours

    @property
    def about(self) -> str:
        """Its name in sentences: ``rsi_bb of Mara``, with `` (paper)`` for paper trades."""
        paper = " (paper)" if self.subject.mode == "paper" else ""
        return f"{self.subject.name} of {self.subject.bot_name}{paper}"

    @cached_property
    def tail(self) -> Tail:
        """The newest trades, newest first."""
        return frames.tail(self.subject.books, self.now, TAIL)

    @cached_property
    def silences(self) -> np.ndarray:
        """Pauses between trades in hours, in order of time; pauses within one hour are left out."""
        first, last = self._records["first"], self._records["last"]
        pauses: np.ndarray = np.maximum(first[1:] - np.maximum.accumulate(last[:-1]), 0)
        return pauses / HOUR

    @cached_property
    def arm(self) -> tuple[int | None, np.ndarray, np.ndarray, np.ndarray]:
        """The parameter set that traded last and its complete days: (set, day, n, sum of u)."""
        rows = list(
            ArmDay.objects.filter(
                instance=self.subject.instance, source=self.subject.mode, day__lt=self.today
            )
            .order_by("day")
            .values_list("parameter_set", "day", "n", "sum_u")
        )
        if not rows:
            return None, np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
        newest = rows[-1][1]
        arm = max((row for row in rows if row[1] == newest), key=lambda row: row[2])[0]
        own = [row[1:] for row in rows if row[0] == arm]
        day, n, total = (np.array(column) for column in zip(*own, strict=True))
        return arm, day, n.astype(float), total.astype(float)

    @cached_property
    def trade_days(self) -> list[TradeDay]:
        """The complete days with trades of the last seven months, ascending."""
        first = self.today - LATELY
        return list(self._days_before.filter(day__gte=first).order_by("day"))

    @property
    def _days_before(self) -> QuerySet[TradeDay]:
        days = TradeDay.objects.filter(instance=self.subject.instance, mode=self.subject.mode)
        return days.filter(day__lt=self.today)

    def losses(self) -> tuple[int, int, int]:
        """Of all complete days: trades after a loss, losses after a loss, and the longest losing
        streak that is over."""
        sums = self._days_before.aggregate(
            after=Sum("after_loss"),
            again=Sum("lost_again"),
            longest=Max("longest_streak", filter=Q(ends_in_streak=0)),
        )
        return sums["after"] or 0, sums["again"] or 0, sums["longest"] or 0

    @cached_property
    def streak(self) -> tuple[int, str]:
        """Consecutive losses up to now (at most 1,000), and the identity of the streak: when the
        trade before it closed."""
        newest = self.tail
        if len(newest) == TAIL and newest.lost.all():
            newest = frames.tail(self.subject.books, self.now, LONGEST_STREAK)
        if newest.lost.all():
            return len(newest), "from the first trade on"
        length = int(np.argmin(newest.lost))
        return length, f"after {clock.from_micros(int(newest.exit_at[length])).isoformat()}"

    def funnel(self, since: datetime) -> tuple[int, int, dict[str, int]]:
        return frames.funnel(self.subject.instance, since, self.as_of)


class BotFrame:
    """A bot as of a moment: what it reported, its served versions, its candles."""

    def __init__(self, bot: Bot, as_of: datetime) -> None:
        self.bot, self.as_of = bot, as_of

    @property
    def about(self) -> str:
        return f"Bot {self.bot.name}"

    @cached_property
    def versions(self) -> dict[str, int]:
        return frames.versions(self.bot.pk)

    @cached_property
    def series(self) -> list[frames.Series]:
        return frames.series(self.bot.pk, self.as_of)


def strategies(subjects: list[Subject], as_of: datetime) -> list[StrategyFrame]:
    """The frames of a bot's strategies, from two queries for all of them."""
    now = clock.to_micros(as_of)
    today, hour = now // DAY, now // HOUR
    scopes = [scope for subject in subjects for scope in subject.scopes]
    owner = [at for at, subject in enumerate(subjects) for _ in subject.scopes]
    days = _split(frames.records(scopes, None, today * DAY), owner)
    since = (today - HOURLY_DAYS) * DAY
    hours = _split(frames.records(scopes, since, hour * HOUR, hourly=True), owner)
    none = tally.empty(0)
    return [
        StrategyFrame(subject, as_of, days.get(at, none), hours.get(at, none))
        for at, subject in enumerate(subjects)
    ]


def _split(records: tuple[np.ndarray, np.ndarray], owner: list[int]) -> dict[int, np.ndarray]:
    """Records by the position of their subject; a strategy may trade in several currencies."""
    scope, tallies = records
    parts: dict[int, list[np.ndarray]] = defaultdict(list)
    for at, subject in enumerate(owner):
        own = tallies[scope == at]
        if own.size:
            parts[subject].append(own)
    return {subject: np.concatenate(arrays) for subject, arrays in parts.items()}


def _dense(records: np.ndarray, length: int, first: int, end: int) -> Sums:
    at, size = records["first"] // length - first, max(0, end - first)
    kept = (at >= 0) & (at < size)
    return Sums(
        *(np.bincount(at[kept], weights=records[name][kept], minlength=size) for name in SUMS)
    )
