"""Make the pictures in docs/screenshots: python docs/screenshots.py [NAME ...]

Works on invented records in a directory of its own, which goes when it ends. Needs Debian's
chromium and the packages of requirements-dev.txt.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-lcd-text",
]
USER, PASSWORD = "admin", "only-for-the-pictures"
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
LOW, TALL = {"width": 1280, "height": 600}, {"width": 1280, "height": 1050}
TALLER = {"width": 1280, "height": 1350}
LONG = {"width": 1280, "height": 2200}


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="selflearn-pictures-") as folder:
        os.environ.update(DATA_DIR=folder, DJANGO_SETTINGS_MODULE="selflearn.settings")
        sys.path[:0] = [str(ROOT), str(ROOT / "docs")]
        import django

        django.setup()
        from django.contrib.auth.models import User
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        user = User.objects.create_superuser(USER, password=PASSWORD)
        port = _free_port()
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "gunicorn",
                "selflearn.wsgi",
                "-b",
                f"127.0.0.1:{port}",
                "--threads",
                "4",
                "--log-level",
                "error",
            ],
            cwd=ROOT,
        )
        try:
            _take_all(f"http://127.0.0.1:{port}", user)
        finally:
            server.terminate()
            server.wait()


def _take_all(url: str, user) -> None:
    # Before the browser runs: its driver keeps an event loop, in which the ORM refuses to work.
    _wait(url)
    from playwright.sync_api import sync_playwright

    wanted = sys.argv[1:]
    empty = [("dashboard-empty", "/admin/", "light", DESK)]
    with sync_playwright() as playwright:
        _shoot(playwright, url, [each for each in empty if not wanted or each[0] in wanted])
    pages = [each for each in _fill(user) if not wanted or each[0] in wanted]
    with sync_playwright() as playwright:
        _shoot(playwright, url, pages)


def _fill(user) -> list[tuple]:
    import sample_data
    import sample_replays

    from trading.models import CandleSeries, Trade

    bot = sample_data.fill(user)
    alert = sample_data.watch(bot).pk
    made = {name: run.pk for name, run in sample_replays.replays(bot).items()}
    beside = sample_replays.beside(user)
    told = {name: f"/admin/analytics/run/{run.pk}/change/" for name, run in beside.items()}
    shaded = f"/admin/trading/strategyinstance/{beside['shadow'].instance_id}/history/"
    replays = "/admin/analytics/run"
    report = sample_data.report(bot).pk
    advice = "/admin/analytics/recommendation"
    over, began, planned = (one.pk for one in sample_data.experiment(bot, user))
    rsi = bot.instances.get(strategy="rsi_bb").pk
    pages = f"/admin/trading/strategyinstance/{rsi}"
    trade = Trade.objects.filter(book__instance=rsi, flagged=True).first().pk
    series = CandleSeries.objects.order_by("-gaps").first().pk
    return [
        ("dashboard-light", "/admin/?bot=alpha", "light", TALLER),
        ("dashboard-dark", "/admin/?bot=alpha", "dark", TALL),
        ("dashboard-phone", "/admin/?bot=alpha", "light", PHONE),
        ("trades", "/admin/trading/trade/?strategy=rsi_bb", "light", DESK),
        ("trades-dark", "/admin/trading/trade/?flagged=yes", "dark", DESK),
        ("trades-phone", "/admin/trading/trade/", "dark", PHONE),
        ("trade", f"/admin/trading/trade/{trade}/change/", "light", TALL),
        ("strategy", f"{pages}/change/", "light", TALL),
        ("strategy-phone", f"{pages}/change/", "dark", PHONE),
        ("parameters-review", f"{pages}/change/", "light", LOW, _review),
        ("history", f"{pages}/history/", "light", TALL),
        ("history-phone", f"{pages}/history/", "dark", PHONE),
        ("rollback", f"{pages}/rollback/2/", "light", DESK),
        ("compare", f"{pages}/compare/?one=2&two=3", "light", TALLER),
        ("values", f"{pages}/values/stop_loss_bps/", "dark", TALL),
        ("changes", "/admin/trading/strategyinstance/changes/", "light", LOW),
        ("experiment", f"/admin/trading/experiment/{over}/change/", "light", LONG),
        ("experiment-began", f"/admin/trading/experiment/{began}/change/", "dark", TALLER),
        ("experiment-phone", f"/admin/trading/experiment/{over}/change/", "dark", PHONE),
        (
            "experiments-compare",
            f"/admin/trading/experiment/compare/?ids={over},{began},{planned}",
            "light",
            TALLER,
        ),
        ("experiment-new", f"{pages}/experiments/new/", "light", TALLER),
        ("experiments", f"{pages}/experiments/", "light", LOW),
        ("freeze", f"/admin/trading/bot/{bot.pk}/change/", "light", LOW),
        ("report", f"/admin/analytics/report/{report}/change/", "light", TALLER),
        ("report-dark", f"/admin/analytics/report/{report}/change/", "dark", TALLER),
        ("report-phone", f"/admin/analytics/report/{report}/change/", "light", PHONE),
        ("reports", "/admin/analytics/report/", "light", LOW),
        ("recommendations", f"{advice}/", "light", LOW),
        ("alerts", "/admin/analytics/alert/", "light", LOW),
        ("alert", f"/admin/analytics/alert/{alert}/change/", "light", TALLER),
        ("alert-phone", f"/admin/analytics/alert/{alert}/change/", "dark", PHONE),
        ("alert-rules", "/admin/analytics/alertrulesetting/", "dark", TALLER),
        ("channel", "/admin/analytics/channel/1/change/", "light", TALL),
        ("backtests", f"{replays}/", "light", LOW),
        ("backtest", f"{replays}/{made['tried']}/change/", "light", TALLER),
        ("backtest-dark", f"{replays}/{made['tried']}/change/", "dark", TALLER),
        ("backtest-phone", f"{replays}/{made['tried']}/change/", "light", PHONE),
        (
            "backtests-compare",
            f"{replays}/compare/?one={made['live']}&two={made['other']}",
            "dark",
            TALLER,
        ),
        ("whatif", f"{replays}/compare/?one={made['live']}&two={made['tried']}", "light", TALLER),
        ("sensitivity", f"{replays}/{made['along']}/change/", "light", TALL),
        ("fidelity", told["compared"], "light", TALLER),
        ("fidelity-phone", told["compared"], "dark", PHONE),
        ("counterfactual", shaded, "light", TALL),
        ("why-not", told["idle"], "light", TALLER, _funnel),
        ("jobs", "/admin/analytics/jobline/", "light", TALL),
        ("candle-series-list", "/admin/trading/candleseries/", "light", DESK),
        ("candle-series", f"/admin/trading/candleseries/{series}/change/", "light", DESK),
    ]


def _shoot(playwright, url: str, pages: list[tuple]) -> None:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    for name, path, scheme, size, *steps in pages:
        context = browser.new_context(viewport=size, color_scheme=scheme)
        page = context.new_page()
        page.goto(f"{url}/admin/login/?next=/admin/")
        page.fill("#id_username", USER)
        page.fill("#id_password", PASSWORD)
        page.click("button[type=submit]")
        page.goto(f"{url}{path}")
        page.wait_for_load_state("networkidle")
        for step in steps:
            step(page)
        page.screenshot(path=PICTURES / f"{name}.png")
        context.close()
        print(f"{name}.png")
    browser.close()


def _review(page) -> None:
    """Change two values, and look at the difference."""
    page.fill("#id_stop_loss_bps", "7")
    page.fill("#id_max_hold_minutes", "4")
    page.fill("#id_reason", "Winners are closed too early when the market is calm")
    page.click("button[value=review]")
    page.wait_for_load_state("networkidle")


def _funnel(page) -> None:
    """Look at why it did not trade."""
    page.get_by_role("heading", name="Signal funnel").first.scroll_into_view_if_needed()
    page.wait_for_timeout(500)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _wait(url: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(f"{url}/admin/login/", timeout=2)
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
