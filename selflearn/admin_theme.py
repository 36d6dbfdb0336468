"""The admin's theme: menu and settings of django-unfold."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _favicon(request: HttpRequest) -> str:
    return static("selflearn/favicon.svg")


def _styles(request: HttpRequest) -> str:
    return static("selflearn/pages.css")


def _item(title: str, icon: str, model: str, permission: str = "") -> dict[str, Any]:
    app, name = model.split(".")
    needed = permission or f"{app}.view_{name}"
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: request.user.has_perm(needed),
    }


_DASHBOARD: dict[str, Any] = {
    "title": "Dashboard",
    "icon": "monitoring",
    "link": reverse_lazy("admin:index"),
}
_CHANGES: dict[str, Any] = {
    "title": "Change log",
    "icon": "difference",
    "link": reverse_lazy("admin:trading_strategyinstance_changes"),
    "permission": lambda request: request.user.has_perm("trading.view_strategyinstance"),
}
# The change log's URL begins with that of the strategies; only one of them is active.
_STRATEGIES: dict[str, Any] = {
    **_item("Strategies", "tune", "trading.strategyinstance"),
    "active": lambda request: (
        request.path.startswith(str(_STRATEGIES["link"]))
        and not request.path.startswith(str(_CHANGES["link"]))
    ),
}

NAVIGATION: list[dict[str, Any]] = [
    {
        "title": "Trading",
        "items": [
            _DASHBOARD,
            _item("Trades", "swap_vert", "trading.trade"),
            _item("Positions", "pending_actions", "trading.position"),
            _STRATEGIES,
            _CHANGES,
            _item("Experiments", "science", "trading.experiment"),
            _item("Versions", "history", "trading.parameterset"),
            _item("Trade revisions", "edit_note", "trading.traderevision"),
        ],
    },
    {
        "title": "Monitoring",
        "items": [
            _item("Reports", "newspaper", "analytics.report"),
            _item("Recommendations", "lightbulb", "analytics.recommendation"),
            _item("Alerts", "notifications", "analytics.alert"),
            _item("Alert rules", "rule", "analytics.alertrulesetting"),
            _item("Notification channels", "send", "analytics.channel"),
            _item("Delivery log", "outbox", "analytics.message"),
        ],
    },
    {"title": "Research", "items": [_item("Backtests", "replay", "analytics.run")]},
    {
        "title": "Market",
        "items": [
            _item("Candle series", "candlestick_chart", "trading.candleseries"),
            _item("Renko bricks", "stairs", "trading.renkobrick"),
            _item("Signal funnel", "filter_alt", "trading.evaluationcount"),
        ],
    },
    {
        "title": "Bots",
        "items": [
            _item("Bots", "smart_toy", "trading.bot"),
            _item("Tokens", "key", "trading.bottoken"),
            _item("Bot state", "database", "trading.stateentry"),
            _item("Custom strategies", "extension", "trading.externalstrategy"),
        ],
    },
    {
        "title": "System",
        "items": [
            _item("Scheduled jobs", "schedule", "analytics.jobline"),
            _item("Daily aggregates", "functions", "trading.rollupday"),
            _item("Users", "person", "auth.user"),
            _item("Groups", "group", "auth.group"),
        ],
    },
]


def menu_title(address: str) -> str:
    """The title of the menu entry with this address; empty if there is none."""
    items = (item for group in NAVIGATION for item in group["items"])
    return next((item["title"] for item in items if str(item["link"]) == address), "")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "selflearn",
    "SITE_HEADER": "selflearn",
    "SITE_SUBHEADER": "Trade journal & parameter lab",
    "SITE_SYMBOL": "monitoring",
    "SITE_FAVICONS": [{"rel": "icon", "sizes": "any", "type": "image/svg+xml", "href": _favicon}],
    "STYLES": [_styles],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "analytics.admin.dashboard.dashboard",
    # Pages and applications only: searching rows would scan tables.
    "COMMAND": {"search_models": False, "show_history": False},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": NAVIGATION,
    },
}
