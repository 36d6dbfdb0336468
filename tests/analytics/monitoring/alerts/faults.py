"""A fault for every alert: what to store so that exactly this goes wrong, and when to look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np

from analytics.models import JobRun
from tests.analytics import history
from tests.analytics.history import DAY, closed, keep
from tests.trading.story import MONDAY
from trading import clock, parameters
from trading.ingest import evaluations, heartbeat
from trading.market import candles
from trading.models import Bot, Origin

Fault = Callable[[Bot], datetime]
PAST = 60
END = MONDAY + PAST * DAY


def quiet(bot: Bot) -> datetime:
    """Sixty days in which nothing is wrong."""
    keep(bot, history.days(PAST))
    return END


def degraded(bot: Bot) -> datetime:
    keep(bot, history.days(PAST) + history.days(40, start=END, mean=-0.8, first=9000, seed=7))
    return END + 40 * DAY


def window_loss(bot: Bot) -> datetime:
    keep(bot, history.days(PAST + 1))
    keep(bot, [closed(9000 + at, END + timedelta(hours=at), -9.0) for at in range(4)])
    return END + timedelta(hours=8)


def win_rate(bot: Bot) -> datetime:
    """Small losses, so that only their number stands out."""
    keep(bot, history.days(PAST, per_day=24))
    keep(
        bot,
        [
            closed(9000 + at, END + timedelta(hours=at / 2 + 0.2), 0.2 if at % 12 == 0 else -0.05)
            for at in range(46)
        ],
    )
    return END + timedelta(hours=23.5)


def drawdown(bot: Bot) -> datetime:
    keep(bot, history.days(PAST) + history.days(9, start=END, mean=-2.5, first=9000, seed=8))
    return END + 9 * DAY


def losing_streak(bot: Bot) -> datetime:
    keep(bot, history.days(PAST))
    keep(bot, [closed(9000 + at, END + timedelta(minutes=40 * at), -0.01) for at in range(30)])
    return END + timedelta(hours=20.5)


def no_trades(bot: Bot) -> datetime:
    keep(bot, history.days(PAST))
    start, step = clock.to_micros(END), 3_600_000_000
    evaluations.store(
        bot,
        [
            (
                "rsi_bb",
                "BTC-PERP",
                start + at * step,
                start + (at + 1) * step,
                720,
                0,
                {"volatility": 700, "rsi": 15, "trend": 5},
            )
            for at in range(30)
        ],
    )
    return END + timedelta(hours=30)


def trade_rate(bot: Bot) -> datetime:
    rng = np.random.default_rng(4)
    trades = []
    for day in range(PAST):
        trades += history.days(
            1, start=MONDAY + day * DAY, per_day=int(rng.integers(6, 11)), first=100 * day, seed=day
        )
    trades += history.days(7, start=END, per_day=24, first=9000)
    keep(bot, trades)
    return END + 7 * DAY


def exits(bot: Bot) -> datetime:
    keep(bot, history.days(PAST))
    keep(
        bot,
        history.days(
            7, start=END, first=9000, seed=5, reasons=("stop_loss", "stop_loss", "time_stop")
        ),
    )
    return END + 7 * DAY


def fees(bot: Bot) -> datetime:
    keep(bot, history.days(PAST, fee=0.05) + history.days(3, start=END, first=9000, fee=0.09))
    return END + 3 * DAY


def silent(bot: Bot) -> datetime:
    with clock.at(END):
        heartbeat.beat(bot, {}, None)
    return END + timedelta(minutes=31)


def clock_skew(bot: Bot) -> datetime:
    with clock.at(END):
        told = END + timedelta(seconds=95)
        heartbeat.beat(bot, {"time": told.timestamp()}, None, told)
    return END


def missing_candles(bot: Bot) -> datetime:
    start = int(END.timestamp())
    kept = [at for at in range(300) if not 200 <= at < 210]
    store_candles(bot, [[start + 60 * at, 100, 101, 99, 100, 1] for at in kept])
    return END + timedelta(hours=5)


def parameters_differ(bot: Bot) -> datetime:
    with clock.at(MONDAY):
        instance = parameters.instance_for(bot, "rsi_bb")
    with clock.at(END - DAY):
        parameters.promote(
            instance=instance,
            values={"max_hold_minutes": 5},
            origin=Origin.ADMIN,
            reason="Hold a little longer",
        )
    keep(bot, history.days(PAST, parameter_set=1))
    return END


def job_failed(bot: Bot) -> datetime:
    for minutes in (2, 1):
        JobRun.objects.create(
            job="prune_jobs",
            due=END - timedelta(minutes=minutes),
            queue="short",
            state=JobRun.State.FAILED,
            error="OSError: no space left",
            ended_at=END,
        )
    return END


def queue_stuck(bot: Bot) -> datetime:
    from django_q.models import OrmQ

    OrmQ.objects.create(key="short", payload="", lock=END - timedelta(minutes=45))
    return END


def storage(bot: Bot) -> datetime:
    JobRun.objects.create(
        job="examine_database",
        due=END,
        queue="short",
        state=JobRun.State.FAILED,
        ended_at=END,
        error="DatabaseError: the database is damaged, put back a backup: row 7",
    )
    return END


def store_candles(bot: Bot, rows: list) -> None:
    found = candles.Candles(*(np.array(column, dtype=float) for column in zip(*rows, strict=True)))
    found = candles.Candles(
        found.open_time.astype(np.int64), *(getattr(found, name) for name in candles.FIELDS[1:])
    )
    candles.store(candles.series_for(bot, "BTC-PERP", 60), found)


FAULTS: dict[str, Fault] = {
    "degraded": degraded,
    "window_loss": window_loss,
    "win_rate": win_rate,
    "drawdown": drawdown,
    "losing_streak": losing_streak,
    "no_trades": no_trades,
    "trade_rate": trade_rate,
    "exits": exits,
    "fees": fees,
    "silent": silent,
    "clock_skew": clock_skew,
    "candles": missing_candles,
    "parameters_differ": parameters_differ,
    "job_failed": job_failed,
    "queue_stuck": queue_stuck,
    "storage": storage,
}
SAID = {
    "degraded": "R per trade over",
    "window_loss": "in 24 hours: the worst 24 hours of",
    "win_rate": "won 4 of 47 trades in the last 24 h: win rate 8.5%",
    "drawdown": "percentage points below its peak of",
    "losing_streak": "lost 30 trades in a row",
    "no_trades": "21,600 evaluations: volatility blocked 21,000 (97.2%), rsi 450, trend 150.",
    "trade_rate": "more trades: 24.0 per day in the last 7 days",
    "exits": "Exit reasons of",
    "fees": "0.0900% of the position per trade",
    "silent": "has been offline for 31 min",
    "clock_skew": "95 s ahead",
    "candles": "10 missing after",
    "parameters_differ": "version 2 was live since",
    "job_failed": "“Prune job runs” failed. Error: “OSError",
    "queue_stuck": "the short queue waits for 45 min",
    "storage": "damaged",
}
