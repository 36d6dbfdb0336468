"""The admin's pages of what the product does and finds by itself."""

from . import channels, jobs

__all__ = ["channels", "jobs"]
