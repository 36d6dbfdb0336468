"""Open positions, as bots last reported them."""

from __future__ import annotations

from django.contrib import admin

from trading import formatting
from trading.admin.base import Exported, ReadOnlyAdmin, resource_for
from trading.models import Position


@admin.register(Position)
class PositionAdmin(Exported, ReadOnlyAdmin):
    list_display = (
        "market",
        "strategy",
        "side",
        "entry_number",
        "size_number",
        "stop_number",
        "target_number",
        "entered",
        "reported",
    )
    list_filter = ("instance__bot", "side")
    search_fields = ("market__name", "instance__strategy", "order_id")
    list_select_related = ("instance__bot", "market")
    resource_classes = (
        resource_for(
            Position,
            "instance__bot__name",
            "instance__strategy",
            "instance__label",
            "market__name",
            "side",
            "entry_price",
            "size",
            "stop_loss",
            "take_profit",
            "entry_at",
            "as_of",
            "order_id",
        ),
    )

    @admin.display(description="Strategy", ordering="instance")
    def strategy(self, row: Position) -> str:
        return str(row.instance)

    @admin.display(description="Entry price")
    def entry_number(self, row: Position) -> str:
        return formatting.amount(row.entry_price).text

    @admin.display(description="Size")
    def size_number(self, row: Position) -> str:
        return formatting.amount(row.size).text

    @admin.display(description="Stop loss")
    def stop_number(self, row: Position) -> str:
        return formatting.amount(row.stop_loss).text

    @admin.display(description="Take profit")
    def target_number(self, row: Position) -> str:
        return formatting.amount(row.take_profit).text

    @admin.display(description="Entered", ordering="entry_at")
    def entered(self, row: Position) -> str:
        return formatting.moment(row.entry_at).text

    @admin.display(description="Reported", ordering="as_of")
    def reported(self, row: Position) -> str:
        return formatting.moment(row.as_of).text
