"""How the admin looks: the settings of django-unfold."""

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


_DASHBOARD = {"title": "Dashboard", "icon": "monitoring", "link": reverse_lazy("admin:index")}
_CHANGES = {
    "title": "Parameter changes",
    "icon": "difference",
    "link": reverse_lazy("admin:trading_strategyinstance_changes"),
    "permission": lambda request: request.user.has_perm("trading.view_strategyinstance"),
}
# Its address begins with that of the strategies, which is then not where one is.
_STRATEGIES = {
    **_item("Strategies", "tune", "trading.strategyinstance"),
    "active": lambda request: (
        request.path.startswith(str(_STRATEGIES["link"]))
        and not request.path.startswith(str(_CHANGES["link"]))
    ),
}

NAVIGATION = [
    {
        "title": "Trading",
        "items": [
            _DASHBOARD,
            _item("Trades", "swap_vert", "trading.trade"),
            _item("Positions", "pending_actions", "trading.position"),
            _STRATEGIES,
            _CHANGES,
            _item("Experiments", "science", "trading.experiment"),
            _item("Parameter sets", "history", "trading.parameterset"),
            _item("Corrections", "edit_note", "trading.traderevision"),
        ],
    },
    {
        "title": "Watch",
        "items": [
            _item("Reports", "newspaper", "analytics.report"),
            _item("Recommendations", "lightbulb", "analytics.recommendation"),
            _item("Alerts", "notifications", "analytics.alert"),
            _item("Alert rules", "rule", "analytics.alertrulesetting"),
            _item("Channels", "send", "analytics.channel"),
            _item("Messages", "outbox", "analytics.message"),
        ],
    },
    {"title": "Lab", "items": [_item("Replays", "replay", "analytics.run")]},
    {
        "title": "Market",
        "items": [
            _item("Candle series", "candlestick_chart", "trading.candleseries"),
            _item("Bricks", "stairs", "trading.renkobrick"),
            _item("Evaluations", "filter_alt", "trading.evaluationcount"),
        ],
    },
    {
        "title": "Bots",
        "items": [
            _item("Bots", "smart_toy", "trading.bot"),
            _item("Tokens", "key", "trading.bottoken"),
            _item("State", "database", "trading.stateentry"),
            _item("Own strategies", "extension", "trading.externalstrategy"),
        ],
    },
    {
        "title": "System",
        "items": [
            _item("Jobs", "schedule", "analytics.jobline"),
            _item("Rollups", "functions", "trading.rollupday"),
            _item("Scopes", "category", "trading.scope"),
            _item("Users", "person", "auth.user"),
            _item("Groups", "group", "auth.group"),
        ],
    },
]


def menu_title(address: str) -> str:
    """What the menu calls the list at this address; "" for one that is not in it."""
    items = (item for group in NAVIGATION for item in group["items"])
    return next((item["title"] for item in items if str(item["link"]) == address), "")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "selflearn",
    "SITE_HEADER": "selflearn",
    "SITE_SUBHEADER": "memory and judgement of a trading bot",
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
