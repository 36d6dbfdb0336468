"""Lists of rows numbered within a strategy and market: Renko bricks, evaluation counts."""

from __future__ import annotations

from typing import Any

from django import forms

from trading.admin.keyset import offer
from trading.db.keyset import Condition, Key, Listing, distinct
from trading.models import EvaluationCount, Market, RenkoBrick, StrategyInstance


class PairFilters(forms.Form):
    """Filter by one strategy on one market: the rows are numbered within that pair."""

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
        offer(self, "pair", [("", "All"), *offered])


def listing(chosen: dict[str, Any], table: str, number: str) -> Listing:
    """All rows in order of storage, newest first; rows of one pair by their own number."""
    if not chosen["pair"]:
        return Listing(table, ("id",))
    pair = tuple(int(part) for part in chosen["pair"].split("."))
    return Listing(table, (number,), ((Condition("instance_id = %s AND market_id = %s", pair),),))


def rows_of(
    model: type[RenkoBrick] | type[EvaluationCount],
    chosen: dict[str, Any],
    number: str,
    keys: list[Key],
) -> list[Any]:
    """The rows with these keys, in the same order."""
    related = model.objects.select_related("instance__bot", "market")
    values = [key[0] for key in keys]
    if not chosen["pair"]:
        rows = related.order_by().in_bulk(values)
        return [rows[value] for value in values if value in rows]
    instance, market = (int(part) for part in chosen["pair"].split("."))
    rows = related.filter(instance=instance, market=market, **{f"{number}__in": values})
    return list(rows.order_by(f"-{number}"))
