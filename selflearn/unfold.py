"""How the admin looks: the settings of django-unfold."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static


def _favicon(request: HttpRequest) -> str:
    return static("selflearn/favicon.svg")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "selflearn",
    "SITE_HEADER": "selflearn",
    "SITE_SUBHEADER": "memory and judgement of a trading bot",
    "SITE_SYMBOL": "monitoring",
    "SITE_FAVICONS": [
        {"rel": "icon", "sizes": "any", "type": "image/svg+xml", "href": _favicon},
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
}
