"""The bridge for reports: what was live, traded and tried by a moment, as plain values."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef

from analytics.frames.trades import live_at
from trading.experiments.comparison import Comparison, compared
from trading.models import Book, Experiment, LivePeriod, Mode, Origin
from trading.models import Bot as Bot  # for annotations elsewhere
from trading.models import ParameterSet as ParameterSet
from trading.models import Scope as Scope
from trading.models import StrategyInstance as StrategyInstance
from trading.models import Trade as Trade
from trading.parameters.outcomes import of_changes

API = Origin.API


def set_at(instance: int, as_of: datetime) -> ParameterSet | None:
    """The parameters that were live at a moment; None before there were any."""
    live = live_at(instance, as_of)
    return ParameterSet.objects.get(pk=live[0]) if live else None


def bot_markets(bot: int) -> list[str]:
    """Where a bot trades, by name."""
    books = Book.objects.filter(instance__bot=bot)
    return sorted(set(books.values_list("market__name", flat=True)))


def strategies_at(bot: int, as_of: datetime) -> list[tuple[StrategyInstance, str]]:
    """Each strategy of a bot with each mode in which it had traded by a moment, by name; live
    where it had not traded yet. One that was first seen later is left out, except with a bot that
    was made later still: its whole past was brought in at once."""
    first = Trade.objects.filter(book=OuterRef("pk"), exit_at__lt=as_of).order_by("exit_at")
    modes: dict[int, set[str]] = defaultdict(set)
    for instance, mode in (
        Book.objects.filter(instance__bot=bot).filter(Exists(first)).values_list("instance", "mode")
    ):
        modes[instance].add(mode)
    instances = StrategyInstance.objects.filter(bot=bot).select_related("bot")
    return [
        (row, mode)
        for row in instances.order_by("strategy", "label")
        if row.pk in modes or row.created_at < as_of or row.bot.created_at >= as_of
        for mode in sorted(modes[row.pk] or {Mode.LIVE})
    ]


def taken_back(
    instance: StrategyInstance, since: datetime, until: datetime
) -> list[tuple[str, Any, Any, datetime, str, int]]:
    """(parameter, from, to, when, why, version) of the rollbacks in between, newest first."""
    return [
        (
            row["name"],
            row["old"],
            row["new"],
            outcome.changed_at,
            outcome.after.reason,
            outcome.after.version,
        )
        for outcome in of_changes(instance, as_of=until)
        if outcome.after.origin == Origin.ROLLBACK and outcome.changed_at >= since
        for row in outcome.rows
    ]


def begins(bot: Bot) -> date:
    """The first day of which anything is known of a bot: of its trades, of what was live, or that
    it was made."""
    books = Book.objects.filter(instance__bot=bot)
    firsts = [Trade.objects.filter(book=book).order_by("exit_at").first() for book in books]
    known = [first.exit_at for first in firsts if first is not None]
    if live_period := LivePeriod.objects.filter(instance__bot=bot).order_by("live_from").first():
        known.append(live_period.live_from)
    start: datetime = min([bot.created_at, *known])
    return start.date()


def experiments(
    instance: int, since: datetime, until: datetime, most: int
) -> list[tuple[Experiment, bool, Comparison]]:
    """Experiments that ran in a stretch of time, each with whether it was over at its end, and its
    arms as they stood then."""
    running = Experiment.objects.filter(instance=instance, started_at__lt=until).exclude(
        ended_at__lt=since
    )
    return [
        (
            experiment,
            experiment.ended_at is not None and experiment.ended_at <= until,
            compared(experiment, until),
        )
        for experiment in running.order_by("started_at")[:most]
    ]


def tried_since(instance: int, since: datetime) -> list[Experiment]:
    """Experiments that were planned after a moment and have begun, oldest first."""
    begun = Experiment.objects.filter(
        instance=instance, created_at__gt=since, started_at__isnull=False
    )
    return list(begun.order_by("created_at"))
