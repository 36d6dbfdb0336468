from .build import make, newest, period

__all__ = ["make", "newest", "period"]
