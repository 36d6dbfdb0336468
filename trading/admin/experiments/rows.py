"""Experiments as their pages show them: arms as columns, what differs, what can be said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trading import formatting
from trading.admin import metric_cells
from trading.admin.diff_rows import told
from trading.admin.strategies.compare import METRICS, metric_cell
from trading.admin.svg import courses, whiskers
from trading.bots.catalog import declaration
from trading.experiments.comparison import Comparison, Side, curve
from trading.formatting import Cell
from trading.models import Experiment
from trading.performance import measure

TONES = {"better": "gain", "worse": "loss"}
MOST_CURVES = 6


def label(side: Side, several: bool) -> str:
    """The name of an arm; with its experiment where there are several."""
    name = "Control" if side.arm.control else side.arm.name
    return f"{side.arm.experiment.name}: {name}" if several else name


def table(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """Everything that is shown of some experiments, side by side."""
    several = len(comparisons) > 1
    sides = [side for one in comparisons for side in one.sides]
    heads = [
        {"label": label(side, several), "version": side.arm.parameter_set, "side": side}
        for side in sides
    ]
    traded = any(side.trades for side in sides)
    curves = [(label(side, several), curve(side)) for side in sides if side.trades]
    return {
        "heads": heads,
        "metrics": _metrics(sides) if traded else [],
        "verdicts": [_verdict(side, several) for side in sides if side.verdict],
        "forest": _forest(sides, several),
        "changes": [_changes(side, several) for side in sides if not side.arm.control],
        "reasons": _reasons(sides) if traded else [],
        "courses": courses(curves[:MOST_CURVES]),
        "left_out": max(len(curves) - MOST_CURVES, 0),
        "paper": any(side.result and side.result.selection.mode == "paper" for side in sides),
    }


def _metrics(sides: Sequence[Side]) -> list[dict[str, Any]]:
    rows = [
        {
            "label": name,
            "cells": [
                metric_cell(side.result.metrics if side.result else None, *how) for side in sides
            ],
        }
        for name, *how in METRICS
        if name != "Trades a day"
    ]
    own = (
        ("Told to the bot", _told),
        ("Blocks of time in which it asked", _blocks),
        ("Trades a day of that", lambda side: _number(side.trades_per_day, 1)),
        ("PnL % a day of that", lambda side: formatting.result(side.pct_per_day, "%", 4)),
    )
    return rows + [
        {"label": name, "cells": [{"cell": show(side), "between": ""} for side in sides]}
        for name, show in own
    ]


def _told(side: Side) -> Cell:
    if side.told is None:
        return formatting.nothing("It was live before the experiment")
    return Cell(formatting.duration(side.told.total_seconds()), "number")


def _blocks(side: Side) -> Cell:
    if side.blocks is None:
        return formatting.nothing("It was live before the experiment")
    return Cell(f"{side.asked or 0:,} of {side.blocks:,}", "number")


def _number(value: float | None, digits: int) -> Cell:
    return formatting.nothing() if value is None else Cell(f"{value:,.{digits}f}", "number")


def _verdict(side: Side, several: bool) -> dict[str, Any]:
    return {
        "label": label(side, several),
        "word": side.verdict.word,
        "sentence": side.verdict.sentence,
        "tone": TONES.get(side.verdict.word, ""),
    }


def _forest(sides: Sequence[Side], several: bool) -> dict[str, Any]:
    """Differences against the control with their intervals, one below the other."""
    known = [side for side in sides if side.against]
    rows = [
        (
            side.against.difference,
            None if side.against.low is None else (side.against.low, side.against.high),
        )
        for side in known
    ]
    if not any(bounds for _, bounds in rows):
        return {}
    found = whiskers(rows)
    found["rows"] = [
        {"label": label(side, several), "place": place, "said": _said(*row)}
        for side, row, place in zip(known, rows, found["rows"], strict=True)
    ]
    return found


def _said(difference: float, bounds: tuple[float, float] | None) -> str:
    reach = f" ({metric_cells.between(bounds)})" if bounds else ""
    return f"{difference:+.4f}{reach}"


def _changes(side: Side, several: bool) -> dict[str, Any]:
    rules = declaration(side.arm.experiment.instance)
    return {"label": label(side, several), "rows": told(side.changes, rules)}


def _reasons(sides: Sequence[Side]) -> list[dict[str, Any]]:
    """How the trades of each arm ended: their number, share, and average."""
    found = [
        {group.key: group.metrics for group in measure(side.result.selection, "exit_reason")}
        if side.trades
        else {}
        for side in sides
    ]
    names = sorted({name for one in found for name in one})
    return [
        {
            "label": formatting.label(name),
            "cells": [
                _reason(one.get(name), side.trades) for one, side in zip(found, sides, strict=True)
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
    """When it ends by itself, with how far it is."""
    one = comparison.experiment
    said = []
    if one.max_trades:
        said.append(f"after {one.max_trades:,} trades ({comparison.trades:,} so far)")
    if one.max_days:
        at = f", on {formatting.minute(comparison.ends_at).text}" if comparison.ends_at else ""
        said.append(f"after {one.max_days:g} days{at}")
    if one.max_drawdown_pct:
        said.append(f"if an arm falls {one.max_drawdown_pct:g}% from its highest point")
    if one.max_loss_pct:
        said.append(f"if an arm loses {one.max_loss_pct:g}%")
    return said


def how(one: Experiment) -> str:
    """The design in a sentence."""
    if one.design == Experiment.Design.BEFORE_AFTER:
        return (
            f"The bot is told the new values from the start on; they are held against the "
            f"{one.before_days} days before."
        )
    shares = [arm.share for arm in one.arms.order_by("place")]
    turns = "in equal shares" if len(set(shares)) == 1 else f"as {' to '.join(map(str, shares))}"
    return (
        f"Arms take turns in blocks of {formatting.duration(one.block_seconds)}, {turns}, in a "
        f"random order that follows from the seed {one.seed}."
    )
