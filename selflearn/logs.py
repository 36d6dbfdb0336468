"""One record, one line, on stderr: nothing that a bot sends can forge a second line."""

from __future__ import annotations

import logging
import time
from functools import lru_cache
from typing import Any


class OneLine(logging.Formatter):
    """Write line breaks and other control characters of a record, tracebacks too, as escapes."""

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
    """Return the LOGGING setting."""
    # These report every start, task and recycled process.
    talkative = {"level": level if level in ("DEBUG", "ERROR") else "WARNING"}
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
            "nowhere": {"class": "logging.NullHandler"},
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers would mail and print a second time.
            "django": {"handlers": [], "propagate": True},
            # Every refused request is told once already, in the line of trading.api.
            "django.request": {"level": "ERROR"},
            # What they say of a connection holds the address, which is a secret.
            "apprise": {"level": "WARNING", "handlers": ["nowhere"], "propagate": False},
            "urllib3": {"level": "WARNING", "handlers": ["nowhere"], "propagate": False},
            "axes": talkative,
            "django-q": talkative,
            "gunicorn.error": {**talkative, "propagate": True},
        },
    }
