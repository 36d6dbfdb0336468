"""What each live value did so far, pooled over all versions that share it, from stored sums."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trading import windows
from trading.models import ParameterSet, Scope, StrategyInstance
from trading.selection import Selection
from trading.strategies.base import Strategy
from trading.strategies.parameters import Value

from . import results

COUNTED = ("trades", "wins", "total")


def so_far(
    instance: StrategyInstance, strategy: Strategy, live: Mapping[str, Value], mode: str
) -> dict[str, str]:
    """For every parameter half a line about the trades under its live value."""
    scopes = Selection(instance=instance, mode=mode).scopes(Scope.Kind.SET)
    sums = windows.merged(windows.pieces(scopes, None, None), len(scopes))
    counted = np.stack([sums[name].astype(float) for name in COUNTED], axis=1)
    told = [_values(strategy, scope.parameter_set) for scope in scopes]
    found = {}
    for name, value in live.items():
        shared = [at for at, values in enumerate(told) if values.get(name) == value]
        trades, wins, total = counted[shared].sum(axis=0).tolist() if shared else (0, 0, 0)
        found[name] = results.brief(
            {"trades": int(trades), "win_rate": wins / trades, "avg_pnl_pct": total / trades}
            if trades
            else None
        )
    return found


def _values(strategy: Strategy, made: ParameterSet | None) -> dict[str, Value]:
    """A set as bots were told it; nothing is known of trades of an unknown set."""
    return strategy.complete(made.values) if made else {}
