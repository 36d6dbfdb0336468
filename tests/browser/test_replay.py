"""Change a value, replay, compare: in a browser, with the work done as the worker does it."""

from __future__ import annotations

import threading
from importlib.util import find_spec

import pytest
from django.db import connection

from analytics.jobs import runs as ledger
from analytics.models import JobRun, Run
from analytics.quant.outcome import Costs
from analytics.research import backtest, run_store
from tests.analytics.replays import EAGER, MARKET, stored
from tests.chromium import follow
from tests.trading.story import MONDAY, make_bot, trade
from trading import ingest
from trading.parameters import instance_for, promote

pytestmark = [
    pytest.mark.either,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not find_spec("plotly"), reason="plotly is not installed"),
]


@pytest.fixture
def instance(transactional_db):
    bot = make_bot()
    stored()
    ingest.store_trades(bot, [trade(market=MARKET)])
    found = instance_for(bot, "rsi_bb")
    promote(instance=found, values=EAGER, reason="Let it trade", origin="admin", live_from=MONDAY)
    return found


def work(job=backtest.JOB) -> None:
    """Do what is queued, beside the browser, as the worker's process would."""

    def done():
        try:
            for run in JobRun.objects.filter(job=job).order_by("pk"):
                ledger.run(run.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=done)
    thread.start()
    thread.join()


def test_a_changed_value_is_replayed_and_compared(open_page, live_server, instance):
    page = open_page()
    page.goto(f"{live_server.url}/admin/trading/strategyinstance/{instance.pk}/change/")
    page.fill("#id_take_profit_bps", "60")
    page.get_by_role("button", name="Backtest the last 30 days").click()
    page.wait_for_selector("progress")
    work()
    page.wait_for_selector("[data-curves] .main-svg", timeout=20_000)
    said = page.locator(".sl-page").inner_text()
    assert "Take profit\t30 bps\t60 bps" in said
    assert "evaluations: " in said and "Total PnL" in said
    follow(page, page.get_by_role("link", name="values tried").click)
    page.wait_for_selector("[data-replay] .main-svg", timeout=20_000)
    page.wait_for_selector("[data-replay] .boxlayer path.box", state="attached")
    assert page.locator("[data-replay] .boxlayer path.box").count() == 1_500
    with page.expect_response(lambda answer: "picture/?from=" in answer.url) as finer:
        zoom(page)
    assert finer.value.json()["candles"]["each"] == [1.0]
    page.wait_for_function("document.querySelectorAll('[data-replay] path.box').length < 700")
    page.evaluate("document.documentElement.classList.toggle('dark')")  # drawn anew
    page.get_by_label("Vary one parameter").select_option("take_profit_bps")
    page.get_by_role("button", name="Backtest its range").click()
    page.wait_for_selector("progress")
    work()
    page.wait_for_selector("[data-along] .main-svg", timeout=20_000)
    assert page.complaints == []


def zoom(page) -> None:
    """Drag over a part of the candles."""
    place = page.locator("[data-replay] .nsewdrag").first
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    across = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.5, across)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, across, steps=5)
    page.mouse.up()


def test_a_replay_is_held_against_the_live_trades(open_page, live_server, instance):
    page = open_page()
    page.goto(f"{live_server.url}/admin/trading/strategyinstance/{instance.pk}/change/")
    page.get_by_role("button", name="Compare backtest with live trades").click()
    page.wait_for_selector("progress")
    work("compare_replay")
    page.wait_for_selector("[data-replay] .main-svg", timeout=20_000)
    said = page.locator(".sl-page").inner_text()
    assert "1 trades could be compared; 20 are needed to tell." in said
    assert "Live trades\t1\t" in said
    assert page.complaints == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_page_of_a_replay_fits_and_complains_of_nothing(
    open_page, live_server, instance, scheme, width
):
    run = backtest.prepare(
        strategy="rsi_bb", market=MARKET, interval=60, values=EAGER, costs=Costs(2.0)
    )
    run_store.finish(run, backtest.backtest(run))
    page = open_page(scheme, width)
    for place in (f"{run.pk}/change/", f"compare/?one={run.pk}&two={run.pk}", ""):
        page.goto(f"{live_server.url}/admin/analytics/run/{place}")
        page.wait_for_load_state("networkidle")
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, place
    assert page.complaints == []
    assert Run.objects.count() == 1
