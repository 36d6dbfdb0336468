"""The pages of reports and recommendations: what they show, fill in, and refuse."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission, User

from analytics.models import Recommendation, Report
from tests.analytics.history import closed, keep
from tests.analytics.sample_reports import DAY, idle, report
from tests.trading.story import MONDAY, make_bot

pytestmark = pytest.mark.django_db
ADVICE, REPORTS = "/admin/analytics/recommendation/", "/admin/analytics/report/"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def one() -> Recommendation:
    found = report(idle().bot)
    key = next(each["id"] for each in found.recommendations if each["changes"])
    return Recommendation.objects.get(pk=key)


def said(answer) -> str:
    assert answer.status_code == 200
    bare = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return " ".join(bare.split())


def page(client) -> str:
    [row] = re.findall(rf'href="({REPORTS}\d+/change/)', client.get(REPORTS).content.decode())[:1]
    return row


def test_the_page_tells_the_head_the_why_and_what_to_do(admin_client, one):
    text = said(admin_client.get(page(admin_client)))
    assert "Daily Insights (2025-03-05) of Mara" in text
    assert one.sentence in text and "Signal funnel (backtest)" in text
    assert "Try in an experiment" in text and "Change now" in text
    assert "Day before" in text


def test_the_first_page_shows_the_newest_report(admin_client, one):
    keep(one.bot, [closed(1, MONDAY + DAY / 2, 1)])
    assert "Daily Insights (2025-03-05)" in said(admin_client.get("/admin/"))


def test_a_change_is_filled_in_and_nothing_saved(admin_client, one):
    html = admin_client.get(f"{ADVICE}{one.pk}/change/").content.decode()
    [(name, (_, new))] = one.changes.items()
    urls = [url.replace("&amp;", "&") for url in re.findall(r'href="([^"]*set\.[^"]*)"', html)]
    plan, change = (next(u for u in urls if part in u) for part in ("/new/", "/change/"))
    for url in (plan, change):
        form = admin_client.get(url).content.decode()
        field = next(tag for tag in re.findall(r"<input[^>]*>", form) if f'name="{name}"' in tag)
        assert f'value="{new:g}"' in field
        assert f"Recommendation {one.pk}: " in form
    assert "nothing is saved yet" in admin_client.get(change).content.decode()
    assert one.instance.parameter_sets.count() == 2


def test_dismissing_asks_why_and_says_what_was_done(admin_client, one):
    address = f"{ADVICE}{one.pk}/decide/"
    answer = admin_client.post(address, {"step": "dismiss", "reason": ""}, follow=True)
    assert "Say what changes and why" in said(answer)
    answer = admin_client.post(address, {"step": "dismiss", "reason": "Tried before"}, follow=True)
    text = said(answer)
    assert "Dismissed by admin" in text and "“Tried before”" in text
    again = admin_client.post(address, {"step": "accept", "reason": "Yes"}, follow=True)
    assert "decided before" in said(again)
    assert admin_client.post(address, {"step": "eat", "reason": "Yes"}).status_code == 404


def test_who_may_only_look_decides_nothing(client, one):
    user = User.objects.create_user("eva", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=("view_report", "view_recommendation"))
    )
    client.force_login(user)
    text = said(client.get(f"{ADVICE}{one.pk}/change/"))
    assert one.sentence in text and "Dismiss" not in text
    assert (
        client.post(f"{ADVICE}{one.pk}/decide/", {"step": "dismiss", "reason": "x"}).status_code
        == 403
    )
    user.user_permissions.clear()
    assert client.get(f"{ADVICE}{one.pk}/change/").status_code == 403
    assert client.get(page_of(one)).status_code == 403


def page_of(one: Recommendation) -> str:
    return f"{REPORTS}{Report.objects.get().pk}/change/"


def test_a_hostile_tag_or_exit_reason_is_inert(admin_client):
    bot = make_bot(f"Mara {HOSTILE}")
    keep(bot, [closed(n, MONDAY + DAY / 2, 1, HOSTILE, tag=HOSTILE) for n in (1, 2)])
    report(bot, MONDAY.date())
    html = admin_client.get(page(admin_client)).content.decode()
    assert "<script>alert" not in html and "&lt;script&gt;alert" in html
    assert "<script>alert" not in admin_client.get(REPORTS).content.decode()


def test_the_list_counts_what_was_followed(admin_client, one):
    assert "0 of 1 recommended change followed" in said(admin_client.get(ADVICE))
