"""Sends everything that happened in a stretch of time to the API through the client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trading.demo import market, paper
from trading.demo.local_client import Client
from trading.demo.paper import HOUR, RENKO, STEP, PaperTrade, Session, ValueSet

TRADED: Mapping[str, tuple[str, ...]] = {
    "rsi_bb": ("DEMO-BTC", "DEMO-ETH"),
    RENKO: ("DEMO-ETH", "DEMO-SOL"),
    "breakout": ("DEMO-BTC", "DEMO-SOL"),
}
BRICK_DAYS = 3  # of a longer stretch only the newest bricks are sent
Sets = Mapping[str, Sequence[ValueSet]]


@dataclass(frozen=True)
class Stretch:
    """(since, until] in epoch seconds, whole minutes, of a demo that began at ``first``."""

    first: int
    since: int
    until: int


def sessions(stretch: Stretch, strategy: str, name: str, sets: Sets) -> Iterator[Session]:
    """What a strategy did in a market, session by session. Only closed candles count, so that
    nothing is computed again before the next one is complete."""
    until = stretch.until // STEP * STEP
    for start, end in paper.restarts(stretch.since, stretch.until):
        yield paper.session(
            strategy, name, max(start, stretch.first), end, until, tuple(sets[strategy])
        )


def send_trades(client: Client, stretch: Stretch, sets: Sets) -> int:
    """Trades that closed in the stretch, and the positions open at its end; how many trades."""
    closed: list[PaperTrade] = []
    positions: list[dict[str, Any]] = []
    for strategy, names in TRADED.items():
        for name in names:
            for session in sessions(stretch, strategy, name, sets):
                closed += [
                    trade for trade in session.trades if stretch.since < trade.left <= stretch.until
                ]
                last_session = session
            if last_session.position:
                positions.append(last_session.position)
    closed.sort(key=lambda trade: (trade.left, trade.id))
    client.record_trades(trade.record() for trade in closed)
    stored = {(row["strategy"], row["market"]) for row in client.ask("/positions/")}
    held = {(position["strategy"], position["market"]) for position in positions}
    for strategy, name in sorted(stored - held):
        client.close_position(strategy, name)
    for position in positions:
        client.put_position(**position)
    return len(closed)


def send_candles(client: Client, stretch: Stretch) -> None:
    for name in market.MARKETS:
        rows = market.candles(name, STEP, stretch.since, stretch.until).tolist()
        if rows:
            client.push_candles(name, STEP, [[int(row[0]), *row[1:]] for row in rows])


def send_bricks(client: Client, stretch: Stretch, sets: Sets) -> None:
    """Bricks newer than the last stored one, numbered on from it."""
    for name in TRADED[RENKO]:
        stored = client.ask(f"/bricks/?strategy={RENKO}&market={name}&limit=1")["bricks"]
        after, following = max(stretch.since, stretch.until - BRICK_DAYS * market.DAY), 0
        if stored:
            newest = datetime.fromisoformat(stored[-1]["close_time"])
            after = max(after, int(newest.timestamp()))
            following = stored[-1]["sequence"] + 1
        drawn = [
            brick
            for session in sessions(stretch, RENKO, name, sets)
            for brick in session.bricks
            if after < brick["close_time"] <= stretch.until
        ]
        if drawn:
            numbered = [
                {"sequence": number, **brick} for number, brick in enumerate(drawn, start=following)
            ]
            client.push_bricks(RENKO, name, numbered)


def send_evaluations(client: Client, stretch: Stretch, sets: Sets) -> None:
    """Counts by the hour; the hour that is not over is sent again each time, as far as it got."""
    for strategy, names in TRADED.items():
        for name in names:
            for session in sessions(stretch, strategy, name, sets):
                for start, counted in sorted(session.funnel.items()):
                    end = min(start + HOUR, stretch.until)
                    if end <= stretch.since:
                        continue
                    blocked = {
                        filter_name: count
                        for filter_name, count in counted.items()
                        if count and filter_name not in ("evaluations", "signals")
                    }
                    client.record_evaluations(
                        strategy=strategy,
                        market=name,
                        start=start,
                        end=end,
                        signals=counted["signals"],
                        evaluations=counted["evaluations"],
                        blocked=blocked,
                    )
