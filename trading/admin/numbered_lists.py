"""Lists of rows that are numbered within a strategy and a market: bricks, evaluation counts."""

from __future__ import annotations

from typing import Any

from django import forms

from trading.db.keyset import Condition, Listing, distinct
from trading.models import Market, StrategyInstance


class PairFilters(forms.Form):
    """One strategy on one market at a time, since that is how the rows are numbered."""

    pair = forms.ChoiceField(label="Strategy and market", required=False)

    def __init__(self, data: Any, table: str) -> None:
        super().__init__(data)
        pairs = distinct(table, ("instance_id", "market_id"))
        instances = StrategyInstance.objects.select_related("bot").in_bulk([p[0] for p in pairs])
        markets = Market.objects.in_bulk([pair[1] for pair in pairs])
        offered = [
            (f"{instance}.{market}", f"{instances[instance]} / {markets[market]}")
            for instance, market in pairs
        ]
        self.fields["pair"].choices = [("", "All, as they were stored"), *offered]


def listing(chosen: dict[str, Any], table: str, number: str) -> Listing:
    """All rows as they were stored, newest first; those of one pair by their own number."""
    if not chosen["pair"]:
        return Listing(table, ("id",))
    pair = tuple(int(part) for part in chosen["pair"].split("."))
    return Listing(table, (number,), ((Condition("instance_id = %s AND market_id = %s", pair),),))


def found(model: Any, chosen: dict[str, Any], number: str, keys: list[tuple]) -> list[Any]:
    """The rows of these keys, in their order."""
    related = model.objects.select_related("instance__bot", "market")
    values = [key[0] for key in keys]
    if not chosen["pair"]:
        rows = related.order_by().in_bulk(values)
        return [rows[value] for value in values if value in rows]
    instance, market = (int(part) for part in chosen["pair"].split("."))
    rows = related.filter(instance=instance, market=market, **{f"{number}__in": values})
    return list(rows.order_by(f"-{number}"))
