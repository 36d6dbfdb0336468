"""Which value of a parameter did best: each value with its trades, in numbers and a picture."""

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
    found = by_value.of(page.instance, name, page.mode)
    unit = found.parameter["unit"]
    rows = [_row(page, one, unit) for one in found.values]
    drawn = whiskers([(row["mean"], row["bounds"]) for row in rows])
    for row, place in zip(rows, drawn.get("rows", []), strict=False):
        row["place"] = place
    names = page.rules.defaults()
    return page.answer(
        "values",
        "change",
        f"Values of {found.parameter['label']}",
        parameter=page.rules.parameter(name),
        found=found,
        rows=rows,
        picture=drawn,
        stairs=_stairs(found),
        trades=sum(one.trades for one in found.values),
        others=[(label(each), page.url("values", each)) for each in names if each != name],
    )


def _row(page: StrategyPage, one: OfValue, unit: str) -> dict[str, Any]:
    metrics = one.metrics or {}
    known = one.value is not None
    return {
        **metric_cells.row(setting(one.value, unit) if known else "unknown", one.metrics),
        "known": known,
        "live": one.live,
        "mean": metrics.get("avg_pnl_pct"),
        "bounds": metrics.get("avg_pnl_pct_interval"),
        "versions": one.versions,
        "periods": one.periods[-PERIODS_SHOWN:][::-1],
        "more": max(len(one.periods) - PERIODS_SHOWN, 0),
        "place": {},
    }


def _stairs(found: Values) -> dict[str, Any]:
    """The value over time, of a parameter that is a number and was changed."""
    steps = [
        (period.since, period.until, float(one.value))
        for one in found.values
        if isinstance(one.value, int | float) and not isinstance(one.value, bool)
        for period in one.periods
    ]
    if len({value for _, _, value in steps}) < 2:
        return {}
    return staircase(sorted(steps, key=lambda step: step[0]), clock.now())
