"""Template variables of the pages of reports and recommendations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.urls import reverse

from analytics.admin.research import rows
from analytics.models import Recommendation
from analytics.recommendations import apply, track_record
from analytics.reports import text
from analytics.reports.data import (
    AlertLine,
    Change,
    Effect,
    Evidence,
    Funnel,
    Group,
    RecommendationData,
    Section,
)
from trading import formatting
from trading.formatting import Cell, counted, signed
from trading.strategies.parameters import Value, plain

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
COLUMNS = {
    "day": ("This day", "Day before", "Previous 7 days"),
    "week": ("This week", "Week before", "Previous 4 weeks"),
}
WIDTH, HEIGHT, SLOTS = 600, 90, 30
TONES = {"high": "gain"}


def section(section: Section, day: str) -> dict[str, Any]:
    """A strategy on the page of a report."""
    funnels = (
        ("Signal funnel (bot)", section.funnel.counted),
        ("Signal funnel (backtest)", section.funnel.replayed),
    )
    return {
        "id": f"{section.strategy}-{section.mode}",
        "name": section.display_name,
        "strategy": section.strategy,
        "line": text.line(section),
        "why": text.why(section),
        "version": section.version,
        "url": reverse("admin:trading_strategyinstance_change", args=[section.instance]),
        "history": reverse("admin:trading_strategyinstance_history", args=[section.instance]),
        "columns": COLUMNS[section.kind],
        "metrics": _metrics(section),
        "chart": day_chart(section.days, day),
        "reasons": _groups(section.reasons),
        "markets": _groups(section.markets),
        "versions": _groups(section.versions),
        "open": section.open,
        "funnels": [_funnel(funnel, title) for title, funnel in funnels if funnel],
        "alerts": [alert(event) for event in section.alerts],
        "changes": [_change(change) for change in section.changes],
        "experiments": [
            {
                "name": experiment.name,
                "sentences": experiment.sentences,
                "url": reverse("admin:trading_experiment_change", args=[experiment.id]),
            }
            for experiment in section.experiments
        ],
        **deep_rows.deep(section),
    }


def alert(event: AlertLine) -> dict[str, str]:
    """An event of an alert with a link to it."""
    url = reverse("admin:analytics_alert_change", args=[event.alert])
    return {"label": event.label, "sentence": event.sentence, "url": url}


def _metrics(section: Section) -> list[tuple[str, list[Cell]]]:
    """Each metric of the period, of the one before and of the baseline."""
    periods = (section.now, section.previous, section.base)
    return [
        (
            LABELS[name],
            [
                rows.metric(name, getattr(period, name)) if hasattr(period, name) else Cell("")
                for period in periods
            ],
        )
        for name in METRICS
        if any(getattr(period, name, None) is not None for period in periods)
    ]


def _groups(groups: Sequence[Group]) -> list[dict[str, Any]]:
    return [
        deep_rows.group_row(formatting.label(group.key) if group.key else "unknown", group)
        for group in groups
    ]


def _funnel(funnel: Funnel, title: str) -> dict[str, Any]:
    bars = rows.funnel_bars(funnel.steps, funnel.evaluations, funnel.signals)
    return {"title": title, "sentence": funnel.sentence, **bars}


def day_chart(days: Sequence[tuple[str, int, float | None]], end: str) -> dict[str, Any] | None:
    """The total PnL of each of the 30 days up to ``end`` as bars around zero; None for fewer than
    two days."""
    last = date.fromisoformat(end)
    shown = [
        (SLOTS - 1 - (last - date.fromisoformat(day)).days, day, trades, total)
        for day, trades, total in days
        if total is not None
    ]
    if len(shown) < 2:
        return None
    totals = [total for _, _, _, total in shown]
    high, low = max(0.0, *totals), min(0.0, *totals)
    scale = (HEIGHT - 4) / ((high - low) or 1.0)
    zero, step = round(2 + high * scale, 1), WIDTH / SLOTS
    return {
        "zero": zero,
        "from": (last - timedelta(days=SLOTS - 1)).isoformat(),
        "to": end,
        "low": signed(low),
        "high": signed(high),
        "bars": [
            {
                "x": round((slot + 0.15) * step, 1),
                "width": round(step * 0.7, 1),
                "y": round(zero - max(total, 0.0) * scale, 1),
                "height": max(round(abs(total) * scale, 1), 0.5),
                "gain": total >= 0,
                "title": f"{day}: {signed(total)}, {counted(trades, 'trade')}",
            }
            for slot, day, trades, total in shown
            if slot >= 0
        ],
    }


def _change(change: Change) -> dict[str, Any]:
    steps = [
        f"{formatting.label(name)} {formatting.setting(old)} to {formatting.setting(new)}"
        for name, old, new in change.parameters
    ]
    return {
        "version": change.version,
        "day": change.at[:10],
        "steps": steps,
        "sentence": change.sentence,
    }


def recommendation(
    data: RecommendationData, row: Recommendation | None, report: int = 0
) -> dict[str, Any]:
    """A recommendation as a report (0: none) shows it; ``row`` is its present state."""
    return {
        "sentence": data.sentence,
        "strategy": data.strategy,
        "confidence": data.confidence,
        "risk": data.risk,
        "test": data.test,
        "standing": data.standing,
        "row": row,
        "tone": TONES.get(data.confidence, ""),
        "evidence": [
            {"text": evidence.text, "url": _evidence_url(evidence, data, row, report)}
            for evidence in data.evidence
        ],
        "effect": _effect(data.effect),
        "url": reverse("admin:analytics_recommendation_change", args=[data.id]) if row else "",
        "steps": steps(row) if row and row.open else [],
        "days_seen": data.times,
    }


def _evidence_url(
    evidence: Evidence, data: RecommendationData, row: Recommendation | None, report: int
) -> str:
    """The page that shows the evidence; empty if there is none."""
    if evidence.run is not None:
        return reverse("admin:analytics_run_change", args=[evidence.run])
    if evidence.version is not None and row:
        return _version_url(row, evidence.version)
    if not evidence.part:
        return ""
    page = reverse("admin:analytics_report_change", args=[report]) if report else ""
    return f"{page}#{data.strategy}-{data.mode}-{evidence.part}"


def _version_url(row: Recommendation, version: int | None) -> str:
    history = reverse("admin:trading_strategyinstance_history", args=[row.instance_id])
    return f"{history}#v{version}"


def _effect(effect: Effect | None) -> str:
    """``+0.030 percentage points (95% CI -0.010 to +0.070), average PnL per trade``."""
    if effect is None or effect.avg_pnl_pct is None:
        return ""
    size = signed(effect.avg_pnl_pct, "percentage points", 3)
    interval = ""
    if effect.low is not None:
        interval = f" (95% CI {signed(effect.low, '', 3)} to {signed(effect.high, '', 3)})"
    return f"{size}{interval}, {effect.of}"


def steps(row: Recommendation) -> list[tuple[str, str]]:
    """Labels and addresses of the forms that a recommendation fills in."""
    if not row.changes:
        return []
    query = {f"set.{name}": _field(new) for name, (_, new) in row.changes.items()}
    query["reason"] = apply.reason_of(row)
    return [
        (
            "Try in an experiment",
            _form("new_experiment", row, query | {"name": apply.experiment_name(row)}),
        ),
        ("Change now", _form("change", row, query)),
    ]


def _form(name: str, row: Recommendation, query: dict[str, str]) -> str:
    view = f"admin:trading_strategyinstance_{name}"
    return reverse(view, args=[row.instance_id], query=query)


def _field(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(value) if isinstance(value, int | float) else str(value)


def outcome(row: Recommendation) -> dict[str, str] | None:
    """What came of a followed recommendation; None if it was not followed."""
    result = track_record.result(row)
    if result is None:
        return None
    if result.experiment:
        how = "in an experiment"
        url = reverse("admin:trading_experiment_change", args=[result.experiment])
    else:
        how, url = f"as version {result.version}", _version_url(row, result.version)
    return {"how": how, "word": result.word, "sentence": result.sentence, "url": url}
