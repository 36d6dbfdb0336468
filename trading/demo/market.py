"""Invented prices: a tick each 5 seconds, with regimes of volatility and trend and with fat tails.

A day of a market follows from the seed alone. Its first price comes from a slow path that returns
to a base price, so that the market can go on for years.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

SEED = 20_260_101
TICK = 5
DAY = 86_400
TICKS = DAY // TICK
ORIGIN = 19_723  # days since 1970 of 2024-01-01, where the slow path begins
SEGMENTS = 4  # a regime lasts a quarter of a day

PULL, SLOW = 0.97, 0.016  # per day: what is left of a distance from the base, and its noise
TICK_BPS = 1.45  # of a normal regime
CALMNESS = np.array([0.62, 1.0, 1.75])  # calm, normal, wild
CALM_ODDS = (0.3, 0.5, 0.2)
TREND_ODDS = (0.25, 0.5, 0.25)  # down, none, up
TREND = 0.009  # log price per regime of a trend


@dataclass(frozen=True)
class Market:
    name: str
    number: int
    base: float
    decimals: int
    size: float  # base units of a trade
    volume: float  # base units per tick


MARKETS = {
    market.name: market
    for market in (
        Market("DEMO-BTC", 1, 64_000.0, 1, 0.05, 1.1),
        Market("DEMO-ETH", 2, 3_150.0, 2, 1.0, 14.0),
        Market("DEMO-SOL", 3, 148.0, 3, 20.0, 260.0),
    )
}


@dataclass(frozen=True)
class Ticks:
    """A day: ``price`` and ``volume`` of shape (TICKS,), the tick k standing at its end,
    ``(k + 1) * TICK`` seconds into the day; ``trend`` (-1, 0, 1) of shape (SEGMENTS,)."""

    opening: float
    price: np.ndarray
    volume: np.ndarray
    trend: np.ndarray


def rng(*numbers: int) -> np.random.Generator:
    """Randomness of one purpose: the same numbers, the same values."""
    return np.random.default_rng([SEED, *(abs(number) for number in numbers)])


@lru_cache(maxsize=16)
def ticks(name: str, day: int) -> Ticks:
    """The prices of a day (days since 1970, UTC)."""
    market = MARKETS[name]
    noise = rng(market.number, day)
    trend = noise.choice([-1, 0, 1], SEGMENTS, p=TREND_ODDS)
    calm = CALMNESS[noise.choice(3, SEGMENTS, p=CALM_ODDS)]
    length = TICKS // SEGMENTS
    hour = np.arange(TICKS) / TICKS * 24
    season = 1 + 0.3 * np.sin((hour - 9) / 24 * 2 * np.pi)
    scale = np.repeat(calm, length) * season * TICK_BPS / 1e4
    # Student's t with 4 degrees of freedom has a standard deviation of sqrt(2).
    moves = noise.standard_t(4, TICKS) / np.sqrt(2) * scale
    moves = np.clip(moves, -40 * scale, 40 * scale) + np.repeat(trend, length) * TREND / length
    path = np.cumsum(moves)
    first, last = _slow(market.number, day + 1)[-2:]
    # Bent a little, so that the day ends where the next one begins.
    path += (last - first - path[-1]) * np.arange(1, TICKS + 1) / TICKS
    price = np.round(market.base * np.exp(first + path), market.decimals)
    volume = market.volume * noise.lognormal(0, 0.5, TICKS) * (0.5 + np.abs(moves) / scale * 0.7)
    opening = round(float(market.base * np.exp(first)), market.decimals)
    return Ticks(opening, price, np.round(volume, 3), trend)


@lru_cache(maxsize=8)
def _slow(number: int, day: int) -> np.ndarray:
    """Log distance from the base price at the start of each day up to this one."""
    steps = rng(number).normal(0, SLOW, max(2, day - ORIGIN + 1))
    path = np.zeros(steps.size)
    for at in range(1, steps.size):
        path[at] = PULL * path[at - 1] + steps[at]
    return path


def prices(name: str, since: int, until: int) -> np.ndarray:
    """Prices of the ticks that end in (since, until], epoch seconds, multiples of TICK."""
    days = range(since // DAY, -(-until // DAY))
    whole = np.concatenate([ticks(name, day).price for day in days])
    first = (since - days[0] * DAY) // TICK
    return whole[first : first + (until - since) // TICK]


def volumes(name: str, since: int, until: int) -> np.ndarray:
    days = range(since // DAY, -(-until // DAY))
    whole = np.concatenate([ticks(name, day).volume for day in days])
    first = (since - days[0] * DAY) // TICK
    return whole[first : first + (until - since) // TICK]


def candles(name: str, interval: int, since: int, until: int) -> np.ndarray:
    """Rows of open time, open, high, low, close, volume, that close in (since, until]."""
    since, until = since - since % interval, until - until % interval
    if until <= since:
        return np.zeros((0, 6))
    price = prices(name, since - TICK, until)
    # A candle opens where the one before it closed.
    opened = price[: -1 : interval // TICK]
    grouped = price[1:].reshape(-1, interval // TICK)
    volume = volumes(name, since, until).reshape(grouped.shape).sum(axis=1)
    high = np.maximum(opened, grouped.max(axis=1))
    low = np.minimum(opened, grouped.min(axis=1))
    times = np.arange(since, until, interval)
    return np.column_stack([times, opened, high, low, grouped[:, -1], np.round(volume, 3)])
