"""Puts a recommendation into effect: its values go live, or into a planned experiment."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from analytics.frames import reports
from analytics.models import Recommendation
from analytics.recommendations import stage
from trading import parameters
from trading.experiments import design
from trading.experiments.design import Arm, Ends
from trading.parameters.errors import Refused

CHANGE, EXPERIMENT = "change", "experiment"
WAYS = (CHANGE, EXPERIMENT)
TRADES = 400  # after which a planned experiment ends


def follow(
    row: Recommendation, *, how: str, reason: str, author: Any = None, by: str = ""
) -> dict[str, int]:
    """Accepts it and applies its values: {"version": number} of the new live version, or
    {"experiment": id} of a planned experiment; {} if it changes no values.

    Raises Refused, and its subclasses Frozen, Stale and Experimenting."""
    if how not in WAYS:
        raise Refused({"how": [f"must be one of {', '.join(WAYS)}"]})
    with transaction.atomic():
        stage.accept(row, reason=reason, author=author, by=by)
        if not row.changes:
            return {}
        return _apply(row, how, reason_of(row, reason), {"author": author, "made_by": by})


def _apply(row: Recommendation, how: str, reason: str, who: dict[str, Any]) -> dict[str, int]:
    values = {name: new for name, (_, new) in row.changes.items()}
    if how == CHANGE:
        parameter_set = parameters.promote(
            instance=row.instance,
            values=values,
            onto_live=True,
            reason=reason,
            origin=reports.API,
            **who,
        )
        return {"version": parameter_set.version}
    experiment = design.create(
        instance=row.instance,
        name=experiment_name(row),
        reason=reason,
        arms=[Arm("B", values)],
        ends=Ends(TRADES, None, None, None),
        **who,
    )
    return {"experiment": experiment.pk}


def reason_of(row: Recommendation, reason: str = "") -> str:
    """The recorded reason of a change that follows from a recommendation."""
    return f"Recommendation {row.pk}: {reason or row.sentence}"[:500]


def experiment_name(row: Recommendation) -> str:
    """``take_profit_bps_12_7``: parameter, value, recommendation."""
    name, (_, new) = next(iter(row.changes.items()))
    text = f"{name}_{new}_{row.pk}".lower()
    return "".join(char if char.isalnum() or char in "_.-" else "_" for char in text)[:64]
