"""Setups, market regimes and exits of a strategy on the page of a report."""

from __future__ import annotations

from typing import Any

from analytics.admin.research import rows
from analytics.reports import setup_text
from analytics.reports.data import Exits, FeatureBin, Rate, Regimes, Section, Setups
from trading import formatting
from trading.formatting import Cell, signed

RATE = ("win_rate", "avg_pnl_pct", "total_pnl_pct")
HALF_YEAR = 180  # days, where no setups say how far the section looks back


def deep(section: Section) -> dict[str, Any]:
    """Template variables; empty where the report has no data."""
    setups = section.setups
    return {
        "days_back": setups.days_back if setups else HALF_YEAR,
        "verdict": setup_text.verdict(setups),
        "best": [setup_text.setup(line, setups.unit) for line in setups.best] if setups else [],
        "worst": [setup_text.setup(line, setups.unit) for line in setups.worst] if setups else [],
        "features": _features(setups),
        "markets_now": [setup_text.market(state) for state in section.market],
        "regimes": _regimes(section.regimes),
        "exits": setup_text.exits(section.exits),
        "exit_rows": _exits(section.exits),
    }


def group_row(name: str, group: Rate) -> dict[str, Any]:
    """A row of a table of groups: trades, win rate, average and total PnL."""
    cells = [rows.metric(metric, getattr(group, metric)) for metric in RATE]
    return {"key": name, "trades": f"{group.trades:,}", "cells": cells}


def _features(setups: Setups | None) -> list[dict[str, Any]]:
    return [
        {"label": formatting.label(name), "rows": [_feature(bucket) for bucket in bins]}
        for name, bins in (setups.singles.items() if setups else ())
        if len(bins) > 1
    ]


def _feature(bucket: FeatureBin) -> dict[str, Any]:
    row = group_row(setup_text.value(bucket.condition), bucket)
    return {**row, "significant": bucket.named}


def _regimes(regimes: Regimes | None) -> list[dict[str, Any]]:
    if regimes is None:
        return []
    tables = (
        ("Volatility regime", regimes.volatility),
        ("Session", regimes.session),
        ("ADX (weak evidence)", regimes.adx),
    )
    return [
        {
            "heading": heading,
            "rows": [group_row(setup_text.label(name), group) for name, group in groups.items()],
        }
        for heading, groups in tables
        if len(groups) > 1
    ]


def _exits(analysis: Exits | None) -> list[dict[str, Any]]:
    """By exit reason: average PnL, MFE, given back, MAE, time to MFE, holding time."""
    if analysis is None or not analysis.overall.known:
        return []
    return [
        {
            "key": formatting.label(reason) or "unknown",
            "trades": f"{quality.trades:,}",
            "cells": [
                Cell(signed(quality.avg_pnl_pct, digits=3), "number"),
                *(
                    formatting.percent(None if value is None else value / 100, 3)
                    for value in (quality.mfe_pct, quality.left_pct, quality.pain_pct)
                ),
                *(
                    Cell(formatting.duration(seconds), "number")
                    for seconds in (quality.to_mfe_seconds, quality.hold_seconds)
                ),
            ],
        }
        for reason, quality in analysis.reasons.items()
    ]
