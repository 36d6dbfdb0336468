"""The story of a strategy's parameters, and the way back."""

import pytest
from django.urls import reverse

from trading import ingest
from trading.models import Origin, ParameterSet
from trading.parameters import instance_for, promote, roll_back

from .conftest import daily


@pytest.fixture
def instance(bot):
    """Version 2 changed two values by the API."""
    found = instance_for(bot, "rsi_bb")
    promote(
        instance=found,
        values={"stop_loss_bps": 5.5, "enable_trailing_stop": True},
        reason="Noise <i>hit</i> the stops",
        origin=Origin.API,
    )
    return found


@pytest.fixture
def address(instance):
    return reverse("admin:trading_strategyinstance_history", args=[instance.pk])


@pytest.fixture
def back(instance):
    return reverse("admin:trading_strategyinstance_rollback", args=[instance.pk, 1])


def newest(instance):
    return ParameterSet.objects.filter(instance=instance).order_by("-version")[0]


def test_the_story_says_what_changed_why_when_and_from_where(owner, address):
    answer = owner.get(address)
    last, first = answer.context["entries"]
    assert (last["version"].version, last["live"], last["author"]) == (2, True, "API")
    assert [(c.name, c.old, c.new) for c in last["changes"]] == [
        ("stop_loss_bps", "4 bps", "5.5 bps"),
        ("enable_trailing_stop", "off", "on"),
    ]
    assert (first["version"].version, first["live"], first["changes"]) == (1, False, [])
    assert "Noise &lt;i&gt;hit&lt;/i&gt; the stops" in answer.content.decode()


def test_what_was_learned_later_stands_where_it_was_live(owner, story):
    instance = instance_for(story, "rsi_bb")
    address = reverse("admin:trading_strategyinstance_history", args=[instance.pk])
    answer = owner.get(address)
    assert [each["version"].version for each in answer.context["entries"]] == [2]
    assert [each["version"].version for each in answer.context["never_live"]] == [1]
    assert "Never live" in answer.content.decode()


def test_each_change_stands_beside_what_came_of_it(owner, tuned):
    answer = owner.get(reverse("admin:trading_strategyinstance_history", args=[tuned.pk]))
    back, looser, first = answer.context["entries"]
    assert (looser["verdict"].word, looser["tone"]) == ("better", "gain")
    sides = [(row["trades"], row["average"].text) for row in looser["sides"]]
    assert sides == [(40, "+0.1000%"), (40, "+0.3000%")]
    assert looser["effect"].startswith("Difference in average PnL: +0.2000 percentage points, 95")
    assert (back["verdict"].word, back["sides"][1]["trades"]) == ("cannot tell yet", 3)
    assert first["verdict"].word is None
    page = answer.content.decode()
    assert page.count("Before/after comparisons are descriptive.") == 1
    assert "Better." in page


def test_a_story_without_results_does_not_warn_of_them(owner, instance, address):
    assert "descriptive" not in owner.get(address).content.decode()


def test_live_and_paper_trades_are_told_apart(owner, bot, tuned):
    ingest.store_trades(bot, daily(21, [1, 2], mode="paper", parameter_set=3))
    address = reverse("admin:trading_strategyinstance_history", args=[tuned.pk])
    live, paper = (owner.get(address, query) for query in ({}, {"mode": "paper"}))
    assert live.context["entries"][1]["sides"][1]["trades"] == 40
    assert paper.context["entries"][1]["sides"][1]["trades"] == 2
    assert "live results can differ" in paper.content.decode()


def test_a_long_story_is_read_in_pages(owner, instance, address):
    for number in range(104):
        values = {"max_losing_streak": number % 9 + 1}
        promote(instance=instance, values=values, reason=f"step {number}", origin=Origin.API)
    first = owner.get(address)
    older = owner.get(first.context["older_url"])
    told = [each["version"].version for page in (first, older) for each in page.context["entries"]]
    assert told == list(range(106, 0, -1))
    assert not older.context["older_url"]
    assert older.context["newest_url"]


def test_the_way_back_is_shown_before_it_is_gone(owner, instance, back):
    answer = owner.get(back)
    assert [(c.name, c.old, c.new) for c in answer.context["changes"]] == [
        ("stop_loss_bps", "5.5 bps", "4 bps"),
        ("enable_trailing_stop", "on", "off"),
    ]
    assert "Back to version 1" in answer.context["form"]["reason"].value()
    assert newest(instance).version == 2


