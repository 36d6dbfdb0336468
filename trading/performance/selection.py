"""Which trades a question is about, and the scopes and books that hold them."""

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
    """Closed trades with since <= exit < until; what is None is not restricted.

    ``strategy`` is a key, an alias, or an instance with its ``@label``; the bare key is the
    default instance. ``instance`` is one of one bot, also where its declaration is gone. Live and
    paper trades are never counted together; without a mode both are listed, and nothing can be
    measured.
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
        return tuple(
            None if moment is None else clock.to_micros(moment)
            for moment in (self.since, self.until)
        )

    def instances(self) -> QuerySet[StrategyInstance]:
        """Raises UnknownStrategy."""
        found = StrategyInstance.objects.select_related("bot")
        if self.bot:
            found = found.filter(bot=self.bot)
        if self.instance:
            found = found.filter(pk=self.instance.pk)
        if self.strategy:
            key, label = self._names()
            found = found.filter(strategy=key, label=label)
        return found

    def _names(self) -> tuple[str, str]:
        try:
            return split(self.strategy)
        except UnknownStrategy:
            # Perhaps one that a bot declared itself.
            key, label = parse(self.strategy)
            mine = {"bot": self.bot} if self.bot else {}
            if not ExternalStrategy.objects.filter(key=key, **mine).exists():
                raise
            return key, label

    def books(self) -> list[Book]:
        found = Book.objects.select_related("market", "instance__bot").filter(
            instance__in=self.instances()
        )
        if self.mode:
            found = found.filter(mode=self.mode)
        if self.market:
            found = found.filter(market__name=self.market)
        return list(found)

    def sets(self) -> set[int] | None:
        """Ids of the sets of the wanted version; None where every set is wanted."""
        if self.version is None:
            return None
        found = ParameterSet.objects.filter(instance__in=self.instances(), version=self.version)
        return set(found.values_list("id", flat=True))

    def scopes(self, kind: str) -> list[Scope]:
        found = Scope.objects.select_related(
            "market", "instance__bot", "parameter_set__instance__bot"
        ).filter(instance__in=self.instances(), kind=kind, mode=self.mode)
        if kind == Scope.Kind.MARKET and self.market:
            found = found.filter(market__name=self.market)
        if kind == Scope.Kind.SET and self.version is not None:
            found = found.filter(parameter_set__version=self.version)
        return list(found.order_by("id"))


def period(name: str, now: datetime | None = None) -> tuple[datetime | None, datetime | None]:
    """Bounds of ``24h``, ``7d``, ``30d`` before now, or of ``all``. Raises KeyError."""
    if name == "all":
        return None, None
    until = now or clock.now()
    return until - PERIODS[name], until
