"""What the pages of reports and recommendations say, from what was kept."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.urls import reverse

from analytics.admin.research import rows
from analytics.models import Recommendation
from analytics.recommendations import apply, track_record
from analytics.reports import text as words
from trading import formatting
from trading.formatting import Cell
from trading.strategies.parameters import plain

from . import deep_rows

METRICS = (
    "trades",
    "win_rate",
    "total_pnl_pct",
    "avg_pnl_pct",
    "median_pnl_pct",
    "profit_factor",
    "max_drawdown_pct",
    "best_pct",
    "worst_pct",
    "avg_hold_seconds",
    "avg_mfe_pct",
    "avg_mae_pct",
    "edge_captured",
)
LABELS = {**dict(rows.METRICS), "edge_captured": "Edge captured"}
BEFORE = {
    "day": ("The day before", "The 7 days before"),
    "week": ("The week before", "The 4 weeks before"),
}
WIDTH, HEIGHT, SLOTS = 600, 90, 30
TONES = {"low": "", "medium": "", "high": "gain"}


def section(one: dict[str, Any], kind: str, day: str) -> dict[str, Any]:
    """A strategy of a report, ready to be shown."""
    return {
        "id": f"{one['strategy']}-{one['mode']}",
        "name": words.called(one),
        "strategy": one["strategy"],
        "line": words.line(one),
        "why": words.why(one),
        "version": one["version"],
        "url": reverse("admin:trading_strategyinstance_change", args=[one["instance"]]),
        "story": reverse("admin:trading_strategyinstance_history", args=[one["instance"]]),
        "columns": BEFORE[kind],
        "metrics": _metrics(one),
        "picture": picture(one["days"], day),
        "reasons": _parts(one["reasons"], "key"),
        "markets": _parts(one["markets"], "key"),
        "versions": _parts(one["versions"], "key"),
        "open": one["open"],
        "funnels": [
            funnel_of(found, title)
            for title, found in (
                ("Counted by the bot", one["funnel"]["counted"]),
                ("In a replay of the time", one["funnel"]["replayed"]),
            )
            if found
        ],
        "alerts": [
            {**each, "url": reverse("admin:analytics_alert_change", args=[each["alert"]])}
            for each in one["alerts"]
        ],
        "changes": [
            {**each, "day": each["at"][:10], "rows": _changed(each["parameters"])}
            for each in one["changes"]
        ],
        "experiments": [
            {**each, "url": reverse("admin:trading_experiment_change", args=[each["id"]])}
            for each in one["experiments"]
        ],
        **deep_rows.deeper(one),
    }


def _metrics(one: dict[str, Any]) -> list[tuple[str, Cell, Cell, Cell]]:
    """Each metric now, of the time before, and of the longer time before."""
    times = [one[when] for when in ("now", "previous", "base")]
    return [
        (
            LABELS[name],
            *(rows.metric(name, each[name]) if name in each else Cell("") for each in times),
        )
        for name in METRICS
        if any(each.get(name) is not None for each in times)
    ]


def _parts(found: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    return [
        {
            "key": formatting.label(each[key]) if each[key] else "not said",
            "trades": each["trades"],
            "cells": [
                rows.metric(name, each[name])
                for name in ("win_rate", "avg_pnl_pct", "total_pnl_pct")
            ],
        }
        for each in found
    ]


def funnel_of(found: dict[str, Any], title: str) -> dict[str, Any]:
    """The steps of a funnel as bars."""
    bars = rows.funnel_bars(found["steps"], found["evaluations"], found["signals"])
    return {"title": title, "sentence": found["sentence"], **bars}


def picture(days: list[list[Any]], end: str) -> dict[str, Any] | None:
    """The total of each of the 30 days up to ``end`` as bars around zero; None without two."""
    last = date.fromisoformat(end)
    shown = [
        (SLOTS - 1 - (last - date.fromisoformat(day)).days, day, trades, total)
        for day, trades, total in days
        if total is not None
    ]
    if len(shown) < 2:
        return None
    high, low = max(0.0, *(one[3] for one in shown)), min(0.0, *(one[3] for one in shown))
    scale = (HEIGHT - 4) / ((high - low) or 1.0)
    zero, step = round(2 + high * scale, 1), WIDTH / SLOTS
    return {
        "zero": zero,
        "from": (last - timedelta(days=SLOTS - 1)).isoformat(),
        "to": end,
        "low": words.pct(low),
        "high": words.pct(high),
        "bars": [
            {
                "x": round((at + 0.15) * step, 1),
                "width": round(step * 0.7, 1),
                "y": round(zero - max(total, 0.0) * scale, 1),
                "height": max(round(abs(total) * scale, 1), 0.5),
                "gain": total >= 0,
                "said": f"{day}: {words.pct(total)}, {words.count(trades, 'trade')}",
            }
            for at, day, trades, total in shown
            if at >= 0
        ],
    }


def _changed(found: list[list[Any]]) -> list[str]:
    return [
        f"{formatting.label(name)} {words.setting(old)} to {words.setting(new)}"
        for name, old, new in found
    ]


def proposal(one: dict[str, Any], row: Recommendation | None, report: int = 0) -> dict[str, Any]:
    """A recommendation, with where its evidence and its steps are; ``row`` is what became of it."""
    return {
        **one,
        "row": row,
        "tone": TONES.get(one["confidence"], ""),
        "evidence": [{**each, "url": _leads(each, one, row, report)} for each in one["evidence"]],
        "effect_text": _effect(one["effect"]),
        "rows": _changed([[name, *change] for name, change in one["changes"].items()]),
        "url": reverse("admin:analytics_recommendation_change", args=[one["id"]]) if row else "",
        "steps": steps(row) if row and row.open else [],
        "times_text": words.count(one["times"], "day"),
    }


def _leads(
    each: dict[str, Any], one: dict[str, Any], row: Recommendation | None, report: int
) -> str:
    """Where a piece of evidence can be looked at."""
    if "run" in each:
        return reverse("admin:analytics_run_change", args=[each["run"]])
    if "version" in each and row:
        story = reverse("admin:trading_strategyinstance_history", args=[row.instance_id])
        return f"{story}#v{each['version']}"
    here = reverse("admin:analytics_report_change", args=[report]) if report else ""
    return f"{here}#{one['strategy']}-{one['mode']}-{each['part']}" if "part" in each else ""


def _effect(found: dict[str, Any] | None) -> str:
    if not found or found.get("avg_pnl_pct") is None:
        return ""
    bounds = ""
    if found.get("low") is not None:
        bounds = f" (95 % interval {words.signed(found['low'])} to {words.signed(found['high'])})"
    return f"{words.pct(found['avg_pnl_pct'], 3)}{bounds}: {found['of']}"


def steps(row: Recommendation) -> list[tuple[str, str]]:
    """Forms that a recommendation fills in: an experiment, a change."""
    if not row.changes:
        return []
    query = {f"set.{name}": _sent(new) for name, (_, new) in row.changes.items()}
    query["reason"] = f"Recommendation {row.pk}: {row.sentence}"[:500]
    plan = query | {"name": apply.name_of(row)}
    return [
        ("Try it in an experiment", _form("new_experiment", row, plan)),
        ("Change it now", _form("change", row, query)),
    ]


def _form(name: str, row: Recommendation, query: dict[str, str]) -> str:
    address = f"admin:trading_strategyinstance_{name}"
    return reverse(address, args=[row.instance_id], query=query)


def _sent(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(value) if isinstance(value, int | float) else str(value)


def truth(row: Recommendation) -> dict[str, Any] | None:
    """What became of a recommendation, with where to look."""
    found = track_record.truth(row)
    if found is None:
        return None
    url = (
        reverse("admin:trading_experiment_change", args=[found.experiment])
        if found.experiment
        else f"{reverse('admin:trading_strategyinstance_history', args=[row.instance_id])}"
        f"#v{found.version}"
    )
    how = "in an experiment" if found.experiment else f"as version {found.version}"
    return {"how": how, "word": found.word, "sentence": found.sentence, "url": url}
