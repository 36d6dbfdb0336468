"""The dashboard, and the pages of one trade and one series of candles."""

from datetime import timedelta

import numpy as np
import pytest
from django.urls import reverse

from trading import clock, ingest
from trading.market import candles
from trading.models import Bot, Origin, RenkoBrick, Trade
from trading.parameters import instance_for, promote
from trading.strategies import get

from .conftest import START, trade

DAY = START + timedelta(days=1)


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def page_of(client, external_id):
    pk = Trade.objects.get(external_id=external_id).pk
    return client.get(reverse("admin:trading_trade_change", args=[pk]))


def test_without_a_bot_the_first_page_says_how_to_import_one(owner):
    page = text(owner.get("/admin/"))
    assert "python3 manage.py create_bot NAME" in page
    assert "python3 manage.py import_bot_db FILE --bot NAME" in page


def test_a_bot_without_trades_is_told_the_same_by_name(owner, bot):
    assert "import_bot_db FILE --bot &quot;alpha&quot;" in text(owner.get("/admin/")).replace(
        '--bot "alpha"', "--bot &quot;alpha&quot;"
    )


def test_the_dashboard_shows_each_strategy_with_what_it_earned(owner, story):
    with clock.at(DAY):
        answer = owner.get("/admin/?period=24h")
    rows = {row["name"].text: row for row in answer.context["strategies"]}
    assert rows.keys() == {"rsi_bb", "renko_ao"}
    live = Trade.objects.filter(book__mode="live", book__instance__strategy="rsi_bb")
    assert rows["rsi_bb"]["cells"][0]["cell"].text == str(live.count())
    assert rows["rsi_bb"]["spark"]
    assert {curve["label"] for curve in answer.context["curves"]} == rows.keys()


def test_a_bot_that_only_trades_on_paper_is_shown_on_paper_at_first(owner, bot):
    ingest.store_trades(bot, [trade(7)])
    assert "<strong>Paper</strong>" in text(owner.get("/admin/?period=all"))
    assert "<strong>Paper</strong>" not in text(owner.get("/admin/?period=all&mode=live"))


def test_paper_trades_are_counted_apart_and_said_to_be_paper(owner, story):
    answer = owner.get("/admin/?period=all&mode=paper")
    number = sum(int(row["cells"][0]["cell"].text) for row in answer.context["strategies"])
    assert number == Trade.objects.filter(book__mode="paper").count()
    assert "<strong>Paper</strong>" in answer.content.decode()


def test_a_strategy_whose_trades_tell_no_fees_says_so(owner, bot):
    ingest.store_trades(bot, [trade(2), trade(4), trade(1, fee=0.1), trade(3)])
    answer = owner.get("/admin/?period=all")
    shown = {row["name"].text: row["no_fees"] for row in answer.context["strategies"]}
    assert shown == {"rsi_bb": True, "renko_ao": False}
    page = text(answer)
    assert page.count("no fees reported") == 1
    assert "net of reported fees" in page


def test_a_period_after_the_newest_trade_says_so_and_offers_all(owner, story):
    with clock.at(START + timedelta(days=300)):
        answer = owner.get("/admin/?period=7d")
    assert "The last trade closed on" in answer.content.decode()
    assert "No trade in this period" in answer.content.decode()
    assert "period=all" in answer.context["stale"]["url"]
    row = answer.context["strategies"][0]
    assert row["cells"][1]["cell"].title


def test_what_is_wrong_is_said_with_a_link_to_it(owner, story):
    problems = owner.get("/admin/?period=all").context["problems"]
    flagged = Trade.objects.filter(flagged=True, book__mode="live").count()
    unknown = Trade.objects.filter(parameter_set=None, book__mode="live").count()
    assert [int(problem["text"].split()[0]) for problem in problems] == [flagged, unknown]
    for problem, number in zip(problems, (flagged, unknown), strict=True):
        page = text(owner.get(problem["url"]))
        assert page.count('/change/" title="Trade') == min(number, 50)


def test_the_choice_of_bot_and_period_stays_in_the_address(owner, story):
    Bot.objects.create(name="beta")
    answer = owner.get("/admin/?bot=alpha&period=7d&mode=paper")
    for link in (*answer.context["links"]["periods"], *answer.context["links"]["modes"]):
        assert "bot=alpha" in link["url"]
    assert answer.context["links"]["periods"][1]["current"]
    assert owner.get("/admin/?bot=nobody&period=never").context["bot"].name == "alpha"


def test_who_may_not_see_trades_sees_none_on_the_first_page(guest, story):
    page = text(guest.get("/admin/"))
    assert "need the permission to view trades" in page
    assert "rsi_bb" not in page


def test_a_trade_shows_its_context_its_parameters_and_its_neighbours(owner, story):
    answer = page_of(owner, "t-60")
    page = answer.content.decode()
    assert "Volatility" in page
    assert "3.5 bps" in page
    assert "61 points" in page
    assert "oddity" in page
    assert "What the bot ran with" in page
    rows = answer.context["neighbours"]
    assert len(rows) == 11
    assert [row["here"] for row in rows].index(True) == 5
    assert all("rsi_bb" not in cell.text for row in rows for cell in row["cells"])


