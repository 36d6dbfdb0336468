"""The history of a strategy's parameters: every change, newest first, with its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from trading.admin import metric_cells, panels
from trading.admin.diff_rows import readable
from trading.admin.strategy_page import StrategyPage, author_text
from trading.admin.trades.page import parameter_groups
from trading.models import Experiment, Origin, ParameterSet, Preset
from trading.parameters.outcomes import Outcome, of_changes
from trading.parameters.verdict import WARNING

PAGE_SIZE = 100
SHOWN = 6  # changed values; more are collapsed
TONES = {"better": "gain", "worse": "loss"}


def history(page: StrategyPage) -> HttpResponse:
    """A page of the history; the query ``before`` is the last version of the previous page."""
    outcomes = of_changes(page.instance, page.mode)
    start = _start(outcomes, page.request.GET.get("before", ""))
    on_page = outcomes[start : start + PAGE_SIZE]
    parts = panels.changes(page, on_page)
    older = outcomes[start + PAGE_SIZE - 1] if len(outcomes) > start + PAGE_SIZE else None
    never_live = [] if older else _never_live(page, outcomes)
    return page.answer(
        "history",
        "history",
        "History",
        entries=[_entry(page, change, parts.get(change.after.version)) for change in on_page],
        never_live=[_version(page, version) for version in never_live],
        changes=max(len(outcomes) - 1, 0),
        since=outcomes[-1].changed_at if outcomes else None,
        compared=any(outcome.effect for outcome in on_page),
        warning=WARNING,
        presets=_presets(page),
        import_url=page.url("import_set"),
        older_url=page.url("history", before=str(older.after.version), mode=page.mode)
        if older
        else "",
        newest_url=page.url("history", mode=page.mode) if start else "",
    )


def version(page: StrategyPage, shown: ParameterSet) -> HttpResponse:
    """The page of one version: its entry in the history and all its values."""
    outcomes = of_changes(page.instance, page.mode)
    outcome = next((change for change in outcomes if change.after.pk == shown.pk), None)
    parts = panels.changes(page, [outcome]).get(shown.version) if outcome else None
    return page.answer(
        "version",
        "",
        f"Version {shown.version}",
        original=shown,
        entry=_entry(page, outcome, parts) if outcome else _version(page, shown),
        groups=parameter_groups(shown, page.rules),
        warning=WARNING if outcome and outcome.effect else "",
    )


def _start(outcomes: Sequence[Outcome], before: str) -> int:
    for at, outcome in enumerate(outcomes):
        if str(outcome.after.version) == before:
            return at + 1
    return 0


def _never_live(page: StrategyPage, outcomes: Sequence[Outcome]) -> list[ParameterSet]:
    """Versions that were never live."""
    live = {outcome.after.pk for outcome in outcomes}
    versions = page.instance.parameter_sets.select_related("author", "preset").order_by("-version")
    return [version for version in versions if version.pk not in live]


def _entry(page: StrategyPage, outcome: Outcome, parts: list[panels.Part] | None) -> dict[str, Any]:
    changes = readable(outcome.rows, page.rules) if outcome.before else []
    return {
        **_version(page, outcome.after),
        "outcome": outcome,
        "changes": changes[:SHOWN],
        "more": changes[SHOWN:],
        "verdict": outcome.verdict,
        "tone": TONES.get(outcome.verdict.word or "", ""),
        "sides": _sides(outcome),
        "effect": _effect(outcome),
        "parts": parts or [],
    }


def _version(page: StrategyPage, version: ParameterSet) -> dict[str, Any]:
    """A version with its author and the links to its actions."""
    live = page.live.parameter_set if page.live else None
    query = {"bot": page.instance.bot.name, "strategy": page.instance.name, "set": str(version.pk)}
    return {
        "version": version,
        "experiment": _experiment(version),
        "live": live is not None and version.pk == live.pk,
        "author": author_text(version),
        "trades_url": reverse("admin:trading_trade_changelist", query=query),
        "rollback_url": page.url("rollback", version.version),
        "export_url": page.url("export_set", version.version),
        "name_url": page.url("name", version.version),
        "compare_url": page.url("compare", one=str(version.version), two=str(live.version))
        if live
        else "",
    }


def _sides(outcome: Outcome) -> list[dict[str, Any]]:
    after = outcome.after.version
    if outcome.before is None:
        only = metric_cells.row(f"v{after}", outcome.after_metrics)
        return [only] if outcome.trades_after else []
    if not (outcome.trades_before or outcome.trades_after):
        return []
    before = (outcome.compared or outcome.before).version
    return [
        metric_cells.row(f"Before: v{before}", outcome.before_metrics),
        metric_cells.row(f"After: v{after}", outcome.after_metrics),
    ]


def _effect(outcome: Outcome) -> str:
    """The difference in average PnL with its interval."""
    if outcome.effect is None:
        return ""
    bounds = metric_cells.between(outcome.effect.interval())
    interval = f", 95% CI {bounds}" if bounds else ", no interval yet"
    difference = f"{outcome.effect.difference:+.4f} percentage points"
    return f"Difference in average PnL: {difference}{interval}."


def _presets(page: StrategyPage) -> list[dict[str, Any]]:
    presets = Preset.objects.filter(instance=page.instance).select_related("parameter_set")
    live = page.live.parameter_set.version if page.live else None
    named = [(preset.name, preset.parameter_set.version) for preset in presets.order_by("name")]
    return [
        {
            "name": name,
            "version": version,
            "url": f"#v{version}"
            if version == live
            else page.url("compare", one=str(version), two=str(live)),
        }
        for name, version in named
    ]


def _experiment(version: ParameterSet) -> Experiment | None:
    """The experiment that used a version as an arm, or promoted it."""
    if version.origin != Origin.EXPERIMENT:
        return None
    arm = version.arms.select_related("experiment").first()
    return arm.experiment if arm else version.promoted_by.first()
