"""Recommendations: proposed from reports, one row each, decided by people.

A stage: it reads the reports that ``analytics.reports`` wrote and writes its own rows.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from analytics import frames
from analytics.frames import reports
from analytics.models import STANDING_KEY, Recommendation, Report
from analytics.recommendations import kinds
from analytics.recommendations.kinds import Case, Keyed, Proposal
from analytics.reports import from_json, recommendations_from_json
from analytics.reports.data import Evidence, RecommendationData, parse, to_json
from trading import clock
from trading.parameters import errors
from trading.parameters.errors import Refused
from trading.strategies.parameters import Value

State, Confidence = Recommendation.State, Recommendation.Confidence
MOST = 3  # of a strategy in one report
DISMISSED_FOR = timedelta(days=30)  # how long a dismissed one is not proposed again
ROLLBACKS = timedelta(days=60)  # how long a rollback counts against its opposite
EXPIRES = timedelta(days=3)  # without being proposed again


def propose(report: Report) -> list[Recommendation]:
    """The recommendations of a report, the highest rank first; idempotent."""
    proposed: list[tuple[Recommendation, Proposal]] = []
    # A report of an earlier time keeps its recommendations and asks for nothing today.
    past = Report.objects.filter(bot=report.bot, as_of__gt=report.as_of).exists()
    for section in from_json(report.data).strategies:
        instance = frames.instance(section.instance)
        if instance is not None:
            proposed += _propose(Case(instance, section, report.as_of), past)
    proposed.sort(key=lambda pair: -pair[1].rank)
    # As they stand in this report, even if a later one has updated the row.
    report.recommendations = [
        {**to_json(to_data(row)), **_fields(proposal)} for row, proposal in proposed
    ]
    report.save(update_fields=("recommendations",))
    _expire(report)
    return [row for row, _ in proposed]


def _propose(case: Case, past: bool) -> list[tuple[Recommendation, Proposal]]:
    proposed = []
    for keyed in kinds.proposals(case):
        if not _dismissed(case, keyed.key):
            keyed = Keyed(keyed.key, _with_rollback(case, keyed.proposal))
            row = _past_row(case, keyed) if past else _current_row(case, keyed)
            proposed.append((row, keyed.proposal))
        if len(proposed) == MOST:
            break
    return proposed


def _fields(proposal: Proposal) -> dict[str, Any]:
    """The columns that a proposal fills, as JSON."""
    names = ("sentence", "changes", "evidence", "effect", "risk", "test", "confidence")
    values = {name: to_json(getattr(proposal, name)) for name in names}
    return {"kind": str(proposal.action), **values}


def _dismissed(case: Case, key: str) -> bool:
    """Whether the same was dismissed in the 30 days before."""
    return Recommendation.objects.filter(
        instance=case.instance,
        key=key,
        state=State.DISMISSED,
        decided_at__gte=case.until - DISMISSED_FOR,
        decided_at__lte=case.until,
    ).exists()


def _with_rollback(case: Case, proposal: Proposal) -> Proposal:
    """Adds a warning if the proposal undoes a rollback of the last 60 days."""
    rollbacks = reports.taken_back(case.instance, case.until - ROLLBACKS, case.until)
    warnings = [
        Evidence(
            text=f"Contradicts a rollback: on {at:%Y-%m-%d} {name} went back from {old} to {new} "
            f"({reason}).",
            version=version,
        )
        for name, old, new, at, reason, version in rollbacks
        if name in proposal.changes and _undoes(proposal.changes[name], old, new)
    ]
    if not warnings:
        return proposal
    return replace(
        proposal,
        evidence=[*warnings, *proposal.evidence],
        rank=proposal.rank - kinds.UNRELIABLE,
        confidence=Confidence.LOW,
    )


def _undoes(change: tuple[Value, Value], old: Value, new: Value) -> bool:
    """Whether a change goes back towards the value that a rollback (``old`` to ``new``) left."""
    before, after = change
    values = (before, after, old, new)
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        return after == old
    return (float(after) - float(before)) * (float(old) - float(new)) > 0


def _columns(case: Case, proposal: Proposal) -> dict[str, Any]:
    """All columns of a new row but its identity."""
    return {
        **_fields(proposal),
        "rank": proposal.rank,
        "bot": case.instance.bot,
        "first_at": case.until,
        "last_at": case.until,
    }


def _current_row(case: Case, keyed: Keyed) -> Recommendation:
    """The row of a proposal, created or updated. The standing entry of a strategy is one row for
    ever; any other starts anew once it was decided or has expired."""
    state = State.STANDING if keyed.proposal.standing else State.OPEN
    identity = {"instance": case.instance, "mode": case.section.mode, "key": keyed.key}
    with transaction.atomic():
        if keyed.proposal.standing:
            _revive(Recommendation.objects.filter(**identity))
        row, created = Recommendation.objects.get_or_create(
            **identity, state=state, defaults=_columns(case, keyed.proposal)
        )
        if not created and row.last_at <= case.until:
            row.times += row.last_at.date() != case.until.date()
            row.rank, row.last_at = keyed.proposal.rank, case.until
            for name, value in _fields(keyed.proposal).items():
                setattr(row, name, value)
            row.save()
    return row


def _revive(rows: QuerySet[Recommendation]) -> None:
    """Makes the newest expired row standing again, unless one is."""
    if not rows.filter(state=State.STANDING).exists():
        expired = rows.filter(state=State.EXPIRED).order_by("-pk").first()
        if expired is not None:
            rows.filter(pk=expired.pk).update(state=State.STANDING)


def _past_row(case: Case, keyed: Keyed) -> Recommendation:
    """The row of a proposal in a report of an earlier time: the one proposed then (of a standing
    entry: its only one), else a new one that has expired."""
    identity = {"instance": case.instance, "mode": case.section.mode, "key": keyed.key}
    rows = Recommendation.objects.filter(**identity).order_by("-pk")
    if not keyed.proposal.standing:
        rows = rows.filter(first_at__lte=case.until, last_at__gte=case.until)
    return rows.first() or Recommendation.objects.create(
        **identity, state=State.EXPIRED, **_columns(case, keyed.proposal)
    )


def _expire(report: Report) -> None:
    """Expires what was not proposed for 3 days, and what a rewritten report no longer proposes."""
    current = Recommendation.objects.filter(bot=report.bot, state__in=Recommendation.CURRENT)
    current.filter(last_at__lt=report.as_of - EXPIRES).update(state=State.EXPIRED)
    proposed = [
        recommendation.id
        for same_end in Report.objects.filter(bot=report.bot, as_of=report.as_of)
        for recommendation in recommendations_from_json(same_end.recommendations)
    ]
    current.filter(last_at=report.as_of).exclude(pk__in=proposed).update(state=State.EXPIRED)


def to_data(row: Recommendation) -> RecommendationData:
    """A recommendation as it stands now."""
    fields = ("kind", "mode", "sentence", "changes", "evidence", "effect", "risk", "test")
    return parse(
        {
            "id": row.pk,
            "strategy": row.instance.name,
            **{name: getattr(row, name) for name in fields},
            "confidence": row.confidence,
            "times": row.times,
            "standing": row.key == STANDING_KEY,
        },
        RecommendationData,
    )


def accept(row: Recommendation, *, reason: str, author: Any = None, by: str = "") -> None:
    """Records that it is accepted. Raises Refused."""
    _decide(row, State.ACCEPTED, reason, author, by)


def dismiss(row: Recommendation, *, reason: str, author: Any = None, by: str = "") -> None:
    """Records that it is dismissed: it is not proposed again for 30 days. Raises Refused."""
    _decide(row, State.DISMISSED, reason, author, by)


def _decide(row: Recommendation, state: str, reason: str, author: Any, by: str) -> None:
    reason = errors.reason(reason)
    undecided = Recommendation.objects.filter(pk=row.pk, state__in=(State.OPEN, State.EXPIRED))
    changed = undecided.exclude(key=STANDING_KEY).update(
        state=state,
        reason=reason,
        decided_at=clock.now(),
        decided_by=author.get_username() if author else by,
        author=author,
    )
    row.refresh_from_db()
    if not changed:
        text = (
            "There is nothing to decide."
            if row.standing
            else f"It was decided before: {row.get_state_display().lower()}."
        )
        raise Refused({"recommendation": [text]})
