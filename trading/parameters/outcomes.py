"""The outcome of each change of parameters: trades of the version before and after it.

Outcomes are computed from the rollups and not stored, so that they follow late and corrected
trades, and the audit trail stays as it was written.
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
    """One change of an instance's parameters and its outcome.

    ``before`` and ``after`` are the sets, ``before`` None for the first known one. The trades of
    ``after`` are compared with those of ``compared``: the last earlier set with trades. Metrics
    cover all trades of a set, None without any. ``performance_after`` is None until there are
    OUTCOME_TRADES trades or the next change came (``closed``). ``effect`` compares the averages,
    by days; it is descriptive.
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
    def enough_data(self) -> bool:
        """Whether there are OUTCOME_TRADES trades, or there will be no more."""
        return self.closed or self.trades_after >= settings.OUTCOME_TRADES

    @property
    def performance_before(self) -> float | None:
        """Average PnL in percent of the trades of ``compared``."""
        return self.before_metrics["avg_pnl_pct"] if self.before_metrics else None

    @property
    def performance_after(self) -> float | None:
        """Average PnL in percent of the trades of ``after``, once there is enough data."""
        return (
            self.after_metrics["avg_pnl_pct"] if self.after_metrics and self.enough_data else None
        )


def of_changes(
    instance: StrategyInstance, mode: str | None = None, as_of: datetime | None = None
) -> list[Outcome]:
    """Outcomes of all changes of an instance's parameters, newest first.

    ``mode`` is live or paper; None takes paper if there are only paper trades. ``as_of`` leaves
    out later trades and changes.
    """
    mode = mode or mode_of(instance)
    periods = _periods(instance, as_of)
    groups = _by_version(instance, mode, as_of)
    return [
        _outcome(instance, periods[:at], periods[at : at + 2], groups, mode)
        for at in reversed(range(len(periods)))
    ]


def mode_of(instance: StrategyInstance) -> str:
    """The usual mode of an instance: live, or paper if it has only paper trades."""
    modes = set(Scope.objects.filter(instance=instance).values_list("mode", flat=True))
    return Mode.PAPER if modes == {Mode.PAPER} else Mode.LIVE


def _periods(instance: StrategyInstance, as_of: datetime | None) -> Sequence[LivePeriod]:
    periods = LivePeriod.objects.filter(instance=instance).order_by("live_from")
    if as_of:
        periods = periods.filter(live_from__lte=as_of)
    return list(periods.select_related("parameter_set__author", "parameter_set__preset"))


def _by_version(instance: StrategyInstance, mode: str, as_of: datetime | None) -> dict[str, Group]:
    selection = Selection(instance=instance, mode=mode, until=as_of)
    return {str(group.key): group for group in measure(selection, "version")}


def _outcome(
    instance: StrategyInstance,
    earlier: Sequence[LivePeriod],
    now: Sequence[LivePeriod],
    groups: dict[str, Group],
    mode: str,
) -> Outcome:
    """``now``: the period of the change and, if it is over, the next one."""
    period, after = now[0], now[0].parameter_set
    sets = [past.parameter_set for past in reversed(earlier)]
    before = sets[0] if sets else None
    # Skip sets without trades, such as one that was live for a minute by mistake.
    compared = next((version for version in sets if str(version.version) in groups), before)
    group_after = groups.get(str(after.version))
    group_before = groups.get(str(compared.version)) if compared else None
    difference = None
    if group_before and group_after:
        difference = effect(group_before.daily, group_after.daily)
    trades = group_after.metrics["trades"] if group_after else 0
    return Outcome(
        instance=instance,
        before=before,
        compared=compared,
        after=after,
        changed_at=period.live_from,
        until=now[1].live_from if len(now) > 1 else None,
        mode=mode,
        rows=changed(instance, before.values if before else None, after.values),
        before_metrics=group_before.metrics if group_before else None,
        after_metrics=group_after.metrics if group_after else None,
        effect=difference,
        verdict=verdict(difference, before is None, trades, len(now) > 1),
    )
