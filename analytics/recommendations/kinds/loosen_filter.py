"""Loosen the filter that keeps a strategy from trading, or check a bot that does not trade."""

from __future__ import annotations

from analytics.models import Run
from analytics.quant import outcome
from analytics.reports.data import Effect, Evidence, Section
from analytics.research import bars, funnel
from trading import formatting
from trading.formatting import counted, signed
from trading.strategies.base import InvalidValues
from trading.strategies.engine.walk import BadInterval
from trading.strategies.parameters import Value

from .base import Action, Case, Confidence, Need, Proposal, RecommendationKind, direction

IDLE = 1.0  # trades a day, below which a strategy without a trade today is looked at
ENOUGH = 5  # trades in 30 days: a value that adds so many is worth trying


def _propose(case: Case) -> list[Proposal]:
    """The nearest value that gets trades; or to keep it, if those only lose."""
    if not _idle(case.section):
        return []
    live = case.lookback.replay()
    if len(live.rows) >= ENOUGH or case.section.recent.trades >= ENOUGH:
        # The rules trade, or the bot did recently: no filter is to blame.
        return [_check(case, live)]
    nearest = (_nearest(case, name, live) for name in _parameters(case, live))
    proposals = [proposal for proposal in nearest if proposal]
    return sorted(proposals, key=lambda proposal: -proposal.rank)[:2]


def _idle(section: Section) -> bool:
    return not section.now.trades and section.base.trades < 7 * IDLE


def _check(case: Case, live: outcome.Replayed) -> Proposal:
    """The bot does not do what its rules do on the stored candles."""
    result, trades = outcome.measured(live), case.section.recent.trades
    why = (
        "it stopped trading"
        if trades
        else "its rules trade on the stored candles, the bot does not"
    )
    text = (
        f"Backtest of the last {case.lookback.length} of candles with the live values: "
        f"{counted(result['trades'], 'trade')} ({signed(result['total_pnl_pct'])} after assumed "
        f"costs). The bot reported {counted(trades, 'trade')} in the last 30 days."
    )
    loses = (result["total_pnl_pct"] or 0.0) < 0
    return Proposal(
        Action.CHECK,
        "idle",
        f"Check that the bot runs {case.name}: {why}.",
        [Evidence(text=text, run=case.lookback.live_run().pk)],
        40.0,
        Confidence.MEDIUM,
        risk="These values lose in the backtest: trading again may cost money." if loses else "",
        test="Send evaluation counts: they show which filter rejects.",
    )


def _parameters(case: Case, live: outcome.Replayed) -> list[str]:
    """Parameters that loosen the filters which rejected anything, most rejections first."""
    rules = live.strategy
    rejecting = sorted(
        (name for name in rules.filters if live.blocked.get(name)),
        key=lambda name: -live.blocked[name],
    )
    return [name for filter_name in rejecting for name in rules.loosened_by.get(filter_name, ())]


def _nearest(case: Case, name: str, live: outcome.Replayed) -> Proposal | None:
    """The value nearest to the live one that gets enough trades."""
    try:
        run = case.lookback.sensitivity_run(name)
    except (InvalidValues, BadInterval, bars.NoBars):
        return None
    old = case.values[name]
    if not isinstance(old, int | float):
        return None
    values: list[float] = [
        value
        for value, trades, *_ in run.summary["points"]
        if trades >= len(live.rows) + ENOUGH and value != old
    ]
    if not values:
        return None
    return _proposal(case, name, old, min(values, key=lambda value: abs(value - old)), run, live)


def _proposal(
    case: Case, name: str, old: Value, new: Value, run: Run, live: outcome.Replayed
) -> Proposal:
    result = outcome.measured(case.lookback.replay(**{name: new}))
    low, high = result["avg_pnl_pct_interval"] or (None, None)
    before, after = formatting.setting(old), formatting.setting(new)
    evidence = [
        Evidence(
            text=f"Backtest of the last {case.lookback.length} of candles: "
            f"{counted(len(live.rows), 'trade')} at {before}, {result['trades']:,} at {after} "
            f"({signed(result['total_pnl_pct'])} after assumed costs).",
            run=run.pk,
        ),
        Evidence(text=f"Signal funnel: {_funnel(live)}.", part="funnel"),
    ]
    effect = Effect(
        trades=result["trades"],
        avg_pnl_pct=result["avg_pnl_pct"],
        low=low,
        high=high,
        of="average PnL per trade in the backtest",
    )
    if high is not None and high < 0:
        return Proposal(
            Action.NOTHING,
            f"keep:{name}",
            f"Keep {case.name}.{name} at {before}: at {after} it would trade at a loss.",
            evidence,
            35.0,
            Confidence.MEDIUM,
            effect=effect,
            risk="It may stay without trades.",
        )
    loses = (result["avg_pnl_pct"] or 0.0) < 0
    return Proposal(
        Action.PARAMETER,
        f"{name}:{direction(old, new)}",
        f"{case.change(name, old, new)} to get trades{' (at a loss so far)' if loses else ''}.",
        evidence,
        35.0 if loses else 80.0,
        Confidence.MEDIUM if low is not None and low > 0 else Confidence.LOW,
        {name: (old, new)},
        effect,
        "The value is chosen for its trades, not its profit: the filter may have prevented losses.",
        f"Run an experiment with {formatting.label(name)}, or backtest other months.",
    )


def _funnel(live: outcome.Replayed) -> str:
    steps = funnel.steps(live.strategy.filters, live.evaluations, live.blocked)
    return funnel.sentence(live.evaluations, live.signals, steps)


KIND = RecommendationKind(
    "loosen", "Loosen a filter", _propose, frozenset({Need.VALUES, Need.CANDLES})
)
