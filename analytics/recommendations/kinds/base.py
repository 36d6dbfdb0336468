"""What a kind of recommendation declares, what it is given and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import cached_property

from analytics.frames import reports
from analytics.frames.reports import StrategyInstance
from analytics.models import STANDING_KEY, Recommendation
from analytics.reports.data import Effect, Evidence, Section
from analytics.research import trust
from analytics.research.lookback import Lookback, lookback
from analytics.research.trust import Trust
from trading import formatting
from trading.bots.catalog import declaration
from trading.formatting import counted, signed
from trading.parameters.verdict import rounded
from trading.strategies.base import Strategy
from trading.strategies.parameters import Value

Action, Confidence = Recommendation.Kind, Recommendation.Confidence
LOOKBACK = timedelta(days=30)
LONGEST_WAIT = timedelta(days=1_095)  # beyond, no date is given


class Need(Enum):
    """What a kind needs; without it, it is not asked."""

    VALUES = "the live parameters are known"
    CANDLES = "the last 30 days can be backtested"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A recommendation before it is stored.

    ``action``: what it asks for. ``subject``: identifies the same proposal on another day, among
    those of its kind. ``sentence``: the action in one sentence. ``rank``: higher is shown first
    (100 most urgent, 10 least). ``changes``: parameter -> (old, new). ``test``: how to verify it.
    ``standing``: asks for no decision; each strategy has one such entry.
    """

    action: str
    subject: str
    sentence: str
    evidence: Sequence[Evidence]
    rank: float
    confidence: str = Confidence.LOW
    changes: dict[str, tuple[Value, Value]] = field(default_factory=dict)
    effect: Effect | None = None
    risk: str = ""
    test: str = ""
    standing: bool = False


class Case:
    """What a kind may look at: one strategy in one mode, at the end of a report.

    ``section``: the strategy's part of the report (metrics, funnel, setups, exits, changes; see
    ``analytics.reports.data.Section``): look here first. ``instance``: the strategy's row.
    ``until``: the end of the report; read nothing later. ``values``: the live parameters (needs
    VALUES). ``lookback``: the last 30 days of candles (needs CANDLES): ``replay(name=value)`` gives
    the result with other values in 10-100 ms, ``sensitivity_run(name)`` a stored run to link to.
    ``fidelity``: whether backtests of the strategy are reliable; the caller adds that to the
    evidence by itself.
    """

    def __init__(self, instance: StrategyInstance, section: Section, until: datetime) -> None:
        self.instance, self.section, self.until = instance, section, until

    @property
    def name(self) -> str:
        return str(self.instance.name)

    def has(self, need: Need) -> bool:
        return self._values is not None if need is Need.VALUES else self._lookback is not None

    @cached_property
    def strategy(self) -> Strategy | None:
        """The declaration; None for a strategy that is not installed."""
        return declaration(self.instance)

    @cached_property
    def _values(self) -> dict[str, Value] | None:
        live = reports.set_at(self.instance.pk, self.until)
        return self.strategy.complete(live.values) if live and self.strategy else None

    @property
    def values(self) -> dict[str, Value]:
        """The live parameters. Raises LookupError if unknown: declare Need.VALUES."""
        if self._values is None:
            raise LookupError(Need.VALUES.value)
        return self._values

    @cached_property
    def _lookback(self) -> Lookback | None:
        return lookback(self.instance, self.until - LOOKBACK, self.until)

    @property
    def lookback(self) -> Lookback:
        """Backtests of the last 30 days. Raises LookupError if impossible: declare Need.CANDLES."""
        if self._lookback is None:
            raise LookupError(Need.CANDLES.value)
        return self._lookback

    @cached_property
    def fidelity(self) -> Trust:
        return trust.trust(self.instance, self.until)

    @property
    def recent(self) -> str:
        """``Last 30 days: 372 trades, average +0.027% (95% CI +0.004% to +0.060%)``."""
        recent, interval = self.section.recent, ""
        if recent.avg_pnl_pct_interval:
            low, high = recent.avg_pnl_pct_interval
            interval = f" (95% CI {signed(low, digits=3)} to {signed(high, digits=3)})"
        average = signed(recent.avg_pnl_pct, digits=3)
        return f"Last 30 days: {counted(recent.trades, 'trade')}, average {average}{interval}"

    def change(self, name: str, old: Value, new: Value) -> str:
        """The start of a sentence: ``Lower rsi_bb.rsi_buy from 35 to 30``."""
        verb = "Lower" if direction(old, new) == "down" else "Raise"
        values = f"{formatting.setting(old)} to {formatting.setting(new)}"
        return f"{verb} {self.name}.{name} from {values}"

    def trades_needed(self, number: int) -> str:
        """``about 5,800 more trades needed (by 2026-03-04 at 12.3 trades a day)``; without a date
        if that takes more than three years."""
        more = rounded(number)
        text = f"about {counted(more, 'more trade')} needed"
        recent, days = self.section.recent.trades, self.section.days
        if not recent or not days:
            return text
        first = datetime.fromisoformat(days[0][0]).replace(tzinfo=self.until.tzinfo)
        per_day = recent / max((self.until - first) / timedelta(days=1), 1.0)
        wait = timedelta(days=min(more / per_day, 2 * LONGEST_WAIT.days))
        if wait > LONGEST_WAIT:
            return text
        return f"{text} (by {self.until + wait:%Y-%m-%d} at {per_day:.1f} trades a day)"

    def no_change(
        self,
        why: str,
        evidence: Evidence,
        *,
        rank: float,
        confidence: str,
        action: str = Action.NOTHING,
    ) -> Proposal:
        """The standing entry of a strategy."""
        sentence = f"No change recommended for {self.name}: {why}."
        return Proposal(action, "", sentence, [evidence], rank, confidence, standing=True)


@dataclass(frozen=True, slots=True)
class RecommendationKind:
    """A kind of recommendation. ``key`` starts the key of its rows, ``label`` names it on pages,
    ``needs`` says what must be known, ``propose`` returns its proposals for a case, none if it has
    nothing to say."""

    key: str
    label: str
    propose: Callable[[Case], Sequence[Proposal]]
    needs: frozenset[Need] = frozenset()

    def proposals(self, case: Case) -> Sequence[Proposal]:
        """What it proposes; nothing where it lacks what it needs."""
        return self.propose(case) if all(case.has(need) for need in self.needs) else ()

    def row_key(self, proposal: Proposal) -> str:
        """The key of a proposal's row, the same on every day."""
        return STANDING_KEY if proposal.standing else f"{self.key}:{proposal.subject}"[:160]


def direction(old: Value, new: Value) -> str:
    """Which way a number changes: ``down`` or ``up``."""
    return "down" if float(new) < float(old) else "up"
