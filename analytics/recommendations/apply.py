"""Following a recommendation through the door: its values go live, or into an experiment."""

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
    one: Recommendation, *, how: str, reason: str, author: Any = None, by: str = ""
) -> dict[str, int]:
    """Accept it, and do what it says: the values become a new live version, or an arm of an
    experiment that is planned and waits to be started; answers which ("version" or "experiment").
    One that asks for no values is only noted. Raises Refused, and Frozen, Stale and Experimenting,
    which are kinds of it."""
    if how not in WAYS:
        raise Refused({"how": [f"must be one of {', '.join(WAYS)}"]})
    with transaction.atomic():
        stage.accept(one, reason=reason, author=author, by=by)
        if not one.changes:
            return {}
        return _done(one, how, why(one, reason), {"author": author, "made_by": by})


def _done(one: Recommendation, how: str, reason: str, who: dict[str, Any]) -> dict[str, int]:
    values = {name: new for name, (_, new) in one.changes.items()}
    if how == CHANGE:
        made = parameters.promote(
            instance=one.instance,
            values=values,
            onto_live=True,
            reason=reason,
            origin=reports.API,
            **who,
        )
        return {"version": made.version}
    planned = design.create(
        instance=one.instance,
        name=name_of(one),
        reason=reason,
        arms=[Arm("B", values)],
        ends=Ends(TRADES, None, None, None),
        **who,
    )
    return {"experiment": planned.pk}


def why(one: Recommendation, reason: str = "") -> str:
    """The reason of what follows from a recommendation."""
    return f"Recommendation {one.pk}: {reason or one.sentence}"[:500]


def name_of(one: Recommendation) -> str:
    """A name for an experiment of it: ``take_profit_bps_12``."""
    name, (_, new) = next(iter(one.changes.items()))
    text = f"{name}_{new}_{one.pk}".lower()
    return "".join(c if c.isalnum() or c in "_.-" else "_" for c in text)[:64]
