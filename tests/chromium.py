"""A real browser, and pages that remember complaints."""

import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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
def browser() -> Iterator[Any]:
    """Chromium. Not for longer than a file: its driver keeps an event loop in this thread."""
    if not CHROMIUM.exists():
        pytest.skip("needs /usr/bin/chromium (Debian's package chromium)")
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # The loop is there for the driver; the tests' own queries are not its business.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def open_tab(browser: Any) -> Iterator[Callable[..., Any]]:
    """``open_tab(url, ...)``: an empty page for the server at ``url``, its ``complaints`` a list
    of what the console, the server and the policy objected to, and of requests that left it."""
    contexts = []

    def opened(url: str, **options: Any) -> Any:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        _listen(page, urllib.parse.urlsplit(url).netloc)
        return page

    yield opened
    for context in contexts:
        context.close()


def follow(page: Any, act: Callable[[], Any]) -> None:
    """Do what leads to another page, and wait until that one is at rest: a click does not."""
    with page.expect_navigation(wait_until="networkidle"):
        act()


def _listen(page: Any, here: str) -> None:
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
