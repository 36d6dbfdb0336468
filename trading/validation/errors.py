"""Why something that a bot sent is not stored."""

from __future__ import annotations

from typing import Any

from trading.validation.fields import Errors


class Stale(ValueError):
    """A newer report is in ``stored``; None where the position was closed since."""

    def __init__(self, stored: Any) -> None:
        self.stored = stored
        super().__init__("a newer report is stored already")


class Invalid(ValueError):
    """A report that cannot be stored; ``errors`` is keyed by field name."""

    def __init__(self, errors: Errors) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{name} {' '.join(text)}" for name, text in errors.items()))
