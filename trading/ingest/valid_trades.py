"""Validated trades as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from trading.ingest.trade_schema import TradeRow

FIELDS = TradeRow.__struct_fields__


@dataclass(slots=True)
class ValidTrades:
    """``index`` is a trade's position among those that were sent; ``columns`` are the fields of
    ``TradeRow``, with amounts as floats, which hold 15 digits exactly."""

    index: list[int] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in FIELDS})

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, name: str) -> list[Any]:
        return self.columns[name]

    def add(self, index: int, row: TradeRow) -> None:
        self.index.append(index)
        for name, column in self.columns.items():
            value = getattr(row, name)
            column.append(float(value) if type(value) is Decimal else value)

    def take(self, places: Sequence[int]) -> ValidTrades:
        """Those at ``places``, in that order."""
        if len(places) == len(self) and all(map(int.__eq__, places, range(len(self)))):
            return self
        index, *columns = (
            _taken(column, places) for column in (self.index, *self.columns.values())
        )
        return ValidTrades(index, dict(zip(self.columns, columns, strict=True)))


def _taken(column: list[Any], places: Sequence[int]) -> list[Any]:
    return [column[at] for at in places]
