"""Daily aggregates: the sums per day that every report window is built from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from django import forms
from django.contrib import admin

from trading import clock, formatting
from trading.admin.base import Exported, ReadOnlyAdmin, resource_for
from trading.admin.keyset import Column, KeysetAdmin, offer
from trading.db.keyset import Condition, Key, Listing
from trading.formatting import Cell
from trading.ledger.tally import TALLY
from trading.models import RollupDay, Scope

SCOPES_OFFERED = 500


@admin.register(Scope)
class ScopeAdmin(Exported, ReadOnlyAdmin):
    list_display = ("key", "kind", "instance", "market", "parameter_set", "mode", "currency")
    list_filter = ("kind", "mode", "instance__bot")
    search_fields = ("instance__strategy", "market__name")
    list_select_related = ("instance__bot", "market", "parameter_set__instance__bot")
    resource_classes = (
        resource_for(
            Scope,
            "key",
            "kind",
            "instance__bot__name",
            "instance__strategy",
            "market__name",
            "parameter_set__version",
            "mode",
            "currency",
        ),
    )


class ScopeFilter(forms.Form):
    scope = forms.ChoiceField(label="Scope", required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        scopes = Scope.objects.select_related("instance__bot", "market", "parameter_set")
        offered = [(str(row.pk), scope_text(row)) for row in scopes.order_by("pk")[:SCOPES_OFFERED]]
        offer(self, "scope", [("", "All"), *offered])


def scope_text(scope: Scope) -> str:
    """A scope as text."""
    parts = [str(scope.instance)]
    if scope.kind == Scope.Kind.MARKET:
        parts.append(str(scope.market))
    if scope.kind == Scope.Kind.SET:
        version = scope.parameter_set
        parts.append(f"v{version.version}" if version else "unknown version")
    return ", ".join([*parts, scope.mode, scope.currency])


def day_text(row: RollupDay) -> str:
    return f"{clock.EPOCH + timedelta(days=row.day):%Y-%m-%d}"


def record(row: RollupDay) -> Any:
    """The day's tally, one record of TALLY."""
    return np.frombuffer(row.tally, TALLY)[0]


@admin.register(RollupDay)
class RollupDayAdmin(KeysetAdmin):
    columns = (
        Column("Day (UTC)", lambda row: Cell(day_text(row), "time"), "time"),
        Column("Scope", lambda row: Cell(scope_text(row.scope))),
        Column("Trades", lambda row: formatting.count(int(record(row)["trades"])), "number"),
        Column("Wins", lambda row: formatting.count(int(record(row)["wins"])), "number"),
        Column("Losses", lambda row: formatting.count(int(record(row)["losses"])), "number"),
        Column("Total PnL %", lambda row: formatting.result(float(record(row)["total"])), "number"),
        Column(
            "Drawdown %",
            lambda row: Cell(f"{float(record(row)['drawdown']):.3f}", "number"),
            "number",
        ),
    )
    csv_header = ("day", "scope", "trades", "wins", "losses", "total_pnl_pct", "max_drawdown_pct")
    intro = "Sums of trades per day, updated with every trade."
    fields = ("scope", "day_field", "tally_text")
    readonly_fields = fields

    def filters(self, data: Any) -> forms.Form:
        return ScopeFilter(data)

    def listing(self, chosen: dict[str, Any]) -> Listing | None:
        table = RollupDay._meta.db_table
        if not chosen["scope"]:
            return Listing(table, ("id",))
        return Listing(table, ("day",), ((Condition("scope_id = %s", (int(chosen["scope"]),)),),))

    def rows(self, keys: list[Key], chosen: dict[str, Any]) -> list[Any]:
        related = RollupDay.objects.select_related(
            "scope__instance__bot", "scope__market", "scope__parameter_set"
        ).defer("hours")
        values = [key[0] for key in keys]
        if chosen["scope"]:
            return list(related.filter(scope=chosen["scope"], day__in=values).order_by("-day"))
        days = related.order_by().in_bulk(values)
        return [days[value] for value in values if value in days]

    def csv_row(self, row: Any) -> Sequence[Any]:
        tally = record(row)
        return (
            day_text(row),
            scope_text(row.scope),
            *(int(tally[name]) for name in ("trades", "wins", "losses")),
            float(tally["total"]),
            float(tally["drawdown"]),
        )

    @admin.display(description="Day (UTC)")
    def day_field(self, row: RollupDay) -> str:
        return day_text(row)

    @admin.display(description="Tally")
    def tally_text(self, row: RollupDay) -> str:
        tally = record(row)
        return ", ".join(f"{name} {tally[name]}" for name in TALLY.names or ())
