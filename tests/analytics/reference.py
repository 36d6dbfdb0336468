"""A live bot's own decisions over polled prices, stored as its bot would have left them."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from analytics.quant import outcome
from tests.trading.story import make_bot, trade
from trading import ingest
from trading.market import candles
from trading.market.candles import Candles
from trading.models import Bot
from trading.parameters import instance_for, promote
from trading.strategies import get
from trading.strategies.engine.walk import Bars, Fills, prices

from .history import keep

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "reference"
RUN = DATA / "rsi_bb_btc_a"
MARKET, POLL = "BTC-PERP", 5
RULES = get("rsi_bb")
with_reference = pytest.mark.skipif(not RUN.exists(), reason="the shared data is not here")


def polled() -> Bars:
    """The prices, one every 5 s."""
    with gzip.open(RUN / "prices_5s.csv.gz", "rt") as file:
        table = np.array(list(csv.reader(file))[1:], dtype=float)
    return prices(table[:, 0], table[:, 1])


def values() -> dict:
    return RULES.clean(json.loads((RUN / "parameters.json").read_text()))


def decisions() -> list[dict[str, str]]:
    """What the bot did."""
    return list(csv.DictReader((RUN / "trades.csv").open()))


def replayed(bars: Bars, **changed) -> list[dict]:
    """Trades of a replay of all prices without costs."""
    found = outcome.replayed(RULES, {**values(), **changed}, bars, POLL, Fills(intrabar=False))
    return [one for one in outcome.trades(found) if one["exit_reason"] != outcome.END_OF_DATA]


def bot_with(bars: Bars) -> Bot:
    """A bot whose polled prices are stored, its values live from their beginning."""
    bot = make_bot()
    keep_prices(bot, bars)
    promote(
        instance=instance_for(bot, "rsi_bb"),
        values=values(),
        reason="As it ran",
        origin="admin",
        live_from=moment(bars.time[0]),
    )
    return bot


def keep_prices(bot: Bot, bars: Bars) -> None:
    """Store polled prices as a bot's own candles."""
    times = bars.time.astype(np.int64)
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    candles.store(candles.series_for(bot, MARKET, POLL), Candles(times, *columns))


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)


def report(bot: Bot, trades: list[dict]) -> None:
    """Store trades of a replay as if the bot had made them."""
    names = {"side", "entry_price", "exit_price", "exit_reason"}
    keep(
        bot,
        [
            trade(
                id=f"r-{number}",
                strategy="rsi_bb",
                market=MARKET,
                size=0.1,
                entry_time=one["entry_at"],
                exit_time=one["exit_at"],
                **{name: one[name] for name in names},
                **one.get("more", {}),
            )
            for number, one in enumerate(trades)
        ],
    )


def report_decisions(bot: Bot) -> int:
    """Store what the bot really did; how many trades."""
    found = [
        trade(
            id=f"d-{number}",
            strategy="rsi_bb",
            market=MARKET,
            side=one["side"],
            size=0.1,
            entry_price=float(one["entry_price"]),
            exit_price=float(one["exit_price"]),
            exit_reason=one["exit_reason"],
            entry_time=float(one["entry_time"]),
            exit_time=float(one["exit_time"]),
            pnl_pct=float(one["pnl_pct"]),
        )
        for number, one in enumerate(decisions())
    ]
    assert ingest.store_trades(bot, found).rejected == []
    return len(found)
