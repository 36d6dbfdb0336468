"""What the pages say of comparisons with live trades, and of shadows of changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from analytics.models import JobRun, Run
from analytics.quant.outcome import Costs
from analytics.research import backtest, counterfactual, fidelity, run_store, trust
from tests.analytics.admin.test_runs import text
from tests.analytics.history import keep
from tests.analytics.replays import EAGER, MARKET, stored, walk
from tests.trading.story import MONDAY, make_bot, trade
from trading import clock
from trading.bots.catalog import Declared
from trading.ingest import evaluations
from trading.parameters import instance_for, promote

pytestmark = pytest.mark.django_db
LIST = "/admin/analytics/run/"
SLOW = {**EAGER, "take_profit_bps": 60.0}


def report(bot, values, since=MONDAY, until=None, first=0, worse=0.0) -> int:
    """Store what a replay with these values does as live trades; how many."""
    run = backtest.prepare(
        strategy="rsi_bb", market=MARKET, interval=60, values=values, costs=Costs()
    )
    made = [
        one
        for one in backtest.backtest(run).trades
        if one["exit_reason"] != "end_of_data"
        and one["entry_at"] >= since.timestamp()
        and (until is None or one["exit_at"] < until.timestamp())
    ]
    keep(
        bot,
        [
            trade(
                id=f"p-{first + number}",
                market=MARKET,
                side=one["side"],
                size=1,
                entry_price=one["entry_price"],
                exit_price=one["exit_price"] * (1 - worse),
                exit_reason=one["exit_reason"],
                entry_time=one["entry_at"],
                exit_time=one["exit_at"],
            )
            for number, one in enumerate(made)
        ],
    )
    return len(made)


@pytest.fixture
def instance(db):
    """rsi_bb of a bot that trades BTC-PERP with eager values on stored candles of four days."""
    bot = make_bot()
    stored(walk(6_000))
    found = instance_for(bot, "rsi_bb")
    promote(instance=found, values=EAGER, reason="Let it trade", origin="admin", live_from=MONDAY)
    return found


def compared(instance) -> Run:
    run = fidelity.prepare(instance)
    run_store.finish(run, fidelity.compare(run))
    return run


def test_the_button_compares_and_the_page_says_what_came_of_it(admin_client, instance, work):
    count = report(instance.bot, EAGER)
    page = reverse("admin:trading_strategyinstance_change", args=[instance.pk])
    assert "Backtest accuracy of rsi_bb not checked yet." in text(admin_client.get(page))
    answer = admin_client.post(reverse("admin:analytics_run_fidelity", args=[instance.pk]))
    assert "queued" in text(admin_client.get(answer["Location"]))
    assert work("long") == ["ok"]
    said = text(admin_client.get(answer["Location"]))
    assert "Backtests of rsi_bb match live trading." in said and f"Live trades {count:,}" in said
    assert "Agreement 100.0%" in said and "Version" in said
    said = text(admin_client.get(page))
    assert f"Replay fidelity A: 100.0% of {count:,} live trades matched." in said


def test_a_doubted_replay_is_marked_wherever_replays_are_shown(admin_client, instance):
    report(instance.bot, {**EAGER, "take_profit_bps": 90.0, "rsi_momentum_strength": 9.0})
    run = compared(instance)
    assert run.summary["fidelity"]["verdict"] == "not trusted"
    other = backtest.prepare(
        strategy="rsi_bb",
        market=MARKET,
        interval=60,
        values=EAGER,
        bot=instance.bot,
        instance=instance,
    )
    run_store.finish(other, backtest.backtest(other))
    page = reverse("admin:trading_strategyinstance_change", args=[instance.pk])
    beside = f"{LIST}compare/?one={other.pk}&two={other.pk}"
    for place in (f"{LIST}{other.pk}/change/", beside, page):
        assert "Backtests of rsi_bb are not reliable." in text(admin_client.get(place))


def test_what_cannot_be_compared_says_why(admin_client, instance):
    said = text(admin_client.post(reverse("admin:analytics_run_fidelity", args=[instance.pk])))
    assert "Backtest not started." in said and "has no live trades so far" in said
    assert Run.objects.count() == 0


def test_both_funnels_stand_beside_each_other(admin_client, instance):
    report(instance.bot, EAGER)
    since, until = MONDAY + timedelta(hours=10), MONDAY + timedelta(hours=11)
    evaluations.store(
        instance.bot,
        [("rsi_bb", MARKET, clock.to_micros(since), clock.to_micros(until), 500, 4, {"rsi": 400})],
    )
    run = compared(instance)
    assert run.summary["counted"] == {"evaluations": 500, "signals": 4, "blocked": {"rsi": 400}}
    said = text(admin_client.get(f"{LIST}{run.pk}/change/"))
    assert "Bot, with live values 500 evaluations: rsi blocked 400 (80 %); 4 signals" in said
    assert Declared(instance.bot).find("rsi_bb")


def test_the_picture_has_the_bots_own_trades_and_what_is_open(admin_client, instance):
    count = report(instance.bot, EAGER)
    run = compared(instance)
    found = admin_client.get(f"{LIST}{run.pk}/picture/").json()
    assert len(found["lived"]["entry"]) == count
    assert found["lived"]["equity"]["value"][-1] == pytest.approx(run.metrics["total_pnl_pct"])
    assert found["marked"]["value"][-1] == pytest.approx(run.metrics["total_pnl_pct"])
    assert found["bricks"] is None


def test_the_picture_of_a_renko_replay_has_its_bricks(admin_client, instance):
    run = backtest.prepare(
        strategy="renko_ao", market=MARKET, interval=60, values={}, costs=Costs()
    )
    run_store.finish(run, backtest.backtest(run))
    whole = admin_client.get(f"{LIST}{run.pk}/picture/").json()["bricks"]
    assert whole["of"] > 100
    start = (MONDAY.timestamp() + 36_000) * 1000
    part = admin_client.get(f"{LIST}{run.pk}/picture/?from={start}&to={start + 36e5}").json()
    found = part["bricks"]
    assert 0 < found["of"] < whole["of"] and found["from"][0] == start
    assert len(found["close"]) == found["of"]


def changed(instance, hours=50) -> None:
    """A second set is live from some hours on, and its trades follow."""
    at = MONDAY + timedelta(hours=hours)
    report(instance.bot, EAGER, until=at)
    promote(instance=instance, values=SLOW, reason="Let winners run", origin="admin", live_from=at)
    report(instance.bot, SLOW, since=at + timedelta(hours=2), first=1_000)


def test_the_story_tells_what_the_old_values_would_have_done(admin_client, instance, work):
    changed(instance)
    story = reverse("admin:trading_strategyinstance_history", args=[instance.pk])
    said = text(admin_client.get(story))
    assert "Not available. Backtest accuracy not checked yet." in said
    run = compared(instance)
    assert run.summary["fidelity"]["verdict"] == "trusted"
    assert [one["version"] for one in run.summary["fidelity"]["sets"]] == [2, 3]
    assert "Backtest version 2" in text(admin_client.get(story))
    address = reverse("admin:analytics_run_counterfactual", args=[instance.pk, 3])
    assert admin_client.post(address).status_code == 302
    assert work("long") == ["ok"]
    done = Run.objects.get(kind=Run.Kind.SHADOW)
    found = done.summary["shadow"]
    assert (found["before"], found["after"], found["days"]) == (2, 3, 3)
    # By hand: each set alone on the candles after the change.
    since = (MONDAY + timedelta(hours=50)).timestamp()
    for name, values in (("old", EAGER), ("new", SLOW)):
        whole = backtest.backtest(
            backtest.prepare(
                strategy="rsi_bb", market=MARKET, interval=60, values=values, costs=Costs()
            )
        )
        made = [
            one["pnl_pct"] + found["gap"]
            for one in whole.trades
            if one["entry_at"] >= since and one["exit_reason"] != "end_of_data"
        ]
        assert found[f"{name}_trades"] == len(made)
        assert found[name] == pytest.approx(sum(made) / 3, abs=1e-9)
    said = text(admin_client.get(story))
    assert "version 2 would have made" in said and "3 days" in said and "Backtest again" in said
    assert admin_client.get(f"{LIST}{done.pk}/change/").status_code == 200
    version = reverse("admin:trading_parameterset_change", args=[done.options["after"][0]])
    assert "version 2 would have made" in text(admin_client.get(version))


def test_no_shadow_is_told_where_replays_are_doubted_or_nothing_came_before(instance):
    changed(instance)
    with pytest.raises(counterfactual.NoShadow, match="accuracy not checked"):
        counterfactual.prepare(instance, 3)
    with pytest.raises(
        counterfactual.NoShadow, match="version 7 of rsi_bb followed no other values"
    ):
        counterfactual.prepare(instance, 7)


def test_a_shadow_is_repeated_to_the_bit(instance):
    changed(instance)
    compared(instance)
    first = counterfactual.prepare(instance, 3)
    run_store.finish(first, counterfactual.compare(first))
    again = backtest.again(first)
    run_store.finish(again, counterfactual.compare(again))
    assert again.summary == first.summary and run_store.trades(again) == run_store.trades(first)


def test_each_night_what_traded_is_compared_once(instance, work):
    report(instance.bot, EAGER)
    night = MONDAY + timedelta(days=5)
    with clock.at(night):
        assert len(fidelity.nightly(as_of=night)["asked"]) == 1
        assert work("long") == ["ok"]
        assert fidelity.nightly(as_of=night)["asked"] == []
        assert trust.trust(instance).trusted
        assert trust.trust(instance, as_of=night - timedelta(seconds=1)) == trust.NEVER
    told = trust.trust(instance, as_of=night + timedelta(days=100))
    assert told.verdict == "unknown" and "is too old" in told.reasons[0]


def test_a_night_goes_on_past_what_cannot_be_compared(instance):
    other = make_bot("Nox")
    keep(other, [trade(market="NOWHERE")])
    report(instance.bot, EAGER)
    found = fidelity.nightly(as_of=MONDAY + timedelta(days=5))
    assert len(found["asked"]) == 1 and "Nox" in found["passed_over"][0]


def test_only_so_many_nights_are_kept(instance):
    report(instance.bot, EAGER)
    for _ in range(4):
        run = fidelity.prepare(instance)
        run.options["nightly"] = True
        run.save()
    kept = fidelity.prepare(instance)
    kept.save()
    assert run_store.thin(instance.pk, MARKET, 2) == 2
    assert Run.objects.count() == 3 and Run.objects.filter(pk=kept.pk).exists()


def test_the_rules_having_changed_takes_the_verdict_back(instance):
    report(instance.bot, EAGER)
    run = compared(instance)
    Run.objects.filter(pk=run.pk).update(code_version="of another day")
    said = trust.trust(instance)
    assert said.verdict == "unknown" and said.reasons[0].startswith("The rules changed")


def test_who_may_only_look_starts_nothing(client, instance):
    report(instance.bot, EAGER)
    looker = User.objects.create_user("looker", password="x", is_staff=True)
    looker.user_permissions.add(
        *Permission.objects.filter(codename__in=("view_run", "view_strategyinstance"))
    )
    client.force_login(looker)
    for place in (f"fidelity/{instance.pk}/", f"counterfactual/{instance.pk}/2/"):
        assert client.post(LIST + place).status_code == 403
        assert client.get(LIST + place).status_code == 405
    page = text(client.get(reverse("admin:trading_strategyinstance_change", args=[instance.pk])))
    assert "not checked yet" in page and "Compare backtest" not in page
    assert JobRun.objects.count() == 0
