"""The last days with other values, beside the same days with what is live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User

from analytics import frames
from analytics.models import Run
from analytics.research import backtest, bars
from trading.formatting import interval as words
from trading.market import series
from trading.market.series import Stored
from trading.strategies.base import Strategy
from trading.strategies.parameters import Boolean

if TYPE_CHECKING:
    from analytics.frames.reports import StrategyInstance

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
        parameter.name: parameter.name in form
        if isinstance(parameter, Boolean)
        else form.get(parameter.name, "")
        for parameter in rules.parameters
    }


def stretch(instance: StrategyInstance, candle: int, market: str = "", days: int = DAYS) -> Stretch:
    """The newest days of the market that a strategy trades, in the finest bars that fit its
    candles. Raises NoBars."""
    traded = [market] if market else frames.traded_markets(instance.pk)
    there = [
        stored for stored in series.stored(instance.bot) if not traded or stored.market in traded
    ]
    if not there:
        place = traded[0] if traded else "MARKET"
        raise bars.NoBars(
            f"no candles of {' or '.join(traded) or 'any market'} are stored; import them: python3 "
            f"manage.py import_candles FILE --market {place} --interval 60"
        )
    newest = max(there, key=lambda stored: stored.last_at).market
    chosen = _fitting([stored for stored in there if stored.market == newest], candle)
    until = chosen.last_at + timedelta(seconds=chosen.interval)
    return Stretch(newest, chosen.interval, until - timedelta(days=days), until)


def _fitting(there: Sequence[Stored], candle: int) -> Stored:
    """The finest that divide the strategy's candles; else the shortest that are longer."""
    # A bot's own series is read before the shared one of the same interval.
    there = sorted(there, key=lambda stored: (stored.interval, not stored.own))
    finer = [
        stored for stored in there if stored.interval <= candle and candle % stored.interval == 0
    ]
    longer = [stored for stored in there if stored.interval > candle]
    if not finer and not longer:
        have = ", ".join(words(stored.interval) for stored in there)
        raise bars.NoBars(
            f"the stored candles of {there[0].market} ({have}) do not fit into those of the "
            f"strategy, {words(candle)}"
        )
    return (finer or longer)[0]


def ask(
    instance: StrategyInstance, values: Mapping[str, Any], user: User | None, market: str = ""
) -> tuple[Run, Run]:
    """Queue both replays: what is live, and the values. Raises NoBars, InvalidValues,
    UnknownStrategy, NotReplayable."""
    rules = backtest.replayable(instance.strategy)
    cleaned = rules.clean(values)
    candle = int(cleaned.get("candle_interval_seconds", rules.candle_interval or 60))
    chosen = stretch(instance, candle, market)
    shared: dict[str, Any] = {
        "strategy": rules.key,
        "market": chosen.market,
        "interval": chosen.interval,
        "bot": instance.bot,
        "instance": instance,
        "since": chosen.since,
        "until": chosen.until,
        "kind": Run.Kind.WHATIF,
    }
    live_set = frames.live_set(instance.pk)
    version = f"version {live_set.version}, live" if live_set else "the declared defaults"
    live = backtest.prepare(
        values=backtest.live_values(instance),
        parameter_set=live_set,
        label=f"{instance.name}: {version}"[: backtest.LABEL],
        **shared,
    )
    asked = backtest.prepare(
        values=cleaned, label=f"{instance.name}: values tried"[: backtest.LABEL], **shared
    )
    backtest.submit(live, user)
    asked.beside = live
    return live, backtest.submit(asked, user)


def along(run: Run, parameter: str, user: User | None) -> Run:
    """Queue replays of the same candles along the range of one parameter."""
    repeated = backtest.again(run)
    repeated.kind, repeated.options = Run.Kind.SENSITIVITY, {**run.options, "parameter": parameter}
    repeated.label = f"{run.strategy} on {run.market}: along {parameter}"[: backtest.LABEL]
    return backtest.submit(repeated, user)
