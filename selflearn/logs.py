"""Logging on stderr, one line per record: nothing that a bot sends can forge a second line."""

from __future__ import annotations

import logging
import time
from functools import lru_cache
from typing import Any


class OneLine(logging.Formatter):
    """Escape line breaks and other control characters of a record, its traceback included."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return _second(int(record.created))

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if text.isprintable():
            return text
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@lru_cache(maxsize=2)
def _second(moment: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def logging_config(*, level: str) -> dict[str, Any]:
    """The LOGGING setting."""
    # These log every start, task and recycled process.
    verbose = {"level": level if level in ("DEBUG", "ERROR") else "WARNING"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "selflearn.logs.OneLine",
                "format": "%(asctime)s %(levelname)s %(name)s [%(process)d] %(message)s",
            }
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
            "null": {"class": "logging.NullHandler"},
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers would mail and print a second time.
            "django": {"handlers": [], "propagate": True},
            # trading.api logs every refused request already.
            "django.request": {"level": "ERROR"},
            # Their messages hold addresses, which are secret.
            "apprise": {"level": "WARNING", "handlers": ["null"], "propagate": False},
            "urllib3": {"level": "WARNING", "handlers": ["null"], "propagate": False},
            "axes": verbose,
            "django-q": verbose,
            "gunicorn.error": {**verbose, "propagate": True},
        },
    }
