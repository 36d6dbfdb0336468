"""Candle series with their gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path, reverse

from trading import clock, formatting
from trading.admin.base import Exported, PagedAdmin, resource_for
from trading.admin.keyset import Column
from trading.formatting import Cell, csv_export
from trading.market import candles
from trading.models import CandleBlock, CandleSeries

GAPS_SHOWN = 500
NEWEST_SHOWN = 20
CANDLE_COLUMNS = [
    Column("Open time", lambda row: row, "time"),
    *(Column(name, lambda row: row, "number") for name in ("Open", "High", "Low", "Close")),
    Column("Volume", lambda row: row, "number"),
]


def coverage(series: CandleSeries) -> float | None:
    """Stored candles in percent of those expected between first and last. None when empty."""
    expected = series.candles + series.missing
    return series.candles / expected * 100 if expected else None


@admin.register(CandleSeries)
class CandleSeriesAdmin(Exported, PagedAdmin):
    list_display = (
        "market",
        "length",
        "owner",
        "first_time",
        "last_time",
        "candles_number",
        "gaps_number",
        "missing_number",
        "coverage_number",
    )
    list_filter = ("bot", "interval")
    search_fields = ("market__name",)
    list_select_related = ("bot", "market")
    # By names: ordering by the model's own fields adds a sort mark to each heading, and the last
    # columns would not fit.
    ordering = ("market__name", "interval", "bot__name")
    resource_classes = (
        resource_for(
            CandleSeries,
            "market__name",
            "interval",
            "bot__name",
            "first_at",
            "last_at",
            "candles",
            "gaps",
            "missing",
        ),
    )

    @admin.display(description="Interval", ordering="interval")
    def length(self, row: CandleSeries) -> str:
        return formatting.interval(row.interval)

    @admin.display(description="Bot", ordering="bot")
    def owner(self, row: CandleSeries) -> str:
        return row.bot.name if row.bot else "shared"

    @admin.display(description="First", ordering="first_at")
    def first_time(self, row: CandleSeries) -> str:
        return formatting.minute(row.first_at).text

    @admin.display(description="Last", ordering="last_at")
    def last_time(self, row: CandleSeries) -> str:
        return formatting.minute(row.last_at).text

    @admin.display(description="Candles", ordering="candles")
    def candles_number(self, row: CandleSeries) -> str:
        return formatting.count(row.candles).text

    @admin.display(description="Gaps", ordering="gaps")
    def gaps_number(self, row: CandleSeries) -> str:
        return formatting.count(row.gaps).text

    @admin.display(description="Missing", ordering="missing")
    def missing_number(self, row: CandleSeries) -> str:
        return formatting.count(row.missing).text

    @admin.display(description="Coverage")
    def coverage_number(self, row: CandleSeries) -> str:
        return percent(coverage(row))

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.candles_view)
        name = "trading_candleseries_candles"
        return [path("<int:pk>/candles.csv", view, name=name), *super().get_urls()]

    def page(self, request: HttpRequest, series: CandleSeries) -> HttpResponse:
        gaps = candles.gaps(series)
        context = {
            "original": series,
            "facts": _facts(series),
            "gap_columns": GAP_COLUMNS,
            "gaps": [_gap(gap, series.interval) for gap in gaps[-GAPS_SHOWN:][::-1]],
            "gaps_total": len(gaps),
            "candle_columns": CANDLE_COLUMNS,
            "newest": _newest(series),
            "csv_url": reverse("admin:trading_candleseries_candles", args=[series.pk]),
        }
        title = f"{series.market}, {formatting.interval(series.interval)}"
        return self.render(request, "admin/trading/candleseries/page.html", title, **context)

    def candles_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """All candles as a streamed CSV, read block by block."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        lines = csv_export.lines(candles.FIELDS, _csv_rows(pk))
        return csv_export.response(f"candles-{pk}.csv", lines)


GAP_COLUMNS = [
    Column("First missing", lambda row: row, "time"),
    Column("Last missing", lambda row: row, "time"),
    Column("Candles", lambda row: row, "number"),
    Column("Duration", lambda row: row, "number"),
]


def percent(value: float | None) -> str:
    """A percentage that shows 100 only if nothing is missing."""
    if value is None:
        return formatting.NOTHING
    return "100%" if value == 100 else f"{min(value, 99.999):.3f}%"


def _facts(series: CandleSeries) -> list[tuple[str, Cell]]:
    return [
        ("Market", Cell(series.market.name)),
        ("Interval", Cell(formatting.interval(series.interval))),
        ("Bot", Cell(series.bot.name if series.bot else "shared")),
        ("First", formatting.moment(series.first_at)),
        ("Last", formatting.moment(series.last_at)),
        ("Candles", formatting.count(series.candles)),
        ("Gaps", formatting.count(series.gaps)),
        ("Missing candles", formatting.count(series.missing)),
        ("Coverage", Cell(percent(coverage(series)), "number")),
    ]


def _gap(gap: tuple[int, int, int], interval: int) -> list[Cell]:
    first, last, missing = gap
    return [
        formatting.moment(clock.from_epoch(first)),
        formatting.moment(clock.from_epoch(last)),
        formatting.count(missing),
        Cell(formatting.duration(missing * interval), "number"),
    ]


def _newest(series: CandleSeries) -> list[list[Cell]]:
    block = CandleBlock.objects.filter(series=series).order_by("-start").first()
    if block is None:
        return []
    loaded = candles.load(series, since=block.start)
    return [
        [
            formatting.moment(clock.from_epoch(int(loaded.open_time[at]))),
            *(formatting.amount(float(getattr(loaded, name)[at])) for name in candles.FIELDS[1:5]),
            _volume(float(loaded.volume[at])),
        ]
        for at in range(len(loaded) - 1, max(len(loaded) - 1 - NEWEST_SHOWN, -1), -1)
    ]


def _volume(value: float) -> Cell:
    return formatting.nothing("Unknown") if value != value else formatting.amount(value)


def _csv_rows(series_id: int) -> Iterator[Sequence[object]]:
    series = CandleSeries.objects.filter(pk=series_id).first()
    if series is None:
        return
    blocks = CandleBlock.objects.filter(series=series_id).order_by("start")
    starts = list(blocks.values_list("start", flat=True))
    for at, start in enumerate(starts):
        until = starts[at + 1] if at + 1 < len(starts) else None
        block = candles.load(series, since=start, until=until)
        columns = [getattr(block, name).tolist() for name in candles.FIELDS]
        for row in zip(*columns, strict=True):
            yield ["" if value != value else value for value in row]  # NaN: not known
