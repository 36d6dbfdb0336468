"""Filter the setup that significantly underperforms: by a parameter where one bounds it."""

from __future__ import annotations

from analytics.insights.setup_table import Condition
from analytics.reports import setup_text
from analytics.reports.data import Evidence
from trading.strategies.parameters import Value

from .base import Action, Case, Confidence, Need, Proposal, RecommendationKind

# Parameters that bound a feature from below and from above.
BOUNDS = {"volatility_bps": ("vol_min_bps", "vol_max_bps")}


def _propose(case: Case) -> list[Proposal]:
    setups = case.section.setups
    if setups is None or not setups.worst:
        return []
    worst = setups.worst[0]
    change = _bound(case, worst.conditions)
    entries = setup_text.entries(worst.conditions)
    sentence = f"Consider filtering {case.name} entries {entries} (underperforms)."
    for name, (old, new) in change.items():
        sentence = f"{case.change(name, old, new)}: entries {entries} underperform."
    return [
        Proposal(
            Action.PARAMETER if change else Action.SETUP,
            ",".join(
                f"{fact.feature}={fact.value}:{fact.low}:{fact.high}" for fact in worst.conditions
            ),
            sentence,
            [Evidence(text=setup_text.setup(worst, setups.unit), part="setups")],
            65.0,
            Confidence.MEDIUM,
            change,
            risk="Fewer trades: the winners of this setup are filtered too.",
            test="Run an experiment that filters it."
            if change
            else "Filter it in one of two instances for a while.",
        )
    ]


def _bound(case: Case, conditions: list[Condition]) -> dict[str, tuple[Value, Value]]:
    """The parameter whose new value filters a range that is open at one end."""
    if not case.has(Need.VALUES) or len(conditions) > 1:
        return {}
    [fact] = conditions
    lowest, highest = BOUNDS.get(fact.feature, ("", ""))
    for name, new, open_end in ((lowest, fact.high, fact.low), (highest, fact.low, fact.high)):
        old = case.values.get(name)
        if open_end is None and new is not None and isinstance(old, int | float):
            tighter = new > old if name == lowest else new < old
            return {name: (old, new)} if tighter else {}
    return {}


KIND = RecommendationKind("setup", "Filter a setup", _propose)
