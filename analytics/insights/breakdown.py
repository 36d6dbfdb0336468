"""Which setups of a strategy are better or worse than its others: the breakdown of its trades.

Every fact known at the entry (the common context, the strategy's declared features, side, market,
regime and session) is a way to tell trades apart, alone and with every other. How a trade ended is
not known at its entry: it is described and never named.
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
TELLS = 0.15  # of a trade's spread: an excess worth knowing
UNIT_SHARE = 0.5  # results are counted in u where so many of the trades have a scale
Verdict = Literal["named", "none", "too_few"]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The setups of a strategy in a window, all JSON can hold (``dataclasses.asdict``; moments as
    ISO texts).

    ``unit`` of results: ``u`` (PnL over initial risk, else over the trailing spread) or ``pct``.
    ``looked`` setups were judged together, ``singles`` are all of one fact, ``pairs`` those of two
    that are named and the 20 nearest to it. ``best`` and ``worst`` are named and say something of
    their own (a pair is left out where one of its facts alone is named the same way and it is not
    surely further out), the surest first. ``verdict``: ``named``, ``none`` (no setup is
    distinguishable yet) or ``too_few`` (nothing could be judged). ``needed``: trades of one setup
    that would tell an excess of ``tells`` (0.15 of a trade's spread) from nothing. ``afterwards``:
    by facts known at the exit alone. ``missing``: facts that no trade recorded; ``unpaired``: facts
    beyond the 20 that are paired.
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
    """The setups of a strategy's trades with since <= exit < until, and none after ``as_of``.

    Without ``interval`` those of the averages, which cost most, are left None. ``trades`` are the
    trades, where they were read before."""
    end = min(until, as_of)
    if trades is None:
        trades = context.context_trades(instance, mode, since, end)
    features = context.features(instance)
    entry = insights_features.at_entry(
        trades, features, regimes.labels(instance, trades, trend=False)
    )
    # What all trades share tells none apart: it goes last, where it takes no place among pairs.
    known = sorted((fact for fact in entry if fact.bins), key=lambda fact: len(fact.bins) < 2)
    unit, result = _results(instance, mode, trades)
    found = binning.judge(known, trades.rows.trades.exit_at // DAY, result)
    table = Table(
        trades,
        known,
        found,
        group_metrics.window(
            trades.rows.trades,
            None if since is None else clock.to_micros(since),
            clock.to_micros(end),
        ),
        interval,
    )
    singles, pairs = table.setups(*_shown(found))
    named = [one for one in (*singles, *pairs) if one.named]
    own = _own(named)
    good = sorted((one for one in own if one.better), key=_unsure)
    bad = sorted((one for one in own if not one.better), key=_unsure)
    judged, looked = result[~np.isnan(result)], int((~np.isnan(found.judged.wrong_sign)).sum())
    sd = float(np.std(judged, ddof=1)) if judged.size > 1 else None
    return Breakdown(
        instance=instance,
        mode=mode,
        since=since and clock.to_text(since),
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
        verdict="named" if named else "none" if looked else "too_few",
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
    """The unit, and what each trade made in it: u where half of the trades have a scale."""
    r, exit_at = trades.rows.trades.r, trades.rows.trades.exit_at
    if not r.size:
        return "u", r
    first = int(exit_at[0]) // DAY * DAY
    before = context.results_before(instance, mode, first, r_units.TRAILING)
    u = r_units.of_days(exit_at // DAY, r, r_units.risk_pct(trades.entry, trades.stop), before)
    return ("u", u) if (~np.isnan(u)).mean() >= UNIT_SHARE else ("pct", r)


def _shown(found: Buckets) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the setups of one fact, and of those of two that are worth a look: the named ones,
    and those whose sign is surest."""
    alone = np.flatnonzero(found.second < 0)
    wrong = np.where(np.isnan(found.judged.wrong_sign), np.inf, found.judged.wrong_sign)
    wrong[alone] = np.inf
    order = np.argsort(wrong, kind="stable")
    most = max(SHOWN_PAIRS, int((wrong < setups.SURE).sum()))
    pairs = order[:most]
    return alone, pairs[np.isfinite(wrong[pairs])]


def _unsure(setup: Setup) -> tuple[float, float]:
    """Sorts the surest first, of equally sure ones the largest."""
    return round(setup.wrong_sign or 0.0, 3), -abs(setup.shrunk or 0.0)


def _own(named: Sequence[Setup]) -> list[Setup]:
    """Those that say something of their own: not a pair one of whose facts alone is named the same
    way, unless it is surely further out than that is expected to be."""
    alone = {one.conditions[0]: one for one in named if len(one.conditions) == 1}
    return [
        one
        for one in named
        if len(one.conditions) == 1
        or not any(
            whole.better == one.better and not _beyond(one, whole)
            for whole in (alone.get(each) for each in one.conditions)
            if whole is not None
        )
    ]


def _beyond(pair: Setup, whole: Setup) -> bool:
    low, high, expected = pair.low or 0.0, pair.high or 0.0, whole.shrunk or 0.0
    return low > expected if whole.better else high < expected


def _by_feature(known: Sequence[Fact], singles: Sequence[Setup]) -> dict[str, tuple[Setup, ...]]:
    found: dict[str, list[Setup]] = {fact.name: [] for fact in known}
    for setup in singles:
        found[setup.conditions[0].feature].append(setup)
    return {name: tuple(of) for name, of in found.items()}
