"""The last days with other values, beside the same days with what is live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from analytics import frames
from analytics.models import Run
from analytics.research import backtest, bars
from trading.formatting import interval as words
from trading.market import series
from trading.market.series import Stored
from trading.strategies.base import Strategy
from trading.strategies.parameters import Boolean

DAYS = 30


@dataclass(frozen=True, slots=True)
class Stretch:
    """Stored candles to replay, and the days of them."""

    market: str
    interval: int
    since: datetime
    until: datetime


def typed(rules: Strategy, form: Mapping[str, Any]) -> dict[str, Any]:
    """What a form of parameters sent; a box that is not ticked is not sent."""
    return {
        one.name: one.name in form if isinstance(one, Boolean) else form.get(one.name, "")
        for one in rules.parameters
    }


def stretch(instance: Any, candle: int, market: str = "", days: int = DAYS) -> Stretch:
    """The newest days of the market that a strategy trades, in the finest bars that fit its
    candles. Raises NoBars."""
    traded = [market] if market else frames.traded_markets(instance.pk)
    there = [one for one in series.stored(instance.bot) if not traded or one.market in traded]
    if not there:
        place = traded[0] if traded else "MARKET"
        raise bars.NoBars(
            f"no candles of {' or '.join(traded) or 'any market'} are stored; import them: python3 "
            f"manage.py import_candles FILE --market {place} --interval 60"
        )
    newest = max(there, key=lambda one: one.last_at).market
    chosen = _fitting([one for one in there if one.market == newest], candle)
    until = chosen.last_at + timedelta(seconds=chosen.interval)
    return Stretch(newest, chosen.interval, until - timedelta(days=days), until)


def _fitting(there: Sequence[Stored], candle: int) -> Stored:
    """The finest that divide the strategy's candles; else the shortest that are longer."""
    # A bot's own series is read before the shared one of the same interval.
    there = sorted(there, key=lambda one: (one.interval, not one.own))
    finer = [one for one in there if one.interval <= candle and candle % one.interval == 0]
    longer = [one for one in there if one.interval > candle]
    if not finer and not longer:
        have = ", ".join(words(one.interval) for one in there)
        raise bars.NoBars(
            f"the stored candles of {there[0].market} ({have}) do not fit into those of the "
            f"strategy, {words(candle)}"
        )
    return (finer or longer)[0]


def ask(instance: Any, values: Mapping[str, Any], user: Any, market: str = "") -> tuple[Run, Run]:
    """Queue both replays: what is live, and the values. Raises NoBars, InvalidValues,
    UnknownStrategy, NotReplayable."""
    rules = backtest.replayable(instance.strategy)
    cleaned = rules.clean(values)
    candle = int(cleaned.get("candle_interval_seconds", rules.candle_interval or 60))
    found = stretch(instance, candle, market)
    shared = {
        "strategy": rules.key,
        "market": found.market,
        "interval": found.interval,
        "bot": instance.bot,
        "instance": instance,
        "since": found.since,
        "until": found.until,
        "kind": Run.Kind.WHATIF,
    }
    made = frames.live_set(instance.pk)
    version = f"version {made.version}, live" if made else "the declared defaults"
    live = backtest.prepare(
        values=backtest.live_values(instance),
        parameter_set=made,
        label=f"{instance.name}: {version}"[: backtest.LABEL],
        **shared,
    )
    asked = backtest.prepare(
        values=cleaned, label=f"{instance.name}: values tried"[: backtest.LABEL], **shared
    )
    backtest.submit(live, user)
    asked.beside = live
    return live, backtest.submit(asked, user)


def along(run: Run, parameter: str, user: Any) -> Run:
    """Queue replays of the same candles along the range of one parameter."""
    made = backtest.again(run)
    made.kind, made.options = Run.Kind.SENSITIVITY, {**run.options, "parameter": parameter}
    made.label = f"{run.strategy} on {run.market}: along {parameter}"[: backtest.LABEL]
    return backtest.submit(made, user)
