"""Renko bricks, and the signal funnel: evaluation counts of strategies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin

from trading import formatting
from trading.admin import numbered_lists
from trading.admin.keyset import Column, KeysetAdmin
from trading.db.keyset import Key, Listing
from trading.formatting import Cell
from trading.models import EvaluationCount, RenkoBrick


@admin.register(RenkoBrick)
class RenkoBrickAdmin(KeysetAdmin):
    columns = (
        Column("Closed", lambda row: formatting.moment(row.close_at), "time"),
        Column("Strategy", lambda row: Cell(str(row.instance))),
        Column("Market", lambda row: Cell(row.market.name)),
        Column("Number", lambda row: formatting.count(row.sequence), "number"),
        Column("Direction", lambda row: Cell("up" if row.direction > 0 else "down")),
        Column("Open", lambda row: formatting.amount(row.open), "number"),
        Column("Close", lambda row: formatting.amount(row.close), "number"),
        Column("High", lambda row: formatting.amount(row.high), "number"),
        Column("Low", lambda row: formatting.amount(row.low), "number"),
        Column("Size", lambda row: formatting.amount(row.size), "number"),
    )
    csv_header = (
        "bot",
        "strategy",
        "market",
        "sequence",
        "open_time",
        "close_time",
        "open",
        "close",
        "direction",
        "high",
        "low",
        "size",
    )
    intro = "Renko bricks as reported by the bots, newest first."
    nothing_yet = "No Renko bricks yet."
    table = RenkoBrick._meta.db_table

    def filters(self, data: Any) -> forms.Form:
        return numbered_lists.PairFilters(data, self.table)

    def listing(self, chosen: dict[str, Any]) -> Listing | None:
        return numbered_lists.listing(chosen, self.table, "sequence")

    def rows(self, keys: list[Key], chosen: dict[str, Any]) -> list[Any]:
        return numbered_lists.rows_of(RenkoBrick, chosen, "sequence", keys)

    def csv_row(self, row: Any) -> Sequence[Any]:
        return (
            row.instance.bot.name,
            row.instance.name,
            row.market.name,
            row.sequence,
            row.open_at.isoformat(),
            row.close_at.isoformat(),
            row.open,
            row.close,
            row.direction,
            row.high,
            row.low,
            row.size,
        )


@admin.register(EvaluationCount)
class EvaluationCountAdmin(KeysetAdmin):
    columns = (
        Column("From", lambda row: formatting.moment(row.from_at), "time"),
        Column("To", lambda row: formatting.moment(row.to_at), "time"),
        Column("Strategy", lambda row: Cell(str(row.instance))),
        Column("Market", lambda row: Cell(row.market.name)),
        Column("Evaluations", lambda row: formatting.count(row.evaluations), "number"),
        Column("Signals", lambda row: formatting.count(row.signals), "number"),
        Column("Rejected by", lambda row: Cell(_blocked(row.blocked))),
    )
    csv_header = ("bot", "strategy", "market", "from", "to", "evaluations", "signals", "blocked")
    intro = "How many evaluations became signals, and which filter rejected the others."
    nothing_yet = "No evaluations yet."
    table = EvaluationCount._meta.db_table

    def filters(self, data: Any) -> forms.Form:
        return numbered_lists.PairFilters(data, self.table)

    def listing(self, chosen: dict[str, Any]) -> Listing | None:
        return numbered_lists.listing(chosen, self.table, "from_at")

    def rows(self, keys: list[Key], chosen: dict[str, Any]) -> list[Any]:
        return numbered_lists.rows_of(EvaluationCount, chosen, "from_at", keys)

    def csv_row(self, row: Any) -> Sequence[Any]:
        return (
            row.instance.bot.name,
            row.instance.name,
            row.market.name,
            row.from_at.isoformat(),
            row.to_at.isoformat(),
            row.evaluations,
            row.signals,
            json.dumps(row.blocked),
        )


def _blocked(blocked: dict[str, Any]) -> str:
    return (
        ", ".join(f"{formatting.label(name)} {number:,}" for name, number in blocked.items())
        or formatting.NOTHING
    )
