"""Trades and their revisions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from trading import formatting
from trading.admin.base import PagedAdmin
from trading.admin.keyset import Column, KeysetAdmin
from trading.db.keyset import Key, Listing
from trading.formatting import Cell
from trading.models import Trade, TradeRevision

from . import filters as trades_filters
from .csv_rows import HEADER, trade_row
from .page import neighbours, page_context

RELATED = ("book__instance__bot", "book__market", "parameter_set")


def trade_url(trade_id: int) -> str:
    return reverse("admin:trading_trade_change", args=[trade_id])


def _exit(trade: Trade) -> Cell:
    shown = formatting.moment(trade.exit_at)
    return Cell(shown.text, shown.kind, "", trade_url(trade.pk), f"Trade {trade.external_id}")


def _version(trade: Trade) -> Cell:
    version = trade.parameter_set
    if version is None:
        return Cell("unknown", tone="warn", title="The parameters of this trade are unknown")
    href = reverse("admin:trading_parameterset_change", args=[version.pk])
    return Cell(f"v{version.version}", "number", "", href)


def _notes(trade: Trade) -> Cell:
    notes = []
    if trade.flagged:
        notes.append("flagged")
    if trade.revision:
        notes.append(f"revision {trade.revision}")
    return Cell(", ".join(notes), tone="warn" if trade.flagged else "")


COLUMNS = (
    Column("Exit", _exit, "time"),
    Column("PnL %", lambda trade: formatting.result(trade.pnl_pct), "number"),
    Column("PnL", lambda trade: formatting.money(trade.pnl, trade.book.currency), "number"),
    Column("Bot", lambda trade: Cell(trade.book.instance.bot.name)),
    Column("Strategy", lambda trade: Cell(trade.book.instance.name)),
    Column("Market", lambda trade: Cell(trade.book.market.name)),
    Column("Mode", lambda trade: Cell(trade.book.mode)),
    Column("Side", lambda trade: Cell(trade.side)),
    Column("Entry price", lambda trade: formatting.amount(trade.entry_price), "number"),
    Column("Exit price", lambda trade: formatting.amount(trade.exit_price), "number"),
    Column("Size", lambda trade: formatting.amount(trade.size), "number"),
    Column(
        "Held", lambda trade: Cell(formatting.duration(held_seconds(trade)), "number"), "number"
    ),
    Column("Exit reason", lambda trade: Cell(trade.exit_reason)),
    Column("Version", _version, "number"),
    Column("Notes", _notes),
)


def without(*labels: str) -> tuple[Column, ...]:
    """The columns except those with the same value in every row."""
    return tuple(column for column in COLUMNS if column.label not in labels)


BESIDE = without("Bot", "Strategy")


def held_seconds(trade: Trade) -> float:
    return (trade.exit_at - trade.entry_at).total_seconds()


@admin.register(Trade)
class TradeAdmin(KeysetAdmin, PagedAdmin):
    columns = COLUMNS
    csv_header = HEADER
    intro = (
        "Closed trades, newest exit first. Results are as reported by the bots, "
        "net of reported fees."
    )
    nothing_yet = "No trades yet."
    nothing_found = "No trades match these filters."

    def filters(self, data: Any) -> forms.Form:
        return trades_filters.TradeFilters(data)

    def columns_for(self, form: forms.Form) -> Sequence[Column]:
        return without(*trades_filters.settled(form))

    def listing(self, chosen: dict[str, Any]) -> Listing | None:
        return trades_filters.listing(chosen)

    def rows(self, keys: list[Key], chosen: dict[str, Any]) -> list[Model]:
        trades = (
            Trade.objects.select_related(*RELATED, "context")
            .order_by()
            .in_bulk([key[1] for key in keys])
        )
        # A trade may be deleted between the two queries.
        return [trades[key[1]] for key in keys if key[1] in trades]

    def search(self, chosen: dict[str, Any]) -> list[Model] | None:
        if not chosen["q"]:
            return None
        bots = {book.instance.bot_id for book in chosen["books"]}
        trades = Trade.objects.select_related(*RELATED, "context").filter(
            bot__in=bots, external_id=chosen["q"]
        )
        return [trade for trade in trades.order_by() if trades_filters.matches(trade, chosen)]

    def csv_row(self, row: Any) -> Sequence[Any]:
        return trade_row(row)

    def page(self, request: HttpRequest, trade: Trade) -> HttpResponse:
        context = {
            "original": trade,
            **page_context(trade),
            "neighbours": [
                {"cells": [column.cell(row) for column in BESIDE], "here": row.pk == trade.pk}
                for row in neighbours(trade)
            ],
            "columns": BESIDE,
        }
        title = f"Trade {trade.external_id}"
        return self.render(request, "admin/trading/trade/page.html", title, **context)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Trade | None:
        if not (object_id.isascii() and object_id.isdigit() and len(object_id) < 19):
            return None
        return Trade.objects.select_related(*RELATED, "context").filter(pk=object_id).first()


REVISION_COLUMNS = (
    Column("Replaced", lambda row: _revision_time(row), "time"),
    Column("Trade", lambda row: Cell(row.trade.external_id, "text", "", trade_url(row.trade_id))),
    Column("Bot", lambda row: Cell(row.trade.book.instance.bot.name)),
    Column("Strategy", lambda row: Cell(row.trade.book.instance.name)),
    Column("Revision", lambda row: formatting.count(row.revision), "number"),
    Column(
        "PnL % before", lambda row: formatting.result(_number(row.content.get("pnl_pct"))), "number"
    ),
    Column("PnL % now", lambda row: formatting.result(row.trade.pnl_pct), "number"),
)


def _revision_time(row: TradeRevision) -> Cell:
    shown = formatting.moment(row.replaced_at)
    href = reverse("admin:trading_traderevision_change", args=[row.pk])
    return Cell(shown.text, shown.kind, "", href, shown.title)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


@admin.register(TradeRevision)
class TradeRevisionAdmin(KeysetAdmin):
    columns = REVISION_COLUMNS
    csv_header = ("replaced_at", "bot", "trade", "revision", "content")
    intro = "Earlier contents of trades that a bot has corrected."
    nothing_yet = "No trade has been revised."
    fields = ("trade", "revision", "replaced_at", "content_text")
    readonly_fields = fields

    def listing(self, chosen: dict[str, Any]) -> Listing | None:
        return Listing(TradeRevision._meta.db_table, ("id",))

    def rows(self, keys: list[Key], chosen: dict[str, Any]) -> list[Model]:
        related = [f"trade__{name}" for name in RELATED]
        revisions = (
            TradeRevision.objects.select_related(*related)
            .order_by()
            .in_bulk([key[0] for key in keys])
        )
        return [revisions[key[0]] for key in keys if key[0] in revisions]

    def csv_row(self, row: Any) -> Sequence[Any]:
        bot = row.trade.book.instance.bot.name
        content = json.dumps(row.content)
        return (row.replaced_at.isoformat(), bot, row.trade.external_id, row.revision, content)

    @admin.display(description="Content")
    def content_text(self, row: TradeRevision) -> str:
        return format_html("<pre class='sl-code'>{}</pre>", json.dumps(row.content, indent=2))
