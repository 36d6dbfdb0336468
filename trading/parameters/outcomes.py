"""What each change of parameters did: the trades of the set before it beside those of its own.

Outcomes are computed from the sums that every write of a trade keeps true, and stored nowhere:
they follow late and corrected trades by themselves, and what is audited stays as it was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from trading.ledger.effect import Effect, effect
from trading.ledger.metrics import Metrics
from trading.models import LivePeriod, Mode, ParameterSet, Scope, StrategyInstance
from trading.parameters.diff import changed
from trading.parameters.verdict import Verdict, verdict
from trading.performance import Group, measure
from trading.performance.selection import Selection

METHOD = "naive before/after"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One change of an instance's parameters, and what came of it.

    ``before`` and ``after`` are the sets, ``before`` None for the first one known. The trades of
    ``after`` are compared with those of ``compared``: the last set before it that made any.
    Metrics are those of contract 4 over all trades that each of the two made, None without any.
    ``performance_after`` is filled in after OUTCOME_TRADES trades, or when the next change ends
    the set's time (``closed``). ``effect`` compares the averages, by days; it is descriptive.
    """

    instance: StrategyInstance
    before: ParameterSet | None
    compared: ParameterSet | None
    after: ParameterSet
    changed_at: datetime
    until: datetime | None
    mode: str
    rows: list[dict[str, Any]]
    before_metrics: Metrics | None
    after_metrics: Metrics | None
    effect: Effect | None
    verdict: Verdict

    @property
    def closed(self) -> bool:
        return self.until is not None

    @property
    def changed_by(self) -> str:
        author = self.after.author
        return author.get_username() if author else self.after.made_by or self.after.origin

    @property
    def trades_before(self) -> int | None:
        if self.before is None:
            return None
        return self.before_metrics["trades"] if self.before_metrics else 0

    @property
    def trades_after(self) -> int:
        return self.after_metrics["trades"] if self.after_metrics else 0

    @property
    def told(self) -> bool:
        """Whether there are trades enough, or there will be no more, to say how it went."""
        return self.closed or self.trades_after >= settings.OUTCOME_TRADES

    @property
    def performance_before(self) -> float | None:
        """Average PnL in percent of the trades of the set it is compared with."""
        return self.before_metrics["avg_pnl_pct"] if self.before_metrics else None

    @property
    def performance_after(self) -> float | None:
        """Average PnL in percent of the trades of this set, once it is told."""
        return self.after_metrics["avg_pnl_pct"] if self.after_metrics and self.told else None


def of_changes(
    instance: StrategyInstance, mode: str | None = None, as_of: datetime | None = None
) -> list[Outcome]:
    """The outcome of every change of an instance's parameters, newest first.

    ``mode`` is live or paper; None takes paper where there are only paper trades. ``as_of``
    leaves out what happened later.
    """
    mode = mode or mode_of(instance)
    periods = _periods(instance, as_of)
    groups = _by_version(instance, mode, as_of)
    return [
        _outcome(instance, periods[:at], periods[at : at + 2], groups, mode)
        for at in reversed(range(len(periods)))
    ]


def mode_of(instance: StrategyInstance) -> str:
    """The mode to look at: live, but paper where there are no live trades and some on paper."""
    modes = set(Scope.objects.filter(instance=instance).values_list("mode", flat=True))
    return Mode.PAPER if modes == {Mode.PAPER} else Mode.LIVE


def _periods(instance: StrategyInstance, as_of: datetime | None) -> Sequence[LivePeriod]:
    found = LivePeriod.objects.filter(instance=instance).order_by("live_from")
    if as_of:
        found = found.filter(live_from__lte=as_of)
    return list(found.select_related("parameter_set__author", "parameter_set__preset"))


def _by_version(instance: StrategyInstance, mode: str, as_of: datetime | None) -> dict[str, Group]:
    """What the trades of each version add up to."""
    asked = Selection(instance=instance, mode=mode, until=as_of)
    return {group.key: group for group in measure(asked, "version")}


def _outcome(
    instance: StrategyInstance,
    earlier: Sequence[LivePeriod],
    now: Sequence[LivePeriod],
    groups: dict[str, Group],
    mode: str,
) -> Outcome:
    """``now``: the period of the change and, where it is over, the one after it."""
    period, after = now[0], now[0].parameter_set
    sets = [one.parameter_set for one in reversed(earlier)]
    before = sets[0] if sets else None
    # A set that was live for a moment, by mistake, must not end the comparison.
    compared = next((one for one in sets if str(one.version) in groups), before)
    mine = groups.get(str(after.version))
    theirs = groups.get(str(compared.version)) if compared else None
    found = effect(theirs.daily, mine.daily) if theirs and mine else None
    trades = mine.metrics["trades"] if mine else 0
    return Outcome(
        instance=instance,
        before=before,
        compared=compared,
        after=after,
        changed_at=period.live_from,
        until=now[1].live_from if len(now) > 1 else None,
        mode=mode,
        rows=changed(instance, before.values if before else None, after.values),
        before_metrics=theirs.metrics if theirs else None,
        after_metrics=mine.metrics if mine else None,
        effect=found,
        verdict=verdict(found, before is None, trades, len(now) > 1),
    )
