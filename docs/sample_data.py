"""Invented records for the pictures: one bot, two strategies, sixty days up to now."""

from __future__ import annotations

import math
import random
from datetime import time, timedelta

import numpy as np

from trading import clock, experiments, ingest
from trading.bots import tokens
from trading.experiments import design, results
from trading.experiments.design import Arm, Ends
from trading.ingest import positions
from trading.ingest.trade_schema import TradeIn
from trading.market import candles
from trading.models import (
    Bot,
    EvaluationCount,
    Market,
    Origin,
    ParameterSet,
    RenkoBrick,
    StateEntry,
)
from trading.parameters import instance_for, promote, served
from trading.parameters.presets import name_set
from trading.strategies import get

DAYS = 60
NOW = clock.now().replace(microsecond=0)
START = NOW - timedelta(days=DAYS)
STORY = (
    # strategy, market, price, trades, mean and spread of the result in percent
    ("rsi_bb", "BTC/USDT", 64_000.0, 420, 0.012, 0.09),
    ("renko_ao", "BTC/USDT", 64_000.0, 260, -0.004, 0.14),
    ("renko_ao", "ETH/USDT", 3_150.0, 180, 0.02, 0.17),
)


CHANGES = (
    # day, what changes, why, and by how much the mean result was better while it was live
    (2, {}, "The values that the bot was started with", 0.0),
    (
        22,
        {"stop_loss_bps": 6.0, "take_profit_bps": 12.0},
        "Stops were hit by noise: give both sides half as much room again",
        0.035,
    ),
    (41, {"rsi_momentum_strength": 6.0}, "More entries: ask for less momentum", -0.05),
    (50, {"rsi_momentum_strength": 10.0}, "Too many weak entries: back to version 3", 0.035),
)


def fill(author=None) -> Bot:
    """Store everything; the same seed gives the same numbers."""
    rng = random.Random(7)
    bot = Bot.objects.create(name="alpha", notes="Trades on paper until October, live since")
    number = 0
    for line in STORY:
        number = _trades(bot, rng, line, number)
    _changes(bot, author)
    _positions(bot)
    _candles(rng)
    _bricks(bot, rng)
    tokens.issue(bot, "bot")
    StateEntry.objects.create(
        bot=bot, key="divergence", value={"side": "bullish", "bricks": 3}, as_of=NOW
    )
    return bot


def _changes(bot: Bot, author) -> None:
    """What was live when; the second of the changed sets has a name."""
    start = CHANGES[0]
    _live(bot, "renko_ao", get("renko_ao").defaults(), start[2], start[0], Origin.IMPORT, author)
    values = get("rsi_bb").defaults()
    for at, (day, changed, reason, _) in enumerate(CHANGES):
        values |= changed
        origin = (Origin.IMPORT, Origin.ADMIN, Origin.API, Origin.ROLLBACK)[at]
        made = _live(bot, "rsi_bb", values, reason, day, origin, author if at != 2 else None)
        if at == 1:
            name_set(made, "room to breathe", author)


def _live(bot, name, values, reason, day, origin, author) -> ParameterSet:
    instance, moment = instance_for(bot, name), START + timedelta(days=day)
    with clock.at(moment):
        return promote(
            instance=instance,
            values=values,
            reason=reason,
            origin=origin,
            author=author,
            live_from=moment,
        )


def _better(strategy: str, moment) -> float:
    """By how much the live parameters lift the mean result."""
    if strategy != "rsi_bb":
        return 0.0
    return next(
        (lift for day, _, _, lift in reversed(CHANGES) if moment >= START + timedelta(days=day)),
        0.0,
    )


