"""query_pnl against an independent computation on the bot's own file."""

import csv
import sqlite3
from io import StringIO

import numpy as np
import pandas as pd
import pytest

from trading.models import Bot

from .conftest import call

pytestmark = pytest.mark.django_db

KEYS = {
    "strategy": "CASE strategy WHEN 'mean_reversion' THEN 'rsi_bb' ELSE strategy END",
    "day": "date(exit_time, 'unixepoch')",
    "hour": "CAST(strftime('%H', exit_time, 'unixepoch') AS INTEGER)",
    "exit_reason": "exit_reason",
    "market": "market",
}


@pytest.fixture(scope="module")
def imported(lasting, shared_data):
    """The reference bot with everything that its own file holds, imported once for all."""
    bot = Bot.objects.create(name="ref")
    call("import_bot_db", shared_data / "bot" / "pnl_trades.db", "--bot", "ref")
    return bot


@pytest.fixture
def source(shared_data):
    with sqlite3.connect(f"file:{shared_data}/bot/pnl_trades.db?mode=ro", uri=True) as database:
        yield database


@pytest.mark.parametrize("by", KEYS)
def test_groups_equal_sql_on_the_source(imported, run, source, by):
    rows = source.execute(
        f"SELECT {KEYS[by]}, COUNT(*), SUM(pnl_pct > 0), SUM(pnl_pct < 0), SUM(pnl_pct),"
        " AVG(pnl_pct), SUM(pnl_usd), MAX(pnl_pct), MIN(pnl_pct),"
        " SUM(MAX(pnl_pct, 0)) / NULLIF(SUM(MAX(-pnl_pct, 0)), 0),"
        " AVG(exit_time - entry_time) FROM trades GROUP BY 1"
    ).fetchall()
    found = {group["key"]: group for group in run("query_pnl", "--by", by, "--json")}
    assert len(found) == len(rows) > 0
    for key, trades, wins, losses, total, mean, money, best, worst, factor, held in rows:
        group = found[str(key)]
        assert (group["trades"], group["wins"], group["losses"]) == (trades, wins, losses)
        assert group["total_pnl_pct"] == pytest.approx(total, abs=1e-9)
        assert group["avg_pnl_pct"] == pytest.approx(mean, abs=1e-9)
        assert group["total_pnl"]["USD"] == pytest.approx(money, abs=1e-9)
        assert (group["best_pct"], group["worst_pct"]) == (best, worst)
        assert group["profit_factor"] == (None if factor is None else pytest.approx(factor))
        assert group["avg_hold_seconds"] == pytest.approx(held, abs=1e-6)


def test_the_mean_reversion_total_is_the_one_known(imported, run):
    groups = run("query_pnl", "--strategy", "mean_reversion", "--json")
    assert groups[0]["total_pnl_pct"] == pytest.approx(-11.780113, abs=5e-7)


def test_paths_and_daily_ratios_equal_pandas_on_the_source(imported, run, source):
    trades = pd.read_sql("SELECT * FROM trades ORDER BY exit_time, pnl_pct", source)
    for group in run("query_pnl", "--by", "strategy", "--json"):
        key = {"rsi_bb": "mean_reversion"}.get(group["key"], group["key"])
        mine = trades[trades.strategy == key]
        run_total = mine.pnl_pct.cumsum()
        fall = (run_total.cummax().clip(lower=0) - run_total).max()
        assert group["max_drawdown_pct"] == pytest.approx(fall, abs=1e-9)
        days = mine.groupby(mine.exit_time // 86_400).pnl_pct.sum()
        assert group["sharpe"] == pytest.approx(days.mean() / days.std() * np.sqrt(365))
        assert group["median_pnl_pct"] == pytest.approx(mine.pnl_pct.median(), abs=1e-12)
        assert group["std_pct"] == pytest.approx(mine.pnl_pct.std(), abs=1e-9)
        losing = (mine.pnl_pct < 0).astype(int)
        runs = losing.groupby((losing != losing.shift()).cumsum()).sum()
        assert group["longest_losing_streak"] == runs.max()


def test_a_window_holds_the_trades_from_since_to_before_until(imported, run, source):
    since, until = 1_641_800_123.25, 1_641_911_111.5
    count, total = source.execute(
        "SELECT COUNT(*), SUM(pnl_pct) FROM trades WHERE exit_time >= ? AND exit_time < ?",
        (since, until),
    ).fetchone()
    bounds = [pd.Timestamp(at, unit="s", tz="UTC").isoformat() for at in (since, until)]
    found = run("query_pnl", "--since", bounds[0], "--until", bounds[1], "--json")[0]
    assert found["trades"] == count
    assert found["total_pnl_pct"] == pytest.approx(total, abs=1e-9)


def test_csv_has_a_line_per_group_and_money_by_currency(imported, run):
    rows = list(csv.DictReader(StringIO(run("query_pnl", "--by", "exit_reason", "--csv"))))
    assert [row["key"] for row in rows] == [
        "ao_reversal",
        "stop_loss",
        "take_profit",
        "trend_reversal",
    ]
    assert sum(float(row["total_pnl_USD"]) for row in rows) == pytest.approx(550.354828637603)


def test_the_table_lines_up_and_shows_every_group(imported, run):
    lines = run("query_pnl", "--by", "strategy").splitlines()
    assert len(lines) == 3
    assert len({len(line) for line in lines}) == 1
    assert lines[2].split()[:3] == ["rsi_bb", "236", "21.2%"]


def test_trades_without_a_known_set_are_grouped_as_unknown(imported, run):
    for by in ("version", "param:rsi_period"):
        groups = run("query_pnl", "--by", by, "--strategy", "rsi_bb", "--json")
        assert [group["key"] for group in groups] == ["unknown"]


def test_versions_of_different_strategies_are_never_added_up(imported, run):
    for by in ("version", "param:rsi_period"):
        groups = run("query_pnl", "--by", by, "--json")
        found = {group["key"]: group["trades"] for group in groups}
        assert found == {"renko_ao unknown": 2080, "rsi_bb unknown": 236}


def test_a_day_has_no_ratio_by_the_day_whatever_the_window(imported, run):
    for window in ((), ("--since", "2022-01-09", "--until", "2022-01-20")):
        groups = run("query_pnl", "--by", "day", *window, "--json")
        assert [group["sharpe"] for group in groups] == [None] * 3
        assert [group["trades_per_day"] for group in groups] == [904, 781, 631]


def test_a_feature_nobody_recorded_says_so_and_the_hour_is_known_all_the_same(imported, run):
    groups = run("query_pnl", "--by", "feature:rsi_value", "--json")
    assert [group["key"] for group in groups] == ["not recorded"]
    hours = run("query_pnl", "--by", "feature:entry_hour", "--json")
    assert [group["key"] for group in hours] == [str(hour) for hour in range(24)]


def test_live_and_paper_are_never_mixed_and_the_other_is_named(imported, run):
    assert "--mode live" in run("query_pnl", "--mode", "paper")
