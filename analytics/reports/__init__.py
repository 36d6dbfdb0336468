"""Daily and weekly reports: ``make`` builds and stores one, ``data`` declares its content, ``text``
words it."""

from .build import make
from .data import from_json, recommendations_from_json
from .period import newest, period

__all__ = ["from_json", "make", "newest", "period", "recommendations_from_json"]
