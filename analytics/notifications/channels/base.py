from __future__ import annotations


class NotDelivered(Exception):
    """A message that did not go out; the text says why and holds no secret."""