def _trades(bot: Bot, rng: random.Random, line: tuple, number: int) -> int:
    strategy, market, price, count, mean, spread = line
    batch = []
    for at in range(count):
        number += 1
        leave = START + timedelta(days=DAYS) * ((at + rng.random()) / (count + 1))
        held = timedelta(seconds=rng.randint(20, 900))
        result = rng.gauss(mean, spread) + _better(strategy, leave)
        side = rng.choice(("long", "short"))
        entry = round(price * math.exp(rng.gauss(0, 0.01)), 2)
        sign = 1 if side == "long" else -1
        leaving = round(entry * (1 + sign * result / 100), 2)
        context = {
            "volatility_bps": round(rng.uniform(2, 12), 2),
            "price_trend": rng.choice(("up", "down", "sideways")),
            "signal_strength": round(rng.random(), 2),
            "mfe_pct": round(max(result, 0) + abs(rng.gauss(0, 0.03)), 4),
            "mae_pct": round(max(-result, 0) + abs(rng.gauss(0, 0.03)), 4),
            "reached_tp": result > 0.1,
            "entry_hour": (leave - held).hour,
            "entry_day_of_week": (leave - held).weekday(),
            **_features(strategy, rng),
            "book_imbalance": round(rng.uniform(-1, 1), 3),
        }
        told = result if number % 97 else result + 0.3
        batch.append(
            TradeIn(
                external_id=f"a-{number:05d}",
                strategy=strategy,
                market=market,
                side=side,
                entry_price=entry,
                exit_price=leaving,
                size=0.1,
                entry_time=(leave - held).timestamp(),
                exit_time=leave.timestamp(),
                exit_reason=_reason(strategy, result, rng),
                pnl_pct=round(told, 6),
                fee=round(entry * 0.1 * 0.00001, 6),
                stop_loss=round(entry * (1 - sign * 0.0004), 2),
                currency="USDT",
                context=context,
                tag="session-b" if at % 5 == 0 else "",
            )
        )
    ingest.store_trades(bot, batch)
    late = batch[-2]
    late.revision, late.exit_reason = 1, "time_stop"
    ingest.store_trades(bot, [late])
    return number


def _reason(strategy: str, result: float, rng: random.Random) -> str:
    if abs(result) > 0.1:
        return "take_profit" if result > 0 else "stop_loss"
    others = [name for name in get(strategy).exit_reasons if name[:4] not in ("take", "stop")]
    return rng.choice(others)


def _features(strategy: str, rng: random.Random) -> dict:
    if strategy == "rsi_bb":
        return {"rsi_value": round(rng.uniform(20, 80), 1), "bb_position": round(rng.random(), 2)}
    return {"divergence_type": rng.choice(("bullish", "bearish")), "ao_value": rng.gauss(0, 9)}


def _positions(bot: Bot) -> None:
    report = positions.PositionReport(
        strategy="renko_ao",
        market="ETH/USDT",
        side="long",
        entry_price=3154.2,
        size=0.4,
        entry_time=(NOW - timedelta(minutes=4)).timestamp(),
        as_of=NOW.timestamp(),
        stop_loss=3150.9,
        take_profit=3158.6,
    )
    positions.put(bot, report)


def _candles(rng: random.Random) -> None:
    for market, interval, count in (("BTC/USDT", 900, 5_000), ("ETH/USDT", 3_600, 1_200)):
        end = int(NOW.timestamp()) // interval * interval
        times = end - interval * np.arange(count, dtype=np.int64)[::-1]
        kept = np.array([not 2_000 < at < 2_013 and at % 1_111 != 700 for at in range(count)])
        close = 60_000 * np.exp(np.cumsum([rng.gauss(0, 0.001) for _ in range(count)]))
        opened = np.concatenate([close[:1], close[:-1]])
        high, low = np.maximum(opened, close) * 1.0004, np.minimum(opened, close) * 0.9996
        volume = np.array([rng.uniform(5, 50) for _ in range(count)])
        columns = [np.round(each, 2) for each in (opened, high, low, close, volume)]
        found = candles.Candles(times, *columns).take(kept)
        candles.store(candles.series_for(None, market, interval), found)


def _bricks(bot: Bot, rng: random.Random) -> None:
    instance, price = instance_for(bot, "renko_ao"), 3_100.0
    market = Market.objects.get(name="ETH/USDT")
    rows = []
    for at in range(300):
        direction = rng.choice((1, 1, 1, -1, -1))
        moment = NOW - timedelta(minutes=3 * (300 - at))
        after = price + 2 * direction
        rows.append(
            RenkoBrick(
                instance=instance,
                market=market,
                sequence=at,
                open_at=moment,
                close_at=moment + timedelta(minutes=3),
                open=price,
                close=after,
                direction=direction,
                high=max(price, after),
                low=min(price, after),
                size=2,
            )
        )
        price = after
    RenkoBrick.objects.bulk_create(rows)
    EvaluationCount.objects.create(
        instance=instance,
        market=market,
        from_at=NOW - timedelta(hours=1),
        to_at=NOW,
        evaluations=240,
        signals=3,
        blocked={"brick_size": 180, "confirmation": 57},
    )


