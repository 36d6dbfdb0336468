"""What the old values would have done since a change: a replay that is trusted tells."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from analytics.frames import replay
from analytics.models import Run
from analytics.quant import counterfactual, outcome, segments
from analytics.quant.outcome import Replayed
from analytics.quant.segments import WARM, Stretch
from analytics.research import backtest, bars, run_store, trust
from analytics.research.run_store import Outcome
from trading import clock
from trading.parameters import outcomes
from trading.strategies.engine import tape
from trading.strategies.engine.walk import version_of
from trading.strategies.parameters import Value

if TYPE_CHECKING:
    from analytics.frames.reports import ParameterSet, StrategyInstance

METHOD = "paired shadow"


class NoShadow(LookupError):
    """Why the old values cannot be replayed beside the new ones."""


def prepare(instance: StrategyInstance, version: int, **fields: Any) -> Run:
    """The shadow of the change that made a version live, up to the next change or to the newest
    candle; not stored yet. Raises NoShadow, NoBars, NotReplayable, UnknownStrategy."""
    rules = backtest.replayable(instance.strategy)
    change = replay.change(instance, version)
    if change is None or change.before is None:
        raise NoShadow(f"version {version} of {instance.name} followed no other values")
    now = clock.now()
    until = change.until or now
    mode = outcomes.mode_of(instance)
    there = replay.traded(instance.pk, mode, change.since, until, timedelta(0))
    said = trust.trust(instance, now, there[0].market if there else "")
    if not said.trusted or said.run is None:
        raise NoShadow(why_not(said))
    market = said.run.market
    sets = (change.before, change.after)
    values = [rules.complete(version_set.values) for version_set in sets]
    candles = {int(value.get("candle_interval_seconds", 60)) for value in values}
    interval = bars.covering(instance.bot, market, candles, change.since, until)
    gap = said.found["gap"]["mean"]
    return Run(
        kind=Run.Kind.SHADOW,
        strategy=rules.key,
        market=market,
        interval=interval,
        bot=instance.bot,
        instance=instance,
        parameter_set=change.before,
        values=values[0],
        from_at=change.since - timedelta(seconds=WARM * max(*candles, interval)),
        to_at=until,
        costs=said.run.costs,
        label=_label(instance, *sets),
        options={
            "intrabar": said.run.options["intrabar"],
            "next_open": False,
            "since": clock.to_text(change.since),
            "until": clock.to_text(until),
            "before": [sets[0].pk, sets[0].version],
            "after": [sets[1].pk, sets[1].version],
            "new_values": values[1],
            "gap": gap,
            "trusted_by": said.run.pk,
        },
        **fields,
    )


def why_not(said: trust.Trust) -> str:
    """Why the counterfactual is not available."""
    reason = said.reasons[0] if said.reasons else ""
    if said.doubted:
        return f"Backtests of this strategy are not trusted. {reason}".strip()
    return f"Backtest accuracy not checked yet. {reason}".strip()


def _label(instance: StrategyInstance, before: ParameterSet, after: ParameterSet) -> str:
    text = f"{instance.name}: version {before.version} beside {after.version}"
    return text[: backtest.LABEL]


def compare(run: Run, tell: backtest.Tell = lambda share: None) -> Outcome:
    """Replay both; what is kept as the replay are the trades of the old values."""
    rules = backtest.replayable(run.strategy)
    start = datetime.fromisoformat(run.options["since"])
    loaded = bars.load(run.bot, run.market, run.interval, run.from_at, run.to_at, start)
    run.bars, run.data_hash = len(loaded.candles), run_store.fingerprint(loaded.candles)
    run.code_version = version_of(rules)
    read, costs = backtest.columns(loaded.candles), backtest.costs_of(run)
    since, until = (
        datetime.fromisoformat(run.options[name]).timestamp() for name in ("since", "until")
    )
    until = min(until, float(read.time[-1]) + run.interval)
    fills = costs.fills(run.options["intrabar"])

    def walked(values: dict[str, Value], done: float) -> Replayed:
        part = Stretch(since, until, values)
        replayed = segments.replayed(rules, [part], read, run.interval, fills)[0]
        tell(done)
        return segments.closed_before(replayed, until)

    old, new = walked(run.values, 0.5), walked(run.options["new_values"], 1.0)
    columns = [replayed.rows[:, at] for replayed in (new, old) for at in (tape.LEFT, tape.RESULT)]
    effect = counterfactual.paired(*columns, since=since, until=until, gap=run.options["gap"])
    if effect is None:
        raise NoShadow("no candles of the time after the change are stored")
    result = backtest.outcome_of(old, costs, loaded)
    result.summary["shadow"] = {
        **asdict(effect),
        "method": METHOD,
        "until": until,
        "before": run.options["before"][1],
        "after": run.options["after"][1],
        "new_metrics": outcome.measured(new),
    }
    return result


def work(*, as_of: datetime, run: int) -> dict[str, Any]:
    """The job: do a shadow that was queued."""
    return backtest.carry_out(run, compare)


def newest(instance: StrategyInstance) -> dict[int, Run]:
    """The newest shadow of each change, by the version that it made live."""
    runs: dict[int, Run] = {}
    for run in Run.objects.filter(kind=Run.Kind.SHADOW, instance=instance).order_by("-pk")[:500]:
        runs.setdefault(run.options["after"][1], run)
    return runs
