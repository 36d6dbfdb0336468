"""The pages in a real browser: nothing that the policy forbids, nothing from another host."""

import urllib.parse
from pathlib import Path

import pytest

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

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def page(browser, running):
    """A page that remembers complaints of the console and requests to other hosts."""
    context = browser.new_context()
    opened = context.new_page()
    opened.complaints = []
    here = urllib.parse.urlsplit(running.url).netloc

    def heard(message):
        if message.type in ("error", "warning"):
            opened.complaints.append(message.text)

    def asked(request):
        parts = urllib.parse.urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != here:
            opened.complaints.append(f"left the machine: {request.url}")

    opened.on("console", heard)
    opened.on("request", asked)
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.on(
        "response",
        lambda answer: (
            answer.status >= 400 and opened.complaints.append(f"{answer.status} {answer.url}")
        ),
    )
    yield opened
    context.close()


def test_login_index_and_lists_raise_no_complaint(page, running):
    page.goto(running.url)
    assert "/admin/login/" in page.url
    page.wait_for_load_state("networkidle")
    assert running.password, "the module's first start prints it"
    page.fill("#id_username", "admin")
    page.fill("#id_password", running.password)
    page.click("button[type=submit]")
    page.wait_for_load_state("networkidle")
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