def test_the_first_trade_has_neighbours_on_one_side(owner, story):
    rows = page_of(owner, "t-0").context["neighbours"]
    assert [row["here"] for row in rows] == [False] * 5 + [True]


def test_what_to_do_about_unknown_parameters_is_said_where_there_are_such_trades(owner, bot):
    bot.name = "my bot"
    bot.save()
    ingest.store_trades(bot, [trade(number) for number in range(0, 6, 2)])
    instance = bot.instances.get()
    pages = ["/admin/?period=all"] + [
        reverse(f"admin:trading_strategyinstance_{name}", args=[instance.pk])
        for name in ("history", "change")
    ]
    command = "import_bot_db FILE --bot &#x27;my bot&#x27; --parameters PARAMETERS --valid-from"
    for page in pages:
        assert command in text(owner.get(page)), page
    assert "3 trades with unknown parameters" in text(owner.get(pages[1]))
    promote(
        instance=instance,
        values=get("rsi_bb").defaults(),
        reason="x",
        origin=Origin.IMPORT,
        live_from=START - timedelta(days=1),
    )
    for page in pages:
        assert "PARAMETERS" not in text(owner.get(page)), page


@pytest.mark.parametrize(
    ("changed", "why"),
    [({}, "before the first known version"), ({"parameter_set": 44}, "version 44")],
)
def test_unknown_parameters_are_explained(owner, story, changed, why):
    ingest.store_trades(story, [trade(0, external_id="odd", **changed)])
    assert why in text(page_of(owner, "odd"))


def test_a_result_is_also_told_in_units_of_the_risk(owner, bot):
    risky = trade(1, entry_price=100, exit_price=103, stop_loss=98, pnl_pct=None)
    ingest.store_trades(bot, [risky, trade(2)])
    assert "+1.50 R" in text(page_of(owner, "t-1"))
    assert "no initial stop" in text(page_of(owner, "t-2"))


def test_a_flag_is_explained_with_the_numbers(owner, bot):
    ingest.store_trades(bot, [trade(1, entry_price=100, exit_price=101, pnl_pct=3)])
    page = text(page_of(owner, "t-1"))
    assert "reported +3.000%" in page
    assert "give +1.000%" in page


def test_a_correction_keeps_what_the_trade_said_before(owner, bot):
    ingest.store_trades(bot, [trade(1, pnl_pct=1)])
    ingest.store_trades(bot, [trade(1, pnl_pct=0.99, revision=1)])
    assert "PnL 1.0%" in text(page_of(owner, "t-1"))
    assert "t-1" in text(owner.get(reverse("admin:trading_traderevision_changelist")))


def test_a_series_of_candles_lists_its_gaps(owner, db):
    times = np.array([0, 60, 120, 420, 480, 600]) + 1_700_000_040
    price = np.full(6, 10.0)
    series = candles.series_for(None, "BTC/USDT", 60)
    candles.store(series, candles.Candles(times, price, price, price, price, price))
    address = reverse("admin:trading_candleseries_change", args=[series.pk])
    answer = owner.get(address)
    gaps = [[cell.text for cell in row] for row in answer.context["gaps"]]
    assert [gap[2:] for gap in gaps] == [["1", "1 min"], ["4", "4 min"]]
    page = text(owner.get(reverse("admin:trading_candleseries_changelist")))
    assert "1 min" in page
    assert "shared" in page
    assert "54.545%" in page
    export = owner.get(answer.context["csv_url"]).getvalue().decode().splitlines()
    assert len(export) == 7
    assert export[1] == "1700000040,10.0,10.0,10.0,10.0,10.0"


def test_bricks_of_one_strategy_and_market_are_listed_by_number(owner, story):
    instance = instance_for(story, "renko_ao")
    market = instance.books.first().market
    rows = [
        RenkoBrick(
            instance=instance,
            market=market,
            sequence=number,
            open_at=START,
            close_at=START,
            open=1,
            close=2,
            direction=1,
            high=2,
            low=1,
            size=1,
        )
        for number in (5, 3, 9)
    ]
    RenkoBrick.objects.bulk_create(rows)
    address = reverse("admin:trading_renkobrick_changelist")
    answer = owner.get(address, {"pair": f"{instance.pk}.{market.pk}"})
    assert [row[3].text for row in answer.context["rows"]] == ["9", "5", "3"]
    assert owner.get(address, {"pair": "7.x"}).context["rows"] == []


def test_the_rollups_of_a_scope_add_up_to_its_trades(owner, story):
    address = reverse("admin:trading_rollupday_changelist")
    form = owner.get(address).context["form"]
    value, _ = form.fields["scope"].choices[1]
    rows = owner.get(address, {"scope": value}).context["rows"]
    assert rows
    assert all(int(row[2].text) for row in rows)
