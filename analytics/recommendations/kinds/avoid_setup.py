"""The setup that surely does worse than the rest: a bound that keeps out of it, or a hint."""

from __future__ import annotations

from typing import Any

from analytics.reports import setup_text

from .base import Case, Confidence, Kind, Proposal

# The parameters that bound a fact from below and from above.
BOUNDS = {"volatility_bps": ("vol_min_bps", "vol_max_bps")}


def propose(case: Case) -> list[Proposal]:
    found = case.section["setups"]
    if not found or not found["worst"]:
        return []
    worst = found["worst"][0]
    change = _bound(case, worst)
    what = setup_text.named(worst)
    sentence = (
        f"Consider leaving out some trades of {case.instance.name}: {what}. They do worse than "
        "the rest."
    )
    if change:
        [(name, (old, new))] = change.items()
        sentence = f"{case.change(name, old, new)}: {what} does worse than the rest."
    return [
        Proposal(
            Kind.PARAMETER if change else Kind.SETUP,
            f"setup:{_key(worst)}"[:160],
            sentence,
            [{"text": setup_text.setup(worst, found["unit"]), "part": "setups"}],
            65.0,
            Confidence.MEDIUM,
            change,
            {"avg_pnl_pct": None, "low": None, "high": None, "of": "see the setup"},
            "Fewer trades: what would have been gained in it is gone too.",
            "An experiment that leaves it out."
            if change
            else "Let the bot leave it out for a while in one of two instances.",
        )
    ]


def _key(setup: dict[str, Any]) -> str:
    return ",".join(
        f"{one['feature']}={one['value']}:{one['low']}:{one['high']}" for one in setup["conditions"]
    )


def _bound(case: Case, setup: dict[str, Any]) -> dict[str, list[Any]]:
    """The parameter whose new value keeps out of a setup at the end of a range."""
    if case.values is None or len(setup["conditions"]) > 1:
        return {}
    [one] = setup["conditions"]
    lowest, highest = BOUNDS.get(one["feature"], ("", ""))
    for name, new, open_end in (
        (lowest, one["high"], one["low"]),
        (highest, one["low"], one["high"]),
    ):
        old = case.values.get(name)
        if open_end is None and new is not None and isinstance(old, int | float):
            tighter = new > old if name == lowest else new < old
            return {name: [old, new]} if tighter else {}
    return {}
