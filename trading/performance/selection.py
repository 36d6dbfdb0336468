"""Selections of trades, and the scopes and books that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from trading import clock
from trading.models import Book, Bot, ExternalStrategy, Mode, ParameterSet, Scope, StrategyInstance
from trading.strategies import UnknownStrategy, parse, split

PERIODS = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}


@dataclass(frozen=True, slots=True)
class Selection:
    """Closed trades with since <= exit < until; None means no restriction.

    ``strategy`` is a key, an alias, or an instance with its ``@label``; the bare key is the
    default instance. ``instance`` works also if its declaration was deleted. Live and paper trades
    are never measured together; mode None is for lists only.
    """

    bot: Bot | None = None
    instance: StrategyInstance | None = None
    strategy: str | None = None
    market: str | None = None
    mode: str | None = Mode.LIVE
    version: int | None = None
    arm: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def bounds(self) -> tuple[int | None, int | None]:
        """``since`` and ``until`` in microseconds since 1970."""
        since, until = (
            None if moment is None else clock.to_micros(moment)
            for moment in (self.since, self.until)
        )
        return since, until

    def instances(self) -> QuerySet[StrategyInstance]:
        """Raises UnknownStrategy."""
        instances = StrategyInstance.objects.select_related("bot")
        if self.bot:
            instances = instances.filter(bot=self.bot)
        if self.instance:
            instances = instances.filter(pk=self.instance.pk)
        if self.strategy:
            key, label = self._key_and_label(self.strategy)
            instances = instances.filter(strategy=key, label=label)
        return instances

    def _key_and_label(self, name: str) -> tuple[str, str]:
        try:
            return split(name)
        except UnknownStrategy:
            # Perhaps a custom strategy.
            key, label = parse(name)
            custom = ExternalStrategy.objects.filter(key=key)
            if self.bot:
                custom = custom.filter(bot=self.bot)
            if not custom.exists():
                raise
            return key, label

    def books(self) -> list[Book]:
        books = Book.objects.select_related("market", "instance__bot").filter(
            instance__in=self.instances()
        )
        if self.mode:
            books = books.filter(mode=self.mode)
        if self.market:
            books = books.filter(market__name=self.market)
        return list(books)

    def sets(self) -> set[int] | None:
        """Ids of the sets of ``version``; None for all sets."""
        if self.version is None:
            return None
        sets = ParameterSet.objects.filter(instance__in=self.instances(), version=self.version)
        return set(sets.values_list("id", flat=True))

    def scopes(self, kind: str) -> list[Scope]:
        scopes = Scope.objects.select_related(
            "market", "instance__bot", "parameter_set__instance__bot"
        ).filter(instance__in=self.instances(), kind=kind, mode=self.mode)
        if kind == Scope.Kind.MARKET and self.market:
            scopes = scopes.filter(market__name=self.market)
        if kind == Scope.Kind.SET and self.version is not None:
            scopes = scopes.filter(parameter_set__version=self.version)
        return list(scopes.order_by("id"))


def period(name: str, now: datetime | None = None) -> tuple[datetime | None, datetime | None]:
    """Bounds of ``24h``, ``7d``, ``30d`` before now, or of ``all``. Raises KeyError."""
    if name == "all":
        return None, None
    until = now or clock.now()
    return until - PERIODS[name], until
