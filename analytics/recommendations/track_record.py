"""Which recommendations were followed, and whether later trades proved them right."""

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
RIGHT, WRONG, OPEN = "right", "wrong", "not enough data"
_WORDS = {"better": RIGHT, "worse": WRONG}


@dataclass(frozen=True, slots=True)
class Result:
    """``how`` it was followed: "change" (then ``version``) or "experiment" (then ``experiment``);
    ``word``: right, wrong or not enough data; ``sentence``: why."""

    how: str
    word: str
    sentence: str
    version: int | None = None
    experiment: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """How many changed values, how many of those were followed, and were right or wrong."""

    asked: int
    followed: int
    right: int
    wrong: int


def result(row: Recommendation) -> Result | None:
    """The outcome of a recommendation; None if it changes no values or was not followed."""
    if not row.changes:
        return None
    return _in_experiment(row) or _in_change(row)


def _in_experiment(row: Recommendation) -> Result | None:
    """A later experiment with the values in an arm."""
    for experiment in reports.tried_since(row.instance_id, row.first_at):
        if experiment.created_at > row.last_at + WITHIN:
            continue
        for side in compared(experiment).sides:
            if not side.arm.control and _has(row, side.arm.values) and side.verdict:
                word = _WORDS.get(side.verdict.word, OPEN)
                return Result("experiment", word, side.verdict.sentence, experiment=experiment.pk)
    return None


def _in_change(row: Recommendation) -> Result | None:
    """A later change that set the values."""
    for change in reversed(of_changes(row.instance, row.mode)):
        in_time = row.first_at < change.changed_at <= row.last_at + WITHIN
        changed = {line["name"] for line in change.rows} & set(row.changes)
        if in_time and changed and _has(row, change.after.values):
            word = _WORDS.get(change.verdict.word or "", OPEN)
            return Result("change", word, change.verdict.sentence, version=change.after.version)
    return None


def _has(row: Recommendation, values: dict[str, Any]) -> bool:
    return all(same(values.get(name), new) for name, (_, new) in row.changes.items())


def record(rows: Iterable[Recommendation]) -> Record:
    """The track record of these recommendations."""
    asked = [row for row in rows if row.changes]
    words = [known.word for row in asked if (known := result(row))]
    return Record(len(asked), len(words), words.count(RIGHT), words.count(WRONG))
