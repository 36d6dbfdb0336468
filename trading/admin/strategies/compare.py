"""Two versions side by side: values, metrics, PnL curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpResponse

from trading import formatting
from trading.admin import metric_cells
from trading.admin.diff_rows import readable
from trading.admin.keyset import offer
from trading.admin.strategy_page import StrategyPage
from trading.admin.svg import pnl_curves
from trading.admin.trades.page import parameter_groups
from trading.formatting import Cell
from trading.ledger.effect import Effect
from trading.ledger.metrics import Metrics
from trading.models import ParameterSet
from trading.parameters import compare as parameters_compare
from trading.parameters.compare import Side
from trading.parameters.diff import difference

SHORT = 60  # characters of a reason in a list of versions

# Label, name, format, (factor, digits) of its interval or None.
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
    ("Average holding time", "avg_hold_seconds", "duration", None),
    ("Trades per day", "trades_per_day", "number", None),
)


class Pair(forms.Form):
    """The two versions to compare."""

    one = forms.ChoiceField(label="Version A")
    two = forms.ChoiceField(label="Version B")

    def __init__(self, data: Mapping[str, str], versions: list[tuple[str, str]]) -> None:
        super().__init__(data)
        for name, field in self.fields.items():
            offer(self, name, versions)
            field.widget.attrs["class"] = "sl-input"


def compare(page: StrategyPage) -> HttpResponse:
    """Versions ``one`` and ``two`` of the query; by default the newest other and the live one."""
    versions = {str(version.version): version for version in _versions(page)}
    choices = [(number, _title(version)) for number, version in versions.items()]
    form = Pair(_selected(page, list(versions)), choices)
    context: dict[str, Any] = {"form": form, "several": len(versions) > 1}
    if (len(versions) > 1 or "one" in page.request.GET) and form.is_valid():
        context |= _compared(page, *(versions[form.cleaned_data[name]] for name in ("one", "two")))
    return page.answer("compare", "compare", "Compare", **context)


def _versions(page: StrategyPage) -> list[ParameterSet]:
    versions = page.instance.parameter_sets.select_related("author", "preset", "instance__bot")
    return list(versions.order_by("-version"))


def _title(version: ParameterSet) -> str:
    name = f" “{version.name}”" if version.name else ""
    reason = version.reason
    short = reason if len(reason) <= SHORT else f"{reason[: SHORT - 1]}…"
    return f"Version {version.version}{name}: {short}"


def _selected(page: StrategyPage, versions: list[str]) -> dict[str, str]:
    """The requested versions; by default the newest other version and the live one."""
    live = str(page.live.parameter_set.version) if page.live else ""
    other = next((number for number in versions if number != live), live)
    query = page.request.GET
    return {"one": query.get("one", other), "two": query.get("two", live), "mode": page.mode}


def _compared(page: StrategyPage, a: ParameterSet, b: ParameterSet) -> dict[str, Any]:
    comparison = parameters_compare.compare(a, b, page.mode)
    sides = (comparison.a, comparison.b)
    changes = readable(difference(page.instance, a.values, b.values), page.rules)
    return {
        "version_a": a,
        "version_b": b,
        "changes": changes,
        "same": _same(page, b, {change.name for change in changes}),
        "metrics": _metrics(*sides),
        "effect": _effect(comparison.effect) if a.pk != b.pk else "",
        "curves": pnl_curves(
            [(f"Version {side.parameter_set.version}", side.curve) for side in sides]
        )
        if a.pk != b.pk
        else {},
        "rollback_urls": [
            (version.version, page.url("rollback", version.version))
            for version in (a, b)
            if page.may_change and page.live and version.pk != page.live.parameter_set_id
        ],
    }


def _same(page: StrategyPage, version: ParameterSet, differing: set[str]) -> list[dict[str, Any]]:
    """The values that both versions share, in their groups."""
    groups = parameter_groups(version, page.rules)
    for group in groups:
        group["rows"] = [row for row in group["rows"] if row["name"] not in differing]
    return [group for group in groups if group["rows"]]


def _metrics(a: Side, b: Side) -> list[dict[str, Any]]:
    if a.metrics is None and b.metrics is None:
        return []
    return [
        {"label": label, "cells": [metric_cell(side.metrics, *options) for side in (a, b)]}
        for label, *options in METRICS
    ]


def metric_cell(
    metrics: Metrics | None, name: str, kind: str, interval: tuple[int, int] | None
) -> dict[str, Any]:
    """A metric as a table cell with its interval."""
    known = metrics or {"trades": 0}
    value = known.get(name)
    bounds = known.get(f"{name}_interval") if interval else None
    return {
        "cell": _cell(value, kind),
        "between": metric_cells.between(bounds, *interval) if interval else "",
    }


def _cell(value: float | None, kind: str) -> Cell:
    if value is None:
        return formatting.nothing("Not enough trades")
    if kind == "count":
        return formatting.count(int(value))
    if kind == "share":
        return formatting.percent(value)
    if kind == "result":
        return formatting.result(value, "%", 4)
    if kind == "duration":
        return Cell(formatting.duration(value), "number")
    return Cell(f"{value:,.2f}", "number")


def _effect(effect: Effect | None) -> str:
    """Whether the difference in average PnL is statistically significant."""
    bounds = effect.interval() if effect else None
    if effect is None or bounds is None:
        return "Not enough data: both versions need trades on at least 2 days."
    low, high = bounds
    interval = f"95% CI {metric_cells.between(bounds)}"
    significant = "not statistically significant" if low <= 0 <= high else "significant"
    return (
        f"Difference in average PnL: {effect.difference:+.4f} percentage points "
        f"({interval}), {significant}."
    )
