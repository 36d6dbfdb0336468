"""The admin's pages of what the product does and finds by itself."""

from . import jobs

__all__ = ["jobs"]
