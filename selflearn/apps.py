from __future__ import annotations

from django.apps import AppConfig


class SelflearnConfig(AppConfig):
    name = "selflearn"

    def ready(self) -> None:
        from selflearn import checks  # noqa: F401 - importing it registers them
