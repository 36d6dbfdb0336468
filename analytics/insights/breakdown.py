"""Which setups of a strategy are significantly better or worse than its average.

Trades are grouped by every fact known at entry (common context, declared features, side, market,
regime, session) and by every pair of facts. Facts known only at exit are described, not judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np

from analytics.frames import context
from analytics.frames.context import ContextTrades
from analytics.insights import features as insights_features
from analytics.insights import group_metrics, regimes
from analytics.insights.setup_table import Setup, Table
from analytics.quant import binning, r_units, setups
from analytics.quant.binning import Buckets, Fact
from trading import clock
from trading.clock import DAY

SHOWN_PAIRS = 20
TELLS = 0.15  # standard deviations of a trade: an excess worth detecting
UNIT_SHARE = 0.5  # share of trades with a known risk from which results are in u
Verdict = Literal["named", "none", "too_few"]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The setups of a strategy in a window, JSON-serialisable; times are ISO 8601.

    ``unit`` of results: ``u`` (PnL over initial risk, else over the trailing spread) or ``pct``.
    ``looked``: setups tested together. ``singles``: setups of one fact; ``pairs``: setups of two
    that are significant ("named"), and the 20 nearest to it. ``best`` and ``worst``: significant
    setups, surest first, without pairs that add nothing to one of their facts. ``verdict``:
    ``named``, ``none`` (no setup is significant) or ``too_few`` (nothing could be tested).
    ``needed``: trades of one setup that detect an excess of ``tells`` (0.15 standard deviations).
    ``afterwards``: by facts known at exit. ``missing``: facts that no trade recorded;
    ``unpaired``: facts beyond the 20 that are paired.
    """

    instance: int
    mode: str
    since: str | None
    until: str
    as_of: str
    unit: str
    trades: int
    days: int
    judged_trades: int
    mean: float | None
    sd: float | None
    metrics: dict[str, Any]
    looked: int
    verdict: Verdict
    needed: int | None
    tells: float | None
    best: tuple[Setup, ...]
    worst: tuple[Setup, ...]
    singles: dict[str, tuple[Setup, ...]]
    pairs: tuple[Setup, ...]
    afterwards: dict[str, tuple[Setup, ...]]
    missing: tuple[str, ...]
    unpaired: tuple[str, ...]


def breakdown(
    instance: int,
    mode: str,
    since: datetime | None,
    until: datetime,
    as_of: datetime,
    *,
    interval: bool = True,
    trades: ContextTrades | None = None,
) -> Breakdown:
    """The setups of a strategy's trades with since <= exit < until, none after ``as_of``.

    Without ``interval`` the (expensive) intervals of averages are None. ``trades``: the trades, if
    already read."""
    end = min(until, as_of)
    if trades is None:
        trades = context.context_trades(instance, mode, since, end)
    features = context.features(instance)
    entry = insights_features.at_entry(
        trades, features, regimes.labels(instance, trades, trend=False)
    )
    # Facts with one value go last, where they take no place among the pairs.
    known = sorted((fact for fact in entry if fact.bins), key=lambda fact: len(fact.bins) < 2)
    unit, result = _results(instance, mode, trades)
    buckets = binning.judge(known, trades.rows.trades.exit_at // DAY, result)
    table = Table(
        trades,
        known,
        buckets,
        group_metrics.window(
            trades.rows.trades,
            None if since is None else clock.to_micros(since),
            clock.to_micros(end),
        ),
        interval,
    )
    singles, pairs = table.setups(*_shown(buckets))
    significant = [setup for setup in (*singles, *pairs) if setup.named]
    distinct = _distinct(significant)
    good = sorted((setup for setup in distinct if setup.better), key=_unsure)
    bad = sorted((setup for setup in distinct if not setup.better), key=_unsure)
    judged, looked = result[~np.isnan(result)], int((~np.isnan(buckets.judged.wrong_sign)).sum())
    sd = float(np.std(judged, ddof=1)) if judged.size > 1 else None
    return Breakdown(
        instance=instance,
        mode=mode,
        since=None if since is None else clock.to_text(since),
        until=clock.to_text(until),
        as_of=clock.to_text(as_of),
        unit=unit,
        trades=len(trades),
        days=int(np.unique(trades.rows.trades.exit_at // DAY).size),
        judged_trades=int(judged.size),
        mean=float(judged.mean()) if judged.size else None,
        sd=sd,
        metrics=group_metrics.of_parts(
            trades.rows.trades, [np.arange(len(trades))], table.within, interval=interval
        )[0],
        looked=looked,
        verdict="named" if significant else "none" if looked else "too_few",
        needed=setups.trades_needed(1.0, TELLS),
        tells=TELLS * sd if sd else None,
        best=tuple(good),
        worst=tuple(bad),
        singles=_by_feature(known, singles),
        pairs=pairs,
        afterwards=table.afterwards(insights_features.at_exit(trades, features)),
        missing=tuple(fact.name for fact in entry if not fact.bins),
        unpaired=tuple(fact.name for fact in known[binning.PAIRED :]),
    )


def _results(instance: int, mode: str, trades: ContextTrades) -> tuple[str, np.ndarray]:
    """The unit and the result of each trade in it: u if half of the trades have a known risk."""
    r, exit_at = trades.rows.trades.r, trades.rows.trades.exit_at
    if not r.size:
        return "u", r
    first = int(exit_at[0]) // DAY * DAY
    before = context.results_before(instance, mode, first, r_units.TRAILING)
    u = r_units.of_days(exit_at // DAY, r, r_units.risk_pct(trades.entry, trades.stop), before)
    return ("u", u) if (~np.isnan(u)).mean() >= UNIT_SHARE else ("pct", r)


def _shown(buckets: Buckets) -> tuple[np.ndarray, np.ndarray]:
    """Rows of all setups of one fact, and of the pairs that are significant or nearest to it."""
    alone = np.flatnonzero(buckets.second < 0)
    wrong = np.where(np.isnan(buckets.judged.wrong_sign), np.inf, buckets.judged.wrong_sign)
    wrong[alone] = np.inf
    order = np.argsort(wrong, kind="stable")
    most = max(SHOWN_PAIRS, int((wrong < setups.SURE).sum()))
    pairs = order[:most]
    return alone, pairs[np.isfinite(wrong[pairs])]


def _unsure(setup: Setup) -> tuple[float, float]:
    """Sort key: the surest first, then the largest."""
    return round(setup.wrong_sign or 0.0, 3), -abs(setup.shrunk or 0.0)


def _distinct(significant: Sequence[Setup]) -> list[Setup]:
    """Without pairs that add nothing: one of their facts alone is significant the same way, and
    the pair is not beyond it."""
    alone = {setup.conditions[0]: setup for setup in significant if len(setup.conditions) == 1}
    return [
        setup
        for setup in significant
        if len(setup.conditions) == 1
        or not any(
            single.better == setup.better and not _beyond(setup, single)
            for single in (alone.get(condition) for condition in setup.conditions)
            if single is not None
        )
    ]


def _beyond(pair: Setup, single: Setup) -> bool:
    low, high, expected = pair.low or 0.0, pair.high or 0.0, single.shrunk or 0.0
    return low > expected if single.better else high < expected


def _by_feature(known: Sequence[Fact], singles: Sequence[Setup]) -> dict[str, tuple[Setup, ...]]:
    by_name: dict[str, list[Setup]] = {fact.name: [] for fact in known}
    for setup in singles:
        by_name[setup.conditions[0].feature].append(setup)
    return {name: tuple(setups) for name, setups in by_name.items()}
