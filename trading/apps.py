from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class TradingConfig(AppConfig):
    name = "trading"

    def ready(self) -> None:
        from trading import clock
        from trading.bots import simulated_clock

        clock.simulate(simulated_clock.now if settings.SIMULATION else None)
