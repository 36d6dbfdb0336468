"""Backtests of a strategy on the days before a moment, with its live values or others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from analytics.frames.reports import StrategyInstance
from analytics.models import Run
from analytics.quant import outcome
from analytics.research import backtest, no_trades, run_store
from trading.formatting import counted
from trading.strategies.parameters import Value


@dataclass(frozen=True, slots=True)
class Lookback:
    """Stored candles of [since, until), the values that were live at the end, and the costs."""

    instance: StrategyInstance
    source: no_trades.Source
    costs: outcome.Costs
    since: datetime
    until: datetime

    @property
    def length(self) -> str:
        """How far the candles reach: ``30 days``."""
        time = self.source.bars.time
        span = float(time[-1] - time[0]) + self.source.interval
        return counted(max(1, round(span / 86_400)), "day")

    def replay(self, **values: Value) -> outcome.Replayed:
        """The result with these values changed. Raises InvalidValues, BadInterval."""
        rules = self.source.rules
        return outcome.replayed(
            rules,
            rules.clean({**self.source.values, **values}),
            self.source.bars,
            self.source.interval,
            self.costs.fills(),
        )

    def live_run(self) -> Run:
        """The result with the live values, as a stored run that has a page."""
        return self._run("live values", Run.Kind.WHATIF, {})

    def sensitivity_run(self, parameter: str) -> Run:
        """Results along the range of a parameter, as a stored run that has a page. Raises
        InvalidValues, BadInterval, NoBars."""
        return self._run(f"along {parameter}", Run.Kind.SENSITIVITY, {"parameter": parameter})

    def _run(self, label: str, kind: Run.Kind, options: dict[str, str]) -> Run:
        run = backtest.prepare(
            strategy=self.source.rules.key,
            market=self.source.market,
            interval=self.source.interval,
            bot=self.instance.bot,
            instance=self.instance,
            since=self.since,
            until=self.until,
            values=self.source.values,
            label=f"{self.instance.name}: {label}"[: backtest.LABEL],
            kind=kind,
            options=options,
        )
        stored = _stored(run)
        if stored is None:
            run_store.finish(run, backtest.backtest(run))
        return stored or run


def lookback(instance: StrategyInstance, since: datetime, until: datetime) -> Lookback | None:
    """None where the strategy cannot be replayed or no candles are stored."""
    try:
        source = no_trades.find(instance, since, until)
    except no_trades.NotSeen:
        return None
    # No bars before ``since``, so that a stored run gives the same result.
    first = int(np.searchsorted(source.bars.time, since.timestamp()))
    source = replace(source, bars=source.bars.part(first, len(source.bars)))
    costs, _ = backtest.cost_model(instance, source.market)
    return Lookback(instance, source, costs, since, until)


def _stored(run: Run) -> Run | None:
    """A finished run of the same inputs whose data has not changed since."""
    candidates = Run.objects.filter(
        kind=run.kind,
        instance=run.instance,
        market=run.market,
        interval=run.interval,
        from_at=run.from_at,
        to_at=run.to_at,
        state=Run.State.DONE,
    )
    return next(
        (
            stored
            for stored in candidates
            if stored.values == run.values
            and stored.options == run.options
            and not backtest.changes(stored)
        ),
        None,
    )
