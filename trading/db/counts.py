"""How many rows a write stored, updated and left as they were."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    stored: int = 0
    updated: int = 0
    unchanged: int = 0

    def add(self, other: Counts) -> None:
        self.stored += other.stored
        self.updated += other.updated
        self.unchanged += other.unchanged
