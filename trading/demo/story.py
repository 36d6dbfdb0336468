"""Everything that happened in a stretch of time, told to the API through the client."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trading.demo import breakout, market, renko_ao, rsi_bb
from trading.demo.local_client import Client
from trading.demo.market import DAY
from trading.demo.trades import SIGNAL, Day, Done, ValueSet

HOUR = 3_600
TRADED: Mapping[str, tuple[str, ...]] = {
    rsi_bb.KEY: ("DEMO-BTC", "DEMO-ETH"),
    renko_ao.KEY: ("DEMO-ETH", "DEMO-SOL"),
    breakout.KEY: ("DEMO-BTC", "DEMO-ETH", "DEMO-SOL"),
}
_RULES: Mapping[str, Callable[[str, int, Sequence[ValueSet]], Day]] = {
    rsi_bb.KEY: rsi_bb.run,
    renko_ao.KEY: renko_ao.run,
    breakout.KEY: breakout.run,
}
INTERVALS = (60, 900)
Sets = Mapping[str, Sequence[ValueSet]]
_days: dict[tuple, Day] = {}
_KEPT = 40


@dataclass(frozen=True)
class Stretch:
    """(since, until] in epoch seconds, whole minutes; minute candles and bricks may begin later."""

    since: int
    until: int
    fine_since: int

    @property
    def days(self) -> range:
        return range(self.since // DAY, (self.until - 1) // DAY + 1)


def day_of(strategy: str, name: str, day: int, sets: Sequence[ValueSet]) -> Day:
    """What one strategy did in one market on one day; the newest days are remembered."""
    key = (strategy, name, day, tuple((one.since, one.version) for one in sets))
    if key not in _days:
        while len(_days) >= _KEPT:
            _days.pop(next(iter(_days)))
        _days[key] = _RULES[strategy](name, day, sets)
    return _days[key]


def trades(stretch: Stretch, sets: Sets) -> tuple[list[Done], list[Done]]:
    """Those that closed in the stretch, and those that are open at its end."""
    closed, opened = [], []
    for strategy, names in TRADED.items():
        for name in names:
            for day in stretch.days:
                for done in day_of(strategy, name, day, sets[strategy]).trades:
                    if stretch.since < done.exit_at <= stretch.until:
                        closed.append(done)
                    elif done.plan.at <= stretch.until < done.exit_at:
                        opened.append(done)
    return sorted(closed, key=lambda done: (done.exit_at, done.id)), opened


def tell_trades(client: Client, stretch: Stretch, sets: Sets) -> int:
    closed, opened = trades(stretch, sets)
    client.record_trades(done.record() for done in closed)
    there = {(one["strategy"], one["market"]) for one in client.ask("/positions/")}
    held = {(done.strategy, done.market) for done in opened}
    for strategy, name in sorted(there - held):
        client.close_position(strategy, name)
    for done in opened:
        client.put_position(**done.position(stretch.until))
    return len(closed)


def tell_candles(client: Client, stretch: Stretch) -> None:
    for name in market.MARKETS:
        for interval in INTERVALS:
            since = stretch.fine_since if interval < 900 else stretch.since
            rows = market.candles(name, interval, since, stretch.until)
            if len(rows):
                client.push_candles(
                    name, interval, [[int(row[0]), *row[1:]] for row in rows.tolist()]
                )


def tell_bricks(client: Client, stretch: Stretch, sets: Sets) -> None:
    for name in TRADED[renko_ao.KEY]:
        path = f"/bricks/?strategy={renko_ao.KEY}&market={name}&limit=1"
        last = _last_brick(client, path)
        since = max(stretch.fine_since, last["close_time"]) if last else stretch.fine_since
        drawn = renko_ao.bricks(name, last, since, stretch.until, sets[renko_ao.KEY][-1].values)
        if drawn:
            client.push_bricks(renko_ao.KEY, name, drawn)


def _last_brick(client: Client, path: str) -> dict[str, Any] | None:
    found = client.ask(path)["bricks"]
    if not found:
        return None
    closed = datetime.fromisoformat(found[-1]["close_time"])
    return {**found[-1], "close_time": int(closed.timestamp())}


def tell_evaluations(client: Client, stretch: Stretch, sets: Sets) -> None:
    """By the hour; the hour that is not over is told again each time, as far as it got."""
    for strategy, names in TRADED.items():
        for name in names:
            for start in range(stretch.since // HOUR * HOUR, stretch.until, HOUR):
                end = min(start + HOUR, stretch.until)
                day = day_of(strategy, name, start // DAY, sets[strategy])
                counts = day.funnel.get(start % DAY // HOUR, {})
                share = (end - start) / HOUR
                blocked = {
                    filter_: int(count * share)
                    for filter_, count in counts.items()
                    if filter_ != SIGNAL and int(count * share)
                }
                signals = sum(start < done.plan.at <= end for done in day.trades)
                client.record_evaluations(
                    strategy=strategy,
                    market=name,
                    start=start,
                    end=end,
                    signals=signals,
                    evaluations=signals + sum(blocked.values()),
                    blocked=blocked,
                )
