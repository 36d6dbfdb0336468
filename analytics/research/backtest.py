"""Replays of stored candles with any parameters, here or in the worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from django.contrib.auth.models import User

from analytics import frames, jobs
from analytics.models import JobRun, Run
from analytics.quant import outcome, sensitivity
from analytics.quant.outcome import Costs, Replayed
from analytics.research import bars, filter_relaxation, run_store
from analytics.research.run_store import Outcome
from trading import clock, strategies
from trading.market.candles import Candles
from trading.strategies.base import InvalidValues, Strategy
from trading.strategies.engine.walk import BadInterval, Bars, version_of
from trading.strategies.parameters import Value

if TYPE_CHECKING:
    from analytics.frames.reports import Bot, StrategyInstance

JOB, COMPARE_JOB = "replay", "compare_replay"
JOBS: dict[str, str] = {
    Run.Kind.FIDELITY: COMPARE_JOB,
    Run.Kind.SHADOW: "shadow",
}  # by kind; else JOB
LABEL = 80  # characters that fit
USUAL = Costs(fee_bps=5.0, spread_bps=1.0, slippage_bps=1.0)
FEWEST_FEES = 10  # trades with a fee before these say what trading costs
Tell = Callable[[float], None]


class NotReplayable(ValueError):
    """A strategy whose rules are not here; the text says which are."""


def replayable(name: str) -> Strategy:
    """The strategy behind a name. Raises UnknownStrategy, NotReplayable."""
    strategy = strategies.get(name)
    if not strategy.replayable:
        there = ", ".join(key for key, rules in strategies.REGISTRY.items() if rules.replayable)
        raise NotReplayable(
            f"{strategy.key} has no rules that can be replayed (those of {there} can)"
        )
    return strategy


def replayable_keys() -> list[str]:
    """The strategies whose rules are here."""
    return [key for key, rules in strategies.REGISTRY.items() if rules.replayable]


def cost_model(instance: StrategyInstance | None, market: str) -> tuple[Costs, str]:
    """What trading costs: as the bot's own trades say, where enough of them state a fee."""
    fees = frames.fee_bps(instance.pk, market) if instance else np.zeros(0)
    if len(fees) < FEWEST_FEES:
        return USUAL, (
            "assumed: no trades of the bot say what it pays"
            if not len(fees)
            else f"assumed: only {len(fees)} trades of the bot state a fee"
        )
    fee = round(float(np.median(fees)), 4)
    costs = Costs(fee, USUAL.spread_bps, USUAL.slippage_bps)
    return costs, f"the fee is that of the bot's newest {len(fees)} trades; the rest is assumed"


def live_values(instance: StrategyInstance | None) -> dict[str, Value]:
    """What is live with a bot, as today's declaration reads it; nothing where nothing is."""
    live = frames.live_set(instance.pk) if instance else None
    return replayable(instance.strategy).complete(live.values) if instance and live else {}


