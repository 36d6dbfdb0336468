"""Whether recommendations were followed, and whether they were right: from what came later."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from analytics.frames import reports
from analytics.models import Recommendation
from trading.experiments.comparison import compared
from trading.parameters.diff import same
from trading.parameters.outcomes import of_changes

WITHIN = timedelta(days=60)  # after it was last proposed
RIGHT, WRONG, OPEN = "right", "wrong", "cannot tell yet"
_WORDS = {"better": RIGHT, "worse": WRONG}


@dataclass(frozen=True, slots=True)
class Truth:
    """``how`` it was followed: "change" (then ``version``) or "experiment" (then ``experiment``);
    ``word`` is right, wrong or cannot tell yet, and ``sentence`` why."""

    how: str
    word: str
    sentence: str
    version: int | None = None
    experiment: int | None = None


def truth(one: Recommendation) -> Truth | None:
    """What became of a recommendation; None where it asks for no values, or nobody took them."""
    if not one.changes:
        return None
    return _tried(one) or _changed(one)


def _tried(one: Recommendation) -> Truth | None:
    """An experiment that was planned later with the values in an arm."""
    for experiment in reports.tried_since(one.instance_id, one.first_at):
        if experiment.created_at > one.last_at + WITHIN:
            continue
        for side in compared(experiment).sides:
            if not side.arm.control and _has(one, side.arm.values) and side.verdict:
                word = _WORDS.get(side.verdict.word, OPEN)
                return Truth("experiment", word, side.verdict.sentence, experiment=experiment.pk)
    return None


def _changed(one: Recommendation) -> Truth | None:
    """A change that went live later and brought the values."""
    for outcome in reversed(of_changes(one.instance, one.mode)):
        in_time = one.first_at < outcome.changed_at <= one.last_at + WITHIN
        brought = {row["name"] for row in outcome.rows} & set(one.changes)
        if in_time and brought and _has(one, outcome.after.values):
            word = _WORDS.get(outcome.verdict.word or "", OPEN)
            return Truth("change", word, outcome.verdict.sentence, version=outcome.after.version)
    return None


def _has(one: Recommendation, values: dict[str, Any]) -> bool:
    return all(same(values.get(name), new) for name, (_, new) in one.changes.items())


def record(found: Iterable[Recommendation]) -> dict[str, int]:
    """How many asked for values, how many of them were followed, and how many were right or
    wrong, as far as that is known."""
    asked = [one for one in found if one.changes]
    truths = [known for one in asked if (known := truth(one))]
    words = [known.word for known in truths]
    return {
        "asked": len(asked),
        "followed": len(truths),
        "right": words.count(RIGHT),
        "wrong": words.count(WRONG),
    }
