"""Two versions side by side: values, results, courses."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse

from trading import formatting
from trading.admin import metric_cells
from trading.admin.diff_rows import told
from trading.admin.strategy_page import StrategyPage
from trading.admin.svg import courses
from trading.admin.trades.page import parameter_groups
from trading.formatting import Cell
from trading.ledger.effect import Effect
from trading.ledger.metrics import Metrics
from trading.models import ParameterSet
from trading.parameters import compare as parameters_compare
from trading.parameters.compare import Side
from trading.parameters.diff import difference

SHORT = 60  # characters of a reason in a list of versions

# Label, name, how it reads, factor and digits of its interval (None without one).
METRICS = (
    ("Trades", "trades", "count", None),
    ("Win rate", "win_rate", "share", (100, 1)),
    ("Average PnL %", "avg_pnl_pct", "result", (1, 4)),
    ("Total PnL %", "total_pnl_pct", "result", None),
    ("Average win %", "avg_win_pct", "result", None),
    ("Average loss %", "avg_loss_pct", "result", None),
    ("Profit factor", "profit_factor", "number", None),
    ("Max drawdown, percentage points", "max_drawdown_pct", "number", None),
    ("Worst trade %", "worst_pct", "result", None),
    ("Sharpe ratio, per year", "sharpe", "number", None),
    ("Held on average", "avg_hold_seconds", "duration", None),
    ("Trades a day", "trades_per_day", "number", None),
)


class Pair(forms.Form):
    """The two versions to compare."""

    one = forms.ChoiceField(label="This version")
    two = forms.ChoiceField(label="with this one")

    def __init__(self, data: Any, versions: list[tuple[str, str]]) -> None:
        super().__init__(data)
        for field in self.fields.values():
            field.choices = versions
            field.widget.attrs["class"] = "sl-input"


def compare(page: StrategyPage) -> HttpResponse:
    """The versions ``one`` and ``two``; the one before the live one, and that, by default."""
    sets = {str(made.version): made for made in _sets(page)}
    form = Pair(_asked(page, list(sets)), [(number, _named(made)) for number, made in sets.items()])
    context: dict[str, Any] = {"form": form, "several": len(sets) > 1}
    if (len(sets) > 1 or "one" in page.request.GET) and form.is_valid():
        context |= _compared(page, *(sets[form.cleaned_data[name]] for name in ("one", "two")))
    return page.answer("compare", "compare", "Compare", **context)


def _sets(page: StrategyPage) -> list[ParameterSet]:
    found = page.instance.parameter_sets.select_related("author", "preset", "instance__bot")
    return list(found.order_by("-version"))


def _named(made: ParameterSet) -> str:
    name = f" “{made.name}”" if made.name else ""
    reason = made.reason if len(made.reason) <= SHORT else f"{made.reason[: SHORT - 1]}…"
    return f"Version {made.version}{name}: {reason}"


def _asked(page: StrategyPage, versions: list[str]) -> dict[str, str]:
    """What was asked for; else the live version, and the newest other one."""
    live = str(page.live.parameter_set.version) if page.live else ""
    other = next((number for number in versions if number != live), live)
    asked = page.request.GET
    return {"one": asked.get("one", other), "two": asked.get("two", live), "mode": page.mode}


def _compared(page: StrategyPage, one: ParameterSet, two: ParameterSet) -> dict[str, Any]:
    found = parameters_compare.compare(one, two, page.mode)
    changes = told(difference(page.instance, one.values, two.values), page.rules)
    return {
        "one": one,
        "two": two,
        "changes": changes,
        "same": _same(page, two, {change.name for change in changes}),
        "metrics": _metrics(found.a, found.b),
        "effect": _effect(found.effect) if one.pk != two.pk else "",
        "courses": courses(
            [(f"Version {side.made.version}", side.curve) for side in (found.a, found.b)]
        )
        if one.pk != two.pk
        else {},
        "rollback_urls": [
            (made.version, page.url("rollback", made.version))
            for made in (one, two)
            if page.may_change and page.live and made.pk != page.live.parameter_set_id
        ],
    }


def _same(page: StrategyPage, made: ParameterSet, differing: set[str]) -> list[dict[str, Any]]:
    """The values that both have, under their headings."""
    groups = parameter_groups(made, page.rules)
    for group in groups:
        group["rows"] = [row for row in group["rows"] if row["name"] not in differing]
    return [group for group in groups if group["rows"]]


def _metrics(one: Side, two: Side) -> list[dict[str, Any]]:
    if one.metrics is None and two.metrics is None:
        return []
    return [
        {"label": label, "cells": [metric_cell(side.metrics, *how) for side in (one, two)]}
        for label, *how in METRICS
    ]


def metric_cell(
    metrics: Metrics | None, name: str, kind: str, interval: tuple[int, int] | None
) -> dict[str, Any]:
    """How a metric reads, and its interval."""
    known = metrics or {"trades": 0}
    value = known.get(name)
    bounds = known.get(f"{name}_interval") if interval else None
    return {
        "cell": _shown(value, kind),
        "between": metric_cells.between(bounds, *interval) if interval else "",
    }


def _shown(value: Any, kind: str) -> Cell:
    if value is None:
        return formatting.nothing("Too few trades to say")
    if kind == "count":
        return formatting.count(value)
    if kind == "share":
        return Cell(f"{value * 100:.1f}%", "number")
    if kind == "result":
        return formatting.result(value, "%", 4)
    if kind == "duration":
        return Cell(formatting.duration(value), "number")
    return Cell(f"{value:,.2f}", "number")


def _effect(found: Effect | None) -> str:
    """Whether the averages differ by more than chance."""
    bounds = found.interval() if found else None
    if found is None or bounds is None:
        return "Both versions need trades on at least 2 days before their averages are compared."
    low, high = bounds
    reach = f"{found.difference:+.4f} percentage points (95% CI {metric_cells.between(bounds)})"
    if low <= 0 <= high:
        return f"The averages differ by {reach}: chance alone explains that."
    return f"The averages differ by {reach}: more than chance explains."
