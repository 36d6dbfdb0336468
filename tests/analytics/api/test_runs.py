from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from analytics.models import Run
from analytics.quant.outcome import Costs
from analytics.research import backtest, run_store
from tests.analytics.replays import EAGER, MARKET, stored
from tests.trading.api.conftest import Api
from tests.trading.story import make_bot
from trading.models import Bot

pytestmark = pytest.mark.django_db


def made(bot: Bot | None = None) -> Run:
    run = backtest.prepare(
        strategy="rsi_bb", market=MARKET, interval=60, values=EAGER, bot=bot, costs=Costs(2.0)
    )
    run_store.finish(run, backtest.backtest(run))
    return run


@pytest.fixture
def three(api):
    """One of the bot, one of nobody, one of another bot."""
    stored()
    return made(api.bot), made(), made(make_bot("Theo"))


def test_a_bot_sees_its_own_replays_and_those_of_nobody(api, three):
    mine, shared, theirs = three
    found = api.get("runs/").json()
    assert [one["id"] for one in found["runs"]] == [shared.pk, mine.pk]
    assert api.get(f"runs/{theirs.pk}/").status_code == 404
    other = Api(Bot.objects.get(name="Theo"))
    assert [one["id"] for one in other.get("runs/").json()["runs"]] == [theirs.pk, shared.pk]


def test_a_replay_is_read_with_its_funnel_and_its_trades_in_pages(api, three):
    run = three[0]
    found = api.get(f"runs/{run.pk}/").json()
    assert found["metrics"]["trades"] == found["trades_in_all"] == len(found["trades"])
    assert found["funnel"]["evaluations"] > found["funnel"]["signals"] > 0
    assert found["values"]["stop_loss_bps"] == 20.0
    part = api.get(f"runs/{run.pk}/?limit=5&skip=3").json()["trades"]
    assert part == found["trades"][3:8]
    assert part[0]["entry_time"].startswith("2025-03-0") and part[0]["features"]["rsi_value"]


def test_lists_are_filtered_and_paged(api, three):
    assert api.get("runs/?strategy=mean_reversion").json()["runs"] != []
    assert api.get("runs/?strategy=renko_ao").json()["runs"] == []
    assert api.get("runs/?market=ETH").json()["runs"] == []
    assert api.get("runs/?state=failed").json()["runs"] == []
    first = api.get("runs/?limit=1").json()
    rest = api.get(f"runs/?limit=1&cursor={first['next']}").json()
    assert [first["runs"][0]["id"], rest["runs"][0]["id"]] == [three[1].pk, three[0].pk]
    assert rest["next"] is None
    for query in ("kind=x", "state=x", "strategy=nobody", "cursor=0", "limit=501", "more=1"):
        assert api.get(f"runs/?{query}").status_code == 400, query


def test_what_is_answered_is_what_the_description_says(api, three):
    document = api.get("/api/schema/").json()
    for path, address in (("runs/", "runs/"), ("runs/{run}/", f"runs/{three[0].pk}/")):
        told = document["paths"][f"/api/v1/{path}"]["get"]["responses"]["200"]["content"]
        schema = {**told["application/json"]["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(api.get(address).json())


def test_reading_needs_the_scope_to_read(api, three):
    assert api.get("runs/", HTTP_AUTHORIZATION="").status_code == 401
    assert api.post("runs/", {}).status_code in (403, 405)
