"""What a kind of advice is given, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from analytics.frames import reports
from analytics.models import Recommendation, Run
from analytics.quant import outcome
from analytics.reports import text as words
from analytics.research import backtest, no_trades, trust
from analytics.research.trust import Trust
from trading.bots.catalog import declaration
from trading.strategies.base import Strategy
from trading.strategies.parameters import Value

Kind, Confidence = Recommendation.Kind, Recommendation.Confidence
REPLAYED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something to do, and why. ``key`` is the same for the same proposal on another day;
    ``changes`` maps parameters to [old, new]; each of ``evidence`` has a "text" and, where there
    is more to see, what it leads to ("run": id, "version": number, "part": of the report)."""

    kind: str
    key: str
    sentence: str
    evidence: list[dict[str, Any]]
    rank: float
    confidence: str = Confidence.LOW
    changes: dict[str, list[Any]] = field(default_factory=dict)
    effect: dict[str, Any] | None = None
    risk: str = ""
    test: str = ""


class Case:
    """A strategy in one mode as a report describes it: its ``section`` there, and replays of what
    was stored by then."""

    def __init__(self, instance: Any, section: dict[str, Any], until: datetime) -> None:
        self.instance, self.section, self.until = instance, section, until

    @cached_property
    def rules(self) -> Strategy | None:
        return declaration(self.instance)

    @cached_property
    def values(self) -> dict[str, Value] | None:
        """What was live; None where nobody knows, so that nothing is proposed against it."""
        found = reports.set_at(self.instance.pk, self.until)
        return self.rules.complete(found.values) if found and self.rules else None

    @cached_property
    def source(self) -> no_trades.Source | None:
        """The candles of the 30 days before, and none before these, so that a stored replay of
        them says the same; None where they cannot be replayed."""
        try:
            found = no_trades.find(self.instance, self.until - REPLAYED, self.until)
        except no_trades.NotSeen:
            return None
        first = int(np.searchsorted(found.bars.time, (self.until - REPLAYED).timestamp()))
        return replace(found, bars=found.bars.part(first, len(found.bars)))

    @property
    def days(self) -> str:
        """How long the candles reach, in words: ``30 days``."""
        assert self.source is not None
        time = self.source.bars.time
        span = float(time[-1] - time[0]) + self.source.interval
        days = max(1, round(span / 86_400))
        return f"{days} day{'' if days == 1 else 's'}"

    @cached_property
    def trust(self) -> Trust:
        """Whether replays of it deserve belief."""
        return trust.trust(self.instance, self.until)

    @cached_property
    def costs(self) -> outcome.Costs:
        assert self.source is not None
        return backtest.cost_model(self.instance, self.source.market)[0]

    def tried(self, **values: Value) -> outcome.Replayed:
        """A replay of the 30 days with some values other than what was live. Raises
        InvalidValues, BadInterval."""
        assert self.source is not None
        rules = self.source.rules
        return outcome.replayed(
            rules,
            rules.clean({**self.source.values, **values}),
            self.source.bars,
            self.source.interval,
            self.costs.fills(),
        )

    def change(self, name: str, old: Value, new: Value) -> str:
        """The start of a sentence: ``Lower tf_live.rsi_buy from 35 to 30``."""
        way = "Lower" if direction(old, new) == "down" else "Raise"
        return (
            f"{way} {self.instance.name}.{name} from {words.setting(old)} to {words.setting(new)}"
        )

    def along(self, parameter: str) -> Run:
        """The 30 days along the range of a parameter, as a stored replay that can be opened; the
        one that was stored before where it is the same."""
        return self._stored(
            f"along {parameter}", kind=Run.Kind.SENSITIVITY, options={"parameter": parameter}
        )

    def live(self) -> Run:
        """The 30 days with what was live, as a stored replay that can be opened."""
        return self._stored("what was live", kind=Run.Kind.WHATIF)

    def _stored(self, label: str, **asked: Any) -> Run:
        assert self.source is not None
        run = backtest.prepare(
            strategy=self.source.rules.key,
            market=self.source.market,
            interval=self.source.interval,
            bot=self.instance.bot,
            instance=self.instance,
            since=self.until - REPLAYED,
            until=self.until,
            values=self.source.values,
            label=f"{self.instance.name}: {label}"[: backtest.LABEL],
            **asked,
        )
        return backtest.finished(run)


def direction(old: Any, new: Any) -> str:
    """Which way a change of a number goes, as keys say it."""
    return "down" if new < old else "up"
