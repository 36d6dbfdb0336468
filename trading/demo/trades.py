"""From what a rule asks for to closed trades: the path of prices decides how each one ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from trading.clock import from_epoch
from trading.demo import indicators
from trading.demo.market import DAY, MARKETS, TICK, prices, rng

FEE = 0.00004  # of the notional, on each side


@dataclass(frozen=True)
class ValueSet:
    """Parameters and the second from which they were live."""

    since: float
    version: int
    values: Mapping[str, Any]


def live(sets: Sequence[ValueSet], at: float) -> ValueSet:
    """The set at a moment; the first one before all of them."""
    return next((one for one in reversed(sets) if one.since <= at), sets[0])


@dataclass(frozen=True)
class Plan:
    """An entry that a rule asks for. ``at`` is in epoch seconds, a multiple of TICK."""

    at: int
    side: int
    stop: float
    target: float
    hold: int
    strength: float
    features: dict[str, Any]
    closes: np.ndarray
    # The rule's own reason to leave, and when; and after how long it leaves without a profit.
    leave: tuple[str, int] | None = None
    idle: int | None = None
    # How likely the bot is to enter where the trade will lose: what makes the rule worth something.
    blind: float = 1.0


@dataclass(frozen=True)
class Done:
    """A trade of the demo, from its entry to its exit."""

    strategy: str
    market: str
    plan: Plan
    version: int
    entry: float
    exit: float
    exit_at: int
    reason: str
    best: float
    worst: float
    best_after: int

    @property
    def size(self) -> float:
        return MARKETS[self.market].size

    def position(self, at: int) -> dict[str, Any]:
        """As it stands at a moment between entry and exit."""
        price = float(prices(self.market, at - TICK, at)[-1]) if at > self.plan.at else self.entry
        return {
            "strategy": self.strategy,
            "market": self.market,
            "side": self._side,
            "entry_price": self.entry,
            "size": self.size,
            "initial_size": self.size,
            "stop_loss": self._rounded(self.plan.stop),
            "entry_time": self.plan.at,
            "take_profit": self._rounded(self.plan.target),
            "as_of": at,
            "order_id": self.id,
            "extra": {"synthetic": True, "price": price},
        }

    def record(self) -> dict[str, Any]:
        gross = self.plan.side * (self.exit - self.entry) * self.size
        fee = FEE * (self.entry + self.exit) * self.size
        notional = self.entry * self.size
        return {
            "id": self.id,
            "strategy": self.strategy,
            "market": self.market,
            "side": self._side,
            "entry_price": self.entry,
            "exit_price": self.exit,
            "size": self.size,
            "entry_time": self.plan.at,
            "exit_time": self.exit_at,
            "exit_reason": self.reason,
            "stop_loss": self._rounded(self.plan.stop),
            "fee": round(fee, 6),
            "pnl": round(gross - fee, 6),
            "pnl_pct": round((gross - fee) / notional * 100, 8),
            "parameter_set": self.version,
            "mode": "paper",
            "context": self._context(),
        }

    @property
    def id(self) -> str:
        return f"{self.strategy}-{self.market}-{self.plan.at}"

    @property
    def _side(self) -> str:
        return "long" if self.plan.side > 0 else "short"

    def _rounded(self, price: float) -> float:
        return round(price, MARKETS[self.market].decimals)

    def _context(self) -> dict[str, Any]:
        decided: datetime = from_epoch(self.plan.at)
        closes = self.plan.closes
        return {
            "volatility_bps": round(float(indicators.volatility(closes)[-1]), 3),
            "price_trend": indicators.price_trend(closes),
            "volatility_trend": indicators.volatility_trend(closes),
            "entry_hour": decided.hour,
            "entry_day_of_week": decided.weekday(),
            "signal_strength": round(min(1.0, self.plan.strength), 4),
            "mfe_pct": round(self.best, 5),
            "mae_pct": round(self.worst, 5),
            "time_to_mfe_seconds": self.best_after,
            "hold_time_seconds": self.exit_at - self.plan.at,
            "reached_tp": self.reason == "take_profit",
            "reached_sl": self.reason == "stop_loss",
            **self.plan.features,
            "synthetic": True,
        }


@dataclass
class Day:
    """What one strategy did in one market on one day; the funnel is by hour of the day."""

    trades: list[Done] = field(default_factory=list)
    funnel: dict[int, Counter[str]] = field(default_factory=dict)

    def blocked(self, at: int, name: str, count: int = 1) -> None:
        self.funnel.setdefault(at % DAY // 3600, Counter())[name] += count


SIGNAL = "signal"


def carry_out(
    strategy: str, market: str, plans: Sequence[Plan], sets: Sequence[ValueSet], day: Day, last: str
) -> None:
    """One position at a time, a pause after each; what is not entered was blocked by ``last``."""
    free = 0
    for plan in plans:
        if plan.at < free or plan.at % DAY + plan.hold > DAY - 600:
            continue
        done = _play(strategy, market, plan, live(sets, plan.at))
        chance = rng(MARKETS[market].number, len(strategy), plan.at).random()
        if done.plan.side * (done.exit - done.entry) < 0 and chance > plan.blind:
            day.blocked(plan.at, last)
            continue
        day.blocked(plan.at, SIGNAL)
        day.trades.append(done)
        values = live(sets, plan.at).values
        free = done.exit_at + int(values["exit_cooldown_seconds"])
        streak = _streak(day.trades)
        if streak >= values["max_losing_streak"]:
            free = done.exit_at + int(values["pause_seconds"])


def _streak(trades: Sequence[Done]) -> int:
    count = 0
    for done in reversed(trades):
        if done.plan.side * (done.exit - done.entry) >= 0:
            break
        count += 1
    return count


def _play(strategy: str, market: str, plan: Plan, chosen: ValueSet) -> Done:
    path = prices(market, plan.at - TICK, plan.at + plan.hold + TICK)
    entry, later = float(path[0]), path[1:]
    gain = plan.side * (later / entry - 1) * 100
    ends = [
        ("stop_loss", plan.side * (later - plan.stop) <= 0),
        ("take_profit", plan.side * (later - plan.target) >= 0),
    ]
    seconds = TICK * np.arange(1, later.size + 1)
    if plan.leave:
        ends.append((plan.leave[0], seconds >= plan.leave[1] - plan.at))
    if plan.idle:
        ends.append(("no_movement", (seconds > plan.idle) & (gain <= 0)))
    # Where several hold at once the first of them names the exit.
    firsts = [
        (int(np.argmax(hit)), rank, reason) for rank, (reason, hit) in enumerate(ends) if hit.any()
    ]
    last, _, reason = min([*firsts, (later.size - 1, len(ends), "time_stop")])
    seen = gain[: last + 1]
    top = int(np.argmax(seen))
    best = max(0.0, float(seen[top]))
    return Done(
        strategy,
        market,
        plan,
        chosen.version,
        entry,
        float(later[last]),
        plan.at + TICK * (last + 1),
        reason,
        best,
        max(0.0, -float(seen.min())),
        TICK * (top + 1) if best else 0,
    )
