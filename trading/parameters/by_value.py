"""Which values of a parameter were live, and how the trades made under each of them went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations, pairwise
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
    """When a version with the value was live; ``until`` is None for the one that still is."""

    version: int
    since: datetime
    until: datetime | None


@dataclass(slots=True)
class OfValue:
    """A value of a parameter, the versions that share it, and the metrics of all their trades
    together: None without any. ``value`` is None for trades of unknown parameters."""

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
        return self.metrics["trades"] if self.metrics else 0


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one parameter, by size, and what can be said of them."""

    parameter: dict[str, Any]
    mode: str
    values: list[OfValue]
    sentence: str
    best: Value | None


def of(
    instance: StrategyInstance, name: str, mode: str | None = None, as_of: datetime | None = None
) -> Values:
    """Every value that a parameter had, pooled over the versions that share it.

    A set stored before the parameter was declared counts with its default. ``best`` is a value
    only where its average lies above that of every other, chance and the number of comparisons
    allowed for. Raises ValueError for a parameter that the strategy does not have.
    """
    strategy = declaration(instance)
    default = strategy.defaults().get(name) if strategy else None
    if default is None:
        known = ", ".join(strategy.defaults()) if strategy else "none"
        raise ValueError(f"{instance.name} has no parameter {name!r}; there are: {known}")
    mode = mode or mode_of(instance)
    found = _lived(_periods(instance, as_of), name, default)
    asked = Selection(instance=instance, mode=mode, until=as_of)
    groups = {group.key: group for group in measure(asked, f"param:{name}")}
    for key, group in groups.items():
        known = found.setdefault(key, OfValue(None, key))
        known.metrics = group.metrics
    ordered = sorted(found.values(), key=lambda one: grouping.sort_key(one.value))
    best, sentence = _told(ordered, groups)
    return Values(described(strategy, name), mode, ordered, sentence, best)


def so_far(
    instance: StrategyInstance, live: Mapping[str, Value], mode: str | None = None
) -> dict[str, Metrics | None]:
    """For every parameter trades, win rate and average of all versions that share its ``live``
    value, as ``of`` tells them; None without trades. All cost one reading of the sums."""
    strategy = declaration(instance)
    asked = Selection(instance=instance, mode=mode or mode_of(instance))
    scopes = asked.scopes(Scope.Kind.SET)
    sums = windows.merged(windows.pieces(scopes, None, None), len(scopes))
    counted = np.stack([sums[name].astype(float) for name in ("trades", "wins", "total")], axis=1)
    # A set as bots were told it; nothing is known of trades of an unknown set.
    made = [scope.parameter_set for scope in scopes]
    told = [strategy.complete(one.values) if strategy and one else {} for one in made]
    found: dict[str, Metrics | None] = {}
    for name, value in live.items():
        shared = [at for at, values in enumerate(told) if values.get(name) == value]
        trades, wins, total = counted[shared].sum(axis=0).tolist()
        found[name] = (
            {"trades": int(trades), "win_rate": wins / trades, "avg_pnl_pct": total / trades}
            if trades
            else None
        )
    return found


def _periods(instance: StrategyInstance, as_of: datetime | None) -> list[LivePeriod]:
    periods = LivePeriod.objects.filter(instance=instance).order_by("live_from")
    if as_of:
        periods = periods.filter(live_from__lte=as_of)
    return list(periods.select_related("parameter_set"))


def _lived(periods: list[LivePeriod], name: str, default: Value) -> dict[str, OfValue]:
    """The values by their text, with when each was live."""
    found: dict[str, OfValue] = {}
    for one, after in pairwise([*periods, None]):
        value = one.parameter_set.values.get(name, default)
        text = grouping.text(value)
        known = found.setdefault(text, OfValue(value, text))
        until = after.live_from if after else None
        known.periods.append(Period(one.parameter_set.version, one.live_from, until))
        known.live = after is None
    return found


def _told(values: list[OfValue], groups: dict[str, Group]) -> tuple[Value | None, str]:
    """The best value, None where chance may have made it so, and what to say."""
    least = settings.OUTCOME_TRADES
    enough = [one for one in values if one.trades >= least and one.value is not None]
    if len(enough) < 2:
        return None, (
            f"At least two values need {least} trades each before they can be compared; "
            f"{len(enough)} {'has' if len(enough) == 1 else 'have'} them."
        )
    beats: dict[str, int] = defaultdict(int)
    pairs = list(combinations(enough, 2))
    level = 1 - (1 - LEVEL) / len(pairs)
    for one, other in pairs:
        found = effect(groups[one.text].daily, groups[other.text].daily)
        interval = found.interval(level) if found else None
        if interval and (interval[0] > 0 or interval[1] < 0):
            beats[(other if interval[0] > 0 else one).text] += 1
    for one in enough:
        if beats[one.text] == len(enough) - 1:
            return one.value, (
                f"{one.text} did best: its average lies above that of every other value by more "
                "than chance explains. The values were live at different times, though, and "
                "other things may have changed as well."
            )
    return None, (
        "No value stands out: differences as large as these also come about by chance. "
        "The values were live at different times as well."
    )
