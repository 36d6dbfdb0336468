"""The deeper parts of a report, from more than its own time: setups, conditions, exits.

They look back over half a year, since a day says nothing of a setup; what is kept of each is what a
page shows, and no more.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from analytics.frames import context
from analytics.frames.context import ContextTrades
from analytics.insights import breakdown, exits, market_state, regimes
from analytics.insights.setup_table import Setup
from analytics.quant.exits import WhatIf
from trading.performance import measure
from trading.performance.selection import Selection

BACK = timedelta(days=180)
HOUR = 3_600  # bars in which markets are told, the same for all strategies
MOST_TRADES = 50_000  # that are read with all that is known of them
MOST = 5  # of a kind
Asked = tuple[int, str, datetime, datetime]  # instance, mode, since, until
KEPT = ("trades", "win_rate", "avg_pnl_pct", "total_pnl_pct", "profit_factor")
BRIEF = ("trades", "win_rate", "avg_pnl_pct", "total_pnl_pct")


def deeper(instance: Any, mode: str, until: datetime) -> dict[str, Any]:
    """The parts of a strategy; each None, or empty, without trades in the half year."""
    since = _since(instance, mode, until)
    trades = context.context_trades(instance.pk, mode, since, until)
    asked = instance.pk, mode, since, until
    there = bool(len(trades))
    return {
        "setups": _setups(asked, trades) if there else None,
        "market": _market(instance.pk, until),
        "regimes": _regimes(asked, trades) if there else None,
        "exits": _exits(asked, trades) if there else None,
    }


def _since(instance: Any, mode: str, until: datetime) -> datetime:
    """Half a year before, or as many whole days as hold the most trades that are looked at."""
    [found] = measure(Selection(instance=instance, mode=mode, since=until - BACK, until=until))
    newest = np.cumsum(found.daily.trades[::-1])
    days = int((newest <= MOST_TRADES).sum()) if newest.size else BACK.days
    return until - min(BACK, timedelta(days=max(days, 1)))


def _setups(asked: Asked, trades: ContextTrades) -> dict[str, Any]:
    """Setups that last, best and worst, after having looked at all."""
    found = breakdown.breakdown(*asked, asked[-1], interval=False, trades=trades)
    return {
        "days_back": (asked[3] - asked[2]).days,
        "unit": found.unit,
        "trades": found.trades,
        "days": found.days,
        "mean": found.mean,
        "sd": found.sd,
        "looked": found.looked,
        "verdict": found.verdict,
        "needed": found.needed,
        "tells": found.tells,
        "best": [_named(one) for one in found.best[:MOST]],
        "worst": [_named(one) for one in found.worst[:MOST]],
        "singles": {name: [_single(one) for one in of] for name, of in found.singles.items()},
        "missing": list(found.missing),
    }


def _named(one: Setup) -> dict[str, Any]:
    return {
        "conditions": [asdict(each) for each in one.conditions],
        "metrics": {name: one.metrics[name] for name in KEPT},
        "days": one.days,
        "win_rate_shrunk": one.win_rate_shrunk,
        "excess": one.excess,
        "shrunk": one.shrunk,
        "low": one.low,
        "high": one.high,
        "wrong_sign": one.wrong_sign,
        "needed": one.needed,
    }


def _single(one: Setup) -> dict[str, Any]:
    """A bin of one fact, in a line."""
    return {
        "condition": asdict(one.conditions[0]),
        "named": one.named,
        "shrunk": one.shrunk,
        **{name: one.metrics[name] for name in BRIEF},
    }


def _market(instance: int, until: datetime) -> list[dict[str, Any]]:
    """What its markets do, against the week before."""
    return [asdict(one) for one in market_state.markets(instance, until, wanted=HOUR)][:MOST]


def _regimes(asked: Asked, trades: ContextTrades) -> dict[str, Any]:
    """How it did in calm and wild markets, and by session."""
    found = regimes.performance(*asked, asked[-1], interval=False, trades=trades)
    kinds = {"volatility": found.volatility, "session": found.session, "adx": found.adx}
    told = {
        kind: {label: {name: measured[name] for name in KEPT} for label, measured in of.items()}
        for kind, of in kinds.items()
    }
    return {**told, "unlabelled": found.unlabelled, "sources": found.sources}


def _exits(asked: Asked, trades: ContextTrades) -> dict[str, Any]:
    """What exits left on the table, by reason, and the targets and stops that would surely have
    done better."""
    found = exits.judge(*asked, asked[-1], trades=trades)
    better = sorted(
        (one for one in found.what_ifs if one.change_low is not None and one.change_low > 0),
        key=lambda one: -(one.change_low or 0.0),
    )
    return {
        "trades": found.trades,
        "recorded": found.recorded,
        "from_candles": found.from_candles,
        "unknown": found.unknown,
        "why": found.why,
        "overall": asdict(found.overall),
        "reasons": {name: asdict(one) for name, one in found.reasons.items()},
        "better": [asdict(one) for one in better[:MOST]],
        "targets": _alone(found.what_ifs, "stop"),
        "stops": _alone(found.what_ifs, "target"),
    }


def _alone(found: tuple[WhatIf, ...], other: str) -> list[dict[str, Any]]:
    """The what-ifs of one of the two alone, the other being as it was."""
    return [asdict(one) for one in found if getattr(one, other) is None]
