from __future__ import annotations

from datetime import datetime
from typing import Any

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"

    def ready(self) -> None:
        from analytics.notifications import checks  # noqa: F401  registers them
        from trading.bots import simulated_clock

        simulated_clock.stages.append(_live_through)


def _live_through(before: datetime | None, to: datetime) -> list[dict[str, Any]]:
    # Imported when needed: a start must not wait for it.
    from analytics import jobs

    return jobs.live_through(before, to)
