"""The pages of replays: what they show, who may ask, and what they refuse."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from analytics.models import JobRun, Run
from analytics.quant.outcome import Costs
from analytics.research import backtest, run_store, what_if
from tests.analytics.replays import EAGER, MARKET, stored, walk
from tests.trading.story import MONDAY, make_bot, trade
from trading import ingest
from trading.models import Trade
from trading.parameters import instance_for, promote
from trading.strategies import get

pytestmark = pytest.mark.django_db
LIST = "/admin/analytics/run/"


def made(**changes) -> Run:
    asked = {"strategy": "rsi_bb", "market": MARKET, "interval": 60, "values": EAGER}
    run = backtest.prepare(**{**asked, "costs": Costs(2.0), **changes})
    run_store.finish(run, backtest.backtest(run))
    return run


def text(answer) -> str:
    assert answer.status_code == 200
    bare = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return " ".join(bare.split())


@pytest.fixture
def instance(db):
    """rsi_bb of a bot that trades BTC-PERP, its eager values live."""
    bot = make_bot()
    stored()
    ingest.store_trades(bot, [trade(market=MARKET)])
    found = instance_for(bot, "rsi_bb")
    promote(instance=found, values=EAGER, reason="Let it trade", origin="admin", live_from=MONDAY)
    return found


def form(**changed) -> dict:
    """What a browser sends of the form of parameters."""
    values = {**get("rsi_bb").defaults(), **EAGER, **changed}
    return {
        name: "on" if value is True else value
        for name, value in values.items()
        if value is not False
    }


def test_the_page_of_a_replay_shows_what_it_made_beside_holding(admin_client):
    stored()
    run = made()
    said = text(admin_client.get(f"{LIST}{run.pk}/change/"))
    assert "Buy and hold" in said and run.data_hash in said
    assert f"{run.metrics['trades']:,}" in said
    assert "evaluations: " in said and "passed" in said
    assert "Page 1 of" in said


def test_trades_are_paged(admin_client):
    stored()
    run = made()
    assert run.metrics["trades"] > 50
    first, second = (
        text(admin_client.get(f"{LIST}{run.pk}/change/?page={page}")) for page in (1, 2)
    )
    pages = -(-run.metrics["trades"] // 50)
    assert f"Page 1 of {pages}" in first and f"Earlier Page 2 of {pages}" in second
    assert "Earlier" not in first


def test_a_replay_without_trades_is_explained_by_its_funnel(admin_client):
    stored()
    run = made(values={**EAGER, "rsi_momentum_strength": 49.0})
    said = text(admin_client.get(f"{LIST}{run.pk}/change/"))
    assert run.metrics["trades"] == 0
    assert "No trades. The signal funnel above shows which filter rejected them." in said
    assert "rsi blocked" in said


def test_a_replay_whose_candles_changed_says_so(admin_client):
    series = stored()
    run = made()
    series.delete()
    said = text(admin_client.get(f"{LIST}{run.pk}/change/"))
    assert "A repeat may give different trades: the candles of its range are stored no more" in said
    found = admin_client.get(f"{LIST}{run.pk}/picture/").json()
    assert found["candles"] is None and "import_candles" in found["remark"]
    assert len(found["trades"]["side"]) > 20


def test_the_picture_of_a_stretch_has_only_what_lies_in_it(admin_client):
    stored()
    run = made()
    start = MONDAY.timestamp() + 6 * 3_600
    query = f"?from={start * 1000}&to={(start + 3_600) * 1000}"
    found = admin_client.get(f"{LIST}{run.pk}/picture/{query}").json()
    assert len(found["candles"]["time"]) == 60 and found["candles"]["each"] == [1.0]
    assert all(one >= start * 1000 for one in found["trades"]["exit"])
    whole = admin_client.get(f"{LIST}{run.pk}/picture/?from=x&to=y").json()
    assert whole["trades"]["of"] == run.metrics["trades"] > found["trades"]["of"]
    made_so_far = whole["results"]["equity"]["value"]
    assert made_so_far[-1] == pytest.approx(run.metrics["total_pnl_pct"])
    fall = -min(whole["results"]["drawdown"]["value"])
    assert fall == pytest.approx(run.metrics["max_drawdown_pct"])


def test_two_replays_stand_side_by_side(admin_client):
    stored()
    one, two = made(), made(values={**EAGER, "take_profit_bps": 60.0})
    said = text(admin_client.get(f"{LIST}compare/?one={one.pk}&two={two.pk}"))
    assert "Take profit 30 bps 60 bps" in said
    assert "They used different candles." not in said
    more = two.metrics["trades"] - one.metrics["trades"]
    both = f"Trades {one.metrics['trades']} {two.metrics['trades']} {more:+}"
    assert more != 0 and both in said
    other = made(until=MONDAY + timedelta(hours=20))
    said = text(admin_client.get(f"{LIST}compare/?one={one.pk}&two={other.pk}"))
    assert "They used different candles." in said
    assert admin_client.get(f"{LIST}compare/?one=x&two=1").status_code == 404


def test_values_of_a_form_are_replayed_beside_what_is_live(admin_client, instance, work):
    before = Trade.objects.count()
    address = reverse("admin:analytics_run_whatif", args=[instance.pk])
    answer = admin_client.post(address, form(take_profit_bps=60))
    tried, live = Run.objects.order_by("-pk")[:2]
    assert answer["Location"] == f"{LIST}compare/?one={live.pk}&two={tried.pk}"
    assert tried.beside == live and live.parameter_set.version == 2
    assert (live.values["take_profit_bps"], tried.values["take_profit_bps"]) == (30.0, 60.0)
    assert (live.from_at, live.to_at) == (tried.from_at, tried.to_at)
    assert "queued" in text(admin_client.get(answer["Location"]))
    state = admin_client.get(f"{LIST}{tried.pk}/state/").json()
    assert (state["state"], state["over"]) == ("queued", False)
    assert work("long") == ["ok", "ok"]
    assert admin_client.get(f"{LIST}{tried.pk}/state/").json()["over"]
    said = text(admin_client.get(answer["Location"]))
    assert "Take profit 30 bps 60 bps" in said and "Signal funnel of" in said
    assert Trade.objects.count() == before


def test_a_form_with_wrong_values_is_refused_in_words(admin_client, instance):
    address = reverse("admin:analytics_run_whatif", args=[instance.pk])
    said = text(admin_client.post(address, form(stop_loss_bps="many")))
    assert "Backtest not started." in said and "must be a number" in said
    assert Run.objects.count() == 0


def test_what_was_typed_is_still_there_on_the_way_back(admin_client, instance):
    address = reverse("admin:analytics_run_whatif", args=[instance.pk])
    page = admin_client.post(address, form(stop_loss_bps="many", take_profit_bps="61"))
    sent = dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.content.decode())
    )
    assert (sent["stop_loss_bps"], sent["take_profit_bps"]) == ("many", "61")
    back = reverse("admin:trading_strategyinstance_change", args=[instance.pk])
    assert f'<form action="{back}" method="post">' in page.content.decode()
    shown = admin_client.post(back, {**sent, "step": "edit"}).content.decode()
    assert 'value="many"' in shown and 'value="61"' in shown


def test_without_candles_it_says_how_to_bring_some(admin_client, instance):
    stored().delete()
    address = reverse("admin:analytics_run_whatif", args=[instance.pk])
    said = text(admin_client.post(address, form()))
    assert "no candles of BTC-PERP are stored" in said and "import_candles" in said


def test_the_finest_bars_that_fit_are_chosen(instance):
    stored(walk(600, interval=15), interval=15)
    stored(walk(600, interval=40), interval=40)
    assert what_if.stretch(instance, 60).interval == 15
    assert what_if.stretch(instance, 20).interval == 40
    assert what_if.stretch(instance, 10).interval == 15


def test_a_replay_goes_on_along_one_parameter(admin_client, instance, work):
    run = made()
    answer = admin_client.post(f"{LIST}{run.pk}/sensitivity/", {"parameter": "take_profit_bps"})
    assert work("long") == ["ok"]
    said = text(admin_client.get(answer["Location"]))
    assert "Sensitivity to Take profit" in said
    assert any(word in said for word in ("Plateau:", "Spike:", "no profit here"))
    wrong = admin_client.post(f"{LIST}{run.pk}/sensitivity/", {"parameter": "nothing"})
    assert wrong.status_code == 404


def test_repeating_from_the_page_gives_the_same_trades(admin_client, work):
    stored()
    run = made()
    answer = admin_client.post(f"{LIST}{run.pk}/repeat/")
    assert work("long") == ["ok"]
    repeated = Run.objects.first()
    assert answer["Location"].endswith(f"/{repeated.pk}/change/")
    assert run_store.trades(repeated) == run_store.trades(run)


def test_who_may_only_look_starts_nothing(client, instance):
    looker = User.objects.create_user("looker", password="x", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_run"))
    client.force_login(looker)
    run = made()
    assert client.get(f"{LIST}{run.pk}/change/").status_code == 200
    for place in (f"{run.pk}/sensitivity/", f"{run.pk}/repeat/", f"whatif/{instance.pk}/"):
        assert client.post(LIST + place, form()).status_code == 403
        assert client.get(LIST + place).status_code == 405
    assert JobRun.objects.count() == 0
    looker.user_permissions.clear()
    client.force_login(User.objects.get(pk=looker.pk))
    for place in (f"{run.pk}/change/", f"{run.pk}/picture/", f"{run.pk}/state/"):
        assert client.get(LIST + place).status_code == 403


def test_the_form_of_parameters_offers_the_replay(admin_client, instance):
    page = admin_client.get(reverse("admin:trading_strategyinstance_change", args=[instance.pk]))
    assert reverse("admin:analytics_run_whatif", args=[instance.pk]) in page.content.decode()
    assert "Backtest the last 30 days" in text(page)
