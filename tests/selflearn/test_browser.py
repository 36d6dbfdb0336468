"""The pages in a real browser: nothing that the policy forbids, nothing from another host."""

import urllib.parse

import pytest

from tests.chromium import follow

pytestmark = pytest.mark.either


def test_login_index_and_lists_raise_no_complaint(open_tab, running):
    page = open_tab(running.url)
    page.goto(running.url)
    assert "/admin/login/" in page.url
    page.wait_for_load_state("networkidle")
    assert running.password, "the module's first start prints it"
    page.fill("#id_username", "admin")
    page.fill("#id_password", running.password)
    follow(page, lambda: page.click("button[type=submit]"))
    assert "selflearn" in page.title()
    for path in (
        "/admin/auth/user/",
        "/admin/auth/user/1/change/",
        "/admin/auth/user/add/",
        "/admin/analytics/jobline/",
        "/admin/analytics/jobline/demo/change/",
        "/admin/analytics/jobrun/",
        "/admin/django_q/schedule/",
        "/admin/django_q/success/",
        "/admin/password_change/",
    ):
        page.goto(urllib.parse.urljoin(running.url, path))
        page.wait_for_load_state("networkidle")
    assert page.complaints == []
