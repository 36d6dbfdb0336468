"""A server with a story in it, and pages that remember complaints."""

import os
import urllib.parse
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from tests.trading.admin.conftest import bot, story  # noqa: F401 - fixtures by their names

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM.exists():
        pytest.skip("needs /usr/bin/chromium (Debian's package chromium)")
    from playwright.sync_api import sync_playwright

    # The driver keeps an event loop in this thread; the tests' own queries are not its business.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(browser, live_server, transactional_db):
    """Open a page of the story's server, logged in, in a colour scheme and a width."""
    user = User.objects.create_superuser("owner", password="pass-for-this-test")
    contexts = []

    def opened(scheme="light", width=1280):
        size = {"width": width, "height": 800}
        context = browser.new_context(viewport=size, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        _listen(page, urllib.parse.urlsplit(live_server.url).netloc)
        page.goto(f"{live_server.url}/admin/login/?next=/admin/")
        page.fill("#id_username", user.username)
        page.fill("#id_password", "pass-for-this-test")
        page.click("button[type=submit]")
        page.wait_for_load_state("networkidle")
        return page

    yield opened
    for context in contexts:
        context.close()


def _listen(page, here):
    def heard(message):
        if message.type in ("error", "warning"):
            page.complaints.append(message.text)

    def asked(request):
        parts = urllib.parse.urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != here:
            page.complaints.append(f"left the machine: {request.url}")

    page.on("console", heard)
    page.on("request", asked)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "response",
        lambda answer: (
            answer.status >= 400 and page.complaints.append(f"{answer.status} {answer.url}")
        ),
    )
