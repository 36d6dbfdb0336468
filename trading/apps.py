from django.apps import AppConfig
from django.conf import settings


class TradingConfig(AppConfig):
    name = "trading"

    def ready(self) -> None:
        from trading import clock, simulation

        clock.simulate(simulation.now if settings.SIMULATION else None)