def watch(bot):
    """What the watch finds under limits that are strict on purpose; returns the first alert."""
    from analytics import jobs, monitoring
    from analytics.models import Alert, Channel
    from analytics.monitoring.alerts import configured

    jobs.sync()
    for instance in bot.instances.all():
        configured.change(
            kind="win_rate",
            bot=bot.pk,
            instance=instance.pk,
            enabled=True,
            severity="warning",
            parameters={"limit_from": "fixed", "limit": 0.72, "window": "7d"},
        )
    Channel.objects.create(
        name="Phone",
        kind="push",
        address="tgram://123456789:abcdefghij/42",
        group_minutes=5,
        quiet_from=time(22),
        quiet_until=time(7),
        zone="Europe/Berlin",
    )
    monitoring.monitor(clock.now())
    return Alert.objects.order_by("pk").first()


def report(bot):
    """The reports of the last days; the newest one."""
    from analytics import reports
    from analytics.loop import daily

    now = clock.now()
    for back in (2, 1, 0):
        made, _ = daily.write_one(bot, "day", reports.newest(now - timedelta(days=back)), now)
    return made


def experiment(bot: Bot, author=None) -> list:
    """One that is over with 5 000 trades, one that began, one that is planned."""
    rng = random.Random(11)
    start = START + timedelta(days=32)
    with clock.at(start - timedelta(days=1)):
        instance = instance_for(bot, "breakout")
        over = design.create(
            instance=instance,
            name="wider_stop",
            author=author,
            seed=5,
            ends=Ends(max_days=25),
            arms=[
                Arm("B", {"stop_loss_atr_multiplier": 2.0, "max_hold_minutes": 90}),
                Arm("C", {"stop_loss_atr_multiplier": 2.5}),
            ],
            reason="Stops are hit and the move comes after all: give it more room",
        )
    with clock.at(start):
        experiments.start(experiment=over, author=author)
    better = {"control": -0.004, "B": 0.016, "C": 0.001}
    rows = []
    for hour in range(25 * 24):
        at = start + timedelta(hours=hour)
        with clock.at(at):
            arm = served.for_strategy(bot, "breakout").arm
        for _ in range(rng.choice((7, 8, 9, 10))):
            rows.append(_of_arm(rng, at, better[arm], len(rows)))
    ingest.store_trades(bot, rows)
    with clock.at(start + timedelta(days=26)):
        results.watch(clock.now())
    return [over, *_young(bot, author, rng)]


def _young(bot: Bot, author, rng: random.Random) -> list:
    start = NOW - timedelta(hours=3)
    made = []
    for strategy, name, changes in (
        ("renko_ao", "renko_brick_size_1.5", {"renko_atr_multiplier": 1.5}),
        ("rsi_bb", "rsi_21", {"rsi_period": 21}),
    ):
        with clock.at(start):
            made.append(
                design.create(
                    instance=instance_for(bot, strategy),
                    name=name,
                    author=author,
                    seed=2,
                    arms=[Arm("B", changes)],
                    ends=Ends(max_trades=400, max_drawdown_pct=5.0),
                    reason="Fewer false signals in a nervous market",
                )
            )
    with clock.at(start):
        experiments.start(experiment=made[0], author=author)
    rows = []
    for hour in range(3):
        with clock.at(start + timedelta(hours=hour)):
            served.for_strategy(bot, "renko_ao")
        for _ in range((2, 2, 1)[hour]):
            at = start + timedelta(hours=hour)
            rows.append(_of_arm(rng, at, 0.0, 90_000 + len(rows), "renko_ao"))
    ingest.store_trades(bot, rows)
    return made


def _of_arm(
    rng: random.Random, at, mean: float, number: int, strategy: str = "breakout"
) -> TradeIn:
    r = rng.gauss(mean, 0.11)
    entry = at + timedelta(seconds=rng.randrange(3_000))
    return TradeIn(
        external_id=f"x{number}",
        strategy=strategy,
        market="SOL/USDT",
        side="long",
        entry_price=150.0,
        exit_price=round(150 * (1 + r / 100), 4),
        size=2.0,
        currency="USDT",
        entry_time=entry.timestamp(),
        exit_time=(entry + timedelta(minutes=8)).timestamp(),
        exit_reason="take_profit" if r > 0.05 else "stop_loss" if r < -0.05 else "time_stop",
    )