def prepare(
    *,
    strategy: str,
    market: str,
    interval: int,
    values: Mapping[str, object],
    bot: Bot | None = None,
    instance: StrategyInstance | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    costs: Costs | None = None,
    options: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Run:
    """A run that was not stored yet. Raises UnknownStrategy, NotReplayable, InvalidValues."""
    rules = replayable(strategy)
    assumed, source = (costs, "as given") if costs else cost_model(instance, market)
    return Run(
        strategy=rules.key,
        market=market,
        interval=interval,
        values=rules.clean(values),
        bot=bot,
        instance=instance,
        from_at=since,
        to_at=until,
        costs={**asdict(assumed), "source": source},
        options={"intrabar": None, "next_open": False, **(options or {})},
        **fields,
    )


def backtest(run: Run, tell: Tell = lambda share: None) -> Outcome:
    """Replay in this process; of the run only what it read is filled in.

    Raises NoBars, BadInterval, UnknownStrategy, NotReplayable.
    """
    rules = replayable(run.strategy)
    loaded = bars.load(run.bot, run.market, run.interval, run.from_at, run.to_at)
    run.bars, run.data_hash = len(loaded.candles), run_store.fingerprint(loaded.candles)
    run.code_version = version_of(rules)
    costs = costs_of(run)
    along = run.kind == Run.Kind.SENSITIVITY
    first: Tell = (lambda share: None) if along else tell
    replayed = _replayed(rules, run, run.values, columns(loaded.candles), costs, first)
    result = outcome_of(replayed, costs, loaded)
    if along:
        name = run.options["parameter"]
        tried = sensitivity.grid(rules.parameter(name), run.values[name])
        result.summary["points"] = _points(rules, run, name, tried, replayed.bars, tell)
    else:

        def points(name: str, values: Sequence[Value]) -> list[Any]:
            return _points(rules, run, name, values, replayed.bars, lambda share: None)

        result.summary["opened"] = filter_relaxation.tried(run.values, replayed, points)
    result.summary["counted"] = _counted(run, result.summary)
    return result


def costs_of(run: Run) -> Costs:
    """The costs that a run assumes."""
    return Costs(*(run.costs[name] for name in ("fee_bps", "spread_bps", "slippage_bps")))


def columns(candles: Candles) -> Bars:
    """Candles as the rules read them."""
    return Bars(
        candles.open_time.astype(np.float64),
        *(
            np.ascontiguousarray(getattr(candles, name), np.float64)
            for name in ("open", "high", "low", "close", "volume")
        ),
    )


def _replayed(
    rules: Strategy, run: Run, values: Mapping[str, Value], read: Bars, costs: Costs, tell: Tell
) -> Replayed:
    fills = costs.fills(run.options["intrabar"], run.options["next_open"])
    return outcome.replayed(rules, values, read, run.interval, fills, tell)


def outcome_of(replayed: Replayed, costs: Costs, loaded: bars.Loaded) -> Outcome:
    """What is kept of a replay."""
    start, end = outcome.span(replayed)
    measured = outcome.measured(replayed)
    cost = outcome.cost_pct(replayed, costs)
    net = measured["total_pnl_pct"]
    summary = {
        "from": start,
        "to": end,
        "candle_seconds": replayed.candle,
        "raised": replayed.raised,
        "warmup_candles": replayed.warmup,
        "gaps": replayed.gaps,
        "own_candles": loaded.own,
        "remarks": list(loaded.remarks),
        "cost_pct": cost if len(replayed.rows) else None,
        "gross_pct": None if net is None else net + cost,
        "held": outcome.held(replayed.bars),
    }
    funnel = {
        "evaluations": replayed.evaluations,
        "signals": replayed.signals,
        "blocked": replayed.blocked,
    }
    return Outcome(outcome.trades(replayed), outcome.equity(replayed), measured, funnel, summary)


def _counted(run: Run, summary: dict[str, Any]) -> dict[str, Any] | None:
    """What the bot itself counted in the time of the bars; None where it counted nothing."""
    if not run.instance_id:
        return None
    since, until = (clock.from_epoch(summary[name]) for name in ("from", "to"))
    return counted(run.instance_id, since, until, run.market)


def counted(instance: int, since: datetime, until: datetime, market: str) -> dict[str, Any] | None:
    """The funnel of a strategy in a market as the bot counted it; None without counts."""
    evaluations, signals, blocked = frames.funnel(instance, since, until, market)
    if not evaluations:
        return None
    return {"evaluations": evaluations, "signals": signals, "blocked": blocked}


def _points(
    rules: Strategy, run: Run, name: str, tried: Sequence[Value], read: Bars, tell: Tell
) -> list[Any]:
    """The results of values of one parameter: [value, trades, total %, drawdown, signals]; a value
    that the strategy refuses beside the others is left out."""
    costs, points = costs_of(run), []
    for at, value in enumerate(tried):
        try:
            values = rules.clean({**run.values, name: value})
            replayed = _replayed(rules, run, values, read, costs, lambda share: None)
        except (InvalidValues, BadInterval):
            continue
        measured = outcome.measured(replayed)
        points.append(
            [
                value,
                measured["trades"],
                measured["total_pnl_pct"],
                measured["max_drawdown_pct"],
                replayed.signals,
            ]
        )
        tell((at + 1) / len(tried))
    return points


def submit(run: Run, user: User | None = None) -> Run:
    """Store a run and queue it for the worker."""
    run.author = user
    run.save()
    jobs.submit(JOBS.get(run.kind, JOB), _key(run), {"run": run.pk}, user)
    return run


def work(*, as_of: datetime, run: int) -> dict[str, Any]:
    """The job: do a run that was queued."""
    return carry_out(run, backtest)


def carry_out(run: int, replay: Callable[[Run, Tell], Outcome]) -> dict[str, Any]:
    """Do a run that was queued, and say how it ended. One that is over is left alone."""
    row = Run.objects.filter(pk=run).first()
    if row is None or not run_store.start(row):
        return {"run": run, "done": False}
    try:
        result = replay(row, lambda share: run_store.advance(row, share))
        run_store.finish(row, result)
    except (LookupError, ValueError) as error:
        run_store.fail(row, str(error))
        return {"run": run, "done": False, "error": str(error)[:500]}
    except Exception:
        run_store.fail(row, "it broke off; the log of the worker says where")
        raise
    return {"run": run, "done": True, "trades": result.metrics["trades"]}


def _key(run: Run) -> str:
    return f"run {run.pk}"


def settle(run: Run) -> None:
    """A run whose work was given up is over."""
    if run.state in Run.ACTIVE:
        dead = JobRun.objects.filter(
            job__in=(JOB, *JOBS.values()), key=_key(run), state=JobRun.State.DEAD
        )
        if dead.exists():
            run_store.fail(run, "given up: the worker died each time it was started")


def changes(run: Run) -> list[str]:
    """What has changed since, so that the same trades need not come out again."""
    differences = []
    try:
        loaded = bars.load(run.bot, run.market, run.interval, run.from_at, run.to_at)
        if run_store.fingerprint(loaded.candles) != run.data_hash:
            differences.append("the candles of its range have changed since")
    except bars.NoBars:
        differences.append("the candles of its range are stored no more")
    try:
        if version_of(replayable(run.strategy)) != run.code_version:
            differences.append("the rules of the strategy have changed since")
    except (strategies.UnknownStrategy, NotReplayable):
        differences.append("the rules of the strategy are no longer here")
    return differences


def again(run: Run) -> Run:
    """The same once more, from its own record; not stored yet."""
    copied = (
        "kind",
        "bot",
        "instance",
        "parameter_set",
        "strategy",
        "market",
        "interval",
        "from_at",
        "to_at",
        "values",
        "costs",
        "options",
        "label",
    )
    return Run(**{name: getattr(run, name) for name in copied})
