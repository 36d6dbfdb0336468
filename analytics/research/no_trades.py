"""Why a strategy traded as often as it did over a stretch of time: from what the bot counted, and
from a replay of the stored candles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics import frames
from analytics.frames import reports
from analytics.quant import lookback
from analytics.research import backtest, bars, funnel
from trading.market import series
from trading.market.series import Stored
from trading.strategies import UnknownStrategy
from trading.strategies.base import Strategy
from trading.strategies.engine import tape
from trading.strategies.engine.walk import BadInterval, Bars, candle_length

if TYPE_CHECKING:
    from analytics.frames.reports import StrategyInstance

WARM_CANDLES = 400  # before the stretch; twice what rules look at, so that bricks are there too


@dataclass(frozen=True, slots=True)
class Source:
    """Stored bars that end with a stretch of time, and what to replay on them."""

    rules: Strategy
    values: dict[str, Any]
    version: int | None
    market: str
    interval: int
    bars: Bars


class NotSeen(LookupError):
    """Why a stretch cannot be replayed."""


def counted(
    instance: StrategyInstance, rules: Strategy | None, since: datetime, until: datetime
) -> dict[str, Any] | None:
    """What the bot itself counted; None where it counted nothing."""
    evaluations, signals, blocked = frames.funnel(instance.pk, since, until)
    if not evaluations:
        return None
    filters = (
        (*rules.filters, *sorted(set(blocked) - set(rules.filters)))
        if rules
        else tuple(sorted(blocked))
    )
    return _funnel(filters, evaluations, signals, blocked)


def replayed(instance: StrategyInstance, since: datetime, until: datetime) -> dict[str, Any]:
    """What a replay of a stretch makes of it with the values that were live at its end. Raises
    NotSeen."""
    source = find(instance, since, until)
    costs, _ = backtest.cost_model(instance, source.market)
    replay = lookback.stretch(
        source.rules, source.values, source.bars, source.interval, since.timestamp(), costs.fills()
    )
    results = replay.rows[:, tape.RESULT]
    seen = len(source.bars) - int(np.searchsorted(source.bars.time, since.timestamp()))
    return {
        "covered": min(1.0, seen * source.interval / (until - since).total_seconds()),
        **_funnel(source.rules.filters, replay.evaluations, replay.signals, replay.blocked),
        "market": source.market,
        "interval": source.interval,
        "version": source.version,
        "trades": len(results),
        "total_pnl_pct": float(results.sum()) if len(results) else None,
    }


def find(instance: StrategyInstance, since: datetime, until: datetime) -> Source:
    """The finest stored bars of a stretch that fit a strategy's candles, of the market that it
    trades, else of one that the bot trades. Raises NotSeen."""
    try:
        rules = backtest.replayable(instance.strategy)
    except (UnknownStrategy, backtest.NotReplayable) as error:
        raise NotSeen(str(error)) from error
    version, values = _live(instance, rules, until)
    candle = int(values.get("candle_interval_seconds", rules.candle_interval or 60))
    for candidate in _candidates(instance, candle, since, until):
        try:
            length, _ = candle_length(rules, values, candidate.interval)
            warm = timedelta(seconds=WARM_CANDLES * length)
            read = bars.load(
                instance.bot, candidate.market, candidate.interval, since - warm, until
            ).candles
        except (BadInterval, bars.NoBars):
            continue
        if int(np.searchsorted(read.open_time, since.timestamp())) < len(read):
            return Source(
                rules, values, version, candidate.market, candidate.interval, backtest.columns(read)
            )
    markets = " or ".join(frames.traded_markets(instance.pk)) or "the bot's markets"
    raise NotSeen(
        f"no candles of {markets} are stored for {since:%Y-%m-%d} (import them: python3 manage.py "
        "import_candles FILE --market MARKET --interval 60)"
    )


def _live(
    instance: StrategyInstance, rules: Strategy, at: datetime
) -> tuple[int | None, dict[str, Any]]:
    """The version and values that were live at a moment; the declared ones before the first."""
    live = reports.set_at(instance.pk, at)
    return (live.version, rules.complete(live.values)) if live else (None, rules.defaults())


def _candidates(
    instance: StrategyInstance, candle: int, since: datetime, until: datetime
) -> list[Stored]:
    """Series that reach into a stretch, the best first."""
    own = frames.traded_markets(instance.pk)
    others = reports.bot_markets(instance.bot_id)
    reaching = [
        stored
        for stored in series.stored(instance.bot)
        if stored.first_at < until
        and stored.last_at >= since
        and (stored.market in own if own else not others or stored.market in others)
    ]
    return sorted(
        reaching,
        key=lambda stored: (
            stored.interval > candle or candle % stored.interval != 0,
            stored.interval,
            not stored.own,
            stored.market,
        ),
    )


def _funnel(
    filters: Sequence[str], evaluations: int, signals: int, blocked: dict[str, int]
) -> dict[str, Any]:
    steps = funnel.steps(filters, evaluations, blocked)
    most = max(steps, key=lambda step: step.blocked, default=None)
    return {
        "evaluations": evaluations,
        "signals": signals,
        "steps": [[step.name, step.reached, step.blocked] for step in steps],
        "most": most.name if most and most.blocked else None,
        "sentence": funnel.sentence(evaluations, signals, steps),
    }
