"""The values that a parameter had, with the metrics of the trades under each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from typing import Any

import numpy as np
from django.conf import settings

from trading.bots.catalog import declaration
from trading.ledger.effect import effect
from trading.ledger.metrics import Metrics
from trading.models import LivePeriod, Scope, StrategyInstance
from trading.parameters.diff import described
from trading.parameters.outcomes import mode_of
from trading.performance import Group, grouping, measure
from trading.performance.selection import Selection
from trading.rollups import windows
from trading.strategies.parameters import Value

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Period:
    """When a version with the value was live; ``until`` is None if it still is."""

    version: int
    since: datetime
    until: datetime | None


@dataclass(slots=True)
class OfValue:
    """A value, the versions that share it, and the metrics of all their trades: None without any.
    ``value`` is None for trades of unknown parameters."""

    value: Value | None
    text: str
    live: bool = False
    periods: list[Period] = field(default_factory=list)
    metrics: Metrics | None = None

    @property
    def versions(self) -> list[int]:
        return sorted({period.version for period in self.periods})

    @property
    def trades(self) -> int:
        return int(self.metrics["trades"]) if self.metrics else 0


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one parameter, by size, and the result of comparing them."""

    parameter: dict[str, Any]
    mode: str
    values: list[OfValue]
    sentence: str
    best: Value | None


def of(
    instance: StrategyInstance, name: str, mode: str | None = None, as_of: datetime | None = None
) -> Values:
    """All values that a parameter had, pooled over the versions that share them.

    A set stored before the parameter was declared counts with its default. ``best`` is the value
    whose average is significantly above every other, corrected for the number of comparisons;
    else None. Raises ValueError for a parameter that the strategy does not have.
    """
    strategy = declaration(instance)
    default = strategy.defaults().get(name) if strategy else None
    if default is None:
        known = ", ".join(strategy.defaults()) if strategy else "none"
        raise ValueError(f"{instance.name} has no parameter {name!r}; there are: {known}")
    mode = mode or mode_of(instance)
    values = _by_text(_periods(instance, as_of), name, default)
    selection = Selection(instance=instance, mode=mode, until=as_of)
    groups = {str(group.key): group for group in measure(selection, f"param:{name}")}
    for text, group in groups.items():
        values.setdefault(text, OfValue(None, text)).metrics = group.metrics
    ordered = sorted(values.values(), key=lambda value: grouping.sort_key(value.value))
    best, sentence = _best(ordered, groups)
    return Values(described(strategy, name), mode, ordered, sentence, best)


def so_far(
    instance: StrategyInstance, live: Mapping[str, Value], mode: str | None = None
) -> dict[str, Metrics | None]:
    """By parameter: trades, win rate and average of all versions that share its ``live`` value,
    as ``of`` has them; None without trades. Reads the rollups once."""
    strategy = declaration(instance)
    selection = Selection(instance=instance, mode=mode or mode_of(instance))
    scopes = selection.scopes(Scope.Kind.SET)
    sums = windows.merged(windows.pieces(scopes, None, None), len(scopes))
    counted = np.stack([sums[name].astype(float) for name in ("trades", "wins", "total")], axis=1)
    # The sets as bots were served them; empty for trades of an unknown set.
    sets = [scope.parameter_set for scope in scopes]
    served = [strategy.complete(version.values) if strategy and version else {} for version in sets]
    metrics: dict[str, Metrics | None] = {}
    for name, value in live.items():
        shared = [index for index, values in enumerate(served) if values.get(name) == value]
        trades, wins, total = counted[shared].sum(axis=0).tolist()
        metrics[name] = (
            {"trades": int(trades), "win_rate": wins / trades, "avg_pnl_pct": total / trades}
            if trades
            else None
        )
    return metrics


def _periods(instance: StrategyInstance, as_of: datetime | None) -> list[LivePeriod]:
    periods = LivePeriod.objects.filter(instance=instance).order_by("live_from")
    if as_of:
        periods = periods.filter(live_from__lte=as_of)
    return list(periods.select_related("parameter_set"))


def _by_text(periods: list[LivePeriod], name: str, default: Value) -> dict[str, OfValue]:
    """The values by their text, with the periods in which each was live."""
    values: dict[str, OfValue] = {}
    ends = [*(period.live_from for period in periods[1:]), None]
    for period, until in zip(periods, ends, strict=True) if periods else ():
        value = period.parameter_set.values.get(name, default)
        text = str(grouping.text(value))
        entry = values.setdefault(text, OfValue(value, text))
        entry.periods.append(Period(period.parameter_set.version, period.live_from, until))
        entry.live = until is None
    return values


def _best(values: list[OfValue], groups: dict[str, Group]) -> tuple[Value | None, str]:
    """The significantly best value, if any, and a sentence."""
    least = settings.OUTCOME_TRADES
    enough = [value for value in values if value.trades >= least and value.value is not None]
    if len(enough) < 2:
        return None, (
            f"Not enough data: two values need {least} trades each to be compared; "
            f"{len(enough)} {'has' if len(enough) == 1 else 'have'} them."
        )
    beats: dict[str, int] = defaultdict(int)
    pairs = list(combinations(enough, 2))
    level = 1 - (1 - LEVEL) / len(pairs)
    for a, b in pairs:
        difference = effect(groups[a.text].daily, groups[b.text].daily)
        interval = difference.interval(level) if difference else None
        if interval and (interval[0] > 0 or interval[1] < 0):
            beats[(b if interval[0] > 0 else a).text] += 1
    for value in enough:
        if beats[value.text] == len(enough) - 1:
            return value.value, (
                f"{value.text} did best: its average is above every other value's, statistically "
                "significant. The values were live at different times, though, and other things "
                "may have changed as well."
            )
    return None, (
        "No value stands out: the differences are not statistically significant. The values were "
        "also live at different times."
    )
