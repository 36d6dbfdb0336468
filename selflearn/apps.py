import sys

from django.apps import AppConfig
from django.conf import settings

_POSTGRES_FIELDS = "django.contrib.postgres.fields"


class SelflearnConfig(AppConfig):
    name = "selflearn"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        if settings.SQLITE:
            # Where psycopg is installed, the admin's theme takes it along for fields that only
            # PostgreSQL has: a seventh of the time that a start on SQLite takes.
            sys.modules.setdefault(_POSTGRES_FIELDS, None)  # type: ignore[arg-type]

    def ready(self) -> None:
        from selflearn import checks  # noqa: F401 - importing it registers them

        if sys.modules.get(_POSTGRES_FIELDS, ...) is None:
            del sys.modules[_POSTGRES_FIELDS]
