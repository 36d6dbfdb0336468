"""The reference bot's three days with the candles it traded on, against plain recomputation."""

from __future__ import annotations

import csv
import gzip
import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from django.core.management import call_command

from analytics import frames
from analytics.frames import context
from analytics.insights import breakdown, excursions, regimes
from tests.trading.story import make_bot
from trading.importers.bot_db import BotDatabase

pytestmark = [pytest.mark.either, pytest.mark.django_db]
END = datetime(2022, 1, 13, tzinfo=UTC)


@pytest.fixture
def minutes(shared_data):
    """(open time, high, low, close) of each minute, as the file has them."""
    file = shared_data / "candles" / "btc_perp_1m_2022-01.csv.gz"
    with gzip.open(file, "rt") as text:
        found = [
            (
                int(datetime.fromisoformat(row["timestamp"]).timestamp()),
                float(row["high"]),
                float(row["low"]),
                float(row["close"]),
            )
            for row in csv.DictReader(text)
        ]
    return [row for row in found if row[0] < END.timestamp()]


@pytest.fixture
def renko(shared_data, minutes):
    """The instance and its trades."""
    bot = make_bot()
    BotDatabase().run(shared_data / "bot" / "pnl_trades.db", bot)
    file = shared_data / "candles" / "btc_perp_1m_2022-01.csv.gz"
    call_command("import_candles", str(file), market="BTC-PERP", interval=60)
    (one,) = [one for one in frames.subjects(bot.pk) if one.name == "renko_ao"]
    return one.instance, context.context_trades(one.instance, one.mode, None, END)


def regimes_plainly(closes):
    """The label of each bar by the definition, from the very first bar on."""
    steps = [0.0, *(math.log(two / one) for one, two in pairwise(closes))]
    spreads, labels, state = [], [], None
    for at in range(len(closes)):
        if at < 50:
            labels.append(None)
            continue
        spreads.append(math.sqrt(sum(step * step for step in steps[at - 49 : at + 1]) / 50))
        if len(spreads) < 1_000:
            labels.append(None)
            continue
        middle = float(np.median(spreads[-1_000:]))
        if spreads[-1] > 1.15 * middle:
            state = "high"
        elif spreads[-1] < 0.87 * middle:
            state = "low"
        labels.append(state)
    return labels


def test_regimes_of_all_trades_by_the_definition(renko, minutes):
    instance, trades = renko
    plainly = regimes_plainly([row[3] for row in minutes])
    closed = [row[0] + 60 for row in minutes]
    wanted = []
    for entry in (trades.entry_at // 1_000_000).tolist():
        at = int(np.searchsorted(closed, entry, side="right")) - 1
        wanted.append(plainly[at])
    found = regimes.labels(instance, trades, trend=False)
    assert len(wanted) == 2_080 and found.volatility == wanted
    assert set(Counter(wanted)) == {"low", "high"}
    assert found.source == ["candles"] * 2_080


def test_what_trades_reached_lies_between_what_their_minutes_allow(renko, minutes):
    instance, trades = renko
    found = excursions.of(instance, trades, END)
    assert found.from_candles == len(trades) == 2_080
    for at in range(0, len(trades), 7):
        entered, left = trades.entry_at[at] / 1e6, trades.rows.trades.exit_at[at] / 1e6
        entry, side = trades.entry[at], trades.side[at]
        touched = [row for row in minutes if row[0] + 60 > entered and row[0] < left]
        inside = [row for row in touched if row[0] >= entered and row[0] + 60 <= left]

        def reach(rows, extra, entry=entry, side=side):
            prices = [price for _, high, low, _ in rows for price in (high, low)] + extra
            results = [side * (price / entry - 1) * 100 for price in prices]
            return max(0.0, *results), max(0.0, *(-result for result in results))

        ends = [entry, trades.exit[at]]
        assert (found.mfe[at], found.mae[at]) == pytest.approx(reach(inside, ends))
        assert (found.mfe_most[at], found.mae_most[at]) == pytest.approx(reach(touched, ends))


def test_sessions_and_hours_hold_every_trade_once(renko):
    instance, trades = renko
    found = breakdown.breakdown(instance, "live", None, END, END)
    # Three days are too few to judge anything, whatever the numbers are.
    assert (found.verdict, found.looked, found.days) == ("too_few", 0, 3)
    for name in ("session", "entry_hour", "side", "entry_day_of_week", "volatility_regime"):
        assert sum(one.metrics["trades"] for one in found.singles[name]) == 2_080
    hours = Counter(int(entry // 3_600_000_000 % 24) // 4 for entry in trades.entry_at.tolist())
    assert [one.metrics["trades"] for one in found.singles["entry_hour"]] == [
        hours[band] for band in range(6)
    ]
    asia = np.array(
        [
            (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=entry)).hour < 7
            for entry in trades.entry_at.tolist()
        ]
    )
    session = {one.conditions[0].value: one.metrics for one in found.singles["session"]}
    assert session["asia"]["total_pnl_pct"] == pytest.approx(trades.rows.trades.r[asia].sum())
