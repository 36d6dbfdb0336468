"""The bars that a replay reads: of a bot's own series, else of the shared one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from trading import clock
from trading.formatting import interval as words
from trading.market import candles
from trading.market import series as stored_series
from trading.market.candles import Candles
from trading.market.series import Stored

if TYPE_CHECKING:
    from analytics.frames.reports import Bot

_LISTED = 8
ENOUGH = 0.95  # of a time: where the ends of a series cover so much, it covers it


class NoBars(LookupError):
    """Candles that are not stored; the text says which there are and how to bring them in."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Bars with ``from`` <= open time < ``to``, and what a reader should know of them."""

    candles: Candles
    own: bool
    remarks: tuple[str, ...]


def load(
    bot: Bot | None,
    market: str,
    interval: int,
    since: datetime | None,
    until: datetime | None,
    needed: datetime | None = None,
) -> Loaded:
    """The stored bars of a market and interval. Raises NoBars where there is none.

    A part of the range that is not stored is named among the remarks, of what lies before
    ``needed`` (a warm-up, which may be short) nothing.
    """
    series = candles.find_series(bot, market, interval)
    if series is None or not series.candles:
        raise NoBars(_missing(bot, market, interval))
    stored = candles.load(series, _seconds(since), _seconds(until))
    if not len(stored):
        raise NoBars(
            f"{market} has {words(interval)} candles from {_day(series.first_at)} to "
            f"{_day(series.last_at)}, none in the range asked for; {_how(market, interval)}"
        )
    return Loaded(
        stored,
        series.bot_id is not None,
        tuple(_remarks(stored, market, interval, needed or since, until)),
    )


def covering(
    bot: Bot | None, market: str, candles: Collection[int], since: datetime, until: datetime
) -> int:
    """The interval of the bars that a time is best replayed in by strategies with candles of these
    lengths: of those that fit and cover (nearly) all of it the finest, else of those that cover
    most. Raises NoBars."""
    there = [series for series in stored_series.stored(bot) if series.market == market]
    command = _how(market, min(candles))
    if not there:
        raise NoBars(
            f"no candles of {market} are stored, and those from {_day(since)} to {_day(until)} UTC "
            f"are needed; {command}"
        )
    fit = [
        series
        for series in there
        if all(series.interval > candle or candle % series.interval == 0 for candle in candles)
    ]
    shares = {series: _covered(series, since, until) for series in fit}
    best = max(shares.values(), default=0.0)
    if not best:
        have = "; ".join(
            f"{words(series.interval)} from {_day(series.first_at)} to {_day(series.last_at)}"
            for series in there[:_LISTED]
        )
        raise NoBars(
            f"no candles of {market} from {_day(since)} to {_day(until)} UTC that fit into the "
            f"strategy's are stored (there are {have}); {command}"
        )
    return min(series.interval for series, share in shares.items() if share >= min(best, ENOUGH))


def _covered(series: Stored, since: datetime, until: datetime) -> float:
    """The share of a time that lies between the ends of a series."""
    low = max(series.first_at, since)
    high = min(series.last_at + timedelta(seconds=series.interval), until)
    return max((high - low) / (until - since), 0.0) if until > since else 0.0


def _remarks(
    stored: Candles, market: str, interval: int, since: datetime | None, until: datetime | None
) -> list[str]:
    """The ends of the range that are not stored."""
    first, last = int(stored.open_time[0]), int(stored.open_time[-1]) + interval
    remarks = []
    if since is not None and first - since.timestamp() >= interval:
        remarks.append(f"{_day(since)} to {_day(clock.from_epoch(first))}")
    end = until and min(until, clock.now())
    if end and end.timestamp() - last >= interval:
        remarks.append(f"{_day(clock.from_epoch(last))} to {_day(end)}")
    return [f"no candles from {text} UTC; {_how(market, interval)}" for text in remarks]


def _missing(bot: Bot | None, market: str, interval: int) -> str:
    """Why there are none, as the nearest reason."""
    there = stored_series.stored(bot)
    owner = None if bot else stored_series.owner(market)
    hint = f"the bot {owner} has some: replay them with --bot {owner}, or " if owner else ""
    if not there:
        known = "for all bots " if owner else ""
        return f"no candles {known}are stored yet; {hint}{_how(market, interval)}"
    same = [series for series in there if series.market == market]
    if not same:
        names = ", ".join(dict.fromkeys(series.market for series in there[:_LISTED]))
        return (
            f"no candles of {market} are stored (there are {names}); {hint}{_how(market, interval)}"
        )
    have = ", ".join(dict.fromkeys(words(series.interval) for series in same))
    finer = [series.interval for series in same if interval % series.interval == 0]
    hint = f"replay the finer ones with --interval {max(finer)}, or " if finer else ""
    return (
        f"no {words(interval)} candles of {market} are stored (there are {have}); "
        f"{hint}{_how(market, interval)}"
    )


def _how(market: str, interval: int) -> str:
    command = "python3 manage.py import_candles FILE"
    return f"import them: {command} --market {market} --interval {interval}"


def _seconds(moment: datetime | None) -> int | None:
    # The first bar that opens at the moment or later.
    return None if moment is None else int(np.ceil(moment.timestamp()))


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"
