"""The parts of a report, each a dict of plain values: what a strategy did, and what happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np

from analytics import frames
from analytics.frames import reports
from analytics.models import AlertEvent
from analytics.quant import compare
from analytics.reports import deep_sections
from analytics.research import no_trades, trust
from trading import clock
from trading.bots.catalog import declaration
from trading.parameters.outcomes import of_changes
from trading.performance import Group, measure, numbers
from trading.performance.open_positions import open_positions
from trading.performance.selection import Selection

RECENT = timedelta(days=30)  # by which a strategy is judged as a whole
HISTORY = timedelta(days=60)  # tells how much the trades of a day move together
CHANGES = timedelta(days=14)  # so long a change of parameters is told
LIVED = timedelta(days=1)  # so long after, open positions are still those of the moment
MOST = 20


def section(instance: Any, mode: str, about: Any) -> dict[str, Any]:
    """Everything about one strategy in one mode; ``about`` is the Period of the report."""
    rules = declaration(instance)
    asked = Selection(instance=instance, mode=mode, since=about.since, until=about.until)
    now = whole(asked, detail=True)
    previous, base = (_between(instance, mode, *bounds) for bounds in (about.previous, about.base))
    recent = _between(instance, mode, about.until - RECENT, about.until)
    design = _design(_between(instance, mode, about.until - HISTORY, about.until))
    return {
        "instance": instance.pk,
        "strategy": instance.name,
        "mode": mode,
        "kind": about.kind,
        "status": instance.status,
        "name": name_of(instance, rules),
        "version": _version(instance, about.until),
        "now": told(now),
        "previous": told(previous),
        "base": told(base),
        "recent": told(recent),
        "recent_days": traded(recent),
        "base_days": traded(base),
        "against_previous": against(now, previous, design),
        "against_base": against(now, base, design),
        "markets": parts(asked, "market"),
        "reasons": parts(asked, "exit_reason"),
        "versions": versions(instance, mode, about, design),
        "days": daily(instance, mode, about),
        "open": _open(asked, about.until),
        "funnel": _funnel(instance, rules, about, now),
        "changes": changes(instance, mode, about.until),
        "alarms": alarms(instance.bot, instance, about, mode),
        "experiments": experiments(instance, about),
        **deep_sections.deeper(instance, mode, about.until),
    }


def name_of(instance: Any, rules: Any) -> str:
    """What a line calls a strategy: ``RSI+BB``, or ``RSI+BB @sol``."""
    short = (rules.short or rules.title) if rules else instance.strategy
    return f"{short} @{instance.label}" if instance.label else str(short)


def whole(selection: Selection, detail: bool = False) -> Group:
    [found] = measure(selection, detail=detail)
    for name in ("open_positions", "open_pnl"):  # those of today, whatever day is asked for
        found.metrics.pop(name, None)
    return found


def _between(instance: Any, mode: str, since: datetime, until: datetime) -> Group:
    return whole(Selection(instance=instance, mode=mode, since=since, until=until))


def told(group: Group) -> dict[str, Any]:
    return numbers(group.metrics)


def parts(selection: Selection, by: str) -> list[dict[str, Any]]:
    """The trades by something, the most first."""
    found = [{"key": group.key, **told(group)} for group in measure(selection, by)]
    return sorted(found, key=lambda one: -one["trades"])[:MOST]


def versions(instance: Any, mode: str, about: Any, design: float) -> list[dict[str, Any]]:
    """The trades by parameter set, each against what the same set made in the time before."""
    now, before = (
        {
            group.key: group
            for group in measure(
                Selection(instance=instance, mode=mode, since=since, until=until), "version"
            )
        }
        for since, until in ((about.since, about.until), about.base)
    )
    found = [
        {
            "key": key,
            **told(group),
            "against_base": against(group, before[key], design) if key in before else None,
        }
        for key, group in now.items()
    ]
    return sorted(found, key=lambda one: -one["trades"])[:MOST]


def daily(instance: Any, mode: str, about: Any) -> list[list[Any]]:
    """[day, trades, total PnL %] of the 30 days up to the end, those without trades left out."""
    since = about.end - timedelta(days=30)
    selection = Selection(instance=instance, mode=mode, since=since, until=about.until)
    return [
        [group.key, group.metrics["trades"], group.metrics["total_pnl_pct"]]
        for group in measure(selection, "day")
    ]


def traded(group: Group) -> int:
    """Days with trades."""
    return int((group.daily.trades > 0).sum())


def sums(group: Group) -> compare.Sums:
    """Trades, sum and sum of squares of their results."""
    n, mean, std = (group.metrics[name] for name in ("trades", "avg_pnl_pct", "std_pct"))
    if not n:
        return 0.0, 0.0, 0.0
    return float(n), n * mean, (n - 1) * (std or 0.0) ** 2 + n * mean * mean


def _design(group: Group) -> float:
    active = group.daily.trades > 0
    squares = np.array([sums(group)[2]])
    return compare.design_effect(
        group.daily.trades[active].astype(np.float64), group.daily.totals[active], squares
    )


def against(now: Group, before: Group, design: float) -> dict[str, Any]:
    """How the average and the win rate differ from those before: each with its 95 % interval,
    which trades that move together on a day widen. None where either side says too little."""
    wins = [(one.metrics["wins"], one.metrics["trades"]) for one in (now, before)]
    return {
        "avg_pnl_pct": _difference(compare.means(sums(now), sums(before), design)),
        "win_rate": _difference(compare.rates(wins[0], wins[1], design)),
        "design_effect": design,
    }


def _difference(found: compare.Difference | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "now": found.now,
        "before": found.before,
        "low": found.low,
        "high": found.high,
        "beyond_chance": found.low > 0 or found.high < 0,
    }


def _version(instance: Any, at: datetime) -> int | None:
    found = frames.live_at(instance.pk, at)
    return found[1] if found else None


def _open(selection: Selection, until: datetime) -> dict[str, Any] | None:
    """Positions that were open at the end; None where that was too long ago to know."""
    if clock.now() - until > LIVED:
        return None
    return numbers(open_positions(selection, None, None))


def _funnel(instance: Any, rules: Any, about: Any, now: Group) -> dict[str, Any]:
    """What the bot counted; and, where it made no trade, what a replay makes of the time."""
    found: dict[str, Any] = {
        "counted": no_trades.counted(instance, rules, about.since, about.until),
        "replayed": None,
        "remark": "",
        "doubt": "",
    }
    if now.metrics["trades"]:
        return found
    try:
        found["replayed"] = no_trades.replayed(instance, about.since, about.until)
    except no_trades.NotSeen as unseen:
        found["remark"] = str(unseen)
    else:
        believed = trust.trust(instance, about.until)
        found["doubt"] = " ".join(believed.reasons[:1]) if believed.doubted else ""
    return found


def changes(instance: Any, mode: str, until: datetime) -> list[dict[str, Any]]:
    """The changes of parameters of the last 14 days, newest first, with what came of each."""
    found = of_changes(instance, mode, as_of=until)
    return [
        {
            "version": one.after.version,
            "at": clock.to_text(one.changed_at),
            "compared": one.compared.version if one.compared else None,
            "reason": one.after.reason,
            "by": one.changed_by,
            "origin": one.after.origin,
            "parameters": [[row["name"], row["old"], row["new"]] for row in one.rows[:MOST]],
            "trades": one.trades_after,
            "word": one.verdict.word,
            "sentence": one.verdict.sentence,
            "more_trades": one.verdict.more_trades,
        }
        for one in found
        if one.before is not None and one.changed_at >= until - CHANGES
    ][:MOST]


def alarms(bot: Any, instance: Any, about: Any, mode: str = "") -> list[dict[str, Any]]:
    """What the watch said in the time: of a strategy, or (None) of the bot itself."""
    found = AlertEvent.objects.filter(
        alert__bot=bot, alert__instance=instance, at__gte=about.since, at__lt=about.until
    ).select_related("alert")
    if mode:
        found = found.filter(alert__mode=mode)
    return [
        {
            "alert": one.alert_id,
            "at": clock.to_text(one.at),
            "what": one.type,
            "said": one.get_type_display(),
            "severity": one.severity,
            "sentence": one.sentence,
        }
        for one in found.order_by("at", "pk")[:MOST]
    ]


def experiments(instance: Any, about: Any) -> list[dict[str, Any]]:
    """Experiments that ran in the time, as they stood at its end."""
    found = reports.experiments(instance.pk, about.since, about.until, MOST)
    return [
        {
            "id": one.pk,
            "name": one.name,
            "design": one.design,
            "status": one.status if over else "active",
            "started": clock.to_text(one.started_at),
            "trades": stood.trades,
            "max_trades": one.max_trades,
            "max_days": one.max_days,
            "ended": clock.to_text(one.ended_at) if over else None,
            "end_reason": one.end_reason if over else "",
            "sentences": [side.verdict.sentence for side in stood.sides if side.verdict],
        }
        for one, over, stood in found
    ]


def totals(bot: Any, about: Any) -> list[dict[str, Any]]:
    """All strategies of a bot together, by mode; nothing for a mode without trades."""
    found = []
    for mode in ("live", "paper"):
        selection = Selection(bot=bot, mode=mode, since=about.since, until=about.until)
        now = whole(selection)
        if now.metrics["trades"]:
            found.append({"mode": mode, **told(now)})
    return found
