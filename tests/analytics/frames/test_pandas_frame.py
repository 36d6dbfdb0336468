"""Trades as a DataFrame hold what the trades say, in order of the exit."""

import pandas
import pytest

from analytics.frames.context import context_trades
from analytics.frames.pandas_frame import to_frame
from tests.trading.story import MONDAY, NOW, make_bot, trade
from trading import clock
from trading.ingest import store_trades

pytestmark = pytest.mark.django_db


def test_a_frame_has_a_row_for_each_trade_with_its_context():
    bot = make_bot()
    with clock.at(NOW):
        store_trades(bot, [trade(), trade(id="t-2", side="short", context={"mfe_pct": 0.5})])
    frame = to_frame(context_trades(bot.instances.get().pk, "live", None, NOW))
    assert len(frame) == 2
    assert sorted(frame["side"]) == [-1, 1]
    assert frame["exit_time"].is_monotonic_increasing
    assert str(frame["exit_time"].dt.tz) == "UTC"
    assert frame["mfe_pct"].dropna().tolist() == [0.5]
    assert (frame["entry_time"] <= frame["exit_time"]).all()


def test_a_frame_without_trades_has_its_columns():
    bot = make_bot()
    with clock.at(NOW):
        store_trades(bot, [trade()])
    frame = to_frame(
        context_trades(bot.instances.get().pk, "live", None, MONDAY.replace(year=2000))
    )
    assert isinstance(frame, pandas.DataFrame)
    assert len(frame) == 0
    assert {"entry_time", "pnl_pct", "exit_reason"} <= set(frame.columns)
