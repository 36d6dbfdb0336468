"""Recommendations: proposed from reports, once each, decided by people, and held to what came.

A stage: it reads the reports that ``analytics.reports.build`` wrote, writes its own rows, and
returns what it did.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from analytics import frames
from analytics.frames import reports
from analytics.models import Recommendation, Report
from analytics.recommendations import kinds
from analytics.recommendations.kinds import Case, Proposal
from trading import clock
from trading.parameters import errors
from trading.parameters.errors import Refused

Kind, State, Confidence = (Recommendation.Kind, Recommendation.State, Recommendation.Confidence)
MOST = 3  # of a strategy in one report
REMEMBERED = timedelta(days=30)  # so long a dismissed one is not proposed again
RECENT = timedelta(days=60)  # so long a rollback is remembered
STALE = timedelta(days=3)  # not proposed again for so long, it is over


def propose(report: Report) -> list[Recommendation]:
    """What a report leads to, the weightiest first; the same report again changes nothing."""
    found: list[tuple[Recommendation, Proposal]] = []
    # What was thought of an earlier time is kept with its report, and asks for nothing today.
    past = Report.objects.filter(bot=report.bot, as_of__gt=report.as_of).exists()
    for section in report.data["strategies"]:
        instance = frames.instance(section["instance"])
        if instance is not None:
            found += _of(Case(instance, section, report.as_of), report.as_of, past)
    found.sort(key=lambda one: -one[1].rank)
    # As they stand at this moment, also where a later report came to them before.
    report.proposals = [told(row) | _fields(proposal) for row, proposal in found]
    report.save(update_fields=("proposals",))
    _expire(report)
    return [row for row, _ in found]


def _of(case: Case, as_of: datetime, past: bool) -> list[tuple[Recommendation, Proposal]]:
    made = []
    for proposal in kinds.proposals(case):
        if not _dismissed(case, proposal, as_of):
            proposal = _warned(case, proposal, as_of)
            keep = _told_then if past else _kept
            made.append((keep(case, proposal, as_of), proposal))
        if len(made) == MOST:
            break
    return made


def _fields(proposal: Proposal) -> dict[str, Any]:
    """What of a proposal is kept, but for where it ranks."""
    names = ("kind", "sentence", "changes", "evidence", "effect", "risk", "test", "confidence")
    return {name: getattr(proposal, name) for name in names}


def _dismissed(case: Case, proposal: Proposal, as_of: datetime) -> bool:
    """Whether somebody said no to the same not long ago."""
    return Recommendation.objects.filter(
        instance=case.instance,
        key=proposal.key,
        state=State.DISMISSED,
        decided_at__gte=as_of - REMEMBERED,
        decided_at__lte=as_of,
    ).exists()


def _warned(case: Case, proposal: Proposal, as_of: datetime) -> Proposal:
    """Says so where it goes against a rollback of the last 60 days."""
    said = [
        {
            "text": f"Against this: on {at:%Y-%m-%d} {name} was taken back from {old} to {new} "
            f"({reason}).",
            "version": version,
        }
        for name, old, new, at, reason, version in reports.taken_back(
            case.instance, as_of - RECENT, as_of
        )
        if name in proposal.changes and _against(proposal.changes[name], old, new)
    ]
    if not said:
        return proposal
    return replace(
        proposal,
        evidence=[*said, *proposal.evidence],
        rank=proposal.rank - kinds.DOUBTED,
        confidence=Confidence.LOW,
    )


def _against(change: list[Any], old: Any, new: Any) -> bool:
    """Whether a change goes the way that a rollback (from ``old`` to ``new``) went back."""
    numbers = (*change, old, new)
    if all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers):
        return (change[1] - change[0]) * (old - new) > 0
    return bool(change[1] == old)


def _kept(case: Case, proposal: Proposal, as_of: datetime) -> Recommendation:
    """The open row of a proposal, made or brought up to date."""
    fields = {**_fields(proposal), "rank": proposal.rank}
    with transaction.atomic():
        row, made = Recommendation.objects.get_or_create(
            instance=case.instance,
            mode=case.section["mode"],
            key=proposal.key,
            state=State.OPEN,
            defaults={**fields, "bot": case.instance.bot, "first_at": as_of, "last_at": as_of},
        )
        if not made and row.last_at <= as_of:
            fields["times"] = row.times + (row.last_at.date() != as_of.date())
            for name, value in {**fields, "last_at": as_of}.items():
                setattr(row, name, value)
            row.save()
    return row


def _told_then(case: Case, proposal: Proposal, as_of: datetime) -> Recommendation:
    """The row of a proposal of a time past: the one that was proposed then, else one that is
    over."""
    same = Recommendation.objects.filter(
        instance=case.instance, mode=case.section["mode"], key=proposal.key
    )
    there = same.filter(first_at__lte=as_of, last_at__gte=as_of).order_by("-pk").first()
    return there or Recommendation.objects.create(
        **_fields(proposal),
        rank=proposal.rank,
        bot=case.instance.bot,
        instance=case.instance,
        mode=case.section["mode"],
        key=proposal.key,
        state=State.EXPIRED,
        first_at=as_of,
        last_at=as_of,
    )


def _expire(report: Report) -> None:
    """Those are over that no report has come to for a while, or that one of this very moment does
    not come to any more, now that it was written anew."""
    still_open = Recommendation.objects.filter(bot=report.bot, state=State.OPEN)
    still_open.filter(last_at__lt=report.as_of - STALE).update(state=State.EXPIRED)
    told_now = [
        one["id"]
        for each in Report.objects.filter(bot=report.bot, as_of=report.as_of)
        for one in each.proposals
    ]
    still_open.filter(last_at=report.as_of).exclude(pk__in=told_now).update(state=State.EXPIRED)


def told(one: Recommendation) -> dict[str, Any]:
    """As it stands, for a report that is kept."""
    return {
        "id": one.pk,
        "strategy": one.instance.name,
        "mode": one.mode,
        "kind": one.kind,
        "sentence": one.sentence,
        "changes": one.changes,
        "evidence": one.evidence,
        "effect": one.effect,
        "risk": one.risk,
        "test": one.test,
        "confidence": one.confidence,
        "times": one.times,
    }


def accept(one: Recommendation, *, reason: str, author: Any = None, by: str = "") -> None:
    """Note that it is followed. Raises Refused."""
    _decide(one, State.ACCEPTED, reason, author, by)


def dismiss(one: Recommendation, *, reason: str, author: Any = None, by: str = "") -> None:
    """Note that it is not followed, and why: it is not proposed again for 30 days. Raises
    Refused."""
    _decide(one, State.DISMISSED, reason, author, by)


def _decide(one: Recommendation, state: str, reason: str, author: Any, by: str) -> None:
    reason = errors.reason(reason)
    who = author.get_username() if author else by
    changed = Recommendation.objects.filter(pk=one.pk, state__in=(State.OPEN, State.EXPIRED))
    if not changed.update(
        state=state, reason=reason, decided_at=clock.now(), decided_by=who, author=author
    ):
        one.refresh_from_db()
        raise Refused(
            {"recommendation": [f"It was decided before: {one.get_state_display().lower()}."]}
        )
    one.refresh_from_db()
