"""A server with a story in it, and its pages, logged in."""

import pytest
from django.contrib.auth.models import User

from tests.chromium import follow
from tests.trading.admin.conftest import bot, story  # noqa: F401 - fixtures by their names


@pytest.fixture
def open_page(open_tab, live_server, transactional_db):
    """Open a page of the story's server, logged in, in a colour scheme and a width."""
    user = User.objects.create_superuser("owner", password="pass-for-this-test")

    def opened(scheme="light", width=1280):
        size = {"width": width, "height": 800}
        page = open_tab(live_server.url, viewport=size, color_scheme=scheme)
        page.goto(f"{live_server.url}/admin/login/?next=/admin/")
        page.fill("#id_username", user.username)
        page.fill("#id_password", "pass-for-this-test")
        follow(page, lambda: page.click("button[type=submit]"))
        return page

    return opened
