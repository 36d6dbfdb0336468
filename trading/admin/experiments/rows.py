"""Experiments as their pages show them: arms as columns, differences, verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trading import formatting
from trading.admin import metric_cells
from trading.admin.diff_rows import readable
from trading.admin.strategies.compare import METRICS, metric_cell
from trading.admin.svg import pnl_curves, whiskers
from trading.bots.catalog import declaration
from trading.experiments.comparison import Comparison, Side, curve
from trading.experiments.verdict import Verdict
from trading.formatting import Cell
from trading.ledger.arms import Difference
from trading.models import Experiment
from trading.performance import measure

TONES = {"better": "gain", "worse": "loss"}
MOST_CURVES = 6


def label(side: Side, several: bool) -> str:
    """The name of an arm; with its experiment if there are several."""
    name = "Control" if side.arm.control else side.arm.name
    return f"{side.arm.experiment.name}: {name}" if several else name


def table(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """The template variables of experiment or more experiments, side by side."""
    several = len(comparisons) > 1
    sides = [side for comparison in comparisons for side in comparison.sides]
    heads = [
        {"label": label(side, several), "version": side.arm.parameter_set, "side": side}
        for side in sides
    ]
    traded = any(side.trades for side in sides)
    pnl = [(label(side, several), curve(side)) for side in sides if side.trades]
    return {
        "heads": heads,
        "metrics": _metrics(sides) if traded else [],
        "verdicts": [
            _verdict(label(side, several), side.verdict) for side in sides if side.verdict
        ],
        "forest": _forest(sides, several),
        "changes": [_changes(side, several) for side in sides if not side.arm.control],
        "reasons": _reasons(sides) if traded else [],
        "curves": pnl_curves(pnl[:MOST_CURVES]),
        "left_out": max(len(pnl) - MOST_CURVES, 0),
        "paper": any(side.result and side.result.selection.mode == "paper" for side in sides),
    }


def _metrics(sides: Sequence[Side]) -> list[dict[str, Any]]:
    rows = [
        {
            "label": name,
            "cells": [
                metric_cell(side.result.metrics if side.result else None, *options)
                for side in sides
            ],
        }
        for name, *options in METRICS
        if name != "Trades per day"
    ]
    own = (
        ("Time served", _served),
        ("Blocks requested", _blocks),
        ("Trades per served day", lambda side: _number(side.trades_per_day, 1)),
        ("PnL % per served day", lambda side: formatting.result(side.pct_per_day, "%", 4)),
    )
    return rows + [
        {"label": name, "cells": [{"cell": show(side), "between": ""} for side in sides]}
        for name, show in own
    ]


def _served(side: Side) -> Cell:
    if side.served is None:
        return formatting.nothing("Live before the experiment")
    return Cell(formatting.duration(side.served.total_seconds()), "number")


def _blocks(side: Side) -> Cell:
    if side.blocks is None:
        return formatting.nothing("Live before the experiment")
    return Cell(f"{side.asked or 0:,} of {side.blocks:,}", "number")


def _number(value: float | None, digits: int) -> Cell:
    return formatting.nothing() if value is None else Cell(f"{value:,.{digits}f}", "number")


def _verdict(arm: str, verdict: Verdict) -> dict[str, Any]:
    return {
        "label": arm,
        "word": verdict.word,
        "decided": verdict.word in TONES,
        "sentence": verdict.sentence,
        "tone": TONES.get(verdict.word, ""),
    }


def _forest(sides: Sequence[Side], several: bool) -> dict[str, Any]:
    """A forest plot of the differences from the control."""
    known = [(side, side.against) for side in sides if side.against]
    rows = [(difference.difference, _bounds(difference)) for _, difference in known]
    if not any(bounds for _, bounds in rows):
        return {}
    chart = whiskers(rows)
    chart["rows"] = [
        {"label": label(side, several), "place": place, "text": _difference(*row)}
        for (side, _), row, place in zip(known, rows, chart["rows"], strict=True)
    ]
    return chart


def _bounds(difference: Difference) -> tuple[float, float] | None:
    if difference.low is None or difference.high is None:
        return None
    return difference.low, difference.high


def _difference(difference: float, bounds: tuple[float, float] | None) -> str:
    interval = f" ({metric_cells.between(bounds)})" if bounds else ""
    return f"{difference:+.4f}{interval}"


def _changes(side: Side, several: bool) -> dict[str, Any]:
    rules = declaration(side.arm.experiment.instance)
    return {"label": label(side, several), "rows": readable(side.changes, rules)}


def _reasons(sides: Sequence[Side]) -> list[dict[str, Any]]:
    """The exit reasons of each arm: number, share and average PnL."""
    by_side = [
        {group.key or "": group.metrics for group in measure(side.result.selection, "exit_reason")}
        if side.result and side.trades
        else {}
        for side in sides
    ]
    names = sorted({name for groups in by_side for name in groups})
    return [
        {
            "label": formatting.label(name),
            "cells": [
                _reason(groups.get(name), side.trades)
                for groups, side in zip(by_side, sides, strict=True)
            ],
        }
        for name in names
    ]


def _reason(metrics: dict[str, Any] | None, whole: int) -> dict[str, Any]:
    if not metrics:
        return {"cell": Cell("0" if whole else formatting.NOTHING, "number"), "between": ""}
    count, average = metrics["trades"], metrics["avg_pnl_pct"]
    return {
        "cell": Cell(f"{count / whole * 100:.0f}%", "number"),
        "between": f"{count:,}; {average:+.4f}% each",
    }


def ends(comparison: Comparison) -> list[str]:
    """The conditions that end it, with its progress."""
    experiment = comparison.experiment
    conditions = []
    if experiment.max_trades:
        conditions.append(f"after {experiment.max_trades:,} trades ({comparison.trades:,} so far)")
    if experiment.max_days:
        at = f", on {formatting.minute(comparison.ends_at).text}" if comparison.ends_at else ""
        conditions.append(f"after {experiment.max_days:g} days{at}")
    if experiment.max_drawdown_pct:
        conditions.append(f"if the drawdown of an arm reaches {experiment.max_drawdown_pct:g}%")
    if experiment.max_loss_pct:
        conditions.append(f"if an arm loses {experiment.max_loss_pct:g}%")
    return conditions


def assignment(experiment: Experiment) -> str:
    """How arms are assigned, in a sentence."""
    if experiment.design == Experiment.Design.BEFORE_AFTER:
        return (
            f"The new values are served from the start and compared with the "
            f"{experiment.before_days} days before."
        )
    shares = [arm.share for arm in experiment.arms.order_by("place")]
    split = "equal shares" if len(set(shares)) == 1 else f"shares {':'.join(map(str, shares))}"
    return (
        f"Arms alternate in blocks of {formatting.duration(experiment.block_seconds)}, {split}, "
        f"in random order (seed {experiment.seed})."
    )
