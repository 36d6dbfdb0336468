"""What the newest comparison of a replay with the bot's own trades says of replays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from analytics.models import Run
from analytics.research.fidelity_reasons import DOUBT, TRUST, UNKNOWN
from trading import clock, strategies
from trading.strategies.engine.walk import version_of

if TYPE_CHECKING:
    from analytics.frames.reports import StrategyInstance

LONGEST = timedelta(days=60)  # after which a comparison says nothing of today


@dataclass(frozen=True, slots=True)
class Trust:
    """``verdict`` is trusted, not trusted or unknown; ``reasons`` are sentences, the most likely
    first. ``run`` is the comparison that says so, None where there is none."""

    verdict: str
    reasons: tuple[str, ...]
    run: Run | None = None

    @property
    def trusted(self) -> bool:
        return self.verdict == TRUST

    @property
    def doubted(self) -> bool:
        return self.verdict == DOUBT

    @property
    def found(self) -> dict[str, Any]:
        """The figures of the comparison; empty without one."""
        return self.run.summary["fidelity"] if self.run else {}


NEVER = Trust(UNKNOWN, ("No backtest was compared with its live trades.",))


def trust(instance: StrategyInstance, as_of: datetime | None = None, market: str = "") -> Trust:
    """The verdict as of a moment on replays of a bot's strategy, in one market or in all in which
    it was compared: trusted where none of them is doubted and one is trusted."""
    newest: dict[str, Run] = {}
    for run in _compared(instance.pk, as_of or clock.now(), market):
        newest.setdefault(run.market, run)
    verdicts = [_of(run, as_of or clock.now()) for run in newest.values()]
    for word in (DOUBT, TRUST, UNKNOWN):
        for verdict in verdicts:
            if verdict.verdict == word:
                return verdict
    return _elsewhere(instance, as_of or clock.now(), market) if market else NEVER


def _elsewhere(instance: StrategyInstance, as_of: datetime, market: str) -> Trust:
    """What is said of a market in which nothing was compared."""
    others = sorted({run.market for run in _compared(instance.pk, as_of, "")})
    if not others:
        return NEVER
    return Trust(UNKNOWN, (f"Compared in {', '.join(others)}, but not in {market}.",))


def compared_until(instance: int, market: str) -> str | None:
    """The end of the time that the newest comparison is about, as text."""
    newest = Run.objects.filter(kind=Run.Kind.FIDELITY, instance=instance, market=market)
    comparison = newest.exclude(state=Run.State.FAILED).order_by("-pk").first()
    return comparison.options["until"] if comparison else None


def _compared(instance: int, as_of: datetime, market: str) -> Sequence[Run]:
    """What was compared by then, newest first."""
    done = Run.objects.filter(
        kind=Run.Kind.FIDELITY, instance=instance, state=Run.State.DONE, ended_at__lte=as_of
    )
    done = done.filter(market=market) if market else done
    return list(done.order_by("-ended_at", "-pk")[:50])


def _of(run: Run, as_of: datetime) -> Trust:
    comparison = run.summary["fidelity"]
    stale = _stale(run, as_of)
    if stale:
        return Trust(UNKNOWN, (stale, *comparison["reasons"]), run)
    return Trust(comparison["verdict"], tuple(comparison["reasons"]), run)


def _stale(run: Run, as_of: datetime) -> str:
    """Why a comparison says nothing of the replays of a moment; empty where it does."""
    assert run.ended_at is not None
    if as_of - run.ended_at > LONGEST:
        return f"The last comparison, on {run.ended_at:%Y-%m-%d}, is too old."
    try:
        rules = strategies.get(run.strategy)
    except strategies.UnknownStrategy:
        return "Its rules are no longer available."
    if rules.trading is None or version_of(rules) != run.code_version:
        return "The rules changed since the last comparison."
    return ""
