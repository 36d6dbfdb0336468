"""The reports of the reference bot's three days, against its own file: every number anew."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from analytics.models import Run
from analytics.research import backtest
from tests.analytics.sample_reports import report
from tests.trading.story import make_bot
from trading import strategies
from trading.market import candles
from trading.market.candles import Candles
from trading.models import Bot
from trading.strategies.engine.walk import Walk

pytestmark = pytest.mark.django_db
DAYS = [date(2022, 1, day) for day in (10, 11, 12)]
KEYS = {"mean_reversion": "rsi_bb"}
FROM = "2021-12-01"


def run(name: str, *arguments: str) -> None:
    call_command(name, *arguments, stdout=StringIO())


@pytest.fixture(scope="module")
def bot(lasting, shared_data, tmp_path_factory) -> Bot:
    """The reference bot with its declared values live, and the minutes of its market."""
    found = make_bot("reference")
    values = tmp_path_factory.mktemp("values") / "values.json"
    values.write_text('{"rsi_bb": {}, "renko_ao": {}, "breakout": {}}')
    run(
        "import_bot_db",
        str(shared_data / "bot" / "pnl_trades.db"),
        "--bot",
        found.name,
        "--parameters",
        str(values),
        "--valid-from",
        FROM,
    )
    run(
        "import_candles",
        str(shared_data / "candles" / "btc_perp_1m_2022-01.csv.gz"),
        "--market",
        "BTC-PERP",
        "--interval",
        "60",
    )
    return found


@pytest.fixture
def source(shared_data):
    path = shared_data / "bot" / "pnl_trades.db"
    database = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    database.row_factory = sqlite3.Row
    yield database
    database.close()


def seconds(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def rows(source, since: float, until: float) -> dict[str, list[sqlite3.Row]]:
    """The trades that closed in a time, by strategy, as a program without ours reads them."""
    found: dict[str, list[sqlite3.Row]] = {"rsi_bb": [], "renko_ao": [], "breakout": []}
    for row in source.execute(
        "SELECT * FROM trades WHERE exit_time >= ? AND exit_time < ? ORDER BY exit_time, id",
        (since, until),
    ):
        found[KEYS.get(row["strategy"], row["strategy"])].append(row)
    return found


def check(told: dict, trades: list[sqlite3.Row]) -> None:
    """Every number of a line, of the market and of the exits, from the rows alone."""
    made = [row["pnl_pct"] for row in trades]
    won, lost = [one for one in made if one > 0], [one for one in made if one < 0]
    assert told["trades"] == len(made)
    assert (told["wins"], told["losses"]) == (len(won), len(lost))
    if not made:
        assert told["win_rate"] is told["total_pnl_pct"] is told["avg_pnl_pct"] is None
        return
    mean = sum(made) / len(made)
    close = {
        "win_rate": len(won) / len(made),
        "total_pnl_pct": sum(made),
        "avg_pnl_pct": mean,
        "avg_win_pct": sum(won) / len(won) if won else None,
        "avg_loss_pct": sum(lost) / len(lost) if lost else None,
        "profit_factor": sum(won) / -sum(lost) if lost else None,
        "best_pct": max(made),
        "worst_pct": min(made),
        "avg_hold_seconds": sum(row["exit_time"] - row["entry_time"] for row in trades) / len(made),
    }
    for name, value in close.items():
        assert told[name] == (None if value is None else pytest.approx(value, abs=1e-9)), name
    if len(made) > 1:
        variance = sum((one - mean) ** 2 for one in made) / (len(made) - 1)
        assert told["std_pct"] == pytest.approx(variance**0.5, abs=1e-9)
    money = sum(row["pnl_usd"] for row in trades)
    assert told["total_pnl"]["USD"] == pytest.approx(money, abs=1e-6)


def drawdown(trades: list[sqlite3.Row]) -> float:
    total = peak = deepest = 0.0
    for row in trades:
        total += row["pnl_pct"]
        peak = max(peak, total)
        deepest = max(deepest, peak - total)
    return deepest


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_every_number_of_a_day_is_that_of_the_source(bot, source, day):
    found = report(bot, day)
    start = seconds(day)
    now, before, base = (
        rows(source, start - back * 86_400, start + ahead * 86_400)
        for back, ahead in ((0, 1), (1, 0), (7, 0))
    )
    assert {one["strategy"] for one in found.data["strategies"]} == set(now)
    for one in found.data["strategies"]:
        name = one["strategy"]
        check(one["now"], now[name])
        check(one["previous"], before[name])
        check(one["base"], base[name])
        if now[name]:
            # Trades of one second may be ordered otherwise, which moves a fall by a trade's worth.
            assert one["now"]["max_drawdown_pct"] == pytest.approx(drawdown(now[name]), abs=0.5)
        reasons = Counter(row["exit_reason"] for row in now[name])
        assert {each["key"]: each["trades"] for each in one["reasons"]} == dict(reasons)
        for each in one["reasons"]:
            check(each, [row for row in now[name] if row["exit_reason"] == each["key"]])
        for day_text, count, total in one["days"]:
            that = rows(
                source,
                seconds(date.fromisoformat(day_text)),
                seconds(date.fromisoformat(day_text)) + 86_400,
            )[name]
            assert (count, total) == (
                len(that),
                pytest.approx(sum(row["pnl_pct"] for row in that), abs=1e-9),
            )
    line = next(one["text"] for one in found.data["head"] if one["strategy"] == "rsi_bb")
    won = sum(row["pnl_pct"] > 0 for row in now["rsi_bb"]) / len(now["rsi_bb"])
    assert line.startswith(f"Win rate {won:.0%}") and f"{len(now['rsi_bb'])} trades" in line


def stepped(day: date) -> tuple[int, dict[str, int], int]:
    """Evaluations, blocked by filter, and signals of breakout on a day, a bar at a time."""
    rules = strategies.get("breakout")
    series = candles.find_series(None, "BTC-PERP", 60)
    start = int(seconds(day))
    read: Candles = candles.load(series, start - 400 * 900, start + 86_400)
    bars = backtest.columns(read)
    walk = Walk(rules, rules.defaults(), 60, backtest.USUAL.fills())
    counted, blocked, signals = 0, Counter(), 0
    for at in range(len(bars)):
        before = int(walk.state.evaluations), walk.funnel.copy(), int(walk.state.signals)
        walk.take(bars.part(at, at + 1))
        if bars.time[at] >= start:
            counted += int(walk.state.evaluations) - before[0]
            signals += int(walk.state.signals) - before[2]
            for name, more in zip(rules.filters, walk.funnel - before[1], strict=True):
                blocked[name] += int(more)
    return counted, dict(blocked), signals


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_why_breakout_did_not_trade_is_told_with_the_counts_of_that_day(bot, day):
    found = report(bot, day)
    [one] = [one for one in found.data["strategies"] if one["strategy"] == "breakout"]
    told = one["funnel"]["replayed"]
    counted, blocked, signals = stepped(day)
    assert (told["evaluations"], told["signals"]) == (counted, signals)
    assert {name: held for name, _, held in told["steps"]} == blocked
    assert counted == sum(blocked.values()) + signals > 0
    [head] = [line for line in found.data["head"] if line["strategy"] == "breakout"]
    assert head["text"].startswith("No trades (")
    assert any(told["sentence"] in why for why in head["why"])


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_each_recommendation_leads_to_its_evidence_in_two_clicks(bot, day, admin_client):
    found = report(bot, day)
    page = admin_client.get(f"/admin/analytics/report/{found.pk}/change/")
    text = page.content.decode()
    assert found.recommendations
    for one in found.recommendations:
        own = f"/admin/analytics/recommendation/{one['id']}/change/"
        assert f'href="{own}"' in text  # the first click, or none: the evidence is there as well
        behind = admin_client.get(own).content.decode()
        for each in one["evidence"]:
            assert each["text"].replace("'", "&#x27;") in behind
            if "run" in each:
                target = f"/admin/analytics/run/{each['run']}/change/"
                assert f'href="{target}"' in behind and f'href="{target}"' in text
                assert admin_client.get(target).status_code == 200
                assert Run.objects.get(pk=each["run"]).to_at.date() == day + timedelta(days=1)
            if "part" in each:
                assert f'id="{one["strategy"]}-{one["mode"]}-{each["part"]}"' in text
