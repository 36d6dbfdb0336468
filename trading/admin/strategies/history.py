"""The story of a strategy's parameters: every change, newest first, with what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from trading.admin import metric_cells, panels
from trading.admin.diff_rows import told
from trading.admin.strategy_page import StrategyPage, made_by
from trading.admin.trades.page import parameter_groups
from trading.models import Experiment, Origin, ParameterSet, Preset
from trading.parameters.outcomes import Outcome, of_changes
from trading.parameters.verdict import WARNING

PAGE_SIZE = 100
FOLDED = 6  # more changed values than this are folded away
TONES = {"better": "gain", "worse": "loss"}


def story(page: StrategyPage) -> HttpResponse:
    """A page of the story; ``before`` is a version after whose change the next page begins."""
    outcomes = of_changes(page.instance, page.mode)
    start = _start(outcomes, page.request.GET.get("before", ""))
    shown = outcomes[start : start + PAGE_SIZE]
    parts = panels.changes(page, shown)
    older = outcomes[start + PAGE_SIZE - 1] if len(outcomes) > start + PAGE_SIZE else None
    idle = [] if older else _never_live(page, outcomes)
    return page.answer(
        "story",
        "history",
        "Story",
        chapters=[_chapter(page, one, parts.get(one.after.version)) for one in shown],
        idle=[_version(page, made) for made in idle],
        changes=max(len(outcomes) - 1, 0),
        since=outcomes[-1].changed_at if outcomes else None,
        compared=any(outcome.effect for outcome in shown),
        warning=WARNING,
        presets=_presets(page),
        import_url=page.url("import_set"),
        older_url=page.url("history", before=str(older.after.version), mode=page.mode)
        if older
        else "",
        newest_url=page.url("history", mode=page.mode) if start else "",
    )


def version(page: StrategyPage, made: ParameterSet) -> HttpResponse:
    """The page of one version: its place in the story, and all its values."""
    outcomes = of_changes(page.instance, page.mode)
    outcome = next((one for one in outcomes if one.after.pk == made.pk), None)
    parts = panels.changes(page, [outcome]).get(made.version) if outcome else None
    return page.answer(
        "version",
        "",
        f"Version {made.version}",
        original=made,
        chapter=_chapter(page, outcome, parts) if outcome else _version(page, made),
        groups=parameter_groups(made, page.rules),
        warning=WARNING if outcome and outcome.effect else "",
    )


def _start(outcomes: Sequence[Outcome], before: str) -> int:
    for at, outcome in enumerate(outcomes):
        if str(outcome.after.version) == before:
            return at + 1
    return 0


def _never_live(page: StrategyPage, outcomes: Sequence[Outcome]) -> list[ParameterSet]:
    """Sets that were made and never live: what was live in their place became known later."""
    lived = {outcome.after.pk for outcome in outcomes}
    found = page.instance.parameter_sets.select_related("author", "preset").order_by("-version")
    return [made for made in found if made.pk not in lived]


def _chapter(
    page: StrategyPage, outcome: Outcome, parts: list[panels.Part] | None
) -> dict[str, Any]:
    changes = told(outcome.rows, page.rules) if outcome.before else []
    return {
        **_version(page, outcome.after),
        "outcome": outcome,
        "changes": changes[:FOLDED],
        "more": changes[FOLDED:],
        "verdict": outcome.verdict,
        "tone": TONES.get(outcome.verdict.word or "", ""),
        "sides": _sides(outcome),
        "effect": _effect(outcome),
        "parts": parts or [],
    }


def _version(page: StrategyPage, made: ParameterSet) -> dict[str, Any]:
    """Who made a version, from where, and what can be done with it."""
    live = page.live.parameter_set if page.live else None
    query = {"bot": page.instance.bot.name, "strategy": page.instance.name, "set": str(made.pk)}
    return {
        "made": made,
        "experiment": _experiment(made),
        "live": live is not None and made.pk == live.pk,
        "made_by": made_by(made),
        "trades_url": reverse("admin:trading_trade_changelist", query=query),
        "rollback_url": page.url("rollback", made.version),
        "export_url": page.url("export_set", made.version),
        "name_url": page.url("name", made.version),
        "compare_url": page.url("compare", one=str(made.version), two=str(live.version))
        if live
        else "",
    }


def _sides(outcome: Outcome) -> list[dict[str, Any]]:
    if outcome.before is None:
        alone = metric_cells.row(f"v{outcome.after.version}", outcome.after_metrics)
        return [alone] if outcome.trades_after else []
    after = metric_cells.row(f"After: v{outcome.after.version}", outcome.after_metrics)
    before = metric_cells.row(f"Before: v{outcome.compared.version}", outcome.before_metrics)
    return [before, after] if outcome.trades_before or outcome.trades_after else []


def _effect(outcome: Outcome) -> str:
    """The difference of the averages with its interval, in percentage points."""
    if outcome.effect is None:
        return ""
    bounds = metric_cells.between(outcome.effect.interval())
    reach = f", 95% CI {bounds}" if bounds else ", no interval yet"
    return f"Difference of the averages: {outcome.effect.difference:+.4f} percentage points{reach}."


def _presets(page: StrategyPage) -> list[dict[str, Any]]:
    found = Preset.objects.filter(instance=page.instance).select_related("parameter_set")
    live = page.live.parameter_set.version if page.live else None
    named = [(preset.name, preset.parameter_set.version) for preset in found.order_by("name")]
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


def _experiment(made: ParameterSet) -> Experiment | None:
    """The experiment that told a set, or made it live in the end."""
    if made.origin != Origin.EXPERIMENT:
        return None
    arm = made.arms.select_related("experiment").first()
    return arm.experiment if arm else made.promoted_by.first()
