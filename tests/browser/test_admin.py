"""The admin in a real browser: quiet, in both schemes, on a phone, and by keyboard."""

import pytest

from tests.chromium import follow
from trading.models import ParameterSet, Trade
from trading.parameters import instance_for

pytestmark = [pytest.mark.either, pytest.mark.django_db(transaction=True)]

LISTS = (
    "/admin/",
    "/admin/?period=all",
    "/admin/?period=all&mode=paper",
    "/admin/trading/trade/",
    "/admin/trading/trade/?flagged=yes",
    "/admin/trading/trade/?since=2040-01-01",
    "/admin/trading/position/",
    "/admin/trading/strategyinstance/",
    "/admin/trading/strategyinstance/changes/",
    "/admin/trading/parameterset/",
    "/admin/trading/traderevision/",
    "/admin/trading/candleseries/",
    "/admin/trading/renkobrick/",
    "/admin/trading/evaluationcount/",
    "/admin/trading/bot/",
    "/admin/trading/bottoken/",
    "/admin/trading/bottoken/add/",
    "/admin/trading/stateentry/",
    "/admin/trading/rollupday/",
    "/admin/trading/scope/",
    "/admin/analytics/jobline/",
    "/admin/analytics/jobline/demo/change/",
    "/admin/analytics/jobrun/",
)
CONTRAST = """() => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const draw = canvas.getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgb = (text) => {
    if (!known.has(text)) {
      draw.clearRect(0, 0, 1, 1);
      draw.fillStyle = text;
      draw.fillRect(0, 0, 1, 1);
      known.set(text, [...draw.getImageData(0, 0, 1, 1).data]);
    }
    return known.get(text);
  };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = rgb(getComputedStyle(node).backgroundColor);
      if (colour[3] > 250) return colour;
    }
    return [255, 255, 255, 255];
  };
  const light = (colour) => {
    const part = colour.slice(0, 3).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
  };
  const poor = [];
  for (const node of document.querySelectorAll(".sl-page *")) {
    const words = [...node.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim());
    if (!words || !node.offsetParent || node.tagName === "OPTION") continue;
    const [one, two] = [light(rgb(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (ratio < 4.5) poor.push(`${node.className} ${node.textContent.trim()} ${ratio.toFixed(2)}`);
  }
  return poor;
}"""


def visit(page, server, path):
    page.goto(f"{server.url}{path}", wait_until="load")


def overflow(page):
    """Pixels by which the page is wider than the window."""
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


def own_pages(story):
    instance = instance_for(story, "rsi_bb").pk
    trade = Trade.objects.filter(flagged=True)[0].pk
    made = ParameterSet.objects.first().pk
    return (
        f"/admin/trading/trade/{trade}/change/",
        f"/admin/trading/strategyinstance/{instance}/change/",
        f"/admin/trading/strategyinstance/{instance}/history/",
        f"/admin/trading/strategyinstance/{instance}/rollback/1/",
        f"/admin/trading/strategyinstance/{instance}/compare/?one=1&two=2",
        f"/admin/trading/strategyinstance/{instance}/values/stop_loss_bps/",
        f"/admin/trading/parameterset/{made}/change/",
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_quiet_readable_and_not_wider_than_the_window(
    open_page, live_server, story, scheme
):
    page = open_page(scheme)
    for path in (*LISTS, *own_pages(story)):
        for width in (390, 1280):  # a curve follows a window that shrinks, a little later
            page.set_viewport_size({"width": width, "height": 800})
            if width == 390:
                visit(page, live_server, path)
            assert overflow(page) <= 0, f"{path} {width}"
            assert page.evaluate(CONTRAST) == [], f"{path} {width}"
        assert page.evaluate("document.documentElement.classList.contains('dark')") is (
            scheme == "dark"
        )
    assert page.complaints == []


def test_a_login_leads_to_a_dashboard_with_curves(open_page, live_server, story):
    page = open_page()
    assert page.url.endswith("/admin/")
    follow(page, page.get_by_role("link", name="Show all trades").click)
    assert page.locator("svg.sl-spark").count() == 2
    drawn = """() => {
      const canvas = document.getElementById("curves");
      const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      return pixels.some((value) => value > 0);
    }"""
    assert page.evaluate(drawn)
    assert page.complaints == []


def test_without_data_the_first_page_says_what_to_do(open_page, live_server):
    page = open_page("dark", 390)
    assert page.get_by_text("python3 manage.py create_bot NAME").is_visible()
    assert overflow(page) <= 0
    assert page.complaints == []


def test_trades_are_filtered_and_paged_by_keyboard(open_page, live_server, story):
    page = open_page()
    visit(page, live_server, "/admin/trading/trade/")
    page.get_by_label("Mode").focus()
    page.keyboard.press("L")
    follow(page, lambda: page.get_by_role("button", name="Show").press("Enter"))
    assert "mode=live" in page.url
    first = page.locator(".sl-table tbody tr").first.inner_text()
    follow(page, lambda: page.get_by_role("link", name="Older").press("Enter"))
    assert "mode=live" in page.url
    assert "before=" in page.url
    assert page.locator(".sl-table tbody tr").first.inner_text() != first
    follow(page, lambda: page.get_by_role("link", name="Newer").press("Enter"))
    assert page.locator(".sl-table tbody tr").first.inner_text() == first
    assert page.complaints == []


def test_on_a_phone_the_filters_open_when_asked(open_page, live_server, story):
    page = open_page("light", 390)
    visit(page, live_server, "/admin/trading/trade/")
    assert not page.get_by_label("Market").is_visible()
    page.get_by_label("Filters").focus()
    page.keyboard.press("Space")
    assert page.get_by_label("Market").is_visible()


def test_parameters_change_with_a_reason_and_not_without(open_page, live_server, story):
    page = open_page()
    instance = instance_for(story, "rsi_bb")
    visit(page, live_server, f"/admin/trading/strategyinstance/{instance.pk}/change/")
    page.get_by_label("Stop loss", exact=True).fill("5.5")
    assert page.locator(".sl-changed-mark:visible").count() == 1
    follow(page, page.get_by_role("button", name="Review change").click)
    assert page.get_by_text("Enter what changes and why.").is_visible()
    assert page.get_by_label("Stop loss", exact=True).input_value() == "5.5"
    before = ParameterSet.objects.filter(instance=instance).count()
    page.get_by_label("Reason (required)").fill("Noise hit the stops")
    follow(page, page.get_by_role("button", name="Review change").click)
    assert page.get_by_role("cell", name="5.5 bps").is_visible()
    follow(page, page.get_by_role("button", name=f"Make version {before + 1} live").click)
    assert page.get_by_text("is live.").is_visible()
    assert page.get_by_text("Noise hit the stops").is_visible()
    assert ParameterSet.objects.filter(instance=instance).count() == before + 1
    assert page.complaints == []
