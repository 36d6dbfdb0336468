"""Import the live parameters of a strategy whose values are unknown."""

from __future__ import annotations

from analytics.reports.data import Evidence

from .base import Action, Case, Confidence, Need, Proposal, RecommendationKind


def _propose(case: Case) -> list[Proposal]:
    if case.strategy is None or case.has(Need.VALUES):
        return []
    text = (
        "No parameters are recorded as live at that time. Import them with import_bot_db FILE "
        "--parameters VALUES --valid-from TIME, or send the version with each trade."
    )
    return [
        Proposal(
            Action.WAIT,
            "parameters",
            f"Parameters of {case.name} unknown: import them to get recommendations.",
            [Evidence(text=text, part="numbers")],
            50.0,
            Confidence.HIGH,
        )
    ]


KIND = RecommendationKind("import", "Import parameters", _propose)
