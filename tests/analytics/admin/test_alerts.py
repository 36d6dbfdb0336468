"""The pages of alerts: what is open first, steps by hand, rules as forms."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User

from analytics.models import Alert, AlertRuleSetting
from analytics.monitoring.alerts import REGISTRY, lifecycle
from analytics.monitoring.alerts.base import Finding
from analytics.monitoring.alerts.configured import ConfiguredRule, ConfiguredRules
from analytics.monitoring.alerts.lifecycle import Place
from tests.trading.story import MONDAY, make_bot
from trading.parameters import instance_for

pytestmark = pytest.mark.django_db
LIST, RULES = "/admin/analytics/alert/", "/admin/analytics/alertrulesetting/"


def raised(place: Place, kind="drawdown", severity="warning", hours=0) -> Alert:
    rule = REGISTRY[kind]
    configured = ConfiguredRule(rule, True, severity, rule.defaults())
    evidence = {"drawdown_pct": 4.51234, "picture": [0, 1.5, -2, 3], "limit": 2, "none": None}
    finding = Finding(f"{rule.title} <b>{hours}</b>.", "Stop & look.", evidence)
    lifecycle.judge(configured, place, finding, MONDAY + timedelta(hours=hours))
    return Alert.objects.latest("pk")


@pytest.fixture
def bot(db):
    return make_bot()


@pytest.fixture
def place(bot):
    return Place(bot.pk, instance_for(bot, "rsi_bb").pk, "live")


def text(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def test_open_and_severe_alerts_come_first(admin_client, place):
    lifecycle.resolve(raised(place, "drawdown", "critical", 3))
    raised(place, "win_rate", "info", 2)
    raised(place, "losing_streak", "critical", 0)
    raised(place, "no_trades", "warning", 1)
    page = text(admin_client.get(LIST))
    order = [page.index(f"{hours}&lt;/b&gt;") for hours in (0, 1, 2, 3)]
    assert order == sorted(order)
    assert "rsi_bb of Mara" in page and "<b>" not in page


def test_lists_are_filtered_searched_and_exported(admin_client, place):
    raised(place, "win_rate")
    raised(place, "drawdown")
    assert "Win rate too low &lt;" not in text(admin_client.get(f"{LIST}?kind=drawdown"))
    assert "Win rate too low &lt;" in text(admin_client.get(f"{LIST}?q=rate"))
    assert admin_client.get(f"{LIST}export/").status_code == 200


def test_the_page_of_an_alert_shows_its_evidence_history_and_advice(admin_client, place):
    alert = raised(place)
    page = text(admin_client.get(f"{LIST}{alert.pk}/change/"))
    assert "Unusual drawdown &lt;b&gt;0&lt;/b&gt;." in page and "Stop &amp; look." in page
    assert "<polyline points=" in page and "Evidence: 3 (limit 2)" in page
    assert "4.512" in page and "Opened" in page and "system" in page
    assert REGISTRY["drawdown"].error_rate in page
    assert f"{RULES}drawdown/at/strategy-{place.instance}/" in page


def step(client, alert, **given):
    return text(client.post(f"{LIST}{alert.pk}/step/", given, follow=True))


def test_steps_by_hand_are_kept_with_who_and_why(admin_client, admin_user, place):
    alert = raised(place)
    page = step(admin_client, alert, step="acknowledge", note=" <i>fees</i> ")
    assert "only if it gets worse" in page and "&lt;i&gt;fees&lt;/i&gt;" in page
    assert "Snoozed until" in step(admin_client, alert, step="snooze", hours="8")
    assert "or comes back" in step(admin_client, alert, step="resolve", note="Known")
    assert "Nothing was changed" in step(admin_client, alert, step="resolve")
    events = list(alert.events.order_by("pk").values_list("type", "by", "note"))
    assert events[1:] == [
        ("acknowledged", admin_user.pk, "<i>fees</i>"),
        ("snoozed", admin_user.pk, ""),
        ("resolved", admin_user.pk, "Known"),
    ]


@pytest.mark.parametrize("given", [{"step": "snooze", "hours": "9999"}, {"step": "x"}, {}])
def test_a_step_that_makes_no_sense_changes_nothing(admin_client, place, given):
    alert = raised(place)
    assert "Nothing was changed" in step(admin_client, alert, **given)
    assert alert.events.count() == 1


def test_who_may_only_look_can_not_act(client, place):
    alert = raised(place)
    reader = User.objects.create_user("reader", is_staff=True)
    names = ("view_alert", "view_alertrulesetting")
    reader.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(reader)
    assert "Acknowledge</button>" not in text(client.get(f"{LIST}{alert.pk}/change/"))
    assert client.post(f"{LIST}{alert.pk}/step/", {"step": "resolve"}).status_code == 403
    assert client.get(f"{LIST}{alert.pk}/step/").status_code == 405
    assert client.post(f"{RULES}fees/at/all/", {}).status_code == 403
    assert "no permission to change" in text(client.get(f"{RULES}fees/at/all/"))


def test_who_may_not_look_sees_nothing(client, place):
    alert = raised(place)
    client.force_login(User.objects.create_user("stranger", is_staff=True))
    for page in (LIST, f"{LIST}{alert.pk}/change/", RULES, f"{RULES}fees/at/all/"):
        assert client.get(page).status_code == 403
    assert "Unusual drawdown" not in text(client.get("/admin/"))


def test_the_first_page_shows_what_is_open(admin_client, place):
    assert "open alert" not in text(admin_client.get("/admin/"))
    alert = raised(place)
    assert "1 open alert<" in text(admin_client.get("/admin/"))
    lifecycle.acknowledge(alert)
    assert "open alert" not in text(admin_client.get("/admin/"))


def test_rules_are_changed_where_they_are_to_hold_and_forgotten_again(admin_client, bot, place):
    at = f"{RULES}win_rate/at/strategy-{place.instance}/"
    given = {
        "rule_enabled": "on",
        "rule_severity": "critical",
        "limit_from": "fixed",
        "limit": "0.45",
        "window": "7d",
        "fewest_trades": "5",
        "days_between_false_alarms": "100",
    }
    assert "saved" in text(admin_client.post(at, given, follow=True))
    rule = ConfiguredRules().of("win_rate", bot.pk, place.instance)
    assert (rule.severity, rule.parameters["limit"], rule.parameters["window"]) == (
        "critical",
        0.45,
        "7d",
    )
    assert ConfiguredRules().of("win_rate", bot.pk).severity == "warning"
    listed = text(admin_client.get(f"{RULES}?place=strategy-{place.instance}"))
    assert "<strong>set here</strong>" in listed and "Job failed" not in listed
    assert "Reset to default" in text(admin_client.get(at))
    admin_client.post(at, {"default": "1"})
    assert not AlertRuleSetting.objects.exists()


def test_a_rule_that_cannot_be_is_explained_at_its_field(admin_client):
    at = f"{RULES}drawdown/at/all/"
    page = text(
        admin_client.post(
            at,
            {
                "rule_severity": "warning",
                "days_between_false_alarms": "1",
                "horizon": "x",
                "limit_pct": "2",
            },
        )
    )
    assert "Please correct the highlighted fields" in page
    assert "Must be between 90 and 2000." in page and "Must be a number." in page
    assert not AlertRuleSetting.objects.exists()


@pytest.mark.parametrize(
    "address", ["nothing/at/all/", "fees/at/bot-99/", "job_failed/at/strategy-1/", "fees/at/x/"]
)
def test_a_rule_of_what_is_not_there_is_404(admin_client, bot, address):
    assert admin_client.get(f"{RULES}{address}").status_code == 404
