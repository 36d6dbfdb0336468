"""How the admin looks: the settings of django-unfold."""

from __future__ import annotations

from typing import Any

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "selflearn",
    "SITE_HEADER": "selflearn",
    "SITE_SUBHEADER": "memory and judgement of a trading bot",
    "SITE_SYMBOL": "monitoring",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
}
