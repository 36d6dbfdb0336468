"""Daily and weekly reports: ``make`` builds one as data, ``text`` words it."""

from .build import make, newest, period

__all__ = ["make", "newest", "period"]
