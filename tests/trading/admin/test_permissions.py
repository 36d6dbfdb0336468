"""Who may see and change what; what nobody may change."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from trading.bots import tokens
from trading.models import Bot, BotToken, CandleSeries, LiveSet, Market, ParameterSet, Preset, Trade
from trading.parameters import instance_for

READ_ONLY = (
    "trade",
    "traderevision",
    "position",
    "parameterset",
    "strategyinstance",
    "externalstrategy",
    "candleseries",
    "renkobrick",
    "evaluationcount",
    "rollupday",
    "scope",
    "stateentry",
)
EVERY = (*READ_ONLY, "bot", "bottoken")
LARGE = ("trade", "traderevision", "renkobrick", "evaluationcount", "rollupday")


def allow(client, *names):
    client.user.user_permissions.add(*Permission.objects.filter(codename__in=names))


@pytest.mark.parametrize("model", EVERY)
def test_every_list_opens_for_who_may_see_it(owner, story, model):
    answer = owner.get(reverse(f"admin:trading_{model}_changelist"))
    assert answer.status_code == 200


@pytest.mark.parametrize("model", EVERY)
def test_every_list_and_export_is_closed_to_others(guest, story, model):
    assert guest.get(reverse(f"admin:trading_{model}_changelist")).status_code == 403
    assert guest.get(reverse(f"admin:trading_{model}_export")).status_code == 403


@pytest.mark.parametrize("model", EVERY)
def test_a_visitor_is_asked_to_log_in(client, db, model):
    answer = client.get(reverse(f"admin:trading_{model}_changelist"))
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]


@pytest.mark.parametrize("model", READ_ONLY)
def test_records_cannot_be_added_by_hand(owner, story, model):
    address = reverse(f"admin:trading_{model}_add")
    assert owner.get(address).status_code == 403
    assert owner.post(address, {}).status_code == 403


@pytest.mark.parametrize("model", ["trade", "parameterset", "scope", "rollupday"])
def test_records_cannot_be_deleted_or_changed(owner, story, model):
    from django.apps import apps

    row = apps.get_model("trading", model).objects.first()
    before = type(row).objects.filter(pk=row.pk).values().get()
    assert owner.post(reverse(f"admin:trading_{model}_delete", args=[row.pk])).status_code == 403
    answer = owner.post(reverse(f"admin:trading_{model}_change", args=[row.pk]), {"tag": "x"})
    assert answer.status_code in (200, 403)
    assert type(row).objects.filter(pk=row.pk).values().get() == before


def test_no_list_offers_to_delete_what_is_selected(owner, story):
    rows = list(Trade.objects.values_list("pk", flat=True)[:2])
    for model in EVERY:
        address = reverse(f"admin:trading_{model}_changelist")
        assert "delete_selected" not in owner.get(address).content.decode()
        owner.post(address, {"action": "delete_selected", "_selected_action": rows, "post": "yes"})
    assert Trade.objects.count() == 130


@pytest.mark.parametrize("model", [name for name in EVERY if name not in LARGE])
def test_lookups_by_regular_expression_are_refused(owner, story, model):
    for lookup in ("pk__regex", "bot__name__iregex", "instance__bot__name__regex"):
        answer = owner.get(reverse(f"admin:trading_{model}_changelist"), {lookup: "(a+)+$"})
        assert answer.status_code in (302, 400)


@pytest.mark.parametrize("text", ["abc", "0", "999999999", "-1", "9" * 40, "1%00"])
def test_the_page_of_a_trade_that_is_not_there_leads_back(owner, story, text):
    answer = owner.get(f"/admin/trading/trade/{text}/change/")
    assert answer.status_code == 302


def test_live_parameters_have_no_form_but_the_one_with_a_reason(owner, story):
    for model in (LiveSet, LiveSet.history.model):
        address = f"/admin/trading/{model._meta.model_name}/"
        assert owner.get(address).status_code == 404


def test_whoever_may_only_look_cannot_make_a_version(guest, story):
    allow(guest, "view_strategyinstance")
    instance = instance_for(story, "rsi_bb")
    address = reverse("admin:trading_strategyinstance_change", args=[instance.pk])
    page = guest.get(address)
    assert page.status_code == 200
    assert "Review change" not in page.content.decode()
    assert guest.post(address, {"reason": "because"}).status_code == 403
    assert ParameterSet.objects.filter(instance=instance).count() == 2


def test_a_bot_can_be_added_and_described_but_not_removed(owner, db):
    owner.post(reverse("admin:trading_bot_add"), {"name": "beta", "notes": "second"})
    bot = Bot.objects.get(name="beta")
    assert bot.notes == "second"
    assert owner.post(reverse("admin:trading_bot_delete", args=[bot.pk])).status_code == 403


def test_a_token_is_shown_once_and_works(owner, bot):
    address = reverse("admin:trading_bottoken_add")
    answer = owner.post(address, {"bot": bot.pk, "scope": "read", "expires_at": ""})
    token = BotToken.objects.get()
    secret = answer.context["secret"]
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert tokens.verify(secret) == token
    for name in ("changelist", "export"):
        page = owner.get(reverse(f"admin:trading_bottoken_{name}")).content.decode()
        assert secret not in page
        assert token.digest not in page
    page = owner.get(reverse("admin:trading_bottoken_change", args=[token.pk])).content.decode()
    assert secret not in page
    assert token.digest not in page


def test_the_expiry_of_a_token_must_lie_ahead(owner, bot):
    address = reverse("admin:trading_bottoken_add")
    past = {"bot": bot.pk, "scope": "bot", "expires_at": "2001-01-01T00:00"}
    assert "expiry has passed" in owner.post(address, past).content.decode()
    assert not BotToken.objects.exists()


def test_tokens_are_revoked_from_their_list(owner, bot):
    token, secret = tokens.issue(bot, "bot")
    address = reverse("admin:trading_bottoken_changelist")
    owner.post(address, {"action": "revoke", "_selected_action": [token.pk]})
    assert tokens.verify(secret) is None


def test_whoever_may_only_see_tokens_can_neither_make_nor_revoke_one(guest, bot):
    allow(guest, "view_bottoken")
    token, secret = tokens.issue(bot, "bot")
    address = reverse("admin:trading_bottoken_changelist")
    guest.post(address, {"action": "revoke", "_selected_action": [token.pk]})
    assert tokens.verify(secret)
    assert guest.post(reverse("admin:trading_bottoken_add"), {}).status_code == 403


def test_a_small_table_is_exported_as_its_list_is_filtered(owner, bot):
    market = Market.objects.create(name="=1+1")
    Market.objects.create(name="other")
    CandleSeries.objects.create(market=market, interval=60)
    CandleSeries.objects.create(market=market, interval=900)
    address = reverse("admin:trading_candleseries_export")
    answer = owner.post(f"{address}?interval__exact=900", {"format": "1", "resource": ""})
    assert answer.status_code == 200, answer.context
    rows = json.loads(answer.content)
    assert [row["interval"] for row in rows] == ["900"]
    assert rows[0]["market__name"] == "'=1+1"


@pytest.mark.parametrize(
    "page", ["change", "history", "compare", "rollback/1", "values/rsi_period"]
)
def test_pages_of_a_strategy_are_closed_to_who_may_not_see_it(guest, story, page):
    address = f"/admin/trading/strategyinstance/{instance_for(story, 'rsi_bb').pk}/{page}/"
    assert guest.get(address).status_code == 403


def test_whoever_may_only_look_cannot_roll_back(guest, story):
    allow(guest, "view_strategyinstance")
    instance = instance_for(story, "rsi_bb")
    address = reverse("admin:trading_strategyinstance_rollback", args=[instance.pk, 1])
    assert guest.get(address).status_code == 403
    assert guest.post(address, {"reason": "because", "seen_version": "2"}).status_code == 403
    page = reverse("admin:trading_strategyinstance_history", args=[instance.pk])
    shown = guest.get(page).content.decode()
    assert [name for name in ("/rollback/", "/name/", "/import/") if name in shown] == []


@pytest.mark.parametrize("page", ["name/1", "import"])
def test_whoever_may_only_look_neither_names_nor_imports(guest, story, page):
    allow(guest, "view_strategyinstance")
    instance = instance_for(story, "rsi_bb")
    sent = {"name": "mine", "text": "{}", "reason": "because"}
    answer = guest.post(f"/admin/trading/strategyinstance/{instance.pk}/{page}/", sent)
    assert answer.status_code == 403
    assert not Preset.objects.exists()
