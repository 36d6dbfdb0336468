"""Results of each value of a parameter, in a table and a chart."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse

from trading import clock
from trading.admin import metric_cells
from trading.admin.strategy_page import StrategyPage
from trading.admin.svg import staircase, whiskers
from trading.formatting import label, setting
from trading.parameters import by_value
from trading.parameters.by_value import OfValue, Values

PERIODS_SHOWN = 3


def values(page: StrategyPage, name: str) -> HttpResponse:
    """The page of one parameter of a strategy."""
    if page.rules is None or name not in page.rules.defaults():
        messages.error(page.request, f"{page.instance.name} has no such parameter.")
        return page.redirect("change")
    compared = by_value.of(page.instance, name, page.mode)
    unit = compared.parameter["unit"]
    rows = [_row(page, value, unit) for value in compared.values]
    picture = whiskers([(row["mean"], row["bounds"]) for row in rows])
    for row, place in zip(rows, picture.get("rows", []), strict=False):
        row["place"] = place
    names = page.rules.defaults()
    return page.answer(
        "values",
        "change",
        f"Compare values: {compared.parameter['label']}",
        parameter=page.rules.parameter(name),
        values=compared,
        rows=rows,
        picture=picture,
        steps=_steps(compared),
        trades=sum(value.trades for value in compared.values),
        others=[(label(other), page.url("values", other)) for other in names if other != name],
    )


def _row(page: StrategyPage, result: OfValue, unit: str) -> dict[str, Any]:
    metrics = result.metrics or {}
    known = result.value is not None
    return {
        **metric_cells.row(setting(result.value, unit) if known else "unknown", result.metrics),
        "known": known,
        "live": result.live,
        "mean": metrics.get("avg_pnl_pct"),
        "bounds": metrics.get("avg_pnl_pct_interval"),
        "versions": result.versions,
        "periods": result.periods[-PERIODS_SHOWN:][::-1],
        "more": max(len(result.periods) - PERIODS_SHOWN, 0),
        "place": {},
    }


def _steps(compared: Values) -> dict[str, Any]:
    """The value over time; {} if it is not a number or never changed."""
    steps = [
        (period.since, period.until, float(result.value))
        for result in compared.values
        if isinstance(result.value, int | float) and not isinstance(result.value, bool)
        for period in result.periods
    ]
    if len({value for _, _, value in steps}) < 2:
        return {}
    return staircase(sorted(steps, key=lambda step: step[0]), clock.now())
