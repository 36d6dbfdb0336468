"""Performance snapshots of every strategy, market and parameter set of a bot at a moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics import frames
from analytics.models import Snapshot, Trend
from analytics.quant import compare, significance
from trading import clock
from trading.clock import DAY
from trading.ledger import metrics, money, tally
from trading.performance.selection import PERIODS, period
from trading.rollups import windows

if TYPE_CHECKING:
    from analytics.frames.reports import Scope

WINDOWS = (*PERIODS, "all")
ACTIVE = 31  # days without a trade after which a scope gets no snapshots
WEEK = 7
CLEAR = 0.025  # p-value of a trend
KEEP = timedelta(days=35)


def due(bot: int, as_of: datetime) -> bool:
    """Whether the bot has no snapshot of this quarter of a day (UTC) yet."""
    start = as_of.replace(hour=as_of.hour // 6 * 6, minute=0, second=0, microsecond=0)
    return not Snapshot.objects.filter(instance__bot=bot, at__gte=start, at__lte=as_of).exists()


def take(bot: int, as_of: datetime) -> int:
    """Write the snapshots of the scopes that traded recently; returns how many.

    The same moment again rewrites them.
    """
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
    """Prune snapshots: of days older than 35 days only the first ones are kept."""
    old = Snapshot.objects.filter(at__lt=as_of - KEEP).exclude(at__hour__lt=6)
    return {"dropped": int(old.delete()[0])}


def listed(as_of: datetime) -> list[dict[str, Any]]:
    """The snapshots of one moment as JSON, strategies before their markets and sets."""
    rows = Snapshot.objects.filter(at=as_of).select_related(
        "scope__market", "scope__parameter_set", "instance__bot"
    )
    snapshots = [
        {
            "bot": row.instance.bot.name,
            "strategy": row.instance.name,
            "mode": row.scope.mode,
            "market": row.scope.market.name if row.scope.market else None,
            "version": row.scope.parameter_set.version if row.scope.parameter_set else None,
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
        snapshots,
        key=lambda row: (
            row["bot"],
            row["strategy"],
            row["mode"],
            order.index(row["kind"]),
            row["market"] or "",
            row["version"] or 0,
        ),
    )


def _bounds(name: str, as_of: datetime) -> tuple[int | None, int]:
    since, _ = period(name, as_of)
    return None if since is None else clock.to_micros(since), clock.to_micros(as_of)


def _row(
    at: int, scope: Scope, pieces: dict[str, windows.Pieces], as_of: datetime
) -> Snapshot | None:
    own = {name: part.take(np.flatnonzero(part.scope == at)) for name, part in pieces.items()}
    whole = own["all"]
    if not whole.tallies.size:
        return None
    records = {
        name: tally.merge(part.tallies, np.array([0]))[0]
        if part.tallies.size
        else tally.empty(1)[0]
        for name, part in own.items()
    }
    trend, evidence = _trend(whole, as_of)
    # Intervals are expensive: for all time only strategies get one.
    costly = set(WINDOWS) if scope.kind == "instance" else set(PERIODS)
    return Snapshot(
        scope=scope,
        instance=scope.instance,
        at=as_of,
        windows={
            name: _metrics(
                records[name], own[name], scope.currency, *_bounds(name, as_of), name in costly
            )
            for name in WINDOWS
        },
        comparison=_comparison(records, whole),
        trend=trend,
        evidence=evidence,
    )


def _metrics(
    record: np.void,
    pieces: windows.Pieces,
    currency: str,
    since: int | None,
    until: int,
    interval: bool,
) -> dict[str, Any]:
    """The metrics of a window, as in ``GET performance/``."""
    if not record["trades"]:
        return {"trades": 0}
    start = int(record["first"]) // DAY * DAY if since is None else since
    daily = windows.daily(pieces, start // DAY, (until - 1) // DAY)
    measured = metrics.from_tally(record, daily, (until - start) / 1e6, interval=interval)
    return measured | {
        "total_pnl": {currency: float(money.to_decimal(record["units"], record["picos"]))},
        "max_drawdown_money": {currency: float(record["money_drawdown"])},
    }


def _comparison(records: dict[str, Any], whole: windows.Pieces) -> dict[str, Any]:
    """Mean PnL % of 24 h minus the 6 days before, and of 7 d minus everything before.

    Each with its 95% interval, widened by the correlation of trades of one day.
    """
    design = compare.design_effect(
        whole.tallies["trades"].astype(float), whole.tallies["total"], whole.tallies["squares"]
    )
    pairs = {"24h_7d": ("24h", "7d"), "7d_baseline": ("7d", "all")}
    comparison: dict[str, Any] = {}
    for name, (short, long) in pairs.items():
        recent, all_trades = _sums(records[short]), _sums(records[long])
        before = (all_trades[0] - recent[0], all_trades[1] - recent[1], all_trades[2] - recent[2])
        difference = compare.means(recent, before, design)
        comparison[name] = (
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
    return comparison


def _sums(record: np.void) -> tuple[float, float, float]:
    """Trades, total and sum of squares of a tally."""
    return float(record["trades"]), float(record["total"]), float(record["squares"])


def _trend(whole: windows.Pieces, as_of: datetime) -> tuple[str, dict[str, Any]]:
    """The mean result of the last seven complete days, compared with the days before."""
    first, today = int(whole.day.min()), clock.to_micros(as_of) // DAY
    at, size = whole.day - first, max(0, today - first)
    kept = at < size
    n, total = (
        np.bincount(at[kept], weights=whole.tallies[name][kept], minlength=size).astype(float)
        for name in ("trades", "total")
    )
    shift = significance.shifted(total, n, WEEK)
    if shift is None:
        return Trend.UNKNOWN, {}
    evidence = {
        "now_pct": shift.now,
        "before_pct": shift.before,
        "as_low": shift.as_low,
        "as_high": shift.as_high,
        "days": int(size),
    }
    if shift.as_low < CLEAR:
        return Trend.DEGRADING, evidence
    return (Trend.IMPROVING if shift.as_high < CLEAR else Trend.FLAT), evidence
