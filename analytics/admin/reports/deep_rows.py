"""What the page of a report shows of setups, conditions and exits."""

from __future__ import annotations

from typing import Any

from analytics.admin.research import rows
from analytics.reports import setup_text
from analytics.reports import text as words
from trading import formatting
from trading.formatting import Cell

BRIEF = ("win_rate", "avg_pnl_pct", "total_pnl_pct")
KINDS = (("volatility", "Volatility"), ("session", "Session"), ("adx", "Trend (weak context)"))


def deeper(one: dict[str, Any]) -> dict[str, Any]:
    """The sections of a strategy; empty ones where a report has nothing of them."""
    found = one.get("setups")
    return {
        "days_back": found["days_back"] if found else 180,
        "verdict": setup_text.verdict(found),
        "best": _named(found, "best"),
        "worst": _named(found, "worst"),
        "singles": [
            {"label": formatting.label(name), "rows": [_single(each) for each in of]}
            for name, of in (found["singles"] if found else {}).items()
            if len(of) > 1
        ],
        "markets_now": [setup_text.market(each) for each in one.get("market") or []],
        "regimes": _regimes(one.get("regimes")),
        "exits": setup_text.exits(one.get("exits")),
        "exit_rows": _exits(one.get("exits")),
    }


def _named(found: dict[str, Any] | None, kind: str) -> list[str]:
    return [setup_text.setup(one, found["unit"]) for one in found[kind]] if found else []


def _cells(measured: dict[str, Any]) -> list[Cell]:
    return [rows.metric(name, measured[name]) for name in BRIEF]


def _single(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": setup_text.condition(one["condition"]),
        "trades": one["trades"],
        "cells": _cells(one),
        "here": one["named"],
    }


def _regimes(found: dict[str, Any] | None) -> list[dict[str, Any]]:
    if found is None:
        return []
    return [
        {
            "heading": heading,
            "rows": [
                {
                    "key": setup_text.label(label),
                    "trades": measured["trades"],
                    "cells": _cells(measured),
                }
                for label, measured in found[kind].items()
            ],
        }
        for kind, heading in KINDS
        if len(found[kind]) > 1
    ]


def _exits(found: dict[str, Any] | None) -> list[dict[str, Any]]:
    """By reason: what was ahead at best, left, behind at worst, and how long it took."""
    if found is None or not found["overall"]["known"]:
        return []
    return [
        {
            "key": formatting.label(reason) or "not said",
            "trades": one["trades"],
            "cells": [
                *(
                    Cell(words.pct(one[name], 3), "number")
                    for name in ("avg_pnl_pct", "mfe_pct", "left_pct", "pain_pct")
                ),
                *(
                    Cell(formatting.duration(one[name]), "number")
                    for name in ("to_mfe_seconds", "hold_seconds")
                ),
            ],
        }
        for reason, one in found["reasons"].items()
    ]
