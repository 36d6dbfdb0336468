"""What a replay left behind: its trades in a block of their own, and whether it still holds."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from analytics.models import Run, RunTrades
from trading import clock
from trading.market.candles import Candles

State = Run.State
Floats = NDArray[np.float64]
# Beside these columns a trade has its context, and the features that its strategy declares.
PLAIN = (
    *("side", "entry_at", "exit_at", "entry_price", "exit_price", "pnl_pct", "exit_reason"),
    *("stop_loss", "take_profit"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a replay. ``trades``: each a dict of PLAIN (moments in epoch seconds, the
    result in percent net of costs), "context" and "features". ``equity`` has shape (2, n): epoch
    seconds, and the percent made so far. What is undefined is None."""

    trades: Sequence[dict[str, Any]]
    equity: Floats
    metrics: dict[str, Any]
    funnel: dict[str, Any]
    summary: dict[str, Any]


def fingerprint(candles: Candles) -> str:
    """Of all that the bars say, 32 hexadecimal digits."""
    return blake2b(candles.matrix().tobytes(), digest_size=16).hexdigest()


def start(run: Run) -> bool:
    """Mark it as being worked on; False where it is over. One that was cut off starts anew."""
    waiting = Run.objects.filter(pk=run.pk, state__in=Run.ACTIVE)
    changed = waiting.update(state=State.RUNNING, started_at=clock.now(), progress=0.0, error="")
    if changed:
        run.refresh_from_db()
    return bool(changed)


def advance(run: Run, share: float) -> None:
    """How far it is, 0 to 1."""
    Run.objects.filter(pk=run.pk, state=State.RUNNING).update(progress=min(max(share, 0.0), 1.0))


def finish(run: Run, outcome: Outcome) -> None:
    """Keep what came of it, all or nothing."""
    run.metrics, run.funnel, run.summary = outcome.metrics, outcome.funnel, outcome.summary
    run.state, run.progress, run.ended_at, run.error = State.DONE, 1.0, clock.now(), ""
    with transaction.atomic():
        run.save()
        RunTrades.objects.update_or_create(
            run=run,
            defaults={
                "trades": packed(outcome.trades),
                "equity": np.ascontiguousarray(outcome.equity, "<f8").tobytes(),
            },
        )


def fail(run: Run, error: str) -> None:
    """It could not be done, and why."""
    Run.objects.filter(pk=run.pk, state__in=Run.ACTIVE).update(
        state=State.FAILED, error=error[:500], ended_at=clock.now()
    )
    run.refresh_from_db()


def thin(instance: int, market: str, most: int) -> int:
    """Forget the oldest of the nightly comparisons of a strategy in a market; how many."""
    nightly = Run.objects.filter(
        kind=Run.Kind.FIDELITY, instance=instance, market=market, options__nightly=True
    )
    old = list(nightly.order_by("-pk").values_list("pk", flat=True)[most:])
    return Run.objects.filter(pk__in=old).delete()[1].get("analytics.Run", 0) if old else 0


def packed(trades: Sequence[dict[str, Any]]) -> bytes:
    """The same trades always give the same bytes."""
    text = json.dumps(list(trades), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return zlib.compress(text.encode(), 6)


def trades(run: Run) -> list[dict[str, Any]]:
    """Its trades in order of their exits; none while it is not done."""
    stored = RunTrades.objects.filter(run=run).values_list("trades", flat=True).first()
    return [] if stored is None else json.loads(zlib.decompress(bytes(stored)))


def equity(run: Run) -> Floats:
    """Epoch seconds, and the percent made so far: shape (2, n)."""
    stored = RunTrades.objects.filter(run=run).values_list("equity", flat=True).first()
    return np.frombuffer(bytes(stored or b""), "<f8").reshape(2, -1)


def drawdown(percent: Floats) -> Floats:
    """How far the percent made lies below its highest so far, which begins at 0: not positive."""
    return percent - np.maximum(np.maximum.accumulate(percent), 0.0) if percent.size else percent
