"""The report in a browser: read on a desk and a phone, followed to its evidence, and acted upon."""

from __future__ import annotations

import pytest

from analytics.models import Recommendation
from tests.analytics.sample_reports import idle, report
from tests.chromium import follow

pytestmark = [pytest.mark.either, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def one(transactional_db) -> Recommendation:
    found = report(idle().bot)
    pk = next(advice["id"] for advice in found.recommendations if advice["changes"])
    return Recommendation.objects.get(pk=pk)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_its_pages_fit_and_complain_of_nothing(open_page, live_server, one, scheme, width):
    page = open_page(scheme, width)
    for place in ("report/", "recommendation/", f"recommendation/{one.pk}/change/", "report/"):
        page.goto(f"{live_server.url}/admin/analytics/{place}")
        page.wait_for_load_state("networkidle")
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, place
    follow(page, page.get_by_role("link", name="2025-03-05").first.click)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert page.get_by_text(one.sentence).first.is_visible()
    assert page.complaints == []


def test_one_is_followed_to_its_evidence_and_into_a_change(open_page, live_server, one):
    page = open_page()
    page.goto(f"{live_server.url}/admin/analytics/report/")
    follow(page, page.get_by_role("link", name="2025-03-05").first.click)
    follow(page, page.get_by_role("link", name="Details").first.click)
    assert "Sensitivity: rsi_bb" in page.locator(".sl-page").inner_text()
    follow(page, page.go_back)
    follow(page, page.get_by_role("link", name="Change now").first.click)
    assert page.locator("#id_reason").input_value().startswith(f"Recommendation {one.pk}: ")
    follow(page, page.get_by_role("button", name="Review change").click)
    follow(page, page.get_by_role("button", name="Make version 3 live").click)
    assert one.instance.parameter_sets.count() == 3
    page.goto(f"{live_server.url}/admin/analytics/recommendation/{one.pk}/change/")
    page.get_by_text("Dismiss / Accept").click()
    page.fill(f"#reason-{one.pk}", "Done, by hand")
    follow(page, page.get_by_role("button", name="Accept", exact=True).click)
    assert "Accepted by" in page.locator(".sl-page").inner_text()