def test_a_rollback_restores_the_values_as_a_new_version(owner, instance, back):
    answer = owner.post(back, {"reason": "It was better", "seen_version": "2"}, follow=True)
    made = newest(instance)
    assert made.version == 3
    assert made.values == ParameterSet.objects.get(instance=instance, version=1).values
    assert (made.origin, made.author.username) == ("rollback", "owner")
    page = answer.content.decode()
    assert "Version 3 is live with the values of version 1" in page
    assert "by owner (rollback)" in page


def test_a_rollback_needs_a_reason(owner, instance, back):
    answer = owner.post(back, {"reason": " ", "seen_version": "2"})
    assert "reason" in answer.context["form"].errors
    assert newest(instance).version == 2


def test_a_rollback_from_a_version_that_is_no_longer_live_is_looked_at_again(owner, instance, back):
    values = {"stop_loss_bps": 7}
    promote(instance=instance, values=values, reason="meanwhile", origin=Origin.API)
    answer = owner.post(back, {"reason": "It was better", "seen_version": "2"})
    page = answer.content.decode()
    assert "Version 3 went live" in page
    assert newest(instance).version == 3
    assert 'name="seen_version" value="3"' in page
    owner.post(back, {"reason": "It was better", "seen_version": "3"})
    assert newest(instance).version == 4


def test_a_rollback_that_is_overtaken_in_the_last_moment_is_looked_at_again(
    owner, instance, back, monkeypatch
):
    def slowly(**change):
        monkeypatch.undo()
        values = {"stop_loss_bps": 7}
        promote(instance=instance, values=values, reason="faster", origin=Origin.API)
        return roll_back(**change)

    monkeypatch.setattr("trading.parameters.roll_back", slowly)
    answer = owner.post(back, {"reason": "It was better", "seen_version": "2"})
    assert "Version 3 went live" in answer.content.decode()
    assert newest(instance).version == 3


def test_what_the_door_refuses_is_said_on_the_page(owner, instance):
    """A value of the past that today's declaration refuses."""
    made = ParameterSet.objects.create(
        instance=instance, version=9, values={"stop_loss_bps": -4}, reason="old", origin=Origin.API
    )
    name = "admin:trading_strategyinstance_rollback"
    address = reverse(name, args=[instance.pk, made.version])
    page = owner.post(address, {"reason": "back", "seen_version": "2"}).content.decode()
    assert "Stop loss must be between" in page
    assert newest(instance).version == 9


def test_a_rollback_that_changes_nothing_makes_no_version(owner, instance, address):
    same = address.replace("history", "rollback/2")
    owner.post(same, {"reason": "again", "seen_version": "2"})
    assert newest(instance).version == 2


def test_there_is_no_way_back_to_what_is_live_or_never_was(owner, instance, address):
    page = owner.get(address.replace("history", "rollback/2")).content.decode()
    assert "Nothing to roll back" in page
    answer = owner.get(address.replace("history", "rollback/9"), follow=True)
    assert "has no version 9" in answer.content.decode()


@pytest.mark.parametrize("name", ["change", "history"])
def test_pages_of_a_strategy_that_is_not_there_lead_back(owner, instance, name):
    for key in ("999", "abc", "9" * 30):
        assert owner.get(f"/admin/trading/strategyinstance/{key}/{name}/").status_code == 302


def test_a_strategy_that_nothing_declares_any_more_keeps_its_story(owner, bot):
    from trading.bots.catalog import declare
    from trading.models import ExternalStrategy

    declaration = {
        "key": "grid",
        "parameters": [{"name": "rows", "type": "integer", "default": 5, "low": 1, "high": 9}],
    }
    declare(bot, declaration)
    instance = instance_for(bot, "grid")
    promote(instance=instance, values={"rows": 7}, reason="more", origin=Origin.API)
    ExternalStrategy.objects.all().delete()
    address = reverse("admin:trading_strategyinstance_history", args=[instance.pk])
    answer = owner.get(address)
    assert [(c.old, c.new) for c in answer.context["entries"][0]["changes"]] == [("5", "7")]
    page = owner.get(address.replace("history", "change")).content.decode()
    assert "This strategy is no longer declared" in page
