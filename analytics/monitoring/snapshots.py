"""Snapshots: how every scope of a bot did, as of a moment, kept as rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np

from analytics import frames
from analytics.models import Snapshot, Trend
from analytics.quant import compare, significance
from trading import clock
from trading.clock import DAY
from trading.ledger import metrics, money, tally
from trading.performance.selection import PERIODS, period
from trading.rollups import windows

WINDOWS = (*PERIODS, "all")
ACTIVE = 31  # days: a scope without a trade in so many has nothing new to say
WEEK = 7
CLEAR = 0.025  # tail of a trend that is told
KEEP = timedelta(days=35)


def due(bot: int, as_of: datetime) -> bool:
    """Whether this quarter of a day (UTC) has no snapshot of the bot yet."""
    begun = as_of.replace(hour=as_of.hour // 6 * 6, minute=0, second=0, microsecond=0)
    return not Snapshot.objects.filter(instance__bot=bot, at__gte=begun, at__lte=as_of).exists()


def take(bot: int, as_of: datetime) -> int:
    """Write the snapshots of a bot's scopes that traded lately; the same moment again rewrites
    them. Returns how many."""
    now = clock.to_micros(as_of)
    scopes = frames.snapshot_scopes(bot, now // DAY - ACTIVE)
    if not scopes:
        return 0
    pieces = {name: windows.pieces(scopes, *_bounds(name, as_of)) for name in WINDOWS}
    rows = [_row(at, scope, pieces, as_of) for at, scope in enumerate(scopes)]
    kept = [row for row in rows if row is not None]
    Snapshot.objects.bulk_create(
        kept,
        update_conflicts=True,
        unique_fields=("scope", "at"),
        update_fields=("windows", "comparison", "trend", "evidence"),
    )
    return len(kept)


def tidy(as_of: datetime) -> dict[str, int]:
    """The nightly job: of days more than 35 days ago only the first snapshots stay."""
    old = Snapshot.objects.filter(at__lt=as_of - KEEP).exclude(at__hour__lt=6)
    return {"dropped": int(old.delete()[0])}


def told(as_of: datetime) -> list[dict[str, Any]]:
    """The snapshots of one moment for programs, strategies before their markets and sets."""
    rows = Snapshot.objects.filter(at=as_of).select_related(
        "scope__market", "scope__parameter_set", "instance__bot"
    )
    found = [
        {
            "bot": row.instance.bot.name,
            "strategy": row.instance.name,
            "mode": row.scope.mode,
            "market": row.scope.market.name if row.scope.market_id else None,
            "version": row.scope.parameter_set.version if row.scope.parameter_set_id else None,
            "kind": row.scope.kind,
            "currency": row.scope.currency,
            "at": row.at,
            "windows": row.windows,
            "comparison": row.comparison,
            "trend": row.trend,
            "evidence": row.evidence,
        }
        for row in rows
    ]
    order = ("instance", "market", "set")
    return sorted(
        found,
        key=lambda one: (
            one["bot"],
            one["strategy"],
            one["mode"],
            order.index(one["kind"]),
            one["market"] or "",
            one["version"] or 0,
        ),
    )


def _bounds(name: str, as_of: datetime) -> tuple[int | None, int]:
    since, _ = period(name, as_of)
    return None if since is None else clock.to_micros(since), clock.to_micros(as_of)


def _row(
    at: int, scope: Any, pieces: dict[str, windows.Pieces], as_of: datetime
) -> Snapshot | None:
    mine = {name: found.take(np.flatnonzero(found.scope == at)) for name, found in pieces.items()}
    whole = mine["all"]
    if not whole.tallies.size:
        return None
    records = {
        name: tally.merge(found.tallies, np.array([0]))[0]
        if found.tallies.size
        else tally.empty(1)[0]
        for name, found in mine.items()
    }
    trend, evidence = _trend(whole, as_of)
    # The interval of the average is what costs: of all time only strategies have it.
    dear = set(WINDOWS) if scope.kind == "instance" else set(PERIODS)
    return Snapshot(
        scope=scope,
        instance=scope.instance,
        at=as_of,
        windows={
            name: _metrics(
                records[name], mine[name], scope.currency, *_bounds(name, as_of), name in dear
            )
            for name in WINDOWS
        },
        comparison=_comparison(records, whole),
        trend=trend,
        evidence=evidence,
    )


def _metrics(
    record: Any, found: windows.Pieces, currency: str, since: int | None, until: int, interval: bool
) -> dict[str, Any]:
    """The metrics of a window, as ``performance/`` answers them."""
    if not record["trades"]:
        return {"trades": 0}
    start = int(record["first"]) // DAY * DAY if since is None else since
    daily = windows.daily(found, start // DAY, (until - 1) // DAY)
    measured = metrics.from_tally(record, daily, (until - start) / 1e6, interval=interval)
    return measured | {
        "total_pnl": {currency: float(money.to_decimal(record["units"], record["picos"]))},
        "max_drawdown_money": {currency: float(record["money_drawdown"])},
    }


def _comparison(records: dict[str, Any], whole: windows.Pieces) -> dict[str, Any]:
    """Average PnL % of 24 h against the 6 days before, and of 7 d against all that came before:
    each difference with its 95 % interval, widened by how much trades of a day move together."""
    design = compare.design_effect(
        whole.tallies["trades"].astype(float), whole.tallies["total"], whole.tallies["squares"]
    )
    pairs = {"24h_7d": ("24h", "7d"), "7d_baseline": ("7d", "all")}
    found = {}
    for name, (short, long) in pairs.items():
        inner, outer = (_sums(records[key]) for key in (short, long))
        before = tuple(b - a for a, b in zip(inner, outer, strict=True))
        difference = compare.means(inner, before, design)
        found[name] = (
            None
            if difference is None
            else {
                "now": difference.now,
                "before": difference.before,
                "low": difference.low,
                "high": difference.high,
                "within_noise": difference.low <= 0 <= difference.high,
            }
        )
    return found


def _sums(record: Any) -> tuple[float, float, float]:
    return float(record["trades"]), float(record["total"]), float(record["squares"])


def _trend(whole: windows.Pieces, as_of: datetime) -> tuple[str, dict[str, Any]]:
    """Average results of the last seven complete days against those before."""
    first, today = int(whole.day.min()), clock.to_micros(as_of) // DAY
    at, size = whole.day - first, max(0, today - first)
    kept = at < size
    n, total = (
        np.bincount(at[kept], weights=whole.tallies[name][kept], minlength=size)
        for name in ("trades", "total")
    )
    found = significance.shifted(total, n, WEEK)
    if found is None:
        return Trend.UNKNOWN, {}
    evidence = {
        "now_pct": found.now,
        "before_pct": found.before,
        "as_low": found.as_low,
        "as_high": found.as_high,
        "days": int(size),
    }
    if found.as_low < CLEAR:
        return Trend.DEGRADING, evidence
    return (Trend.IMPROVING if found.as_high < CLEAR else Trend.FLAT), evidence
