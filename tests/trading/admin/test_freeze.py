"""The kill switch on a bot's page."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from trading.models import Origin, ParameterSet, Status, StrategyInstance
from trading.parameters import instance_for, promote
from trading.parameters.freeze import freeze, freeze_of


@pytest.fixture
def instance(bot):
    return instance_for(bot, "rsi_bb")


@pytest.fixture
def switch(bot):
    return reverse("admin:trading_bot_freeze", args=[bot.pk])


@pytest.fixture
def frozen(bot, instance):
    return freeze(bot=bot, frozen=True, reason="Exchange <b>down</b>")


def editor(instance):
    return reverse("admin:trading_strategyinstance_change", args=[instance.pk])


def sent(instance):
    made = instance.live.parameter_set
    values = {**made.values, "stop_loss_bps": "5.5", "adaptive_cooldown": "on"}
    del values["enable_trailing_stop"]
    return {**values, "seen_version": made.version, "reason": "tighter"}


def test_the_switch_is_turned_on_and_off_with_reasons_that_stay(owner, bot, switch):
    page = owner.post(switch, {"frozen": "yes", "reason": "Exchange is down"}, follow=True)
    text = page.content.decode()
    assert freeze_of(bot).frozen_by.username == "owner"
    assert "Parameters of alpha frozen." in text
    assert "Exchange is down" in text
    page = owner.post(switch, {"frozen": "no", "reason": "Exchange is back"}, follow=True)
    text = page.content.decode()
    assert freeze_of(bot) is None
    assert "Parameters of alpha unfrozen." in text
    assert "Exchange is down" in text
    assert "Exchange is back" in text


@pytest.mark.parametrize("reason", ["", "   ", "a" * 501])
def test_the_switch_needs_a_reason(owner, bot, switch, reason):
    answer = owner.post(switch, {"frozen": "yes", "reason": reason})
    assert "reason" in answer.context["freeze_form"].errors
    assert freeze_of(bot) is None


def test_a_switch_that_somebody_turned_already_says_so(owner, bot, switch, frozen):
    page = owner.post(switch, {"frozen": "yes", "reason": "again"}, follow=True)
    assert "are frozen since" in page.content.decode()
    assert bot.freezes.count() == 1


def test_nothing_is_switched_by_looking_at_the_page(owner, bot, switch):
    assert owner.get(switch, {"frozen": "yes", "reason": "x"}).status_code == 200
    assert freeze_of(bot) is None


def test_who_may_only_look_finds_no_switch(guest, bot, switch):
    for name in ("view_bot", "change_bot", "view_strategyinstance"):
        guest.user.user_permissions.add(Permission.objects.get(codename=name))
    page = guest.get(reverse("admin:trading_bot_change", args=[bot.pk])).content.decode()
    assert "Freeze all parameters" not in page
    assert guest.post(switch, {"frozen": "yes", "reason": "x"}).status_code == 403
    assert freeze_of(bot) is None


def test_a_switch_of_no_bot_leads_back(owner, bot):
    assert owner.get("/admin/trading/bot/999/freeze/").status_code == 302


def test_the_form_of_a_frozen_bot_is_read_only_and_says_why(owner, instance, frozen):
    answer = owner.get(editor(instance))
    page = answer.content.decode()
    assert "Exchange &lt;b&gt;down&lt;/b&gt;" in page
    assert "Review change" not in page
    assert not answer.context["editable"]


@pytest.mark.parametrize("step", ["review", "confirm"])
def test_a_form_sent_after_the_freeze_saves_nothing_and_keeps_what_was_typed(
    owner, instance, frozen, step
):
    answer = owner.post(editor(instance), {**sent(instance), "step": step})
    page = answer.content.decode()
    assert "Parameters are frozen" in page
    assert 'value="5.5"' in page
    assert ParameterSet.objects.filter(instance=instance).count() == 1


def test_a_frozen_bot_is_not_rolled_back(owner, bot, instance):
    promote(instance=instance, values={"stop_loss_bps": 5}, reason="x", origin=Origin.API)
    freeze(bot=bot, frozen=True, reason="Exchange down")
    address = reverse("admin:trading_strategyinstance_rollback", args=[instance.pk, 1])
    page = owner.post(address, {"reason": "back", "seen_version": "2"}).content.decode()
    assert "Parameters are frozen" in page
    assert "Roll back to version 1</button>" not in page
    assert ParameterSet.objects.filter(instance=instance).count() == 2


def test_a_strategy_whose_status_is_frozen_is_read_only_too(owner, instance):
    StrategyInstance.objects.filter(pk=instance.pk).update(status=Status.FROZEN)
    page = owner.get(editor(instance)).content.decode()
    assert "status of this strategy is" in page
    assert "Review change" not in page
